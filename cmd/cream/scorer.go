package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"cream/scoring/bundle"
	"cream/scoring/bundles/starter"
	"cream/scoring/media"
	"cream/scoring/onnx"
)

// scorerFlags are the settings of every command that scores.
type scorerFlags struct {
	bundle    string
	provider  string
	library   string
	threads   int
	batch     int
	linger    time.Duration
	workers   int
	mediaRoot string

	sessions int
	maxPoll  int
	maxAhead time.Duration
}

func (s *scorerFlags) bind(cmd *cobra.Command) {
	s.bindModel(cmd)
	f := cmd.Flags()
	f.IntVar(&s.sessions, "score-sessions", 2, "transactional sessions that feed the model: while one commits, the others feed")
	f.IntVar(&s.maxPoll, "score-max-poll", 64, "samples of one transaction: what is scored again after a crash, for each session")
	f.DurationVar(&s.maxAhead, "score-max-ahead", 5*time.Minute, "how far in the future an event time may lie")
}

// bindModel binds what also a scorer without a stream needs.
func (s *scorerFlags) bindModel(cmd *cobra.Command) {
	bindBundle(cmd, &s.bundle)
	f := cmd.Flags()
	f.StringVar(&s.provider, "provider", onnx.Auto, "where the model runs: cpu, cuda, tensorrt, or auto (cuda where it works, else the cpu)")
	f.StringVar(&s.library, "ort-lib", "", "ONNX Runtime's shared library (default: ORT_LIB, the system's, or what make ort brought)")
	f.IntVar(&s.threads, "threads", max(1, runtime.NumCPU()-1), "threads of the model's session on the CPU")
	f.IntVar(&s.batch, "batch", 16, "samples of a batch, at most")
	f.DurationVar(&s.linger, "linger", 10*time.Millisecond, "how long an idle session waits for a batch to fill")
	f.IntVar(&s.workers, "workers", runtime.NumCPU(), "goroutines that load, decode and tokenize")
	f.StringVar(&s.mediaRoot, "media-root", "", "folder of the pictures that samples name by path (with --input: the file's)")
}

// openModel starts a bundle's session. release ends it.
func (s *scorerFlags) openModel(b *bundle.Bundle, mediaRoot string, reg prometheus.Registerer, logger *slog.Logger) (_ *onnx.Scorer, release func() error, err error) {
	if err := s.check(); err != nil {
		return nil, nil, err
	}
	loader, err := media.NewLoader(mediaRoot, media.DefaultLimits())
	if err != nil {
		return nil, nil, err
	}
	scorer, err := onnx.Open(onnx.Options{
		Bundle: b, Library: s.library, Provider: s.provider, Threads: s.threads,
		MaxBatch: s.batch, Linger: s.linger, Workers: s.workers,
		Loader: loader, Registerer: reg, Logger: logger,
	})
	if err != nil {
		return nil, nil, errors.Join(err, loader.Close())
	}
	return scorer, func() error {
		if err := errors.Join(scorer.Close(), loader.Close()); err != nil {
			return fmt.Errorf("end the scorer: %w", err)
		}
		return nil
	}, nil
}

func (s *scorerFlags) check() error {
	var errs []error
	for name, n := range map[string]int{"threads": s.threads, "batch": s.batch, "workers": s.workers} {
		if n < 1 {
			errs = append(errs, fmt.Errorf("--%s is %d: it must be at least 1", name, n))
		}
	}
	if s.linger < 0 {
		errs = append(errs, fmt.Errorf("--linger is %s: it must not be negative", s.linger))
	}
	return errors.Join(errs...)
}

func bindBundle(cmd *cobra.Command, folder *string) {
	cmd.Flags().StringVar(folder, "bundle", "", "folder of the model's bundle (default: the starter, which is built in)")
}

// loadBundle reads a bundle's folder; "" is the starter.
func loadBundle(folder string) (*bundle.Bundle, error) {
	if folder == "" {
		return bundle.Load(starter.Files, "starter")
	}
	return bundle.Load(os.DirFS(folder), folder)
}
