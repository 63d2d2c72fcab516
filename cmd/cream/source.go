package main

import (
	"io"

	"cream/schemas"
	"cream/stream/ingester"
)

// closingSource is a source that holds something open.
type closingSource interface {
	ingester.Source
	io.Closer
}

// noClose is for a source that holds nothing open.
type noClose struct{ ingester.Source }

func (noClose) Close() error { return nil }

// source opens what the stream begins with: the input file or, without one,
// generated samples. fraction tells how much of it has been read; nil where it
// has no end.
func (f *upFlags) source(codec *schemas.Codec) (source closingSource, fraction func() float64, err error) {
	if f.input == "" {
		generated, err := ingester.NewSynth(codec, 1, f.rate)
		if err != nil {
			return nil, nil, err
		}
		return noClose{generated}, nil, nil
	}
	file, err := ingester.OpenFile(f.input)
	if err != nil {
		return nil, nil, err
	}
	return file, file.Fraction, nil
}
