package selector

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"cream/schemas"
	"cream/selection"
	"cream/stream/kafka"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Stage names the selector in metrics, dead letters and logs.
const Stage = "select"

// ReasonLate is the reason of dead letters that belong to a window that had
// closed.
const ReasonLate = "late"

// Options of the stage.
type Options struct {
	Cluster kafka.Cluster
	Topics  kafka.Topics
	Group   string
	// ScoreGroup is the scorers' group: a partition is idle only once they
	// have committed all that lies in samples.
	ScoreGroup string
	// TransactionalID is the same for all selectors of the group: the one
	// that takes over fences the one before.
	TransactionalID string
	Policy          selection.Policy
	// Book has the policies that windows were begun with, and Changes brings
	// those that are to hold from now on; nil: the policy does not change.
	Book         PolicyBook
	Changes      <-chan selection.Policy
	Capabilities []string // those of the bundle, in order
	// Batch keeps every window open until Drain: the input is finite, and
	// nothing in it is late.
	Batch    bool
	Codec    *schemas.Codec
	Now      func() time.Time
	Metrics  *kafka.Metrics
	Measures *Measures
	Logger   *slog.Logger
}

// PolicyBook is where policies are found again by their version.
type PolicyBook interface {
	Find(ctx context.Context, version string) (selection.Policy, bool, error)
	Record(selection.Policy) *kgo.Record
}

// Selector is the stage; see the package comment.
type Selector struct {
	opts   Options
	drain  chan struct{}
	once   sync.Once
	state  kafka.State
	policy selection.Policy // that is to hold

	selected, control, late, windows atomic.Int64
	holds                            atomic.Pointer[string] // version of the policy that was taken up last
	nextEnd                          atomic.Int64           // ms; of the open window that closes first
	held                             atomic.Int64           // offsets read beyond what is committed

	mu                   sync.Mutex
	styles, capabilities map[string]schemas.Count
}

// New checks the options, the policy against the capabilities included.
func New(opts Options) (*Selector, error) {
	var errs []error
	if opts.Codec == nil || opts.Now == nil || opts.Metrics == nil || opts.Measures == nil || opts.Logger == nil {
		errs = append(errs, errors.New("selector: Codec, Now, Metrics, Measures and Logger must be set"))
	}
	if opts.Group == "" || opts.ScoreGroup == "" || opts.TransactionalID == "" {
		errs = append(errs, errors.New("selector: Group, ScoreGroup and TransactionalID must be set"))
	}
	if _, err := selection.New(selection.Options{Policy: opts.Policy, Capabilities: opts.Capabilities}); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s := &Selector{
		opts: opts, drain: make(chan struct{}), policy: opts.Policy,
		styles: make(map[string]schemas.Count), capabilities: make(map[string]schemas.Count),
	}
	s.state.Set(errors.New("not yet started"))
	return s, nil
}

// Drain lets Run close all windows and return once every score has been read.
func (s *Selector) Drain() { s.once.Do(func() { close(s.drain) }) }

// Ready returns why the stage does not work, or nil.
func (s *Selector) Ready() error { return s.state.Err() }

// Counts returns what this process has published.
func (s *Selector) Counts() (selected, control, late, windows int64) {
	return s.selected.Load(), s.control.Load(), s.late.Load(), s.windows.Load()
}

// Held returns how far the selector has read beyond what it has committed, for
// the sake of open windows. The group's lag counts that, too.
func (s *Selector) Held() int64 { return s.held.Load() }

// Policy returns the version of the policy that was taken up last.
func (s *Selector) Policy() string {
	if v := s.holds.Load(); v != nil {
		return *v
	}
	return s.opts.Policy.Version()
}

// NextEnd returns the end of the open window that closes first; zero where
// there is none, or where it is the whole input.
func (s *Selector) NextEnd() time.Time {
	end := s.nextEnd.Load()
	if end <= 0 || end >= selection.EndOfTime {
		return time.Time{}
	}
	return time.UnixMilli(end)
}

// Coverage returns how many samples of the windows that this process has
// closed were seen and chosen, by style and by capability.
func (s *Selector) Coverage() (styles, capabilities map[string]schemas.Count) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.styles), maps.Clone(s.capabilities)
}

// Run works until ctx ends, or has drained. Whatever fails ends the session;
// the next one rebuilds its state from the log.
func (s *Selector) Run(ctx context.Context) error {
	return kafka.Retry(ctx, s.opts.Logger, Stage, &s.state, func(ctx context.Context) (bool, error) {
		session, err := s.open(ctx)
		if err != nil {
			return false, err
		}
		defer session.close()
		err = session.run(ctx)
		return session.committed, err
	})
}

func (s *Selector) draining() bool {
	select {
	case <-s.drain:
		return true
	default:
		return false
	}
}
