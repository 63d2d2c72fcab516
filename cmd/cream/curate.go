package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"cream/scoring/bundle"
	"cream/selection"
	"cream/stream/batch"
)

// curateFlags are what `cream curate` is told.
type curateFlags struct {
	scores, samples, policy, method, out string
	model                                scorerFlags
}

func newCurate() *cobra.Command {
	var f curateFlags
	cmd := &cobra.Command{
		Use:   "curate",
		Short: "Select from a file of scores, or of samples: files in, files out",
		Long: `curate selects from files, without a broker, and leaves the folder that
up --once leaves.

--scores names a file of score lines (id, source, styles, scores: as up --once
writes them), JSON lines, also in gzip or zstd, or Parquet. --samples names a
LLaVA file. With scores alone curated.jsonl holds the chosen score lines; with
both, the samples that they are of; with samples alone, curate scores them
first.`,
		Example: `  cream curate --scores scores.jsonl.gz --policy policy.yaml --out curated/
  cream curate --samples samples.jsonl --out curated/`,
		Args:    cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := newLogger(cmd)
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), logger, cmd.OutOrStdout())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.scores, "scores", "", "file of score lines: JSON lines, also in gzip or zstd, or Parquet")
	fl.StringVar(&f.samples, "samples", "", "LLaVA file; without --scores its samples are scored first")
	fl.StringVar(&f.policy, "policy", "", "policy file (default: what policy default prints)")
	fl.StringVar(&f.method, "method", "", "method in place of the policy's: "+methodNames())
	fl.StringVar(&f.out, "out", "", "folder for the result")
	f.model.bindModel(cmd)
	return cmd
}

func (f *curateFlags) check() error {
	var errs []error
	if f.scores == "" && f.samples == "" {
		errs = append(errs, errors.New("curate needs --scores or --samples: a file to select from"))
	}
	if f.method != "" && !slices.Contains(selection.Methods(), selection.Method(f.method)) {
		errs = append(errs, fmt.Errorf("--method %s: expected one of %s", f.method, methodNames()))
	}
	if f.out == "" {
		errs = append(errs, errors.New("curate needs --out: a folder for the result"))
	}
	if len(errs) == 0 {
		errs = append(errs, writable(f.out))
	}
	return errors.Join(errs...)
}

func (f *curateFlags) run(ctx context.Context, logger *slog.Logger, out io.Writer) (err error) {
	b, err := loadBundle(f.model.bundle)
	if err != nil {
		return err
	}
	opts := batch.Options{Scores: f.scores, Samples: f.samples, Workers: runtime.NumCPU(), Dir: f.out}
	if f.scores != "" {
		opts.Policy, opts.Capabilities, err = f.ofScores(b)
	} else {
		opts.Policy, err = f.readPolicy(b.Capabilities)
		opts.Capabilities = b.Capabilities
	}
	if err != nil {
		return err
	}
	if f.scores == "" {
		root, err := filepath.Abs(cmp.Or(f.model.mediaRoot, filepath.Dir(f.samples)))
		if err != nil {
			return fmt.Errorf("find the samples' folder: %w", err)
		}
		scorer, release, err := f.model.openModel(b, root, prometheus.NewRegistry(), logger)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, release()) }()
		opts.Scorer = scorer
	}
	// What the selection holds has no pointers, so that looking it through costs
	// next to nothing: collecting often saves a third of the memory.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	return runBatch(ctx, opts, out)
}

// runBatch runs a batch, shows how far it is, and tells what came of it.
func runBatch(ctx context.Context, opts batch.Options, out io.Writer) error {
	job, err := batch.New(opts)
	if err != nil {
		return err
	}
	beside, stop := context.WithCancel(ctx)
	defer stop()
	var progress sync.WaitGroup
	progress.Go(func() { showBatch(beside, job) })
	summary, err := job.Run(ctx)
	stop()
	progress.Wait()
	if ctx.Err() != nil {
		fmt.Fprintln(out, "stopped, and nothing is written")
		return errStopped
	}
	if err != nil {
		return err
	}
	report(out, summary, opts.Dir)
	return nil
}

// ofScores settles what a score file is read for. The policy's capabilities
// must be among those of the bundle that is named or else of the file.
func (f *curateFlags) ofScores(b *bundle.Bundle) (policy selection.Policy, capabilities []string, err error) {
	first, known, err := batch.Names(f.scores)
	if err != nil {
		return policy, nil, err
	}
	var named []string
	if f.model.bundle != "" {
		named, known = b.Capabilities, b.Capabilities
	}
	if policy, err = f.readPolicy(known); err != nil {
		return policy, nil, err
	}
	capabilities, err = batch.Capabilities(policy, named, first, b.Capabilities)
	return policy, capabilities, err
}

func (f *curateFlags) readPolicy(known []string) (policy selection.Policy, err error) {
	policy = selection.DefaultPolicy()
	if f.policy != "" {
		policy, err = readPolicy(f.policy, known)
	}
	if f.method != "" {
		policy.Method = selection.Method(f.method)
	}
	return policy, err
}

func methodNames() string {
	var names []string
	for _, m := range selection.Methods() {
		names = append(names, string(m))
	}
	return strings.Join(names, ", ")
}
