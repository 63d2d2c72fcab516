package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"cream/scoring"
)

// files is the Source of a batch of files: scores, samples that are to be
// scored, or both.
type files struct {
	scores, samples string
	scorer          scoring.Scorer
	workers         int
	columns         columns
	index           *index               // nil without scores and samples both
	input           atomic.Pointer[rows] // that is being read
}

// Chunks of work: rows and bytes, at most.
const (
	lineRows   = 512
	sampleRows = 64
	chunkBytes = 8 << 20
	// scoreCallers keep the scorer's batches full: while the results of one
	// are written, the others wait for the model.
	scoreCallers = 3
)

// Read implements Source.
func (f *files) Read() float64 {
	if in := f.input.Load(); in != nil {
		return in.read()
	}
	return 0
}

// Scores implements Source.
func (f *files) Scores(ctx context.Context, each func(*Scored) error) error {
	if f.scores != "" && f.samples != "" {
		if err := f.makeIndex(ctx, each); err != nil {
			return err
		}
	}
	path, most, workers, work := f.scores, lineRows, f.workers, f.columns.readLines
	if path == "" {
		path, most, workers, work = f.samples, sampleRows, scoreCallers, f.scoreSamples
	}
	return f.open(path, func(in *rows) error {
		return inOrder(ctx, workers, in.chunks(most, chunkBytes), work, func(chunk []Scored) error {
			for i := range chunk {
				f.lookUp(&chunk[i])
				if err := each(&chunk[i]); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// makeIndex looks where the samples are that scores are given for.
func (f *files) makeIndex(ctx context.Context, each func(*Scored) error) error {
	f.index = &index{standing: make(map[uint64]place)}
	return f.open(f.samples, func(in *rows) error {
		return inOrder(ctx, f.workers, in.chunks(lineRows, chunkBytes), indexSamples, func(chunk []indexed) error {
			for _, s := range chunk {
				if s.err == nil {
					f.index.add(s)
					continue
				}
				bad := scoredOf(s.row)
				bad.Err = s.err
				if err := each(&bad); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// lookUp finds the sample of a score.
func (f *files) lookUp(s *Scored) {
	if f.index == nil || s.Err != nil {
		return
	}
	var ok bool
	if s.Copied, ok = f.index.find(s.Line.ID); !ok {
		s.Err = fault("sample-missing", s.Line.ID, fmt.Errorf("no sample has the id %q", s.Line.ID))
	}
}

func (f *files) open(path string, use func(*rows) error) error {
	in, err := openRows(path)
	if err != nil {
		return err
	}
	f.input.Store(in)
	err = use(in)
	f.input.Store(nil)
	return errors.Join(err, in.Close())
}

// Values implements Source.
func (f *files) Values(ctx context.Context, wanted Places, copied func(int32, int64, []byte) error, faulty func(*Scored) error) error {
	path := f.samples
	if path == "" {
		path = f.scores
	}
	return f.open(path, func(in *rows) error {
		for {
			row, err := in.next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil && row.number%1024 == 0 {
				err = ctx.Err()
			}
			if err == nil && wanted.Has(0, row.number) {
				err = copied(0, row.number, row.value)
			}
			if err == nil && f.index != nil && f.index.unscored.has(row.number) {
				err = f.unscored(row, faulty)
			}
			if err != nil {
				return err
			}
		}
	})
}

// unscored tells of a sample that no score is given for.
func (f *files) unscored(r row, faulty func(*Scored) error) error {
	sample, err := readSample(r)
	if err != nil {
		return fmt.Errorf("row %d has changed since it was read: %w", r.number, err)
	}
	r.value = nil // it is the scores that lack something
	s := scoredOf(r)
	s.Line.ID = sample.ID
	s.Err = fault("score-missing", sample.ID, fmt.Errorf("no score has the id %q", sample.ID))
	return faulty(&s)
}

func scoredOf(r row) Scored {
	return Scored{Offset: r.number, Input: &r.number, LineOf: r.line, Value: r.value, Copied: r.number}
}
