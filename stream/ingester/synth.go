package ingester

import (
	"context"

	"golang.org/x/time/rate"

	"cream/schemas"
	"cream/stream/synth"
)

// Synth is a Source without an end: generated samples at a steady rate, as
// Avro with their pictures inline. Their event time is that of their ingest.
type Synth struct {
	generator *synth.Generator
	codec     *schemas.Codec
	pace      *rate.Limiter
}

// NewSynth returns the stream of a seed, at so many samples a second.
func NewSynth(codec *schemas.Codec, seed int64, perSecond float64) (*Synth, error) {
	generator, err := synth.New(synth.Options{Seed: seed})
	if err != nil {
		return nil, err
	}
	return &Synth{generator: generator, codec: codec, pace: rate.NewLimiter(rate.Limit(perSecond), 1)}, nil
}

// Next implements Source. It waits for the sample's turn.
func (s *Synth) Next(ctx context.Context) (Element, error) {
	if err := s.pace.Wait(ctx); err != nil {
		return Element{}, err
	}
	sample, err := s.generator.Next()
	if err != nil {
		return Element{}, err
	}
	value, err := s.codec.EncodeSample(sample.Schema())
	if err != nil {
		return Element{}, err
	}
	return Element{Key: []byte(sample.ID), Value: value, EventTime: schemas.NoTime, Size: int64(len(value))}, nil
}

// Skip implements Source.
func (s *Synth) Skip(_ context.Context, n int64) error {
	s.generator.Skip(n)
	return nil
}
