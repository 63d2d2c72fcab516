package media

import "math"

// Resize scales a picture with a triangle filter that widens with the
// reduction, so that every pixel counts (antialiasing). It is the bilinear
// filter of Pillow's Image.resize, bit for bit: two passes, rows first, with
// weights of 22 fractional bits and 8-bit values between the passes.
func Resize(src *RGB, width, height int) *RGB {
	if src.Width != width {
		src = resizeRows(src, width)
	}
	if src.Height != height {
		src = resizeColumns(src, height)
	}
	return src
}

// precision is the number of fractional bits of a weight: 32 less 8 for a
// value and 2 for overshoot.
const precision = 32 - 8 - 2

// kernel holds, for each place of the output, where its input begins and the
// weights of what it takes from there.
type kernel struct {
	first   []int
	weights [][]int32
}

func newKernel(in, out int) kernel {
	scale := float64(in) / float64(out)
	support := max(scale, 1) // the triangle's radius, in the input
	k := kernel{make([]int, out), make([][]int32, out)}
	for i := range out {
		centre := (float64(i) + 0.5) * scale
		first := max(int(centre-support+0.5), 0)
		last := min(int(centre+support+0.5), in)
		weights := make([]float64, last-first)
		sum := 0.0
		for j := range weights {
			distance := math.Abs((float64(j+first) - centre + 0.5) * (1 / support))
			if distance < 1 {
				weights[j] = 1 - distance
			}
			sum += weights[j]
		}
		fixed := make([]int32, len(weights))
		for j, w := range weights {
			if sum != 0 {
				w *= 1 / sum
			}
			fixed[j] = int32(0.5 + w*(1<<precision))
		}
		k.first[i], k.weights[i] = first, fixed
	}
	return k
}

const half = 1 << (precision - 1)

func clip(sum int32) byte {
	v := sum >> precision
	return byte(min(max(v, 0), 255))
}

func resizeRows(src *RGB, width int) *RGB {
	k := newKernel(src.Width, width)
	out := &RGB{Width: width, Height: src.Height, Pix: make([]byte, width*src.Height*3)}
	for y := range src.Height {
		row := src.Pix[y*src.Width*3:][:src.Width*3]
		dst := out.Pix[y*width*3:][:width*3]
		for x := range width {
			var r, g, b int32 = half, half, half
			at := k.first[x] * 3
			for _, w := range k.weights[x] {
				p := row[at : at+3 : at+3]
				r += int32(p[0]) * w
				g += int32(p[1]) * w
				b += int32(p[2]) * w
				at += 3
			}
			dst[x*3], dst[x*3+1], dst[x*3+2] = clip(r), clip(g), clip(b)
		}
	}
	return out
}

func resizeColumns(src *RGB, height int) *RGB {
	k := newKernel(src.Height, height)
	stride := src.Width * 3
	out := &RGB{Width: src.Width, Height: height, Pix: make([]byte, stride*height)}
	sums := make([]int32, stride)
	for y := range height {
		for i := range sums {
			sums[i] = half
		}
		for j, w := range k.weights[y] {
			row := src.Pix[(k.first[y]+j)*stride:][:stride]
			for i, v := range row {
				sums[i] += int32(v) * w
			}
		}
		dst := out.Pix[y*stride:][:stride]
		for i, s := range sums {
			dst[i] = clip(s)
		}
	}
	return out
}
