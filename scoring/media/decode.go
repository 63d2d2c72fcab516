package media

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif" // decoders
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"

	"cream/scoring"
)

// Decode decodes a picture: of a GIF, the first frame. It looks at the size
// that the header tells before it decodes anything. Every error is a
// *scoring.InputError.
func (l *Loader) Decode(data []byte) (picture image.Image, err error) {
	defer func() { // decoders have been seen to panic on hostile bytes
		if p := recover(); p != nil {
			picture, err = nil, fault("image-undecodable", "the decoder gave up: %v", p)
		}
	}()
	header, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, &scoring.InputError{Reason: "image-undecodable", Err: fmt.Errorf("%w: JPEG, PNG, GIF, WebP and BMP are read", err)}
	}
	if header.Width < 1 || header.Height < 1 {
		return nil, fault("image-undecodable", "a %s of %d × %d pixels", format, header.Width, header.Height)
	}
	if int64(header.Width)*int64(header.Height) > l.limits.Pixels {
		return nil, fault("image-too-large", "a %s of %d × %d pixels; at most %d are decoded", format, header.Width, header.Height, l.limits.Pixels)
	}
	if picture, _, err = image.Decode(bytes.NewReader(data)); err != nil {
		return nil, fault("image-undecodable", "%s: %w", format, err)
	}
	return picture, nil
}
