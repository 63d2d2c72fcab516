package ingester

import (
	"context"
	"errors"
)

// Source yields the elements of an input, always the same in the same order.
type Source interface {
	// Next returns the next element, or io.EOF after the last one.
	Next(ctx context.Context) (Element, error)
	// Skip passes over the next n elements, which were published before.
	Skip(ctx context.Context, n int64) error
}

// Element is one sample as it was given.
type Element struct {
	Key       []byte // the sample's id; nil where it is not known
	Value     []byte
	EventTime int64 // ms; schemas.NoTime where the sample brings none
	Size      int64 // bytes in the input; more than len(Value) where it was cut
}

// Sizes in bytes.
const (
	// MaxSample is the largest sample that is passed on.
	MaxSample = 16 << 20
	// maxKept is the most of an element that is kept: a dead letter holds it.
	maxKept = 24 << 20
)

var errTooLarge = errors.New("larger than a sample may be")
