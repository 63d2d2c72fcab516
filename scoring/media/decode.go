package media

import (
	"bytes"
	"context"
	"image"
	_ "image/gif" // decoders
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"
)

// maxSide is what a JPEG can have. A PNG of a single column could have all the
// pixels that are allowed in as many rows, each of them to be widened.
const maxSide = 1<<16 - 1

// Prepare decodes a picture (of a GIF, the first frame), flattens it and
// resizes it. It looks at the size that the header tells before it decodes
// anything, and waits until there is room for so many pixels: those that all
// callers of the Loader decode at a time are as many as one picture may have.
// Every error is a *scoring.InputError.
func (l *Loader) Prepare(data []byte, width, height int) (*RGB, error) {
	size, err := l.measure(data)
	if err != nil {
		return nil, err
	}
	// No more is asked for than there is in all, by nobody who holds some: it
	// comes, and the context never ends.
	pixels := int64(size.X) * int64(size.Y)
	if err := l.room.Acquire(context.Background(), pixels); err != nil {
		return nil, err
	}
	defer l.room.Release(pixels)
	picture, err := decode(data)
	if err != nil {
		return nil, err
	}
	flat := Flatten(picture)
	screen := image.Rectangle{Max: size}
	if frame := picture.Bounds(); frame != screen && frame.In(screen) { // of a GIF
		flat = flat.within(size, frame.Min)
	}
	return Resize(flat, width, height), nil
}

// gaveUp makes an error of a panic: decoders have been seen to, on hostile
// bytes.
func gaveUp(err *error) {
	if p := recover(); p != nil {
		*err = fault("image-undecodable", "the decoder gave up: %v", p)
	}
}

// measure returns the size that the header tells, within the limits.
func (l *Loader) measure(data []byte) (size image.Point, err error) {
	defer gaveUp(&err)
	header, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return size, fault("image-undecodable", "%w: JPEG, PNG, GIF, WebP and BMP are read", err)
	}
	size = image.Pt(header.Width, header.Height)
	if size.X < 1 || size.Y < 1 {
		return size, fault("image-undecodable", "a %s of %d × %d pixels", format, size.X, size.Y)
	}
	if int64(size.X)*int64(size.Y) > l.limits.Pixels || max(size.X, size.Y) > maxSide {
		return size, fault("image-too-large", "a %s of %d × %d pixels; at most %d are decoded, and %d on a side", format, size.X, size.Y, l.limits.Pixels, maxSide)
	}
	if format == "webp" && animated(data) {
		return size, fault("image-undecodable", "an animated WebP: only those of a single picture are read")
	}
	return size, nil
}

// animated tells of a WebP, by the flag in its extended header.
func animated(data []byte) bool {
	const flags, animation = 20, 1 << 1
	return len(data) > flags && string(data[12:16]) == "VP8X" && data[flags]&animation != 0
}

func decode(data []byte) (picture image.Image, err error) {
	defer gaveUp(&err)
	picture, format, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fault("image-undecodable", "%s: %w", format, err)
	}
	if format == "webp" {
		switch p := picture.(type) {
		case *image.YCbCr:
			return narrow{&image.NYCbCrA{YCbCr: *p}}, nil
		case *image.NYCbCrA:
			return narrow{p}, nil
		}
	}
	return picture, nil
}
