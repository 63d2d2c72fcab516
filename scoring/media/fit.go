package media

// Fit decodes a picture as Prepare does, and makes it as large as a box of
// width × height holds without changing its shape, and no larger than it is.
func (l *Loader) Fit(data []byte, width, height int) (*RGB, error) {
	size, err := l.measure(data)
	if err != nil {
		return nil, err
	}
	scale := min(float64(width)/float64(size.X), float64(height)/float64(size.Y), 1)
	return l.Prepare(data, max(1, int(float64(size.X)*scale+0.5)), max(1, int(float64(size.Y)*scale+0.5)))
}
