package compare

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/jpeg"
	"strings"

	"cream/schemas"
	"cream/scoring/media"
	"cream/stream/batch"
)

// Picture is a small picture as a data: address.
type Picture struct {
	Data          template.URL
	Width, Height int
	Alt           string
}

// What the page shows of a sample.
const (
	boxWidth, boxHeight = 320, 240 // of a picture
	maxPictures         = 4
	quality             = 78 // of the JPEG
	maxQuestion         = 240
	maxAnswer           = 320 // characters
)

// fill reads the conversations and pictures of samples from a file of samples:
// JSON lines or an array, also in gzip or zstd.
func fill(file string, shown []*Shown, loader *media.Loader) error {
	wanted := make(map[string][]*Shown)
	for _, s := range shown {
		if s.Missing == "" && s.Question == "" && s.Answer == "" && s.Pictures == nil {
			wanted[s.ID] = append(wanted[s.ID], s)
		}
	}
	found := errors.New("all are found")
	err := batch.Values(file, func(value []byte) error {
		if len(wanted) == 0 {
			return found
		}
		sample, err := schemas.ParseSample(value)
		if err != nil {
			return nil // a score line, perhaps
		}
		for _, s := range wanted[sample.ID] {
			s.show(sample, loader)
		}
		delete(wanted, sample.ID)
		return nil
	})
	if errors.Is(err, found) {
		return nil
	}
	return err
}

// show takes over what the page shows of a sample.
func (s *Shown) show(sample *schemas.Sample, loader *media.Loader) {
	for _, turn := range sample.Conversation {
		text := strings.TrimSpace(strings.ReplaceAll(turn.Text, "<image>", ""))
		switch {
		case s.Question == "" && turn.Role == schemas.RoleUser:
			s.Question = text
		case s.Answer == "" && turn.Role == schemas.RoleAssistant:
			s.Answer = text
		}
	}
	for i, im := range sample.Images {
		if i == maxPictures {
			s.Missing = fmt.Sprintf("%d further pictures are not shown", len(sample.Images)-i)
			break
		}
		picture, err := small(im, loader)
		if err != nil {
			s.Missing = err.Error()
			continue
		}
		picture.Alt = fmt.Sprintf("Picture %d of %d of sample %s", i+1, len(sample.Images), s.ID)
		s.Pictures = append(s.Pictures, picture)
	}
}

// small decodes a picture, within the loader's limits, and encodes it anew:
// what the page holds is pixels, and nothing else that came with the file.
func small(im schemas.Image, loader *media.Loader) (Picture, error) {
	data, err := loader.Bytes(im)
	if err != nil {
		return Picture{}, err
	}
	pixels, err := loader.Fit(data, boxWidth, boxHeight)
	if err != nil {
		return Picture{}, err
	}
	rgba := image.NewRGBA(image.Rect(0, 0, pixels.Width, pixels.Height))
	for i := range pixels.Width * pixels.Height {
		copy(rgba.Pix[4*i:], pixels.Pix[3*i:3*i+3])
		rgba.Pix[4*i+3] = 255
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, rgba, &jpeg.Options{Quality: quality}); err != nil {
		return Picture{}, fmt.Errorf("encode a small picture: %w", err)
	}
	return Picture{
		Data:  template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(out.Bytes())),
		Width: pixels.Width, Height: pixels.Height,
	}, nil
}
