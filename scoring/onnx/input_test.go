package onnx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cream/schemas"
	"cream/scoring"
)

// photo is a small JPEG; each kind looks different.
func photo(t testing.TB, kind int) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 120, 90))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(i * i / (7 + kind))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is a PNG's header that tells of 30,000 × 30,000 pixels.
func bomb() []byte {
	head := []byte("IHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x02\x00\x00\x00")
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

// TestFaultsOfSamples mixes bad samples with good ones in one call: each bad
// one gets its reason, and the good ones the scores that they have alone.
func TestFaultsOfSamples(t *testing.T) {
	s := open(t, options(t))
	good := schemas.Image{Data: photo(t, 0)}
	const fine = ""
	cases := []struct {
		sample *schemas.Sample
		reason string
	}{
		{sample("a photo", "yes", good), fine},
		{sample("a missing picture", "yes", schemas.Image{URI: "missing.jpg"}), "image-missing"},
		{sample("the second is missing", "yes", good, schemas.Image{URI: "missing.jpg"}), "image-missing"},
		{sample("two photos", "yes", good, good), fine},
		{sample("a truncated JPEG", "yes", schemas.Image{Data: good.Data[:len(good.Data)/2]}), "image-undecodable"},
		{sample("no bytes", "yes", schemas.Image{Data: []byte{}}), "image-undecodable"},
		{sample("a picture bomb", "yes", schemas.Image{Data: bomb()}), "image-too-large"},
		{sample("on the web", "yes", schemas.Image{URI: "https://example.org/a.jpg"}), "image-remote"},
		{sample("", "", good), "conversation-empty"},
		{sample(" <image>\n", "\t", good), "conversation-empty"},
		{&schemas.Sample{ID: "no turns", Images: []schemas.Image{good}}, "conversation-empty"},
		{sample("text only", "yes"), fine},
		{sample("no answer", "", good), fine},
	}
	var samples []*schemas.Sample
	for _, c := range cases {
		samples = append(samples, c.sample)
	}
	results, err := s.Score(t.Context(), samples)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		got := results[i]
		if c.reason == fine {
			want := score(t, s, c.sample)[0]
			if got.Err != nil || !slices.Equal(got.Rating.Scores, want.Scores) {
				t.Errorf("%q: got %v, %v; alone %v", c.sample.ID, got.Rating.Scores, got.Err, want.Scores)
			}
			continue
		}
		var input *scoring.InputError
		if !errors.As(got.Err, &input) || scoring.ReasonOf(got.Err) != c.reason {
			t.Errorf("%q: got %v, want reason %s", c.sample.ID, got.Err, c.reason)
		}
	}
}

// TestScoreThatIsNotANumber: what makes a model say NaN for a sample is not
// known beforehand, so a feature is made NaN here. The sample beside it in the
// batch gets the scores that it has alone.
func TestScoreThatIsNotANumber(t *testing.T) {
	opts := options(t)
	opts.MaxBatch, opts.Linger = 2, time.Hour // the two make a batch
	s := open(t, opts)
	good := sample("Is it a photo?", "It is.")
	var done sync.WaitGroup
	var jobs []*job
	for _, sample := range []*schemas.Sample{sample("Is it a number?", "It is."), good} {
		p, err := s.preparer.prepare(sample)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, &job{sample: sample, prepared: p, done: &done})
	}
	jobs[0].prepared.features[0] = float32(math.NaN())
	for _, j := range jobs {
		s.slots <- struct{}{}
		done.Add(1)
		s.ready <- j
	}
	done.Wait()
	var input *scoring.InputError
	bad := jobs[0]
	if bad.failed != nil || !errors.As(bad.result.Err, &input) || input.Reason != "score-not-a-number" ||
		!strings.Contains(input.Error(), bad.sample.ID) || len(bad.result.Rating.Scores) > 0 {
		t.Errorf("got %+v, %v", bad.result, bad.failed)
	}
	opts.MaxBatch, opts.Registerer = 1, prometheus.NewRegistry()
	want := score(t, open(t, opts), good)[0]
	if got := jobs[1]; got.failed != nil || got.result.Err != nil || !slices.Equal(got.result.Rating.Scores, want.Scores) {
		t.Errorf("got %+v, %v; alone %v", got.result, got.failed, want.Scores)
	}
}

// TestMorePicturesThanTheModelSees: those beyond the manifest's limit are
// counted but not decoded.
func TestMorePicturesThanTheModelSees(t *testing.T) {
	opts := options(t)
	s := open(t, opts)
	limit := opts.Bundle.Inputs.Pictures.MaxPerSample
	many := make([]schemas.Image, limit, limit+1)
	for i := range many {
		many[i].Data = photo(t, 0)
	}
	within := score(t, s, sample("many pictures", "yes", many...))[0]
	over := score(t, s, sample("many pictures", "yes", append(many, schemas.Image{Data: []byte("no picture")})...))[0]
	if over.PictureHash != within.PictureHash || over.PictureBytes != within.PictureBytes+int64(len("no picture")) {
		t.Errorf("got %+v, want that of %+v and ten bytes more", over, within)
	}
}
