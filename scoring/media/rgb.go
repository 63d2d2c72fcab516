package media

import (
	"bytes"
	"image"
	"image/color"
)

// RGB is a picture of 8-bit red, green and blue, row by row: Pix has
// Width × Height × 3 bytes.
type RGB struct {
	Width, Height int
	Pix           []byte
}

// within puts a picture in its place on a larger one, white around it.
func (p *RGB) within(size, at image.Point) *RGB {
	out := &RGB{Width: size.X, Height: size.Y, Pix: bytes.Repeat([]byte{255}, size.X*size.Y*3)}
	for y := range p.Height {
		copy(out.row(at.Y + y)[at.X*3:], p.row(y))
	}
	return out
}

func (p *RGB) row(y int) []byte { return p.Pix[y*p.Width*3:][:p.Width*3] }

// Flatten makes any picture RGB, on white where it is transparent. The types
// that decoders return have a way of their own, for speed.
func Flatten(picture image.Image) *RGB {
	b := picture.Bounds()
	out := &RGB{Width: b.Dx(), Height: b.Dy(), Pix: make([]byte, b.Dx()*b.Dy()*3)}
	switch p := picture.(type) {
	case *image.YCbCr:
		flattenYCbCr(out, p)
	case narrow:
		flattenNarrow(out, p)
	case *image.Gray:
		flattenGray(out, p)
	case *image.RGBA:
		flattenRGBA(out, p)
	case *image.NRGBA:
		flattenNRGBA(out, p)
	case *image.Paletted:
		flattenPaletted(out, p)
	case *image.CMYK:
		flattenCMYK(out, p)
	case *image.Gray16:
		flattenGray16(out, p)
	case *image.RGBA64:
		flattenRGBA64(out, p)
	case *image.NRGBA64:
		flattenNRGBA64(out, p)
	case image.RGBA64Image:
		flattenWide(out, p)
	default:
		flattenAny(out, picture)
	}
	return out
}

func flattenYCbCr(out *RGB, p *image.YCbCr) {
	b, i := p.Bounds(), 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			at := p.COffset(x, y)
			r, g, bl := color.YCbCrToRGB(p.Y[p.YOffset(x, y)], p.Cb[at], p.Cr[at])
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = r, g, bl
			i += 3
		}
	}
}

// narrow is a lossy WebP's picture. Its black is 16 and its white 235, as in
// video, while those of an image.YCbCr, which the decoder makes of it, are 0
// and 255. Without alpha, A is nil.
type narrow struct{ *image.NYCbCrA }

// flattenNarrow has libwebp's arithmetic.
func flattenNarrow(out *RGB, p narrow) {
	clip := func(v int) byte { return byte(min(max(v>>6, 0), 255)) }
	b, i := p.Bounds(), 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			at, opacity := p.COffset(x, y), byte(255)
			if p.A != nil {
				opacity = p.A[p.AOffset(x, y)]
			}
			luma, cb, cr := int(p.Y[p.YOffset(x, y)])*19077>>8, int(p.Cb[at]), int(p.Cr[at])
			out.Pix[i] = onWhite(clip(luma+cr*26149>>8-14234), opacity)
			out.Pix[i+1] = onWhite(clip(luma-cb*6419>>8-cr*13320>>8+8708), opacity)
			out.Pix[i+2] = onWhite(clip(luma+cb*33050>>8-17685), opacity)
			i += 3
		}
	}
}

func flattenGray(out *RGB, p *image.Gray) {
	i := 0
	for y := range out.Height {
		row := p.Pix[y*p.Stride : y*p.Stride+out.Width]
		for _, v := range row {
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = v, v, v
			i += 3
		}
	}
}

// flattenRGBA takes premultiplied pixels: what is missing to opaque is white.
func flattenRGBA(out *RGB, p *image.RGBA) {
	i := 0
	for y := range out.Height {
		row := p.Pix[y*p.Stride : y*p.Stride+out.Width*4]
		for x := 0; x < len(row); x += 4 {
			rest := 255 - row[x+3]
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = row[x]+rest, row[x+1]+rest, row[x+2]+rest
			i += 3
		}
	}
}

func flattenNRGBA(out *RGB, p *image.NRGBA) {
	i := 0
	for y := range out.Height {
		row := p.Pix[y*p.Stride : y*p.Stride+out.Width*4]
		for x := 0; x < len(row); x += 4 {
			a := row[x+3]
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = onWhite(row[x], a), onWhite(row[x+1], a), onWhite(row[x+2], a)
			i += 3
		}
	}
}

func flattenPaletted(out *RGB, p *image.Paletted) {
	var table [256][3]byte
	for i, c := range p.Palette {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		table[i] = [3]byte{onWhite(n.R, n.A), onWhite(n.G, n.A), onWhite(n.B, n.A)}
	}
	i := 0
	for y := range out.Height {
		for _, v := range p.Pix[y*p.Stride : y*p.Stride+out.Width] {
			copy(out.Pix[i:i+3], table[v][:])
			i += 3
		}
	}
}

func flattenCMYK(out *RGB, p *image.CMYK) {
	i := 0
	for y := range out.Height {
		row := p.Pix[y*p.Stride : y*p.Stride+out.Width*4]
		for x := 0; x < len(row); x += 4 {
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = color.CMYKToRGB(row[x], row[x+1], row[x+2], row[x+3])
			i += 3
		}
	}
}

// wide reads a value of 16 bits, as such pictures hold them.
func wide(b []byte) uint32 { return uint32(b[0])<<8 | uint32(b[1]) }

func flattenGray16(out *RGB, p *image.Gray16) {
	i := 0
	for y := range out.Height {
		row := p.Pix[y*p.Stride : y*p.Stride+out.Width*2]
		for x := 0; x < len(row); x += 2 {
			v := row[x]
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = v, v, v
			i += 3
		}
	}
}

func flattenRGBA64(out *RGB, p *image.RGBA64) {
	i := 0
	for y := range out.Height {
		row := p.Pix[y*p.Stride : y*p.Stride+out.Width*8]
		for x := 0; x < len(row); x += 8 {
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = wideOnWhite(wide(row[x:]), wide(row[x+2:]), wide(row[x+4:]), wide(row[x+6:]))
			i += 3
		}
	}
}

func flattenNRGBA64(out *RGB, p *image.NRGBA64) {
	i := 0
	for y := range out.Height {
		row := p.Pix[y*p.Stride : y*p.Stride+out.Width*8]
		for x := 0; x < len(row); x += 8 {
			a := wide(row[x+6:])
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = wideOnWhite(wide(row[x:])*a/0xffff, wide(row[x+2:])*a/0xffff, wide(row[x+4:])*a/0xffff, a)
			i += 3
		}
	}
}

// flattenWide takes the types of image that have no way of their own here. It
// makes no color.Color of each pixel, which would be an allocation.
func flattenWide(out *RGB, picture image.RGBA64Image) {
	b, i := picture.Bounds(), 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := picture.RGBA64At(x, y)
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = wideOnWhite(uint32(c.R), uint32(c.G), uint32(c.B), uint32(c.A))
			i += 3
		}
	}
}

func flattenAny(out *RGB, picture image.Image) {
	b, i := picture.Bounds(), 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			n := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = onWhite(n.R, n.A), onWhite(n.G, n.A), onWhite(n.B, n.A)
			i += 3
		}
	}
}

// wideOnWhite puts a premultiplied colour of 16 bits on white, with the
// arithmetic of color.NRGBAModel.
func wideOnWhite(r, g, b, a uint32) (byte, byte, byte) {
	switch a {
	case 0xffff:
		return byte(r >> 8), byte(g >> 8), byte(b >> 8)
	case 0:
		return 255, 255, 255
	}
	opacity := byte(a >> 8)
	return onWhite(byte(r*0xffff/a>>8), opacity), onWhite(byte(g*0xffff/a>>8), opacity), onWhite(byte(b*0xffff/a>>8), opacity)
}

// onWhite puts a colour of that opacity on white.
func onWhite(v, a byte) byte {
	if a == 255 {
		return v
	}
	return byte((uint32(v)*uint32(a) + 255*uint32(255-a) + 127) / 255)
}
