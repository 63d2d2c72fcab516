package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"cream/schemas"
	"cream/scoring"
	"cream/stream/ingester"
)

func newBenchScore() *cobra.Command {
	var model scorerFlags
	var input string
	var count int
	cmd := &cobra.Command{
		Use:   "score",
		Short: "Measure the scorer on samples of yours",
		Long: `score loads, decodes, tokenizes and rates the samples of a LLaVA file and tells
the rate and the share of the time in which the model's session ran: what is
missing to 1 is time in which the device waited.`,
		Example: "  cream bench score --input samples.jsonl --threads 1 --workers 1",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if input == "" {
				return errors.New("--input needs a LLaVA file")
			}
			logger, err := newLogger(cmd)
			if err != nil {
				return err
			}
			samples, err := readSamples(cmd.Context(), input, count)
			if err != nil {
				return err
			}
			b, err := loadBundle(model.bundle)
			if err != nil {
				return err
			}
			root := model.mediaRoot
			if root == "" {
				root = filepath.Dir(input)
			}
			rater, release, err := model.openModel(b, root, prometheus.NewRegistry(), logger)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, release()) }()
			// The first batches pay for what later ones find ready.
			if _, _, err := rate(cmd.Context(), rater, samples[:min(len(samples), 4*model.batch)]); err != nil {
				return err
			}
			busy := rater.Busy()
			took, bad, err := rate(cmd.Context(), rater, samples)
			if err != nil {
				return err
			}
			busy = rater.Busy() - busy
			fmt.Fprintf(cmd.OutOrStdout(), "samples   %d in %.1f s: %.1f a second (%d could not be scored)\n",
				len(samples), took.Seconds(), float64(len(samples))/took.Seconds(), bad)
			fmt.Fprintf(cmd.OutOrStdout(), "session   ran %.1f s on %s: %.3f of the time\n", busy.Seconds(), rater.Provider(), busy.Seconds()/took.Seconds())
			return nil
		},
	}
	model.bindModel(cmd)
	cmd.Flags().StringVar(&input, "input", "", "LLaVA file; pictures relative to it")
	cmd.Flags().IntVar(&count, "count", 0, "samples to take of it, from the beginning; 0 for all")
	return cmd
}

// readSamples reads samples that can be read; a benchmark has no dead letters.
func readSamples(ctx context.Context, path string, count int) ([]*schemas.Sample, error) {
	file, err := ingester.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var samples []*schemas.Sample
	for count == 0 || len(samples) < count {
		element, err := file.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if sample, err := schemas.ParseSample(element.Value); err == nil {
			samples = append(samples, sample)
		}
	}
	if len(samples) == 0 {
		return nil, fmt.Errorf("%s has no sample that can be read", path)
	}
	return samples, nil
}

// rate scores the samples as the stage does: several callers, a poll's worth
// each.
func rate(ctx context.Context, rater scoring.Scorer, samples []*schemas.Sample) (took time.Duration, bad int, err error) {
	const callers, poll = 2, 64
	group, ctx := errgroup.WithContext(ctx)
	polls := make(chan []*schemas.Sample)
	faults := make(chan int, callers)
	began := time.Now()
	group.Go(func() error {
		defer close(polls)
		for from := 0; from < len(samples); from += poll {
			select {
			case polls <- samples[from:min(from+poll, len(samples))]:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range callers {
		group.Go(func() error {
			n := 0
			defer func() { faults <- n }()
			for part := range polls {
				results, err := rater.Score(ctx, part)
				if err != nil {
					return err
				}
				for _, r := range results {
					if r.Err != nil {
						n++
					}
				}
			}
			return nil
		})
	}
	err = group.Wait()
	took = time.Since(began)
	for range callers {
		bad += <-faults
	}
	return took, bad, err
}
