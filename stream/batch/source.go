package batch

import (
	"context"
	"iter"
	"maps"
	"slices"

	"cream/stream/folder"
)

// Source is where a batch's scores come from, and what is copied of those that
// are chosen. All lies in partitions, at offsets; a file is one partition, and
// its rows' numbers are the offsets.
type Source interface {
	// Scores calls each with every score in order, those that cannot be used
	// included, and ends at its first error.
	Scores(ctx context.Context, each func(*Scored) error) error
	// Values calls copied with what lies at the wanted places, in order, and
	// faulty with what turns out not to be usable.
	Values(ctx context.Context, wanted Places, copied func(partition int32, offset int64, value []byte) error, faulty func(*Scored) error) error
	// Read tells how much of what is read at the moment has been, 0 to 1.
	Read() float64
}

// Scored is a score, or what should have been one.
type Scored struct {
	Partition int32
	Offset    int64
	Input     *int64 // the element's number in a file, from 0
	LineOf    int64  // and its line, from 1, where it has lines
	Value     []byte // as it was given
	Err       error  // why it cannot be used: see folder.DeadLetter
	Line      folder.ScoreLine
	// Copied is the offset, in the same partition, of what is copied where it
	// is chosen.
	Copied int64
	// Chosen tells of a fault that it is one of a score that counts: what was
	// chosen cannot be copied.
	Chosen bool

	scores []float32 // one for each column
	text   []byte    // the line as JSON
}

// Places are offsets by partition.
type Places map[int32][]int64

func (p Places) add(partition int32, offset int64) {
	p[partition] = append(p[partition], offset)
}

// sort is called once all are added.
func (p Places) sort() {
	for _, offsets := range p {
		slices.Sort(offsets)
	}
}

// Has tells whether a place is one of them.
func (p Places) Has(partition int32, offset int64) bool {
	_, found := slices.BinarySearch(p[partition], offset)
	return found
}

// All yields them, by partition, in the order of their offsets.
func (p Places) All() iter.Seq2[int32, int64] {
	return func(yield func(int32, int64) bool) {
		for _, partition := range slices.Sorted(maps.Keys(p)) {
			for _, offset := range p[partition] {
				if !yield(partition, offset) {
					return
				}
			}
		}
	}
}

// with returns the places of both.
func (p Places) with(other Places) Places {
	both := make(Places)
	for _, some := range []Places{p, other} {
		for partition, offsets := range some {
			both[partition] = append(both[partition], offsets...)
		}
	}
	both.sort()
	for partition, offsets := range both {
		both[partition] = slices.Compact(offsets)
	}
	return both
}
