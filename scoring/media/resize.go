package media

import "math"

// Resize scales a picture with a triangle filter that widens with the
// reduction, so that every pixel counts (antialiasing). It is the bilinear
// filter of Pillow's Image.resize, bit for bit: two passes, rows first, with
// weights of 22 fractional bits and 8-bit values between the passes.
func Resize(src *RGB, width, height int) *RGB {
	if src.Height == height {
		if src.Width == width {
			return src
		}
		return resizeRows(src, width)
	}
	return resizeBoth(src, width, height)
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

// resizeRows scales rows only.
func resizeRows(src *RGB, width int) *RGB {
	k := newKernel(src.Width, width)
	out := &RGB{Width: width, Height: src.Height, Pix: make([]byte, width*src.Height*3)}
	for y := range src.Height {
		resizeRow(out.row(y), src.row(y), k)
	}
	return out
}

// resizeBoth takes one row after another through both passes, and adds it to
// those of the output that it counts for: what a picture of a single column
// and millions of rows takes is bounded by its output.
func resizeBoth(src *RGB, width, height int) *RGB {
	rows, columns := newKernel(src.Width, width), newKernel(src.Height, height)
	out := &RGB{Width: width, Height: height, Pix: make([]byte, width*height*3)}
	sums := make([]int32, width*height*3)
	for i := range sums {
		sums[i] = half
	}
	row := make([]byte, width*3)
	from := 0 // the output's rows before it are complete
	for y := range src.Height {
		if src.Width == width {
			row = src.row(y)
		} else {
			resizeRow(row, src.row(y), rows)
		}
		for from < height && y >= columns.first[from]+len(columns.weights[from]) {
			from++
		}
		for to := from; to < height && y >= columns.first[to]; to++ {
			if at := y - columns.first[to]; at < len(columns.weights[to]) {
				addRow(sums[to*width*3:][:width*3], row, columns.weights[to][at])
			}
		}
	}
	for i, s := range sums {
		out.Pix[i] = clip(s)
	}
	return out
}

func resizeRow(dst, src []byte, k kernel) {
	for x, first := range k.first {
		var r, g, b int32 = half, half, half
		at := first * 3
		for _, w := range k.weights[x] {
			p := src[at : at+3 : at+3]
			r += int32(p[0]) * w
			g += int32(p[1]) * w
			b += int32(p[2]) * w
			at += 3
		}
		dst[x*3], dst[x*3+1], dst[x*3+2] = clip(r), clip(g), clip(b)
	}
}

func addRow(sums []int32, row []byte, weight int32) {
	sums = sums[:len(row)]
	for i, v := range row {
		sums[i] += int32(v) * weight
	}
}
