package batch

import (
	"context"
	"errors"
	"io"

	"cream/selection"
)

// Candidates reads a score file as a batch does, and calls each with every
// candidate, in the order of the rows. What cannot be used it passes over: a
// folder's scores.jsonl has none of that. It ends at the first error of each.
func Candidates(ctx context.Context, path string, capabilities []string, workers int, each func(*selection.Candidate) error) error {
	in, err := openRows(path)
	if err != nil {
		return err
	}
	err = inOrder(ctx, workers, in.chunks(lineRows, chunkBytes), newColumns(capabilities).readLines, func(chunk []Scored) error {
		for i := range chunk {
			if s := &chunk[i]; s.Err == nil {
				if err := each(candidate(s)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return errors.Join(err, in.Close())
}

// Values calls each with every row of a file as it was given, of Parquet as
// JSON. It ends at the first error of each.
func Values(path string, each func(value []byte) error) error {
	in, err := openRows(path)
	if err != nil {
		return err
	}
	for err == nil {
		var r row
		if r, err = in.next(); err == nil {
			err = each(r.value)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, in.Close())
}
