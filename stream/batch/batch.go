package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"cream/schemas"
	"cream/scoring"
	"cream/selection"
	"cream/stream/folder"
	"cream/stream/selector"
)

// Stage names the batch in dead letters.
const Stage = "curate"

// Options of a batch. At least one of Scores and Samples is named.
type Options struct {
	Scores  string         // file of score lines
	Samples string         // LLaVA file; with Scores, what the chosen lines are taken from
	Scorer  scoring.Scorer // scores the samples where no scores are given
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
	machine *selection.Machine
	sum     *folder.Summary

	to                                                *folder.Writer
	curated, control, decisions, scores, dead, window *folder.File

	samples  *index // nil without scores and samples both
	chosen   rowSet // of the file that lines are copied from
	twins    rowSet
	input    atomic.Pointer[rows] // that is being read
	progress [2]atomic.Int64      // scored and dead
}

// New returns a Batch, or every mistake in the options.
func New(o Options) (*Batch, error) {
	var errs []error
	if o.Scores == "" && o.Samples == "" {
		errs = append(errs, errors.New("batch: neither scores nor samples are named"))
	}
	if o.Scores == "" && o.Scorer == nil {
		errs = append(errs, errors.New("batch: samples without scores need a scorer"))
	}
	if o.Workers < 1 {
		errs = append(errs, fmt.Errorf("batch: %d workers: at least 1 is needed", o.Workers))
	}
	machine, err := selection.New(selection.Options{Policy: o.Policy, Capabilities: o.Capabilities, Horizon: selection.WholeHorizon})
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return &Batch{
		opts: o, columns: newColumns(o.Capabilities), machine: machine, sum: folder.NewSummary()}, nil
}

// Progress is how far a run has come.
type Progress struct {
	Scored, Dead int64
	Read         float64 // of the file that is being read, 0 to 1
}

// Progress may be asked for while Run runs.
func (b *Batch) Progress() Progress {
	p := Progress{Scored: b.progress[0].Load(), Dead: b.progress[1].Load()}
	if in := b.input.Load(); in != nil {
		p.Read = in.read()
	}
	return p
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
	for _, step := range []func(context.Context) error{b.index, b.read, b.choose, b.copy} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(b.to.Policy(b.opts.Policy), b.to.Commit(b.sum)); err != nil {
		return nil, err
	}
	return b.sum, nil
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

// index looks where the samples are that scores are given for.
func (b *Batch) index(ctx context.Context) error {
	if b.opts.Scores == "" || b.opts.Samples == "" {
		return nil
	}
	b.samples = &index{standing: make(map[uint64]place)}
	return b.open(b.opts.Samples, func(in *rows) error {
		return inOrder(ctx, b.opts.Workers, in.chunks(lineRows, chunkBytes), indexSamples, func(chunk []indexed) error {
			for _, s := range chunk {
				if s.err == nil {
					b.samples.add(s)
				} else if err := b.deadLetter(s.row, "", s.err); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// read is the first pass.
func (b *Batch) read(ctx context.Context) error {
	path, most, workers, work := b.opts.Scores, lineRows, b.opts.Workers, b.columns.readLines
	if path == "" {
		path, most, workers, work = b.opts.Samples, sampleRows, scoreCallers, b.scoreSamples
	}
	return b.open(path, func(in *rows) error {
		return inOrder(ctx, workers, in.chunks(most, chunkBytes), work, func(chunk []result) error {
			for i := range chunk {
				if err := b.take(&chunk[i]); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func (b *Batch) open(path string, use func(*rows) error) error {
	in, err := openRows(path)
	if err != nil {
		return err
	}
	b.input.Store(in)
	err = use(in)
	b.input.Store(nil)
	return errors.Join(err, in.Close())
}

// take steps a row's score through the machine.
func (b *Batch) take(r *result) error {
	if r.err != nil {
		return b.deadLetter(r.row, r.line.ID, r.err)
	}
	sampleRow := r.row.number
	if b.samples != nil {
		var ok bool
		if sampleRow, ok = b.samples.find(r.line.ID); !ok {
			return b.deadLetter(r.row, r.line.ID, fault("sample-missing", r.line.ID, fmt.Errorf("no sample has the id %q", r.line.ID)))
		}
	}
	effects, err := b.machine.Step(candidate(r, sampleRow))
	if errors.Is(err, selection.ErrInvalid) {
		return b.deadLetter(r.row, r.line.ID, fault("score-invalid", r.line.ID, err))
	}
	if err != nil {
		return fmt.Errorf("candidate %q: %w", r.line.ID, err)
	}
	b.sum.Samples++
	b.sum.Scored++
	b.progress[0].Add(1)
	if effects.Outcome == selection.Duplicate {
		b.sum.Duplicates++
	}
	if _, err := b.scores.Write(r.text); err != nil {
		return fmt.Errorf("write %s: %w", folder.ScoresFile, err)
	}
	return b.scores.WriteByte('\n')
}

func (b *Batch) deadLetter(r row, id string, cause error) error {
	letter := folder.DeadLetter{Reason: scoring.ReasonOf(cause), Error: cause.Error(), Stage: Stage, ID: id, Input: &r.number, Line: r.line}
	var format *schemas.FormatError
	if errors.As(cause, &format) {
		letter.Reason = format.Reason
		if id == "" {
			letter.ID = format.ID
		}
	}
	if r.value != nil {
		letter.SetOriginal(r.value)
	}
	b.sum.Samples++
	b.sum.Dead++
	b.sum.Reasons[letter.Reason]++
	b.progress[1].Add(1)
	return b.dead.Line(letter)
}

// choose closes the windows: nothing is late where all has been read.
func (b *Batch) choose(context.Context) error {
	effects, err := b.machine.Step(selection.Close{})
	if err != nil {
		return fmt.Errorf("close the windows: %w", err)
	}
	for _, closed := range effects.Closed {
		window := selector.WindowOf(closed.Summary)
		b.sum.AddWindow(&window)
		b.sum.Selected += window.Selected
		b.sum.Control += window.Control
		if err := b.window.Line(folder.WindowOf(&window)); err != nil {
			return err
		}
		for pick := range closed.Picks() {
			b.chosen.add(pick.SampleOffset)
			chosen := selector.SelectionOf(pick, schemas.RoleCurated, &window)
			if err := b.decisions.Line(folder.DecisionOf(&chosen)); err != nil {
				return err
			}
		}
		for pick := range closed.Control() {
			b.twins.add(pick.SampleOffset)
		}
	}
	b.machine = nil // it and its windows are large
	return nil
}

// copy is the second pass: the chosen rows, in the order of the input.
func (b *Batch) copy(ctx context.Context) error {
	path := b.opts.Samples
	if path == "" {
		path = b.opts.Scores
	}
	var written int64
	return b.open(path, func(in *rows) error {
		for {
			row, err := in.next()
			if errors.Is(err, io.EOF) {
				if written != b.sum.Selected {
					return fmt.Errorf("%d of the %d chosen rows are in %s: it has changed since it was read", written, b.sum.Selected, path)
				}
				return nil
			}
			if err == nil && row.number%1024 == 0 {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if b.chosen.has(row.number) {
				written++
			}
			if err := b.copyRow(row); err != nil {
				return err
			}
		}
	})
}

func (b *Batch) copyRow(r row) error {
	if b.chosen.has(r.number) {
		if err := b.curated.Value(r.value); err != nil {
			return err
		}
	}
	if b.twins.has(r.number) {
		if err := b.control.Value(r.value); err != nil {
			return err
		}
	}
	if b.samples != nil && b.samples.unscored.has(r.number) {
		sample, err := readSample(r)
		if err != nil {
			return fmt.Errorf("row %d has changed since it was read: %w", r.number, err)
		}
		r.value = nil // it is the scores that lack something
		return b.deadLetter(r, sample.ID, fault("score-missing", sample.ID, fmt.Errorf("no score has the id %q", sample.ID)))
	}
	return nil
}
