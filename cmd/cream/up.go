package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"cream/scoring"
	"cream/selection"
	"cream/stream/console"
	"cream/stream/folder"
	"cream/stream/kafka"
	"cream/stream/pipeline"
)

// upFlags are what `cream up` is told.
type upFlags struct {
	input, out, policy, data string
	once                     bool
	dataLimit                int64
	port                     int
	listen                   string
	rate                     float64
	prefix, registry         string
	scorer                   scorerFlags
}

const defaultDataLimit = 2 << 30

func newUp() *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run the whole flow in this process, on an embedded broker",
		Long: `up runs a broker, every stage and the console in one process.

Without --input it plays an endless stream of generated samples. With --input
it takes a LLaVA file (a JSON array, or JSON lines; pictures relative to the
file). With --once it ends when the whole input is through, and writes the
result to --out.`,
		Example: `  cream up
  cream up --input samples.jsonl --once --out curated/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := newLogger(cmd)
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), logger, cmd.OutOrStdout())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.input, "input", "", "LLaVA file; without one, an endless stream of generated samples")
	fl.BoolVar(&f.once, "once", false, "end when the input is through")
	fl.StringVar(&f.out, "out", "", "folder for the result of --once")
	fl.StringVar(&f.policy, "policy", "", "policy file; without one, a generated policy in the data folder (with --once: the default)")
	fl.StringVar(&f.data, "data", "", "data folder (default .cream; with --once a temporary one); name it to go on after a crash")
	fl.Int64Var(&f.dataLimit, "data-limit", 0, "bytes that the data folder may hold (default 2 GiB; with --once six times the input, if that is more)")
	fl.IntVar(&f.port, "broker-port", 0, "port of the embedded broker on 127.0.0.1; 0 takes a free one")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address of the console; empty for none (the default with --once)")
	fl.Float64Var(&f.rate, "synth-rate", 20, "generated samples a second")
	bindTopics(cmd, &f.prefix, &f.registry)
	f.scorer.bind(cmd)
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if f.once && !cmd.Flags().Changed("listen") {
			f.listen = ""
		}
		return f.check()
	}
	return cmd
}

func (f *upFlags) check() error {
	var errs []error
	if f.once && f.input == "" {
		errs = append(errs, errors.New("--once needs --input: the generated stream has no end"))
	}
	if f.once && f.out == "" {
		errs = append(errs, errors.New("--once needs --out: a folder for the result"))
	}
	if !f.once && f.out != "" {
		errs = append(errs, errors.New("--out goes with --once"))
	}
	if len(errs) == 0 && f.once {
		errs = append(errs, writable(f.out))
	}
	if f.rate <= 0 {
		errs = append(errs, fmt.Errorf("--synth-rate is %v: it must be positive", f.rate))
	}
	return errors.Join(errs...)
}

// writable makes a folder and looks whether it takes a file: better now than
// after hours of scoring.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	file, err := os.CreateTemp(dir, ".cream-*")
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

func (f *upFlags) run(ctx context.Context, logger *slog.Logger, out io.Writer) (err error) {
	b, err := loadBundle(f.scorer.bundle)
	if err != nil {
		return err
	}
	policy, temporary, err := f.prepare(b.Capabilities, out)
	if temporary {
		defer os.RemoveAll(f.data)
	}
	if err != nil {
		return err
	}
	topics := kafka.DefaultTopics(f.prefix)
	codec, err := newCodec(ctx, f.registry, topics)
	if err != nil {
		return err
	}
	source, fraction, err := f.source(codec)
	if err != nil {
		return err
	}
	defer source.Close()
	registry := newRegistry()
	mediaRoot := f.scorer.mediaRoot
	if f.input != "" && mediaRoot == "" {
		if mediaRoot, err = filepath.Abs(filepath.Dir(f.input)); err != nil {
			return fmt.Errorf("find the input's folder: %w", err)
		}
	}
	score, release, err := f.scorer.openModel(b, mediaRoot, registry, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := f.claim(policy, score.Vocabulary()); err != nil {
		return err
	}
	changes := make(chan selection.Policy)
	var parse func(string, []byte) (selection.Policy, error)
	if !f.once {
		parse = parsePublished(b.Capabilities)
	}
	p, err := pipeline.Open(ctx, pipeline.Options{
		DataDir: f.data, DataLimit: f.dataLimit, Port: f.port,
		Source: source, Once: f.once, Topics: topics, Groups: kafka.DefaultGroups(f.prefix), Codec: codec, Policy: policy, Changes: changes, ParsePolicy: parse,
		Scorer: score, Sessions: f.scorer.sessions, MaxPoll: f.scorer.maxPoll, MaxAhead: f.scorer.maxAhead,
		Instance: strconv.FormatInt(time.Now().UnixNano(), 36),
		Now:      time.Now, Registerer: registry, Logger: logger,
	})
	if err != nil {
		return err
	}
	v := score.Vocabulary()
	if !f.once {
		beside, stop := context.WithCancel(ctx)
		var watch sync.WaitGroup
		watch.Go(func() { watchPolicyFile(beside, f.policy, b.Capabilities, logger, changes) })
		defer func() {
			stop()
			watch.Wait()
		}()
	}
	runErr := f.serve(ctx, p, fraction, pageOptions{
		listen: f.listen, pipeline: p, topics: topics, codec: codec, mediaRoot: mediaRoot, registry: registry, logger: logger,
		about: []console.About{
			{Name: "bundle", Value: fmt.Sprintf("%s %s on %s", v.Model, v.Version, score.Provider())},
			{Name: "input", Value: cmp.Or(f.input, "generated samples")},
		},
	}, out)
	if runErr == nil && ctx.Err() == nil && f.once {
		runErr = f.export(ctx, p, out)
	}
	switch {
	case ctx.Err() == nil:
	case temporary:
		fmt.Fprintln(out, "stopped, and nothing is kept: with --data FOLDER the same command would go on where it was")
	default:
		fmt.Fprintf(out, "stopped; the same command goes on where it was (data folder %s)\n", f.data)
	}
	if runErr == nil && ctx.Err() != nil && f.once {
		runErr = errStopped
	}
	return errors.Join(runErr, p.Close())
}

// prepare settles the policy and the data folder. A temporary one is of a run
// that nobody can go on with.
func (f *upFlags) prepare(capabilities []string, out io.Writer) (policy selection.Policy, temporary bool, err error) {
	if f.once {
		return f.prepareBatch(capabilities)
	}
	f.data = cmp.Or(f.data, ".cream")
	f.dataLimit = cmp.Or(f.dataLimit, defaultDataLimit)
	generated := selection.DefaultPolicy()
	generated.Window = selection.Window{Size: 30 * time.Second, Lateness: 5 * time.Second, Idle: 10 * time.Second}
	policy, path, err := streamPolicy(f.policy, f.data, generated, capabilities)
	if err == nil {
		f.policy = path // which is watched from now on
		fmt.Fprintf(out, "policy    %s (version %s)\n", path, policy.Version())
	}
	return policy, false, err
}

// prepareBatch is prepare for a run that ends. Nothing can be deleted before
// it does: the folder must hold the samples, their scores, and those chosen
// twice over.
func (f *upFlags) prepareBatch(capabilities []string) (policy selection.Policy, temporary bool, err error) {
	policy = selection.DefaultPolicy()
	if f.policy != "" {
		if policy, err = readPolicy(f.policy, capabilities); err != nil {
			return policy, false, err
		}
	}
	input, err := os.Stat(f.input)
	if err != nil {
		return policy, false, fmt.Errorf("open the input: %w", err)
	}
	f.dataLimit = cmp.Or(f.dataLimit, max(defaultDataLimit, 6*input.Size()))
	if f.data == "" {
		if f.data, err = os.MkdirTemp("", "cream-"); err != nil {
			return policy, false, fmt.Errorf("make a temporary data folder: %w", err)
		}
		temporary = true
	}
	return policy, temporary, nil
}

func (f *upFlags) claim(policy selection.Policy, v scoring.Vocabulary) error {
	id := pipeline.Identity{Policy: policy.Version(), Bundle: v.Model + " " + v.Version, Once: f.once}
	if f.input != "" {
		file, err := os.Open(f.input)
		if err != nil {
			return fmt.Errorf("open the input: %w", err)
		}
		defer file.Close()
		digest := sha256.New()
		if _, err := io.Copy(digest, file); err != nil {
			return fmt.Errorf("read the input: %w", err)
		}
		id.Input = hex.EncodeToString(digest.Sum(nil))
	}
	return id.Claim(f.data)
}

// serve runs the pipeline and, beside it, the console and the progress.
func (f *upFlags) serve(ctx context.Context, p *pipeline.Pipeline, fraction func() float64, show pageOptions, out io.Writer) error {
	beside, stop := context.WithCancel(ctx)
	defer stop()
	group, groupCtx := errgroup.WithContext(beside)
	fmt.Fprintf(out, "broker    %s\n", p.Addrs()[0])
	if f.listen != "" {
		page, err := newPage(show)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "console   http://%s\n", f.listen)
		group.Go(func() error { return page.run(groupCtx) })
	}
	group.Go(func() error {
		showProgress(groupCtx, os.Stderr, func(since time.Duration) string {
			return progressLine(p.Progress(), since, fraction)
		})
		return nil
	})
	group.Go(func() error {
		defer stop()
		return p.Run(groupCtx)
	})
	return group.Wait()
}

func (f *upFlags) export(ctx context.Context, p *pipeline.Pipeline, out io.Writer) error {
	summary, err := p.Export(ctx, f.out)
	if err != nil {
		return err
	}
	report(out, summary, f.out)
	return nil
}

// report says in a few lines what a selection came to.
func report(out io.Writer, s *folder.Summary, dir string) {
	fmt.Fprintf(out, "%d samples: %d scored (%d duplicates), %d dead; %d chosen in %d windows\n",
		s.Samples, s.Scored, s.Duplicates, s.Dead, s.Selected, s.Windows)
	if s.Filtered+s.SetAside > 0 {
		fmt.Fprintf(out, "%d are not judged by the policy, %d are of other bundles\n", s.Filtered, s.SetAside)
	}
	for _, why := range s.Shortfalls {
		fmt.Fprintln(out, "shortfall:", why)
	}
	if s.Selected == 0 && s.Scored > 0 && len(s.Shortfalls) == 0 {
		fmt.Fprintln(out, "nothing was chosen: the budget is less than one sample;", folder.WindowsFile, "has the counts")
	}
	if s.Scored == 0 && s.Samples > 0 {
		fmt.Fprintln(out, "nothing could be scored:", folder.DeadLetterFile, "says why")
	}
	fmt.Fprintln(out, "written to", dir)
}
