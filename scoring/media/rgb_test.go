package media

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"testing"
)

// pixelByPixel is what Flatten does, by colours as the image package has them.
func pixelByPixel(picture image.Image) *RGB {
	b := picture.Bounds()
	out := &RGB{Width: b.Dx(), Height: b.Dy(), Pix: make([]byte, b.Dx()*b.Dy()*3)}
	flattenAny(out, picture)
	return out
}

// kinds are pictures of noise, one of each type that a decoder returns, with
// no, some and full opacity where the type has any.
func kinds(r image.Rectangle) map[string]draw.Image {
	random := rand.New(rand.NewPCG(1, 2))
	palette := color.Palette{color.White, color.NRGBA{255, 0, 0, 255}, color.NRGBA{9, 99, 199, 77}, color.NRGBA{}}
	opaque := image.NewRGBA(r)
	out := map[string]draw.Image{
		"Gray": image.NewGray(r), "Gray16": image.NewGray16(r), "CMYK": image.NewCMYK(r), "opaque RGBA": opaque,
		"NRGBA": image.NewNRGBA(r), "RGBA64": image.NewRGBA64(r), "NRGBA64": image.NewNRGBA64(r),
		"Paletted": image.NewPaletted(r, palette), "Alpha": image.NewAlpha(r), "Alpha16": image.NewAlpha16(r),
	}
	for _, p := range out {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				c := color.NRGBA64{uint16(random.Uint32()), uint16(random.Uint32()), uint16(random.Uint32()), uint16(random.Uint32())}
				if fixed := []uint16{0xffff, 0, 1, 0xff, 0x100}; random.IntN(2) == 0 {
					c.A = fixed[random.IntN(len(fixed))]
				}
				if p == draw.Image(opaque) {
					c.A = 0xffff
				}
				p.Set(x, y, c)
			}
		}
	}
	return out
}

// chroma are pictures of noise whose colours are coarser than their pixels.
func chroma(r image.Rectangle) map[string]image.Image {
	random := rand.New(rand.NewPCG(3, 4))
	noise := func(to []byte) {
		for i := range to {
			to[i] = byte(random.Uint32())
		}
	}
	out := make(map[string]image.Image)
	for ratio := image.YCbCrSubsampleRatio444; ratio <= image.YCbCrSubsampleRatio410; ratio++ {
		p := image.NewNYCbCrA(r, ratio)
		for _, plane := range [][]byte{p.Y, p.Cb, p.Cr, p.A} {
			noise(plane)
		}
		out["NYCbCrA "+ratio.String()] = p
		out["YCbCr "+ratio.String()] = &p.YCbCr
	}
	return out
}

type cropped interface {
	SubImage(image.Rectangle) image.Image
}

// TestFlattenIsPixelByPixel compares each type's own way with colours as the
// image package has them, for whole pictures and parts of them.
func TestFlattenIsPixelByPixel(t *testing.T) {
	r := image.Rect(-3, 5, 40, 41)
	pictures := chroma(r)
	for name, p := range kinds(r) {
		pictures[name] = p
	}
	for name, whole := range pictures {
		for _, part := range []image.Rectangle{r, image.Rect(1, 8, 30, 40), image.Rect(7, 11, 8, 12), {}} {
			picture := whole.(cropped).SubImage(part)
			got, want := Flatten(picture), pixelByPixel(picture)
			if got.Width != want.Width || got.Height != want.Height {
				t.Errorf("%s, %v: %d × %d, want %d × %d", name, part, got.Width, got.Height, want.Width, want.Height)
			}
			for i := range want.Pix {
				if got.Pix[i] != want.Pix[i] {
					t.Errorf("%s, %v: byte %d is %d, want %d", name, part, i, got.Pix[i], want.Pix[i])
					break
				}
			}
		}
	}
}

// TestFlattenPremultiplied: what a picture's opacity leaves out is white. Going
// by way of the image package's colours loses up to two steps.
func TestFlattenPremultiplied(t *testing.T) {
	whole := image.NewRGBA(image.Rect(0, 0, 256, 256))
	for a := range 256 {
		for v := range a + 1 {
			whole.SetRGBA(v, a, color.RGBA{byte(v), 0, byte(a), byte(a)})
		}
	}
	picture := whole.SubImage(image.Rect(3, 100, 256, 256)).(*image.RGBA)
	got := Flatten(picture)
	for y := range got.Height {
		for x := range got.Width {
			c := picture.RGBAAt(x+3, y+100)
			white := 255 - c.A
			if p := got.Pix[(y*got.Width+x)*3:]; p[0] != c.R+white || p[1] != c.G+white || p[2] != c.B+white {
				t.Fatalf("%v on white is %v", c, p[:3])
			}
		}
	}
}

// TestFlattenAllocatesOnce: no pixel is an allocation, of whatever type the
// picture is.
func TestFlattenAllocatesOnce(t *testing.T) {
	r := image.Rect(0, 0, 64, 64)
	pictures := chroma(r)
	for name, p := range kinds(r) {
		pictures[name] = p
	}
	for name, p := range pictures {
		if n := testing.AllocsPerRun(1, func() { Flatten(p) }); n > 20 { // a palette's colours are converted
			t.Errorf("%s: %v allocations for %v pixels", name, n, 64*64)
		}
	}
}
