package media

import (
	"bytes"
	"image"
	"image/png"
	"testing"
)

func TestFit(t *testing.T) {
	l, err := NewLoader("", Limits{Bytes: 1 << 20, Pixels: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, want image.Point }{
		{image.Pt(640, 480), image.Pt(320, 240)}, {image.Pt(1000, 10), image.Pt(320, 3)}, {image.Pt(10, 1000), image.Pt(2, 240)},
		{image.Pt(1, 900), image.Pt(1, 240)}, {image.Pt(30, 20), image.Pt(30, 20)},
	} {
		var data bytes.Buffer
		if err := png.Encode(&data, image.NewGray(image.Rectangle{Max: c.in})); err != nil {
			t.Fatal(err)
		}
		got, err := l.Fit(data.Bytes(), 320, 240)
		if err != nil || image.Pt(got.Width, got.Height) != c.want {
			t.Errorf("%v becomes %+v, %v; want %v", c.in, got, err, c.want)
		}
	}
	if _, err := l.Fit([]byte("no picture"), 320, 240); err == nil {
		t.Error("what is no picture is made one")
	}
	var large bytes.Buffer
	if err := png.Encode(&large, image.NewGray(image.Rect(0, 0, 2000, 1000))); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Fit(large.Bytes(), 320, 240); err == nil {
		t.Error("more pixels than are allowed are decoded")
	}
}
