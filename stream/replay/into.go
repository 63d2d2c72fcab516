package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/selection"
	"cream/stream/kafka"
	"cream/stream/selector"
)

// IntoOptions say where to publish what is chosen.
type IntoOptions struct {
	Log     LogOptions
	Cluster kafka.Cluster
	Policy  selection.Policy
	// Target are the topics of another prefix: its selections and windows are
	// there, and hold nothing.
	Target kafka.Topics
	Codec  *schemas.Codec // for Target
	Prefix string         // of Target; names the transaction
}

// Result is what was published.
type Result struct {
	Scored, Dead, Duplicates int64
	Windows, Selected        int64
	Control                  int64
	Shortfalls               []string
}

// One transaction holds the whole replay: it may choose millions.
const txnTimeout = 10 * time.Minute

// Into publishes what the policy chooses to the target's selections and
// windows, all of it or, after an error or a crash, nothing. Another replay
// into the same topics, at the same time, ends this one.
func Into(ctx context.Context, o IntoOptions) (result *Result, err error) {
	if o.Target.Selections == o.Log.Topics.Selections {
		return nil, errors.New("replay: the target is the flow itself: name another prefix")
	}
	client, err := o.Cluster.NewClient("cream-"+Stage, append(
		kafka.Transactional(o.Prefix+"cream-"+Stage, txnTimeout), kgo.RecordPartitioner(kafka.Partitioner()))...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	// Claiming the id ends what a replay that crashed left open.
	if _, _, err := client.ProducerID(ctx); err != nil {
		return nil, fmt.Errorf("replay: claim the transaction: %w", err)
	}
	for _, topic := range []string{o.Target.Selections, o.Target.Windows} {
		if err := isEmpty(ctx, o.Log.Reader, topic); err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
	}
	machine, err := selection.New(selection.Options{Policy: o.Policy, Capabilities: o.Log.Capabilities, Horizon: selection.WholeHorizon})
	if err != nil {
		return nil, err
	}
	r := &run{machine: machine, version: o.Policy.Version(), seen: make(selector.Seen), to: selector.Publication{
		Codec: o.Codec, Selections: o.Target.Selections, Windows: o.Target.Windows, Samples: o.Log.Topics.Samples,
	}}
	if err := r.choose(ctx, NewLog(o.Log)); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	if err := r.publish(ctx, client); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return &r.Result, nil
}

// run is a replay under way.
type run struct {
	Result
	machine *selection.Machine
	version string // of the policy
	seen    selector.Seen
	closed  []*selection.ClosedWindow
	taken   []*kgo.Record // picks on arrival, which their windows leave out
	to      selector.Publication
}

// isEmpty returns an error where a topic holds a record.
func isEmpty(ctx context.Context, reader *kafka.Reader, topic string) error {
	starts, _, err := reader.Bounds(ctx, topic)
	if err != nil {
		return err
	}
	for p, start := range starts {
		first, err := reader.First(ctx, topic, p, start)
		if err != nil {
			return err
		}
		if first != nil {
			return fmt.Errorf("topic %s holds records already: name another prefix, or delete its topics", topic)
		}
	}
	return nil
}

// choose reads the scores and closes all windows.
func (r *run) choose(ctx context.Context, log *Log) error {
	err := log.Candidates(ctx, func(c *selection.Candidate, err error) error {
		if err != nil {
			r.Dead++
			return nil
		}
		effects, err := r.machine.Step(c)
		if errors.Is(err, selection.ErrInvalid) {
			r.Dead++
			return nil
		}
		if err != nil {
			return fmt.Errorf("candidate %q: %w", c.ID, err)
		}
		r.Scored++
		start, end := r.machine.WindowOf(c.EventTime)
		switch effects.Outcome {
		case selection.Duplicate:
			r.Duplicates++
			fallthrough
		case selection.Accepted:
			r.seen.Insert(end, c)
		}
		if effects.Taken == nil {
			return nil
		}
		taken, err := r.to.Taken(*effects.Taken, start, end, r.version)
		r.taken = append(r.taken, taken)
		return err
	})
	if err != nil {
		return err
	}
	effects, err := r.machine.Step(selection.Close{})
	r.closed = effects.Closed
	return err
}

// publish publishes the windows in one transaction.
func (r *run) publish(ctx context.Context, client *kgo.Client) error {
	if err := client.BeginTransaction(); err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	err := func() error {
		if err := kafka.Produce(ctx, client, r.taken); err != nil {
			return err
		}
		for _, window := range r.closed {
			records, err := r.to.Records(window, r.seen)
			if err != nil {
				return err
			}
			if err := kafka.Produce(ctx, client, records); err != nil {
				return err
			}
			r.Windows++
			r.Selected += window.Summary.Selected
			r.Control += window.Summary.Control
			if window.Summary.Shortfall != "" {
				r.Shortfalls = append(r.Shortfalls, window.Summary.Shortfall)
			}
		}
		return nil
	}()
	end := kgo.TryCommit
	if err != nil {
		end = kgo.TryAbort
	}
	// A replay that is stopped still ends its transaction.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if failed := client.EndTransaction(ctx, end); failed != nil {
		return errors.Join(err, fmt.Errorf("end the transaction: %w", failed))
	}
	return err
}
