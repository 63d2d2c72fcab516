package media

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"slices"
	"strings"
	"testing"

	"cream/scoring"
)

// The files are of four squares, written by Pillow, but for the YCCK one: that
// is the CMYK one with another word for what its values mean.
const (
	cmykJPEG     = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABcAAQEBAQAAAAAAAAAAAAAAAAoACQj/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oADgRDAE0AWQBLAAA/ANU3HjjxqmPSQskh6SFkQsQsmN7/2Q=="
	bareCMYKJPEG = "/9j/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAAUCAAQABAEQxEATREAWREASxEA/8QAFwABAQEBAAAAAAAAAAAAAAAACgAJCP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZAEsAAD8A1TceOPGqY9JCySHpIWRCxCyY3v/Z"
	losslessWebP = "UklGRjoAAABXRUJQVlA4TC4AAAAvD8ADEB8gEEjaH3oNAUGR/6PNv4Cg6LrlAuZGA2G20SQnOcl7n0FE/6P02+AD"
	lossyWebP    = "UklGRnYAAABXRUJQVlA4WAoAAAAQAAAADwAADwAAQUxQSBoAAAABFyAQSFKffI2ICAeBAGHSpFMHEf2fAPeCB1ZQOCA2AAAAkAEAnQEqEAAQAAFAJiWgAnS6AAOYAP72pP/tP/8yJf/8oSb/zYH/3Pn/6VN//pcH/yONNAAA"
	animatedWebP = "UklGRsAAAABXRUJQVlA4WAoAAAASAAAADwAADwAAQU5JTQYAAAAAAAAAAABBTk1GRgAAAAAAAAAAAA8AAA8AAAAAAAJWUDhMLgAAAC8PwAMQHyAQSNofeo35FxAU+T+agKDoOdMD+FUBYbbRJCc5yXufQUT/Y6tP4QJBTk1GRgAAAAAAAAAAAA8AAA8AAAAAAAJWUDhMLgAAAC8PwAMQHyAQSNofeo35FxAU+T+agKDoOdMD+FUBYbbRJCc5yXufQUT/o+Db9BI="
)

func file(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// interlaced is scene as a PNG of Adam7's seven passes.
func interlaced(t testing.TB, width, height int) []byte {
	t.Helper()
	p := scene(width, height)
	rows := encoded(t, func(b *bytes.Buffer) error {
		z := zlib.NewWriter(b)
		for _, pass := range []struct{ x, y, dx, dy int }{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
			for y := pass.y; y < height; y += pass.dy {
				row := []byte{0} // no filter
				for x := pass.x; x < width; x += pass.dx {
					c := p.NRGBAAt(x, y)
					row = append(row, c.R, c.G, c.B)
				}
				if _, err := z.Write(row); err != nil {
					return err
				}
			}
		}
		return z.Close()
	})
	return chunk(chunk(header(uint32(width), uint32(height), 1), "IDAT", rows), "IEND", nil)
}

// squares are four of 8 × 8 pixels.
func squares(p interface {
	image.Image
	Set(x, y int, c color.Color)
}, of [4]color.Color) image.Image {
	for y := range 16 {
		for x := range 16 {
			p.Set(x, y, of[y/8*2+x/8])
		}
	}
	return p
}

// frames is an animated GIF: the first frame has the squares, at an offset.
func frames(t testing.TB, screen, offset int) []byte {
	t.Helper()
	palette := color.Palette{color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 255, 0, 255}, color.NRGBA{0, 0, 255, 255}, color.NRGBA{}}
	first := image.NewPaletted(image.Rect(0, 0, 16, 16), palette)
	squares(first, [4]color.Color(palette))
	first.Rect = first.Rect.Add(image.Pt(offset, offset))
	second := image.NewPaletted(first.Rect, palette) // all red
	return encoded(t, func(b *bytes.Buffer) error {
		return gif.EncodeAll(b, &gif.GIF{
			Image: []*image.Paletted{first, second}, Delay: []int{10, 10},
			Config: image.Config{ColorModel: palette, Width: screen, Height: screen},
		})
	})
}

// TestColoursOfFormats expects the colours that Pillow has of the same file,
// flattened on white, in the middle of each square.
func TestColoursOfFormats(t *testing.T) {
	type colours [4][3]byte
	pngOf := func(p image.Image) []byte {
		return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, p) })
	}
	r := image.Rect(0, 0, 16, 16)
	wide := [4]color.Color{
		color.NRGBA64{0x80ff, 0x40ff, 0x20ff, 0xffff}, color.NRGBA64{0, 0xffff, 0, 0xffff},
		color.NRGBA64{0x80ff, 0x40ff, 0x20ff, 0x8080}, color.NRGBA64{},
	}
	palette := color.Palette{color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 255, 0, 255}, color.NRGBA{0, 0, 255, 128}, color.NRGBA{}}
	grey := [4]color.Color{color.Gray16{0}, color.Gray16{0x40ff}, color.Gray16{0x8000}, color.Gray16{0xffff}}
	opaque := [4]color.Color{wide[0], wide[1], color.White, color.Black}
	ycck := slices.Clone(file(t, cmykJPEG))
	ycck[bytes.Index(ycck, []byte("Adobe"))+11] = 2

	for name, c := range map[string]struct {
		data []byte
		want colours
	}{
		"JPEG, CMYK":                {file(t, cmykJPEG), colours{{255, 55, 55}, {55, 255, 55}, {55, 55, 255}, {105, 105, 105}}},
		"JPEG, YCCK":                {ycck, colours{{102, 0, 129}, {255, 192, 0}, {22, 255, 255}, {0, 55, 0}}},
		"WebP, lossless with alpha": {file(t, losslessWebP), colours{{255, 0, 0}, {0, 255, 0}, {127, 127, 255}, {255, 255, 255}}},
		"WebP, lossy with alpha":    {file(t, lossyWebP), colours{{255, 2, 1}, {2, 255, 1}, {127, 128, 255}, {255, 255, 255}}},
		"PNG, palette with alpha":   {pngOf(squares(image.NewPaletted(r, palette), [4]color.Color(palette))), colours{{255, 0, 0}, {0, 255, 0}, {127, 127, 255}, {255, 255, 255}}},
		"PNG, 16 bits":              {pngOf(squares(image.NewRGBA64(r), opaque)), colours{{128, 64, 32}, {0, 255, 0}, {255, 255, 255}, {0, 0, 0}}},
		"PNG, 16 bits with alpha":   {pngOf(squares(image.NewNRGBA64(r), wide)), colours{{128, 64, 32}, {0, 255, 0}, {191, 159, 143}, {255, 255, 255}}},
		// Pillow makes all of these white that are not black.
		"PNG, 16 bits of grey": {pngOf(squares(image.NewGray16(r), grey)), colours{{0, 0, 0}, {64, 64, 64}, {128, 128, 128}, {255, 255, 255}}},
		"GIF, animated":        {frames(t, 16, 0), colours{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}}},
	} {
		got, err := loader(t, "").Prepare(c.data, 16, 16)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, want := range c.want {
			pixel := got.row(4 + i/2*8)[(4+i%2*8)*3:][:3]
			for channel, v := range pixel {
				if d := int(v) - int(want[channel]); d < -1 || d > 1 {
					t.Errorf("%s, square %d: got %v, want %v", name, i+1, pixel, want)
					break
				}
			}
		}
	}
}

// TestGIFOfAPart: a frame that is smaller than the screen has its place on it,
// and white around it.
func TestGIFOfAPart(t *testing.T) {
	got, err := loader(t, "").Prepare(frames(t, 32, 9), 32, 32)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[image.Point][3]byte{
		{0, 0}: {255, 255, 255}, {8, 9}: {255, 255, 255}, {9, 8}: {255, 255, 255}, {9, 9}: {255, 0, 0},
		{24, 9}: {0, 255, 0}, {25, 9}: {255, 255, 255}, {9, 24}: {0, 0, 255}, {9, 25}: {255, 255, 255},
	} {
		if pixel := [3]byte(got.row(at.Y)[at.X*3:]); pixel != want {
			t.Errorf("%v: got %v, want %v", at, pixel, want)
		}
	}
}

func TestInterlacedPNG(t *testing.T) {
	const width, height = 37, 29
	got, err := loader(t, "").Prepare(interlaced(t, width, height), width, height)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pix, Flatten(scene(width, height)).Pix) {
		t.Error("the pixels are not those of the picture")
	}
}

func TestFormatsThatAreNotRead(t *testing.T) {
	for what, data := range map[string][]byte{
		"an animated WebP: only those of a single picture are read": file(t, animatedWebP),
		"4-component JPEG doesn't have Adobe APP14 metadata":        file(t, bareCMYKJPEG),
		"JPEG, PNG, GIF, WebP and BMP are read":                     []byte("II*\x00 a TIFF"),
	} {
		_, err := loader(t, "").Prepare(data, 16, 16)
		if scoring.ReasonOf(err) != "image-undecodable" || !strings.Contains(err.Error(), what) {
			t.Errorf("got %v, want it to say %q", err, what)
		}
	}
}
