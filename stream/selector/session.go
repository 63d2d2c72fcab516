package selector

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"cream/schemas"
	"cream/selection"
	"cream/stream/kafka"
)

// session is the active selector's work with one client, from what it finds
// committed to the first error. The machine and all that goes with it is
// rebuilt from the log by the next session.
type session struct {
	*Selector
	kafka     *kgo.GroupTransactSession
	reader    *kafka.Reader
	committed bool // whether a transaction got through

	owned *ownership

	// Rebuilt from the log; nil until partitions are assigned.
	machine    *selection.Machine
	marks      []policyMark       // the policies that its windows go by
	inForce    []selection.Policy // likewise
	remember   time.Duration      // more than what was read back: a new policy asks for it
	watermarks *selection.Watermarks
	seen       Seen
	next       map[int32]int64     // offset behind the last record read, by partition
	positions  map[int32]int64     // the same, as far as it is committed
	offsets    map[int32]int64     // committed: the lowest that a restart needs
	quiet      map[int32]time.Time // when each partition last brought something
	checked    time.Time           // when idleness was last looked into

	// Worked out, and not yet committed.
	outcomes []*outcome
	records  []*kgo.Record // what they and all else leave to be published, in order
}

// ownership is what the client's callbacks tell the session.
type ownership struct {
	mu         sync.Mutex
	partitions []int32
	found      *restored // nil until offsets were fetched
	lost       bool
}

// Limits of a selector's transaction. It may publish a window of millions; a
// long timeout harms nobody, for the selector that takes over ends it at once.
const (
	maxPoll     = 10_000
	txnTimeout  = 10 * time.Minute
	idleRecheck = time.Second
)

func (s *Selector) open(ctx context.Context) (*session, error) {
	opts, err := s.opts.Cluster.Options("cream-" + Stage)
	if err != nil {
		return nil, err
	}
	owned := &ownership{}
	opts = append(opts, kafka.Member(s.opts.Group, s.opts.Topics.Scores, s.opts.TransactionalID, txnTimeout)...)
	group, err := kgo.NewGroupTransactSession(append(opts,
		kgo.Balancers(newSoleOwner()),
		kgo.RecordPartitioner(kafka.Partitioner()),
		kgo.OnPartitionsAssigned(func(ctx context.Context, client *kgo.Client, assigned map[string][]int32) {
			if len(assigned[s.opts.Topics.Scores]) > 0 {
				// Claiming the shared id fences the selector before us, and
				// ends what it left open.
				if _, _, err := client.ProducerID(ctx); err != nil {
					s.opts.Logger.Error("the selector before cannot be fenced, will begin anew", "stage", Stage, "error", err)
					owned.lose(true)
				}
				owned.assign(assigned[s.opts.Topics.Scores])
			}
		}),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, revoked map[string][]int32) {
			owned.lose(len(revoked[s.opts.Topics.Scores]) > 0)
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
			owned.lose(len(lost[s.opts.Topics.Scores]) > 0)
		}),
		kgo.OnOffsetsFetched(func(ctx context.Context, client *kgo.Client, resp *kmsg.OffsetFetchResponse) error {
			return owned.fetched(ctx, client, s.opts.Topics.Scores, resp)
		}),
	)...)
	if err != nil {
		return nil, fmt.Errorf("%s: join group %s: %w", Stage, s.opts.Group, err)
	}
	return &session{Selector: s, kafka: group, reader: kafka.NewReader(group.Client()), owned: owned}, nil
}

func (o *ownership) assign(partitions []int32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.partitions = append(o.partitions, partitions...)
	slices.Sort(o.partitions)
}

func (o *ownership) lose(any bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lost = o.lost || any
}

// fetched takes note of the checkpoints in the answer that also sets where
// the client begins to read.
func (o *ownership) fetched(ctx context.Context, client *kgo.Client, topic string, resp *kmsg.OffsetFetchResponse) error {
	var id [16]byte
	if slices.ContainsFunc(resp.Groups, func(g kmsg.OffsetFetchResponseGroup) bool {
		return slices.ContainsFunc(g.Topics, func(t kmsg.OffsetFetchResponseGroupTopic) bool { return t.Topic == "" })
	}) {
		var err error
		if id, err = kafka.TopicID(ctx, client, topic); err != nil {
			return err
		}
	}
	found, err := readCheckpoints(topic, id, resp)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.found != nil { // partitions that came later
		maps.Copy(found.offsets, o.found.offsets)
		maps.Copy(found.positions, o.found.positions)
		found.carried, found.carriedUnit, found.policies, found.begun = o.found.carried, o.found.carriedUnit, o.found.policies, max(found.begun, o.found.begun)
		found.closedThrough = max(found.closedThrough, o.found.closedThrough)
	}
	o.found = &found
	return nil
}

func (o *ownership) take() (partitions []int32, found *restored, lost bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.partitions), o.found, o.lost
}

func (s *session) close() { s.kafka.CloseAllowingRebalance() }

var errLost = errors.New("select: partitions went to another selector")

// run reads, feeds the machine, and publishes what closes.
func (s *session) run(ctx context.Context) error {
	for ctx.Err() == nil {
		records, err := kafka.Poll(ctx, s.kafka, maxPoll)
		if err != nil {
			return fmt.Errorf("%s: poll %s: %w", Stage, s.opts.Topics.Scores, err)
		}
		partitions, found, lost := s.owned.take()
		if lost {
			return errLost
		}
		s.state.Confirm(ctx, s.kafka.Client())
		if found == nil || len(partitions) == 0 {
			continue // standing by
		}
		if s.machine == nil {
			if err := s.restore(ctx, partitions, found); err != nil {
				return err
			}
		}
		s.takeUpChange()
		for _, r := range records {
			if err := s.add(ctx, r); err != nil {
				return err
			}
		}
		done, err := s.advance(ctx, partitions, len(records) == 0)
		if err != nil {
			return err
		}
		if len(s.outcomes)+len(s.records) > 0 {
			if err := s.commit(ctx, partitions); err != nil {
				return err
			}
			done = done && len(s.outcomes)+len(s.records) == 0
		}
		if done {
			return nil
		}
		if s.remember > 0 && len(s.records) == 0 {
			return errLongerMemory
		}
	}
	return nil
}

// restore builds the machine for what was found committed.
func (s *session) restore(ctx context.Context, partitions []int32, found *restored) error {
	err := kafka.TellUnread(ctx, s.reader, Stage, s.opts.Group, s.opts.Topics.Scores, s.opts.Metrics, s.opts.Logger)
	if err != nil {
		return fmt.Errorf("%s: %w", Stage, err)
	}
	if s.opts.Policy.Window.Global {
		if err := s.checkWhole(ctx, found); err != nil {
			return err
		}
	}
	var failed error
	begun, changes, err := s.recallPolicies(ctx, found)
	if err != nil {
		return err
	}
	s.machine, err = selection.New(selection.Options{
		Policy: begun, Changes: changes, Capabilities: s.opts.Capabilities,
		Horizon:       s.horizon(),
		ClosedThrough: found.closedThrough, Positions: found.positions, Carried: found.carried, CarriedUnit: found.carriedUnit,
		Chosen: s.chosen(ctx, found, &failed),
	})
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	s.adopt(s.policy, found.begun)
	s.watermarks = selection.NewWatermarks(s.opts.Policy.Window.Lateness, partitions)
	s.seen = make(Seen)
	// The client begins at the committed offset, below the position: what
	// lies between is read again.
	s.next = maps.Clone(found.offsets)
	s.positions = found.positions
	s.offsets = found.offsets
	s.quiet = make(map[int32]time.Time)
	for _, p := range partitions {
		s.quiet[p] = s.opts.Now()
	}
	s.opts.Logger.Info("selector is active", "partitions", len(partitions), "closed_through", time.UnixMilli(found.closedThrough).UTC())
	return nil
}

// checkWhole makes sure that scores has all that a reservoir for ever is read
// back from: what is missing would leave it, and whoever reads curated would be
// told so.
func (s *session) checkWhole(ctx context.Context, found *restored) error {
	starts, _, err := s.reader.Bounds(ctx, s.opts.Topics.Scores)
	if err != nil {
		return err
	}
	for p, needed := range found.offsets {
		if starts[p] > needed {
			return fmt.Errorf("%s: %s/%d begins at offset %d, and the reservoir of window.type global needs it from %d on: retention has deleted scores that its members are chosen by; keep scores for ever, and begin a new reservoir under another --policy-name",
				Stage, s.opts.Topics.Scores, p, starts[p], needed)
		}
	}
	return nil
}

// horizon is how long a chosen id is remembered.
func (s *Selector) horizon() time.Duration {
	if s.opts.Batch {
		return selection.WholeHorizon
	}
	return selection.DefaultHorizon
}

// chosen yields from our own output which ids earlier windows chose, each with
// its window's end: an id is chosen once within the machine's horizon. What
// fails is told in failed.
//
// A sample that was withdrawn since counts as never chosen.
func (s *session) chosen(ctx context.Context, found *restored, failed *error) iter.Seq[selection.Chosen] {
	after := found.closedThrough - s.memory().Milliseconds()
	if s.opts.Policy.Window.Global { // a member stays until it is removed
		after = math.MinInt64
	}
	enough := errors.New("no more are wanted")
	return func(yield func(selection.Chosen) bool) {
		if found.closedThrough == 0 && found.begun == 0 {
			return
		}
		err := s.reader.Scan(ctx, s.opts.Topics.Selections, func(r *kgo.Record) error {
			if r.Value == nil {
				if !yield(selection.Chosen{ID: string(r.Key), Withdrawn: true}) {
					return enough
				}
				return nil
			}
			chosen, err := s.opts.Codec.DecodeSelection(ctx, r.Value)
			var format *schemas.FormatError
			if errors.As(err, &format) { // not ours: the harvester makes it a dead letter
				s.opts.Logger.Warn("a selection cannot be read", "partition", r.Partition, "offset", r.Offset, "error", err)
				return nil
			}
			if err != nil {
				return fmt.Errorf("%s: read back the ids chosen before: %w", Stage, err)
			}
			if chosen.Role == schemas.RoleCurated && chosen.WindowEnd > after && !yield(ChosenOf(chosen)) {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			*failed = err
		}
	}
}

// ChosenOf is a selection in the form in which a machine is told of it.
func ChosenOf(s *schemas.Selection) selection.Chosen {
	return selection.Chosen{
		ID: s.ID, End: s.WindowEnd, Content: s.Content, PictureHash: s.PictureHash, TextHash: s.TextHash,
		Capability: s.Capability, Style: s.Style, Source: s.Source, Cutoff: s.Cutoff, Cost: s.Cost,
	}
}

// withdraw takes a sample back: out of the open windows and, for whoever reads
// what was chosen, by an empty record with its key. That is published whether
// it is known to be chosen or not: it may have been long ago.
func (s *session) withdraw(r *kgo.Record) error {
	if len(r.Key) == 0 {
		s.deadLetter("withdrawal-without-key", errors.New("the record has neither a value nor a key: the key names the sample to withdraw"), r)
		return nil
	}
	if _, err := s.machine.Step(selection.Withdraw{ID: string(r.Key), Partition: r.Partition, Offset: r.Offset}); err != nil {
		return fmt.Errorf("%s: withdraw %q: %w", Stage, r.Key, err)
	}
	if r.Offset >= s.positions[r.Partition] {
		s.records = append(s.records, &kgo.Record{Topic: s.opts.Topics.Selections, Key: r.Key})
	}
	return nil
}

// add feeds a score to the machine.
func (s *session) add(ctx context.Context, r *kgo.Record) error {
	if r.Offset < s.next[r.Partition] {
		return nil // came again after an abort; the machine has it
	}
	s.next[r.Partition] = r.Offset + 1
	s.quiet[r.Partition] = s.opts.Now()
	if r.Value == nil {
		return s.withdraw(r)
	}
	score, err := s.opts.Codec.DecodeScore(ctx, r.Value)
	if errors.Is(err, schemas.ErrRegistry) {
		return err
	}
	if err != nil {
		s.deadLetter("score-undecodable", err, r)
		return nil
	}
	candidate, err := CandidateOf(score, s.opts.Capabilities, r.Partition, r.Offset)
	if err != nil {
		s.deadLetter("score-invalid", err, r)
		return nil
	}
	effects, err := s.machine.Step(candidate)
	switch {
	case errors.Is(err, selection.ErrInvalid):
		s.deadLetter("score-invalid", err, r)
		return nil
	case err != nil:
		return fmt.Errorf("%s: candidate %q: %w", Stage, score.ID, err)
	}
	s.watermarks.Observe(r.Partition, score.EventTime)
	if effects.Taken != nil {
		if err := s.take(effects.Taken, score.EventTime); err != nil {
			return err
		}
	}
	switch effects.Outcome {
	case selection.Accepted, selection.Duplicate:
		if end := s.machine.WindowEnd(score.EventTime); end > s.machine.ClosedThrough() {
			s.seen.Insert(end, candidate)
		}
	case selection.Late:
		s.late.Add(1)
		s.deadLetter(ReasonLate, fmt.Errorf("event time %s belongs to a window that had closed: lateness is %s",
			time.UnixMilli(score.EventTime).UTC().Format(time.RFC3339Nano), s.opts.Policy.Window.Lateness), r)
	}
	return nil
}

// deadLetter puts a record aside, unless that was done before a restart.
func (s *session) deadLetter(reason string, err error, r *kgo.Record) {
	if r.Offset < s.positions[r.Partition] {
		return
	}
	s.records = append(s.records, kafka.DeadLetter(s.opts.Topics.DeadLetter, Stage, reason, err, r))
}
