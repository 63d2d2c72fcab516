package pipeline

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Progress is how far each stage has come: counts since the process started,
// but for Samples, which counts all that the log has taken in.
type Progress struct {
	Samples  int64
	Scored   int64
	Dead     int64
	Selected int64
	Control  int64
	Late     int64
	Windows  int64
	Curated  int64
}

// Progress returns the counts.
func (p *Pipeline) Progress() Progress {
	var out Progress
	out.Samples = p.ingest.Count()
	out.Scored, out.Dead = p.score.Counts()
	out.Selected, out.Control, out.Late, out.Windows = p.sel.Counts()
	out.Curated, _, _ = p.harvest.Counts()
	return out
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

// Lag returns how many records each stage's group is behind. Transaction
// markers count among them.
func (p *Pipeline) Lag(ctx context.Context) (map[string]int64, error) {
	stages := map[string]string{"score": groups.Score, "select": groups.Select, "harvest": groups.Harvest}
	lags, err := kadm.NewClient(p.client).Lag(ctx, groups.Score, groups.Select, groups.Harvest)
	if err != nil {
		return nil, err
	}
	out := make(map[string]int64, len(stages))
	var errs []error
	for stage, group := range stages {
		described := lags[group]
		errs = append(errs, described.Error())
		out[stage] = described.Lag.Total()
	}
	return out, errors.Join(errs...)
}
