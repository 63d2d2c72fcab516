package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"cream/schemas"
	"cream/scoring"
	"cream/selection"
	"cream/stream/folder"
	"cream/stream/selector"
)

// Stage names the batch in dead letters.
const Stage = "curate"

// Options of a batch. Scores, Samples or both are named, or Source is.
type Options struct {
	Scores  string         // file of score lines
	Samples string         // LLaVA file; with Scores, what the chosen lines are taken from
	Scorer  scoring.Scorer // scores the samples where no scores are given
	Source  Source         // in place of files
	Stage   string         // in dead letters; "": Stage
	Policy  selection.Policy
	// Capabilities are those that scores are read for, in order: see the
	// function Capabilities.
	Capabilities []string
	Workers      int    // goroutines that read lines
	Dir          string // made where it is not there; files in it are replaced
}

// Batch is one selection; see the package comment.
type Batch struct {
	opts    Options
	columns columns
	source  Source
	machine *selection.Machine
	sum     *folder.Summary

	to                                                *folder.Writer
	curated, control, decisions, scores, dead, window *folder.File

	chosen, twins Places          // of what is copied
	progress      [2]atomic.Int64 // scored and dead
}

// New returns a Batch, or every mistake in the options.
func New(o Options) (*Batch, error) {
	var errs []error
	if o.Scores == "" && o.Samples == "" && o.Source == nil {
		errs = append(errs, errors.New("batch: neither scores nor samples are named"))
	}
	if o.Scores == "" && o.Scorer == nil && o.Source == nil {
		errs = append(errs, errors.New("batch: samples without scores need a scorer"))
	}
	if o.Workers < 1 {
		errs = append(errs, fmt.Errorf("batch: %d workers: at least 1 is needed", o.Workers))
	}
	machine, err := selection.New(selection.Options{Policy: o.Policy, Capabilities: o.Capabilities, Horizon: selection.WholeHorizon})
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	b := &Batch{
		opts: o, columns: newColumns(o.Capabilities), source: o.Source, machine: machine, sum: folder.NewSummary(),
		chosen: make(Places), twins: make(Places),
	}
	if b.source == nil {
		b.source = &files{scores: o.Scores, samples: o.Samples, scorer: o.Scorer, workers: o.Workers, columns: b.columns}
	}
	return b, nil
}

// Progress is how far a run has come.
type Progress struct {
	Scored, Dead int64
	Read         float64 // of the file that is being read, 0 to 1
}

// Progress may be asked for while Run runs.
func (b *Batch) Progress() Progress {
	return Progress{Scored: b.progress[0].Load(), Dead: b.progress[1].Load(), Read: b.source.Read()}
}

// Run reads, selects and writes the folder. A Batch runs once. After an error
// the folder is as it was.
func (b *Batch) Run(ctx context.Context) (_ *folder.Summary, err error) {
	if b.to, err = folder.NewWriter(b.opts.Dir); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.to.Close()) }()
	for name, file := range map[string]**folder.File{
		folder.CuratedFile: &b.curated, folder.ControlFile: &b.control, folder.DecisionsFile: &b.decisions,
		folder.ScoresFile: &b.scores, folder.DeadLetterFile: &b.dead, folder.WindowsFile: &b.window,
	} {
		if *file, err = b.to.Create(name); err != nil {
			return nil, err
		}
	}
	for _, step := range []func(context.Context) error{b.read, b.choose, b.copy} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(b.to.Policy(b.opts.Policy), b.to.Commit(b.sum)); err != nil {
		return nil, err
	}
	return b.sum, nil
}

// read is the first pass.
func (b *Batch) read(ctx context.Context) error { return b.source.Scores(ctx, b.take) }

// take steps a score through the machine.
func (b *Batch) take(s *Scored) error {
	if s.Err == nil && s.text == nil {
		b.columns.finish(s)
	}
	if s.Err != nil {
		return b.deadLetter(s)
	}
	effects, err := b.machine.Step(candidate(s))
	if errors.Is(err, selection.ErrInvalid) {
		s.Err = fault("score-invalid", s.Line.ID, err)
		return b.deadLetter(s)
	}
	if err != nil {
		return fmt.Errorf("candidate %q: %w", s.Line.ID, err)
	}
	b.sum.Samples++
	b.sum.Scored++
	b.progress[0].Add(1)
	if effects.Outcome == selection.Duplicate {
		b.sum.Duplicates++
	}
	if _, err := b.scores.Write(s.text); err != nil {
		return fmt.Errorf("write %s: %w", folder.ScoresFile, err)
	}
	return b.scores.WriteByte('\n')
}

func (b *Batch) deadLetter(s *Scored) error {
	letter := folder.DeadLetter{
		Reason: scoring.ReasonOf(s.Err), Error: s.Err.Error(), Stage: cmp.Or(b.opts.Stage, Stage),
		ID: s.Line.ID, Input: s.Input, Line: s.LineOf,
	}
	var format *schemas.FormatError
	if errors.As(s.Err, &format) {
		letter.Reason = format.Reason
		if letter.ID == "" {
			letter.ID = format.ID
		}
	}
	if s.Value != nil {
		letter.SetOriginal(s.Value)
	}
	b.sum.Reasons[letter.Reason]++
	if !s.Chosen {
		b.sum.Samples++
		b.sum.Dead++
		b.progress[1].Add(1)
	}
	return b.dead.Line(letter)
}

// choose closes the windows: nothing is late where all has been read.
func (b *Batch) choose(context.Context) error {
	effects, err := b.machine.Step(selection.Close{})
	if err != nil {
		return fmt.Errorf("close the windows: %w", err)
	}
	chosen := &choice{reservoir: b.opts.Policy.Window.Global}
	for _, closed := range effects.Closed {
		window := selector.WindowOf(closed.Summary)
		b.sum.AddWindow(&window, chosen.reservoir)
		b.sum.Control += window.Control
		if err := b.window.Line(folder.WindowOf(&window)); err != nil {
			return err
		}
		if err := chosen.take(closed, &window, b.decide); err != nil {
			return err
		}
		for pick := range closed.Control() {
			b.twins.add(pick.Partition, pick.SampleOffset)
		}
	}
	if err := chosen.end(b.decide); err != nil {
		return err
	}
	b.chosen.sort()
	b.twins.sort()
	b.machine = nil // it and its windows are large
	return nil
}

// copy is the second pass: what is chosen, in the order of the input.
func (b *Batch) copy(ctx context.Context) error {
	var written int64
	err := b.source.Values(ctx, b.chosen.with(b.twins), func(partition int32, offset int64, value []byte) error {
		if b.chosen.Has(partition, offset) {
			written++
			if err := b.curated.Value(value); err != nil {
				return err
			}
		}
		if b.twins.Has(partition, offset) {
			return b.control.Value(value)
		}
		return nil
	}, func(s *Scored) error {
		if s.Chosen && b.chosen.Has(s.Partition, s.Copied) {
			written++
		}
		return b.deadLetter(s)
	})
	if err == nil && written != b.sum.Selected {
		return fmt.Errorf("%d of the %d chosen are there: the input has changed since it was read", written, b.sum.Selected)
	}
	return err
}
