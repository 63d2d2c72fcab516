package batch

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"cream/schemas"
	"cream/stream/folder"
	"cream/stream/scorer"
)

// scoreSamples scores rows of a sample file.
func (f *files) scoreSamples(ctx context.Context, chunk []row) ([]Scored, error) {
	out := make([]Scored, len(chunk))
	var samples []*schemas.Sample
	var at []int // samples[j] came from chunk[at[j]]
	for i, r := range chunk {
		out[i] = scoredOf(r)
		sample, err := readSample(r)
		if err != nil {
			out[i].Err = err
			continue
		}
		samples = append(samples, sample)
		at = append(at, i)
	}
	ratings, err := f.scorer.Score(ctx, samples)
	if err != nil {
		return nil, fmt.Errorf("score %d samples: %w", len(samples), err)
	}
	for j, rating := range ratings {
		o := &out[at[j]]
		o.Line.ID = samples[j].ID
		if rating.Err != nil {
			o.Err = rating.Err
			continue
		}
		vocabulary := f.scorer.Vocabulary()
		o.Line = folder.ScoreLineOf(scorer.ScoreOf(o.Value, samples[j], vocabulary, rating.Rating), vocabulary.Capabilities)
		f.columns.finish(o)
	}
	return out, nil
}

// readSample reads a row as a sample. One that does not tell when it was
// collected is of the time 0: the time of reading it would make the choice
// depend on it.
func readSample(r row) (*schemas.Sample, error) {
	if err := tooLarge(r); err != nil {
		return nil, err
	}
	sample, err := schemas.ParseSample(r.value)
	if err != nil {
		return nil, err
	}
	if sample.EventTime == schemas.NoTime {
		sample.EventTime = 0
	}
	return sample, nil
}

// index finds the samples that scores are given for.
type index struct {
	standing map[uint64]place // by the hash of the id; two of them in 2^64 look alike
	unscored rowSet           // of those that stand
}

// place is where a sample stands. Of several with one id it is the one with
// the lowest content hash, as in a stream.
type place struct {
	content uint64
	row     int64
}

// indexed is what the index wants of a row.
type indexed struct {
	row     row
	id      uint64
	content uint64
	err     error
}

func indexSamples(_ context.Context, chunk []row) ([]indexed, error) {
	out := make([]indexed, len(chunk))
	for i, r := range chunk {
		out[i].row = r
		sample, err := readSample(r)
		if err != nil {
			out[i].err = err
			continue
		}
		sum := sha256.Sum256(r.value)
		out[i].id, out[i].content = xxhash.Sum64String(sample.ID), binary.BigEndian.Uint64(sum[:])
		out[i].row.value = nil
	}
	return out, nil
}

func (x *index) add(s indexed) {
	have, ok := x.standing[s.id]
	if ok && have.content <= s.content {
		return
	}
	if ok {
		x.unscored.remove(have.row)
	}
	x.standing[s.id] = place{s.content, s.row.number}
	x.unscored.add(s.row.number)
}

// find returns the row of a score's sample.
func (x *index) find(id string) (int64, bool) {
	p, ok := x.standing[xxhash.Sum64String(id)]
	if ok {
		x.unscored.remove(p.row)
	}
	return p.row, ok
}
