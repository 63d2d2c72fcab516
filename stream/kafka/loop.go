package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// LoopOptions describe one member of a consumer group whose outputs and input
// offsets commit together.
type LoopOptions struct {
	Cluster         Cluster
	ClientID        string
	Stage           string // names its metrics and its log lines
	Group           string
	Topic           string   // what it reads
	TransactionalID string   // one for each member that runs at the same time
	FixedTopics     []string // output topics whose records name their partition
	MaxPoll         int      // records of one transaction, at most
	// Handle turns a poll's records into the records to be published with
	// them. It is called by one goroutine at a time. An error is no record's
	// fault: the same records come again after a pause.
	Handle  func(ctx context.Context, records []*kgo.Record) ([]*kgo.Record, error)
	Metrics *Metrics
	Logger  *slog.Logger
}

func (o LoopOptions) check() error {
	var errs []error
	for name, text := range map[string]string{
		"ClientID": o.ClientID, "Stage": o.Stage, "Group": o.Group, "Topic": o.Topic, "TransactionalID": o.TransactionalID,
	} {
		if text == "" {
			errs = append(errs, fmt.Errorf("transaction loop: %s is empty", name))
		}
	}
	if o.MaxPoll < 1 {
		errs = append(errs, fmt.Errorf("transaction loop: MaxPoll is %d, not at least 1", o.MaxPoll))
	}
	if o.Handle == nil || o.Metrics == nil || o.Logger == nil {
		errs = append(errs, errors.New("transaction loop: Handle, Metrics and Logger must be set"))
	}
	return errors.Join(errs...)
}

// Loop reads, hands over, publishes and commits, each poll in a transaction of
// its own, until its context ends or it has drained.
type Loop struct {
	opts  LoopOptions
	drain chan struct{}
	once  sync.Once
	state State
}

// NewLoop checks the options and returns a Loop; Run starts it.
func NewLoop(opts LoopOptions) (*Loop, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	l := &Loop{opts: opts, drain: make(chan struct{})}
	l.state.Set(errors.New("not yet started"))
	return l, nil
}

// Drain lets Run return nil once the group has committed all that the input
// topic holds. It does not wait.
func (l *Loop) Drain() { l.once.Do(func() { close(l.drain) }) }

// Ready returns why the loop is not working at the moment, or nil.
func (l *Loop) Ready() error { return l.state.Err() }

// Run works until ctx ends (and returns nil, what it had worked out committed)
// or the loop has drained.
func (l *Loop) Run(ctx context.Context) error {
	return Retry(ctx, l.opts.Logger, l.opts.Stage, &l.state, l.session)
}

// commitWait is how long a transaction may take to publish its records and end.
const commitWait = time.Minute

// session works with one client until an error, the end of ctx or the end of
// the input. It tells whether anything was committed.
//
// While it has records in hand no partition changes hands: who joins or leaves
// the group waits for the transaction's end, and no work is done twice.
func (l *Loop) session(ctx context.Context) (committed bool, err error) {
	opts, err := l.opts.Cluster.Options(l.opts.ClientID)
	if err != nil {
		return false, err
	}
	member := newMembership()
	opts = append(opts, member.options()...)
	opts = append(opts, Member(l.opts.Group, l.opts.Topic, l.opts.TransactionalID, commitWait)...)
	session, err := kgo.NewGroupTransactSession(append(opts, kgo.RecordPartitioner(Partitioner(l.opts.FixedTopics...)))...)
	if err != nil {
		return false, fmt.Errorf("%s: join group %s: %w", l.opts.Stage, l.opts.Group, err)
	}
	defer session.CloseAllowingRebalance()
	reader := NewReader(session.Client())
	if err := TellUnread(ctx, reader, l.opts.Stage, l.opts.Group, l.opts.Topic, l.opts.Metrics, l.opts.Logger); err != nil {
		return false, fmt.Errorf("%s: %w", l.opts.Stage, err)
	}
	for ctx.Err() == nil {
		session.AllowRebalance()
		member.await(ctx, PollWait)
		records, err := Poll(ctx, session, l.opts.MaxPoll)
		if err != nil {
			return committed, fmt.Errorf("%s: poll %s: %w", l.opts.Stage, l.opts.Topic, err)
		}
		if !member.steady() {
			// The session would abort the next transaction, for it cannot
			// know that nothing was in hand. Let that be an empty one, before
			// there is any work in it; the records come again.
			if err := l.abort(ctx, session); err != nil {
				return committed, err
			}
			continue
		}
		if len(records) == 0 {
			l.state.Confirm(ctx, session.Client())
			if done, err := l.drained(ctx, reader); done || err != nil {
				return committed, err
			}
			continue
		}
		out, err := l.opts.Handle(ctx, records)
		if err != nil {
			return committed, fmt.Errorf("%s: %w", l.opts.Stage, err)
		}
		ok, err := l.commit(ctx, session, out)
		if err != nil {
			return committed, err
		}
		committed = committed || ok
	}
	return committed, nil
}

// abort ends a transaction that has done nothing.
func (l *Loop) abort(ctx context.Context, session *kgo.GroupTransactSession) error {
	if err := session.Begin(); err != nil {
		return fmt.Errorf("%s: begin a transaction: %w", l.opts.Stage, err)
	}
	if _, err := session.End(ctx, kgo.TryAbort); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: begin anew after a rebalance: %w", l.opts.Stage, err)
	}
	return nil
}

func (l *Loop) drained(ctx context.Context, reader *Reader) (bool, error) {
	select {
	case <-l.drain:
		return reader.CaughtUp(ctx, l.opts.Group, l.opts.Topic, -1)
	default:
		return false, nil
	}
}

// commit publishes and ends the transaction. It goes on when ctx ends: what
// has been worked out is not thrown away at a shutdown. A transaction that
// aborts without an error met a rebalance: the records come again.
func (l *Loop) commit(ctx context.Context, session *kgo.GroupTransactSession, out []*kgo.Record) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWait)
	defer cancel()
	began := time.Now()
	if err := session.Begin(); err != nil {
		return false, fmt.Errorf("%s: begin a transaction: %w", l.opts.Stage, err)
	}
	failed := Produce(ctx, session.Client(), out)
	committed, err := session.End(ctx, kgo.TransactionEndTry(failed == nil))
	l.opts.Metrics.Transaction(l.opts.Stage, committed, time.Since(began))
	if err := errors.Join(failed, err); err != nil {
		return false, fmt.Errorf("%s: publish %d records and commit: %w", l.opts.Stage, len(out), err)
	}
	if committed {
		l.state.Set(nil)
		l.opts.Metrics.Published(l.opts.Stage, out)
	}
	return committed, nil
}
