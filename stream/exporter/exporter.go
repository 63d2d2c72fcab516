package exporter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/selection"
	"cream/stream/folder"
	"cream/stream/ingester"
	"cream/stream/kafka"
	"cream/stream/scorer"
	"cream/stream/selector"
)

// Options of an export.
type Options struct {
	Reader *kafka.Reader
	Topics kafka.Topics
	Codec  *schemas.Codec
	Policy selection.Policy
	// Capabilities are the bundle's: scores are written in their order.
	Capabilities []string
	Dir          string // made where it is not there; files in it are replaced
}

// Export reads the topics as they are at this moment and writes the files.
// The folder gets all of them or, after an error, none.
func Export(ctx context.Context, opts Options) (_ *folder.Summary, err error) {
	w, err := folder.NewWriter(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	e := &export{Options: opts, to: w, seed: maphash.MakeSeed(), sum: folder.NewSummary()}
	for _, step := range []func(context.Context) error{
		e.curated, e.control, e.decisions, e.scores, e.deadLetters, e.windows, e.samples,
	} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
	}
	if err := errors.Join(w.Policy(opts.Policy), w.Commit(e.sum)); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return e.sum, nil
}

type export struct {
	Options
	to   *folder.Writer
	seed maphash.Seed
	sum  *folder.Summary
}

func (e *export) curated(ctx context.Context) error {
	return e.values(ctx, folder.CuratedFile, e.Topics.Curated, &e.sum.Selected)
}

func (e *export) control(ctx context.Context) error {
	return e.values(ctx, folder.ControlFile, e.Topics.Control, &e.sum.Control)
}

// values writes a topic's samples, a line each, as they are; but those whose
// JSON spans lines are made one.
func (e *export) values(ctx context.Context, name, topic string, count *int64) error {
	file, err := e.to.Create(name)
	if err != nil {
		return err
	}
	return e.scan(ctx, topic, func(r *kgo.Record) error {
		*count++
		return file.Value(r.Value)
	})
}

// scan reads a topic without the samples that were withdrawn: what a record
// without a value, later in its partition, says of a key.
func (e *export) scan(ctx context.Context, topic string, f func(*kgo.Record) error) error {
	type place struct {
		partition int32
		key       string
	}
	withdrawn := make(map[place]int64) // offset of the last that says so
	err := e.Reader.Scan(ctx, topic, func(r *kgo.Record) error {
		if r.Value == nil {
			withdrawn[place{r.Partition, string(r.Key)}] = r.Offset
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.Reader.Scan(ctx, topic, func(r *kgo.Record) error {
		if last, ok := withdrawn[place{r.Partition, string(r.Key)}]; ok && r.Offset <= last {
			return nil
		}
		return f(r)
	})
}

func (e *export) decisions(ctx context.Context) error {
	var all []*schemas.Selection
	err := e.scan(ctx, e.Topics.Selections, func(r *kgo.Record) error {
		s, err := e.Codec.DecodeSelection(ctx, r.Value)
		if err == nil && s.Role == schemas.RoleCurated {
			all = append(all, s)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b *schemas.Selection) int {
		return cmp.Or(cmp.Compare(a.WindowStart, b.WindowStart), cmp.Compare(a.Order, b.Order))
	})
	file, err := e.to.Create(folder.DecisionsFile)
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := file.Line(folder.DecisionOf(s)); err != nil {
			return err
		}
	}
	return nil
}

func (e *export) scores(ctx context.Context) error {
	file, err := e.to.Create(folder.ScoresFile)
	if err != nil {
		return err
	}
	seen := make(map[uint64]struct{}) // of ids; two of them in 2^64 look alike
	var text []byte
	return e.scan(ctx, e.Topics.Scores, func(r *kgo.Record) error {
		s, err := e.Codec.DecodeScore(ctx, r.Value)
		if err != nil {
			return err
		}
		e.sum.Scored++
		id := maphash.String(e.seed, s.ID)
		if _, ok := seen[id]; ok {
			e.sum.Duplicates++
		}
		seen[id] = struct{}{}
		line := folder.ScoreLineOf(s, e.Capabilities)
		text = append(line.Append(text[:0]), '\n')
		_, err = file.Write(text)
		return err
	})
}

func (e *export) deadLetters(ctx context.Context) error {
	file, err := e.to.Create(folder.DeadLetterFile)
	if err != nil {
		return err
	}
	return e.Reader.Scan(ctx, e.Topics.DeadLetter, func(r *kgo.Record) error {
		line := folder.DeadLetter{ID: string(r.Key)}
		line.Reason, _ = kafka.Header(r, kafka.HeaderErrorReason)
		line.Error, _ = kafka.Header(r, kafka.HeaderErrorMessage)
		line.Stage, _ = kafka.Header(r, kafka.HeaderErrorStage)
		if n, ok := kafka.IntHeader(r, kafka.HeaderInput); ok {
			line.Input = &n
		}
		line.SetOriginal(r.Value)
		e.sum.Reasons[line.Reason]++
		if line.Stage == ingester.Stage || line.Stage == scorer.Stage {
			e.sum.Dead++
		} else if line.Reason == selector.ReasonLate {
			e.sum.Late++
		}
		return file.Line(line)
	})
}

func (e *export) windows(ctx context.Context) error {
	var all []*schemas.Window
	err := e.Reader.Scan(ctx, e.Topics.Windows, func(r *kgo.Record) error {
		w, err := e.Codec.DecodeWindow(ctx, r.Value)
		if err == nil {
			all = append(all, w)
			e.sum.AddWindow(w, e.Policy.Window.Global)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b *schemas.Window) int { return cmp.Compare(a.Start, b.Start) })
	file, err := e.to.Create(folder.WindowsFile)
	if err != nil {
		return err
	}
	for _, w := range all {
		if err := file.Line(folder.WindowOf(w)); err != nil {
			return err
		}
	}
	return nil
}

// samples counts the input: what lies on samples, and what was too large to
// get there.
func (e *export) samples(ctx context.Context) error {
	count := func(*kgo.Record) error { e.sum.Samples++; return nil }
	if err := e.scan(ctx, e.Topics.Samples, count); err != nil {
		return err
	}
	return e.Reader.Scan(ctx, e.Topics.DeadLetter, func(r *kgo.Record) error {
		if stage, _ := kafka.Header(r, kafka.HeaderErrorStage); stage == ingester.Stage {
			e.sum.Samples++
		}
		return nil
	})
}
