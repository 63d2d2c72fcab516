package media

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/gif" // decoders
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"

	"cream/scoring"
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
	pixels, err := l.measure(data)
	if err != nil {
		return nil, err
	}
	// No more is asked for than there is in all, by nobody who holds some: it
	// comes, and the context never ends.
	if err := l.room.Acquire(context.Background(), pixels); err != nil {
		return nil, err
	}
	defer l.room.Release(pixels)
	picture, err := decode(data)
	if err != nil {
		return nil, err
	}
	return Resize(Flatten(picture), width, height), nil
}

// gaveUp makes an error of a panic: decoders have been seen to, on hostile
// bytes.
func gaveUp(err *error) {
	if p := recover(); p != nil {
		*err = fault("image-undecodable", "the decoder gave up: %v", p)
	}
}

// measure returns how many pixels the header tells of, within the limit.
func (l *Loader) measure(data []byte) (pixels int64, err error) {
	defer gaveUp(&err)
	header, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, &scoring.InputError{Reason: "image-undecodable", Err: fmt.Errorf("%w: JPEG, PNG, GIF, WebP and BMP are read", err)}
	}
	if header.Width < 1 || header.Height < 1 {
		return 0, fault("image-undecodable", "a %s of %d × %d pixels", format, header.Width, header.Height)
	}
	pixels = int64(header.Width) * int64(header.Height)
	if pixels > l.limits.Pixels || max(header.Width, header.Height) > maxSide {
		return 0, fault("image-too-large", "a %s of %d × %d pixels; at most %d are decoded, and %d on a side", format, header.Width, header.Height, l.limits.Pixels, maxSide)
	}
	return pixels, nil
}

func decode(data []byte) (picture image.Image, err error) {
	defer gaveUp(&err)
	picture, format, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fault("image-undecodable", "%s: %w", format, err)
	}
	return picture, nil
}
