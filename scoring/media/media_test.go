package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"cream/schemas"
	"cream/scoring"
)

func loader(t testing.TB, root string) *Loader {
	t.Helper()
	l, err := NewLoader(root, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// TestResizeIsPillows compares pixels with those of Pillow, by their hash.
func TestResizeIsPillows(t *testing.T) {
	text, err := os.ReadFile("../bundles/starter/testdata/parity.json")
	if err != nil {
		t.Fatal(err)
	}
	var parity struct {
		Cases []struct {
			Pictures []struct {
				PNG     string
				Resized string `json:"resized_sha256"`
			}
		}
	}
	if err := json.Unmarshal(text, &parity); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for i, c := range parity.Cases {
		for _, p := range c.Pictures {
			data, err := base64.StdEncoding.DecodeString(p.PNG)
			if err != nil {
				t.Fatal(err)
			}
			picture, err := loader(t, "").Prepare(data, 224, 224)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(picture.Pix)
			if got := hex.EncodeToString(sum[:]); got != p.Resized {
				t.Errorf("case %d: the pixels are not Pillow's", i)
			}
			compared++
		}
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

func scene(width, height int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			p.SetNRGBA(x, y, color.NRGBA{uint8(x * 3), uint8(y * 5), uint8(x ^ y), 255})
		}
	}
	return p
}

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// chunk appends a part of a PNG.
func chunk(to []byte, name string, data []byte) []byte {
	to = binary.BigEndian.AppendUint32(to, uint32(len(data)))
	begin := len(to)
	to = append(append(to, name...), data...)
	return binary.BigEndian.AppendUint32(to, crc32.ChecksumIEEE(to[begin:]))
}

// header is where a PNG of 8-bit RGB begins.
func header(width, height uint32, interlaced byte) []byte {
	data := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return chunk([]byte("\x89PNG\r\n\x1a\n"), "IHDR", append(data, 8, 2, 0, 0, interlaced))
}

func TestFaultsOfPictures(t *testing.T) {
	photo := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, scene(200, 100), nil) })
	for name, c := range map[string]struct {
		data   []byte
		reason string
	}{
		"empty":          {nil, "image-undecodable"},
		"text":           {[]byte("no picture"), "image-undecodable"},
		"truncated JPEG": {photo[:len(photo)/2], "image-undecodable"},
		"picture bomb":   {header(30_000, 30_000, 0), "image-too-large"},
		"a long column":  {header(1, 1<<16, 0), "image-too-large"},
	} {
		_, err := loader(t, "").Prepare(c.data, 16, 16)
		if err == nil || scoring.ReasonOf(err) != c.reason {
			t.Errorf("%s: got %v, want reason %s", name, err, c.reason)
		}
	}
}

func TestFormatsAndModes(t *testing.T) {
	opaque := scene(40, 30)
	grey16 := image.NewGray16(opaque.Bounds())
	paletted := image.NewPaletted(opaque.Bounds(), color.Palette{color.White, color.NRGBA{255, 0, 0, 255}, color.NRGBA{}})
	clear := image.NewNRGBA(opaque.Bounds()) // all transparent
	for name, data := range map[string][]byte{
		"jpeg":   encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, opaque, nil) }),
		"png":    encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, opaque) }),
		"png 16": encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, grey16) }),
		"gif":    encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, paletted, nil) }),
	} {
		rgb, err := loader(t, "").Prepare(data, 40, 30)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if rgb.Width != 40 || rgb.Height != 30 || len(rgb.Pix) != 40*30*3 {
			t.Errorf("%s: %d × %d with %d bytes", name, rgb.Width, rgb.Height, len(rgb.Pix))
		}
	}
	if rgb := Flatten(clear); !bytes.Equal(rgb.Pix, bytes.Repeat([]byte{255}, len(rgb.Pix))) {
		t.Error("what is transparent is not white")
	}
}

func TestBytesStaysBelowTheRoot(t *testing.T) {
	outside := t.TempDir()
	root := filepath.Join(outside, "media")
	if err := os.MkdirAll(filepath.Join(root, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{filepath.Join(outside, "secret"): "s", filepath.Join(root, "sub", "a.png"): "a"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	l := loader(t, root)
	if data, err := l.Bytes(schemas.Image{URI: "./sub/a.png"}); err != nil || string(data) != "a" {
		t.Errorf("got %q, %v", data, err)
	}
	elsewhere := filepath.Join(outside, "elsewhere")
	if err := errors.Join(
		os.Mkdir(elsewhere, 0o755),
		os.WriteFile(filepath.Join(elsewhere, "b.png"), []byte("b"), 0o644),
		os.Symlink(elsewhere, filepath.Join(root, "images")),        // the operator's
		os.Symlink(elsewhere, filepath.Join(root, "sub", "images")), // somebody's
		os.Symlink(filepath.Join(outside, "secret"), filepath.Join(elsewhere, "out")),
	); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if data, err := l.Bytes(schemas.Image{URI: "images/b.png"}); err != nil || string(data) != "b" {
			t.Errorf("in a linked folder: got %q, %v", data, err)
		}
	}
	if data, err := l.Bytes(schemas.Image{URI: filepath.Join(root, "sub", "a.png")}); err != nil || string(data) != "a" {
		t.Errorf("by its whole path: got %q, %v", data, err)
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, uri := range []string{"../secret", "link", "images/out", "images/../../secret", "sub/images/b.png", "pipe", "/etc/passwd", "sub", "nothing.png", "sub/a.png/x", "http://127.0.0.1/a.png", "a\x00b"} {
		_, err := l.Bytes(schemas.Image{URI: uri})
		var fault *scoring.InputError
		if !asInput(err, &fault) {
			t.Errorf("%q: got %v, want the sample's fault", uri, err)
		}
	}
}

func asInput(err error, into **scoring.InputError) bool {
	e, ok := err.(*scoring.InputError)
	*into = e
	return ok
}

func FuzzPrepare(f *testing.F) {
	f.Add(header(30_000, 30_000, 0))
	f.Add([]byte("GIF89a\x01\x00\x01\x00"))
	f.Add(frames(f, 32, 9))
	f.Add(interlaced(f, 9, 9))
	for _, text := range []string{cmykJPEG, losslessWebP, lossyWebP} {
		f.Add(file(f, text))
	}
	l, err := NewLoader("", Limits{Bytes: 1 << 20, Pixels: 1 << 16})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		picture, err := l.Prepare(data, 16, 16)
		if err == nil && len(picture.Pix) != 16*16*3 {
			t.Errorf("%d bytes", len(picture.Pix))
		}
	})
}
