package synth

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// canvas draws antialiased shapes and text, and encodes what was drawn. It is
// used for one picture after the other.
type canvas struct {
	img    *image.RGBA
	raster *vector.Rasterizer
	png    png.Encoder
	faces  [fonts]font.Face
}

// fontName is a face in a size.
type fontName int

const (
	small  fontName = iota // 11 px
	body                   // 13 px
	strong                 // 13 px, bold
	title                  // 18 px, bold
	mono                   // 12 px, fixed width
	fonts
)

func newCanvas() (*canvas, error) {
	c := &canvas{raster: vector.NewRasterizer(1, 1), png: png.Encoder{CompressionLevel: png.BestSpeed}}
	for name, f := range map[fontName]struct {
		ttf  []byte
		size float64
	}{
		small: {goregular.TTF, 11}, body: {goregular.TTF, 13}, strong: {gobold.TTF, 13},
		title: {gobold.TTF, 18}, mono: {gomono.TTF, 12},
	} {
		parsed, err := opentype.Parse(f.ttf)
		if err != nil {
			return nil, fmt.Errorf("parse a font: %w", err)
		}
		face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: f.size, DPI: 72, Hinting: font.HintingFull})
		if err != nil {
			return nil, fmt.Errorf("make a font's face: %w", err)
		}
		c.faces[name] = face
	}
	return c, nil
}

// render draws a subject and encodes the picture: as JPEG where it looks like
// a photo, as PNG where it is mostly lines and text. A blank picture shows
// nothing at all.
func (c *canvas) render(s drawn, blank bool) (data []byte, ext string, err error) {
	width, height := s.size()
	c.img = image.NewRGBA(image.Rect(0, 0, width, height))
	c.clear(rgb(0xF4F2EE))
	if !blank {
		s.draw(c)
	}
	var out bytes.Buffer
	switch s.(type) {
	case *shapes, *scene:
		ext, err = ".jpg", jpeg.Encode(&out, c.img, &jpeg.Options{Quality: 88})
	default:
		ext, err = ".png", c.png.Encode(&out, c.img)
	}
	return out.Bytes(), ext, err
}

type point struct{ x, y float64 }

func rgb(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
}

// shade makes a colour darker (below 1) or lighter (above 1).
func shade(c color.RGBA, by float64) color.RGBA {
	f := func(v uint8) uint8 {
		if by > 1 {
			return uint8(255 - (255-float64(v))/by)
		}
		return uint8(float64(v) * by)
	}
	return color.RGBA{f(c.R), f(c.G), f(c.B), c.A}
}

func (c *canvas) clear(col color.RGBA) {
	draw.Draw(c.img, c.img.Bounds(), image.NewUniform(col), image.Point{}, draw.Src)
}

// gradient fills a band of rows with a transition from one colour to another.
func (c *canvas) gradient(y0, y1 int, from, to color.RGBA) {
	mix := func(a, b uint8, t float64) uint8 { return uint8(float64(a) + t*(float64(b)-float64(a)) + .5) }
	for y := y0; y < y1; y++ {
		t := float64(y-y0) / float64(y1-y0)
		row := color.RGBA{mix(from.R, to.R, t), mix(from.G, to.G, t), mix(from.B, to.B, t), 255}
		draw.Draw(c.img, image.Rect(0, y, c.img.Rect.Max.X, y+1), image.NewUniform(row), image.Point{}, draw.Src)
	}
}

// polygon fills a closed path, antialiased. Only the path's own box is worked
// on; what lies outside of the picture is cut off.
func (c *canvas) polygon(col color.RGBA, pts ...point) {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range pts {
		x0, y0, x1, y1 = min(x0, p.x), min(y0, p.y), max(x1, p.x), max(y1, p.y)
	}
	r := image.Rect(int(math.Floor(x0)), int(math.Floor(y0)), int(math.Ceil(x1)), int(math.Ceil(y1))).Intersect(c.img.Rect)
	if r.Empty() {
		return
	}
	c.raster.Reset(r.Dx(), r.Dy())
	at := func(p point) (float32, float32) {
		return float32(p.x - float64(r.Min.X)), float32(p.y - float64(r.Min.Y))
	}
	c.raster.MoveTo(at(pts[0]))
	for _, p := range pts[1:] {
		c.raster.LineTo(at(p))
	}
	c.raster.ClosePath()
	c.raster.Draw(c.img, r, image.NewUniform(col), image.Point{})
}

func (c *canvas) rect(col color.RGBA, x, y, w, h float64) {
	c.polygon(col, point{x, y}, point{x + w, y}, point{x + w, y + h}, point{x, y + h})
}

func (c *canvas) ellipse(col color.RGBA, cx, cy, rx, ry float64) {
	c.polygon(col, arc(cx, cy, rx, ry, 0, 2*math.Pi)...)
}

func (c *canvas) circle(col color.RGBA, cx, cy, radius float64) {
	c.ellipse(col, cx, cy, radius, radius)
}

// arc returns points on an ellipse, between two angles, clockwise from the right.
func arc(cx, cy, rx, ry, from, to float64) []point {
	n := 8 + int(max(rx, ry))
	out := make([]point, n+1)
	for i := range out {
		a := from + (to-from)*float64(i)/float64(n)
		out[i] = point{cx + rx*math.Cos(a), cy + ry*math.Sin(a)}
	}
	return out
}

// line draws a stroke with flat ends.
func (c *canvas) line(col color.RGBA, width float64, from, to point) {
	dx, dy := to.x-from.x, to.y-from.y
	n := math.Hypot(dx, dy)
	if n == 0 {
		return
	}
	ox, oy := -dy/n*width/2, dx/n*width/2
	c.polygon(col, point{from.x + ox, from.y + oy}, point{to.x + ox, to.y + oy},
		point{to.x - ox, to.y - oy}, point{from.x - ox, from.y - oy})
}

// align says which part of a text stands at its x.
type align int

const (
	left align = iota
	middle
	right
)

// text writes a line with its baseline at y, and returns its box.
func (c *canvas) text(f fontName, col color.RGBA, a align, x, y float64, s string) box {
	face := c.faces[f]
	width := float64(font.MeasureString(face, s)) / 64
	switch a {
	case middle:
		x -= width / 2
	case right:
		x -= width
	}
	x = math.Round(x)
	d := font.Drawer{Dst: c.img, Src: image.NewUniform(col), Face: face,
		Dot: fixed.Point26_6{X: fixed.I(int(x)), Y: fixed.I(int(math.Round(y)))}}
	d.DrawString(s)
	m := face.Metrics()
	return box{x, y - float64(m.Ascent)/64, x + width, y + float64(m.Descent)/64}
}
