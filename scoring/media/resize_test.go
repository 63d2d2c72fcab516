package media

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"
)

// byPasses is Resize as it is defined: all rows, and then all columns.
func byPasses(src *RGB, width, height int) *RGB {
	rows, columns := newKernel(src.Width, width), newKernel(src.Height, height)
	pass := func(in *RGB, out *RGB, at func(x, y, j int) (byX, byY int), weights func(x, y int) []int32) *RGB {
		out.Pix = make([]byte, out.Width*out.Height*3)
		for i := range out.Pix {
			x, y := i/3%out.Width, i/3/out.Width
			sum := int32(half)
			for j, w := range weights(x, y) {
				fromX, fromY := at(x, y, j)
				sum += int32(in.Pix[(fromY*in.Width+fromX)*3+i%3]) * w
			}
			out.Pix[i] = clip(sum)
		}
		return out
	}
	narrow := pass(src, &RGB{Width: width, Height: src.Height},
		func(x, y, j int) (int, int) { return rows.first[x] + j, y }, func(x, _ int) []int32 { return rows.weights[x] })
	return pass(narrow, &RGB{Width: width, Height: height},
		func(x, y, j int) (int, int) { return x, columns.first[y] + j }, func(_, y int) []int32 { return columns.weights[y] })
}

func TestResizeIsTwoPasses(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	side := func() int { return 1 + random.IntN(1+random.IntN(90)) }
	for range 50 {
		src := &RGB{Width: side(), Height: side()}
		src.Pix = make([]byte, src.Width*src.Height*3)
		for i := range src.Pix {
			src.Pix[i] = byte(random.Uint32())
		}
		width, height := side(), side()
		got := Resize(src, width, height)
		if want := byPasses(src, width, height); got.Width != width || got.Height != height || !bytes.Equal(got.Pix, want.Pix) {
			t.Fatalf("%d × %d to %d × %d: the pixels are not those of two passes", src.Width, src.Height, width, height)
		}
	}
}

// TestResizeOfAColumn: to resize a picture of a single column must not take
// its rows times the width that is wanted.
func TestResizeOfAColumn(t *testing.T) {
	const most = 16 << 20
	src := &RGB{Width: 1, Height: maxSide, Pix: make([]byte, maxSide*3)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	Resize(src, 224, 224)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > most {
		t.Errorf("took %d MB for %d pixels", took>>20, maxSide)
	}
}
