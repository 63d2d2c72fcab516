package selector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"cream/schemas"
	"cream/selection"
	"cream/stream/kafka"
)

// advance moves event time on and takes what windows close. It tells whether
// the work is done: drained, and all windows closed.
func (s *session) advance(ctx context.Context, partitions []int32, pollWasEmpty bool) (done bool, err error) {
	var event selection.Event
	switch {
	case s.opts.Batch:
		if !s.draining() || !pollWasEmpty {
			return false, nil
		}
		if done, err = s.readAll(ctx, partitions); err != nil || !done {
			return false, err
		}
		event = selection.Close{}
	default:
		if err := s.markIdle(ctx, partitions); err != nil {
			return false, err
		}
		if s.watermarks.AllIdle() {
			event = selection.Close{}
		} else if t, ok := s.watermarks.Time(); ok {
			event = selection.Watermark{Time: t}
			s.opts.Measures.watermark.Set(float64(t) / 1e3)
		}
	}
	if event == nil {
		return done, nil
	}
	effects, err := s.machine.Step(event)
	if err != nil {
		return false, fmt.Errorf("%s: close windows: %w", Stage, err)
	}
	for _, closed := range effects.Closed {
		o, err := s.publication().outcome(closed, s.seen.take(closed.Summary.End))
		if err != nil {
			return false, fmt.Errorf("%s: window from %s: %w", Stage, time.UnixMilli(closed.Summary.Start).UTC(), err)
		}
		s.outcomes = append(s.outcomes, o)
		s.records = append(s.records, o.records...)
	}
	_, candidates := s.machine.Open()
	s.opts.Measures.open.Set(float64(candidates))
	s.held.Store(s.ahead())
	next, _ := s.machine.NextEnd()
	s.nextEnd.Store(next)
	return done, nil
}

// readAll tells whether everything that lies on scores has been read.
func (s *session) readAll(ctx context.Context, partitions []int32) (bool, error) {
	for _, p := range partitions {
		ahead, err := s.unread(ctx, p)
		if err != nil || ahead {
			return false, err
		}
	}
	return true, nil
}

// unread tells whether scores has a record of the partition that has not been
// read, or may have one that nobody can see yet: Apache Kafka ends a transaction
// partition by partition, and so shows that samples are scored before it shows
// their scores. Retention may have deleted what lies there.
func (s *session) unread(ctx context.Context, partition int32) (bool, error) {
	steady, err := s.reader.Steady(ctx, s.opts.Topics.Scores)
	if err != nil || !steady[partition] {
		return true, err
	}
	starts, _, err := s.reader.Bounds(ctx, s.opts.Topics.Scores)
	if err != nil {
		return false, err
	}
	ahead, err := s.reader.First(ctx, s.opts.Topics.Scores, partition, max(s.next[partition], starts[partition]))
	return ahead != nil, err
}

// markIdle looks, once in a while, for partitions that have brought nothing
// for the policy's idle time. One is idle only if the scorers, too, are
// through with it: a scorer that lags holds the watermark back.
func (s *session) markIdle(ctx context.Context, partitions []int32) error {
	now := s.opts.Now()
	if now.Sub(s.checked) < idleRecheck {
		return nil
	}
	s.checked = now
	for _, p := range partitions {
		if now.Sub(s.quiet[p]) < s.opts.Policy.Window.Idle {
			continue
		}
		scored, err := s.reader.CaughtUp(ctx, s.opts.ScoreGroup, s.opts.Topics.Samples, p)
		if err != nil {
			return fmt.Errorf("%s: is partition %d idle: %w", Stage, p, err)
		}
		ahead, err := s.unread(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: is partition %d idle: %w", Stage, p, err)
		}
		if scored && !ahead {
			s.watermarks.Idle(p)
		}
	}
	return nil
}

// commit publishes what has closed and what is dead, and commits with it the
// checkpoint of every partition. Where the transaction aborts without an
// error, everything is kept and goes into the next.
func (s *session) commit(ctx context.Context, partitions []int32) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), txnTimeout)
	defer cancel()
	began := time.Now()
	if err := s.kafka.Begin(); err != nil {
		return fmt.Errorf("%s: begin a transaction: %w", Stage, err)
	}
	records := s.records
	failed := kafka.Produce(ctx, s.kafka.Client(), records)
	ctx = kgo.PreTxnCommitFnContext(ctx, func(req *kmsg.TxnOffsetCommitRequest) error {
		return s.checkpoints(req, partitions)
	})
	committed, err := s.kafka.End(ctx, kgo.TransactionEndTry(failed == nil))
	s.opts.Metrics.Transaction(Stage, committed, time.Since(began))
	if err := errors.Join(failed, err); err != nil {
		return fmt.Errorf("%s: publish %d records and commit: %w", Stage, len(records), err)
	}
	if !committed {
		return nil
	}
	s.committed = true
	s.offsets = s.needed(partitions)
	s.opts.Metrics.Published(Stage, records)
	for _, o := range s.outcomes {
		if err := s.settle(o); err != nil {
			return err
		}
	}
	s.outcomes, s.records = nil, nil
	return nil
}

// checkpoints replaces what the client would commit, the head of what it has
// polled, by what a restart needs: all partitions, each at its lowest offset
// that an open window needs.
func (s *session) checkpoints(req *kmsg.TxnOffsetCommitRequest, partitions []int32) error {
	topic := kmsg.NewTxnOffsetCommitRequestTopic()
	topic.Topic = s.opts.Topics.Scores
	for _, t := range req.Topics {
		if t.Topic == topic.Topic {
			topic.TopicID = t.TopicID
		}
	}
	s.pruneMarks()
	carried, unit := s.machine.Carried()
	for p, offset := range s.needed(partitions) {
		metadata, err := checkpoint{
			ClosedThrough: s.machine.ClosedThrough(),
			Carried:       carried,
			CarriedUnit:   unit,
			Policies:      s.marks,
			Begun:         s.machine.Begun(),
			Position:      max(s.next[p], s.positions[p]), // a replay is not yet where we were
		}.metadata()
		if err != nil {
			return err
		}
		part := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		part.Partition, part.Offset, part.LeaderEpoch, part.Metadata = p, offset, -1, metadata
		topic.Partitions = append(topic.Partitions, part)
	}
	req.Topics = []kmsg.TxnOffsetCommitRequestTopic{topic}
	return nil
}

// needed returns, for every partition that has been read, the lowest offset that
// a restart needs.
func (s *session) needed(partitions []int32) map[int32]int64 {
	offsets := s.machine.LowestNeeded()
	for _, p := range partitions {
		next, read := s.next[p]
		if _, open := offsets[p]; read && !open {
			offsets[p] = next
		}
	}
	return offsets
}

// ahead returns how far the session has read beyond what is committed.
func (s *session) ahead() (offsets int64) {
	for p, next := range s.next {
		offsets += next - s.offsets[p]
	}
	return offsets
}

// settle counts a window that is committed, and tells of it.
func (s *session) settle(o *outcome) error {
	s.selected.Add(o.window.Selected)
	s.control.Add(o.window.Control)
	s.windows.Add(1)
	s.mu.Lock()
	addCounts(s.styles, o.window.Styles)
	addCounts(s.capabilities, o.window.Capabilities)
	s.mu.Unlock()
	if err := s.opts.Measures.window(o); err != nil {
		return fmt.Errorf("%s: merge the window's sketches: %w", Stage, err)
	}
	s.opts.Logger.Info("window closed",
		"start", time.UnixMilli(o.window.Start).UTC(), "samples", o.window.Samples,
		"selected", o.window.Selected, "budget", o.window.Budget, "shortfall", o.window.Shortfall)
	if o.window.Approximate != "" {
		s.opts.Logger.Warn("the window's choice may not be the exact one", "start", time.UnixMilli(o.window.Start).UTC(), "why", o.window.Approximate)
	}
	return nil
}

func addCounts(to, of map[string]schemas.Count) {
	for name, c := range of {
		to[name] = schemas.Count{Seen: to[name].Seen + c.Seen, Chosen: to[name].Chosen + c.Chosen}
	}
}
