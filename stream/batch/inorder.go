package batch

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"
)

// inOrder calls do for everything that next returns, by several workers at
// once, and each with what became of it, one at a time in the order of next.
// It ends with next's io.EOF, the first error, or ctx.
func inOrder[T, R any](ctx context.Context, workers int, next func() (T, error), do func(context.Context, T) (R, error), each func(R) error) error {
	type job struct {
		in  T
		out chan R
	}
	group, ctx := errgroup.WithContext(ctx)
	jobs := make(chan job)
	order := make(chan chan R, workers) // with jobs it bounds what is under way
	group.Go(func() error {
		defer close(order)
		defer close(jobs)
		for {
			in, err := next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			j := job{in, make(chan R, 1)}
			select {
			case order <- j.out:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	for range workers {
		group.Go(func() error {
			for j := range jobs {
				out, err := do(ctx, j.in)
				if err != nil {
					return err
				}
				j.out <- out
			}
			return nil
		})
	}
	group.Go(func() error {
		for out := range order {
			select {
			case r := <-out:
				if err := each(r); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}
