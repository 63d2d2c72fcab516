package media

import (
	"image"
	"image/color"
)

// RGB is a picture of 8-bit red, green and blue, row by row: Pix has
// Width × Height × 3 bytes.
type RGB struct {
	Width, Height int
	Pix           []byte
}

// Flatten makes any picture RGB, on white where it is transparent. The types
// that decoders return have a way of their own, for speed.
func Flatten(picture image.Image) *RGB {
	b := picture.Bounds()
	out := &RGB{Width: b.Dx(), Height: b.Dy(), Pix: make([]byte, b.Dx()*b.Dy()*3)}
	switch p := picture.(type) {
	case *image.YCbCr:
		flattenYCbCr(out, p)
	case *image.Gray:
		flattenGray(out, p)
	case *image.RGBA:
		flattenRGBA(out, p)
	case *image.NRGBA:
		flattenNRGBA(out, p)
	case *image.Paletted:
		flattenPaletted(out, p)
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

// onWhite puts a colour of that opacity on white.
func onWhite(v, a byte) byte {
	if a == 255 {
		return v
	}
	return byte((uint32(v)*uint32(a) + 255*uint32(255-a) + 127) / 255)
}
