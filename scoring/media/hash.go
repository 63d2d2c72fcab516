package media

// DifferenceHash returns a 64-bit perceptual hash: the picture in grey at
// 9 × 8, a bit for each pair of neighbours in a row, set where the right one
// is brighter. Pictures that look alike differ in few bits.
func DifferenceHash(picture *RGB) uint64 {
	small := Resize(picture, 9, 8)
	var hash uint64
	for y := range 8 {
		for x := range 8 {
			hash <<= 1
			if luma(small, x+1, y) > luma(small, x, y) {
				hash |= 1
			}
		}
	}
	return hash
}

// luma is BT.601's, in 16 bits.
func luma(p *RGB, x, y int) int {
	i := (y*p.Width + x) * 3
	return 19595*int(p.Pix[i]) + 38470*int(p.Pix[i+1]) + 7471*int(p.Pix[i+2])
}

// FoldHash adds a further picture's hash to those before it.
func FoldHash(hash, next uint64) uint64 { return (hash<<1 | hash>>63) ^ next }
