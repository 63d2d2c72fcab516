package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/stream/harvester"
	"cream/stream/ingester"
	"cream/stream/kafka"
	"cream/stream/scorer"
	"cream/stream/selector"
)

// Progress is how far each stage has come. With Once it counts all that the
// data folder holds, those of earlier starts included; without, what has
// happened since the start.
type Progress struct {
	Samples  int64
	Scored   int64
	Dead     int64 // could not be scored
	Selected int64
	Control  int64
	Late     int64
	Windows  int64
	Curated  int64
	Lost     int64 // chosen, and could not be harvested
}

// Progress returns the counts.
func (p *Pipeline) Progress() Progress {
	out := p.before
	earlier, published, dead := p.ingest.Counts()
	out.Samples = published
	if p.opts.Once {
		out.Samples += earlier
	}
	scored, unscored := p.score.Counts()
	out.Scored += scored
	out.Dead += unscored + dead
	selected, control, late, windows := p.sel.Counts()
	out.Selected += selected
	out.Control += control
	out.Late += late
	out.Windows += windows
	if !p.opts.Once { // the scorer may have had some of an earlier start's
		out.Samples = max(out.Samples, out.Scored+out.Dead)
	}
	curated, _, lost := p.harvest.Counts()
	out.Curated += curated
	out.Lost += lost
	return out
}

// Coverage returns the samples seen and chosen in the windows that have closed
// since the start, by style and by capability.
func (p *Pipeline) Coverage() (styles, capabilities map[string]schemas.Count) {
	return p.sel.Coverage()
}

// Policy returns the version of the policy that was taken up last.
func (p *Pipeline) Policy() string { return p.sel.Policy() }

// NextEnd returns the end of the open window that closes first, or zero.
func (p *Pipeline) NextEnd() time.Time { return p.sel.NextEnd() }

// count returns what earlier starts of a batch have left on the topics.
func (p *Pipeline) count(ctx context.Context) (Progress, error) {
	var found Progress
	t, reader := p.opts.Topics, kafka.NewReader(p.client)
	one := func(n *int64) func(*kgo.Record) error { return func(*kgo.Record) error { *n++; return nil } }
	for topic, count := range map[string]func(*kgo.Record) error{
		t.Scores:  one(&found.Scored),
		t.Windows: one(&found.Windows),
		t.Curated: one(&found.Curated),
		t.Selections: func(r *kgo.Record) error {
			if r.Value == nil {
				return nil // a withdrawal
			}
			chosen, err := p.opts.Codec.DecodeSelection(ctx, r.Value)
			if err == nil && chosen.Role == schemas.RoleCurated {
				found.Selected++
			} else if err == nil {
				found.Control++
			}
			return nil
		},
		t.DeadLetter: func(r *kgo.Record) error {
			stage, _ := kafka.Header(r, kafka.HeaderErrorStage)
			reason, _ := kafka.Header(r, kafka.HeaderErrorReason)
			switch {
			case stage == ingester.Stage, stage == scorer.Stage:
				found.Dead++
			case reason == selector.ReasonLate:
				found.Late++
			case stage == harvester.Stage:
				found.Lost++
			}
			return nil
		},
	} {
		if err := reader.Scan(ctx, topic, count); err != nil {
			return Progress{}, err
		}
	}
	return found, nil
}

// Check is a stage's readiness, by name.
type Check struct {
	Name  string
	Ready func() error
}

// Checks returns the stages' readiness.
func (p *Pipeline) Checks() []Check {
	return []Check{
		{"ingest", p.ingest.Ready}, {"score", p.score.Ready},
		{"select", p.sel.Ready}, {"harvest", p.harvest.Ready},
	}
}

// Lag returns how many records each stage is behind; transaction markers count
// among them, but where there is nothing else. A group that has not begun is
// not behind, and what the selector holds in open windows it has read.
func (p *Pipeline) Lag(ctx context.Context) (map[string]int64, error) {
	groups := p.opts.Groups
	stages := map[string]string{scorer.Stage: groups.Score, selector.Stage: groups.Select, harvester.Stage: groups.Harvest}
	out := make(map[string]int64, len(stages))
	admin := kadm.NewClient(p.client)
	var errs []error
	for stage, group := range stages {
		var err error
		out[stage], err = kafka.Lag(ctx, admin, group)
		errs = append(errs, err)
	}
	out[selector.Stage] = max(0, out[selector.Stage]-p.sel.Held())
	reader := kafka.NewReader(p.client)
	for stage, topic := range map[string]string{scorer.Stage: p.opts.Topics.Samples, harvester.Stage: p.opts.Topics.Selections} {
		if out[stage] > 0 && out[stage] <= partitions {
			caughtUp, err := reader.CaughtUp(ctx, stages[stage], topic, -1)
			errs = append(errs, err)
			if caughtUp {
				out[stage] = 0
			}
		}
	}
	return out, errors.Join(errs...)
}
