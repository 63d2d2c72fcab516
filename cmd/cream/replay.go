package main

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"

	"cream/selection"
	"cream/stream/batch"
	"cream/stream/kafka"
	"cream/stream/replay"
)

// replayFlags are what `cream replay` is told.
type replayFlags struct {
	policy, bundle, from, to, out, into string
	samples                             bool
	kafka                               kafkaFlags
}

func newReplay() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Select anew, by another policy, from the scores that a stream has kept",
		Long: `replay reads the topic scores from one event time to another and selects from
it by a policy: into a folder of the form that curate leaves (--out), or into
the topics selections and windows of another prefix (--into), which a harvester
of that prefix then serves. It closes every window at the end, so nothing is
late, and without a window size in the policy there is one window. The windows
that the two times lie in are taken whole. It moves nobody's position in the
topics.

--out holds in curated.jsonl the chosen score lines or, with --samples, the
samples themselves. --into publishes in one transaction: all or nothing.`,
		Example: `  cream replay --policy new.yaml --from 24h --out other/ --samples
  cream topics create --topics-prefix new-
  cream replay --policy new.yaml --from start --into new-
  cream harvest --topics-prefix new-`,
		Args:    cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.policy, "policy", "", "policy file (default: what policy default prints)")
	fl.StringVar(&f.from, "from", "start", "event time to begin at: how long ago (24h, 7d), RFC 3339, or start")
	fl.StringVar(&f.to, "to", "end", "event time to end before: likewise, or end")
	fl.StringVar(&f.out, "out", "", "folder for the result")
	fl.StringVar(&f.into, "into", "", "prefix of the topics for the result, in place of a folder")
	fl.BoolVar(&f.samples, "samples", false, "with --out: curated.jsonl holds the samples, read back from the topic")
	bindBundle(cmd, &f.bundle)
	f.kafka.bind(cmd)
	return cmd
}

func (f *replayFlags) check() error {
	var errs []error
	if (f.out == "") == (f.into == "") {
		errs = append(errs, errors.New("replay needs --out, a folder, or --into, a prefix of topics: one of them"))
	}
	if f.into != "" && f.samples {
		errs = append(errs, errors.New("--samples goes with --out: from topics a harvester brings them"))
	}
	if f.into != "" && f.into == f.kafka.prefix {
		errs = append(errs, fmt.Errorf("--into %s is the prefix of the flow itself: name another", f.into))
	}
	if _, err := f.span(time.Now()); err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 0 && f.out != "" {
		errs = append(errs, writable(f.out))
	}
	return errors.Join(errs...)
}

// span reads --from and --to.
func (f *replayFlags) span(now time.Time) (replay.Span, error) {
	span := replay.Always()
	var errs []error
	read := func(flag, text, open string, into *int64) {
		if text == open {
			return
		}
		t, err := moment(text, now)
		if err != nil {
			errs = append(errs, fmt.Errorf("--%s is %q: expected how long ago (24h, 7d), RFC 3339 (2026-01-31T12:00:00Z), or %s", flag, text, open))
			return
		}
		*into = max(t.UnixMilli(), 0)
	}
	read("from", f.from, "start", &span.From)
	read("to", f.to, "end", &span.To)
	if len(errs) == 0 && span.From >= span.To {
		errs = append(errs, fmt.Errorf("--from %s is not before --to %s", f.from, f.to))
	}
	return span, errors.Join(errs...)
}

// moment reads a time, or how long before now it is.
func moment(text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return now.Add(-time.Duration(n) * 24 * time.Hour), err
	}
	ago, err := time.ParseDuration(text)
	if err == nil && ago < 0 {
		err = errors.New("it is negative")
	}
	return now.Add(-ago), err
}

func (f *replayFlags) run(cmd *cobra.Command) (err error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	b, err := loadBundle(f.bundle)
	if err != nil {
		return err
	}
	policy := selection.DefaultPolicy()
	if f.policy != "" {
		if policy, err = readPolicy(f.policy, b.Capabilities); err != nil {
			return err
		}
	}
	span, err := f.span(time.Now())
	if err != nil {
		return err
	}
	flow, err := f.kafka.open(cmd, "cream-"+replay.Stage)
	if err != nil {
		return err
	}
	defer flow.client.Close()
	log := replay.LogOptions{
		Reader: kafka.NewReader(flow.client), Topics: flow.topics, Codec: flow.codec, Capabilities: b.Capabilities,
		Span: span.Whole(policy.Window.Size), Samples: f.samples,
	}
	if f.into != "" {
		return f.publish(cmd, flow, log, policy)
	}
	return runBatch(ctx, batch.Options{
		Source: replay.NewLog(log), Stage: replay.Stage, Policy: policy, Capabilities: b.Capabilities,
		Workers: runtime.NumCPU(), Dir: f.out,
	}, out)
}

// publish is run for --into.
func (f *replayFlags) publish(cmd *cobra.Command, from *flow, log replay.LogOptions, policy selection.Policy) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	logger, err := newLogger(cmd)
	if err != nil {
		return err
	}
	target := kafka.DefaultTopics(f.into)
	if err := target.Check(ctx, kadm.NewClient(from.client)); err != nil {
		return fmt.Errorf("--into %s: %w", f.into, err)
	}
	// With a registry the target's topics have subjects of their own.
	codec, err := newCodec(ctx, f.kafka.registry, target)
	if err != nil {
		return err
	}
	r, err := replay.Into(ctx, replay.IntoOptions{
		Log: log, Cluster: f.kafka.cluster(logger, nil), Policy: policy, Target: target, Codec: codec, Prefix: f.into,
	})
	if ctx.Err() != nil {
		fmt.Fprintln(out, "stopped, and nothing is published")
		return errStopped
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d scores (%d duplicates), %d dead; %d chosen in %d windows, and %d for control\n",
		r.Scored, r.Duplicates, r.Dead, r.Selected, r.Windows, r.Control)
	for _, why := range r.Shortfalls {
		fmt.Fprintln(out, "shortfall:", why)
	}
	fmt.Fprintf(out, "published to %s and %s\n", target.Selections, target.Windows)
	return nil
}
