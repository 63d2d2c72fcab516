package explain

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/selection"
	"cream/stream/folder"
	"cream/stream/kafka"
	"cream/stream/selector"
)

// TopicsOptions are of an inquiry into the topics of a stream.
type TopicsOptions struct {
	Reader *kafka.Reader
	Topics kafka.Topics
	Codec  *schemas.Codec
	Policy selection.Policy // as the selector has it
	// Guessed says that nobody named the policy: that of the last window goes
	// before Policy, if Find knows it.
	Guessed bool
	// Find looks up the policies that windows went by before; nil: there was
	// no other.
	Find         func(ctx context.Context, version string) (selection.Policy, bool, error)
	Capabilities []string // of the bundle, in order
	IDs          []string
}

// topics is an inquiry under way.
type topics struct {
	TopicsOptions
	q *Inquiry
	// taken has, of every key of selections that was withdrawn, the last offset
	// that says so.
	taken map[place]int64
	// refused are the scores that the selector made dead letters.
	refused map[int32]map[int64]bool
	// closed is when the last window was published. What came to scores since
	// is passed over, and then, once revised, the rest.
	closed  time.Time
	revised bool
}

type place struct {
	partition int32
	key       string
}

// Topics explains what became of samples of a stream. It reads the topics to
// their ends as they are at this moment.
func Topics(ctx context.Context, o TopicsOptions) (*Report, error) {
	t := &topics{TopicsOptions: o, taken: make(map[place]int64), refused: make(map[int32]map[int64]bool)}
	policy, changes, err := t.policies(ctx)
	if err != nil {
		return nil, err
	}
	options := Options{Policy: policy, Changes: changes, Capabilities: o.Capabilities, IDs: o.IDs}
	var failed error
	if !policy.Window.Global { // a reservoir begins with the first score
		if options.Began, err = t.began(ctx); err != nil {
			return nil, err
		}
		options.Chosen = t.chosenUpTo(ctx, options.Began, &failed)
	}
	t.q, err = New(options)
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	for _, read := range []struct {
		topic string
		each  func(context.Context, *kgo.Record) error
	}{
		{o.Topics.Selections, t.withdrawal}, {o.Topics.Selections, t.selection},
		{o.Topics.Windows, t.window}, {o.Topics.DeadLetter, t.deadLetter}, {o.Topics.Scores, t.score},
	} {
		if err := t.scan(ctx, read.topic, read.each); err != nil {
			return nil, err
		}
	}
	if policy.Window.Global {
		if err := t.q.Revise(); err != nil {
			return nil, err
		}
		t.revised = true
		if err := t.scan(ctx, o.Topics.Scores, t.score); err != nil {
			return nil, err
		}
	}
	return t.q.Report()
}

func (t *topics) scan(ctx context.Context, topic string, each func(context.Context, *kgo.Record) error) error {
	if err := t.Reader.Scan(ctx, topic, func(r *kgo.Record) error { return each(ctx, r) }); err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	return nil
}

// policies returns the policy that the first window went by, and its changes
// from window to window. One that is not known is taken for the present one.
func (t *topics) policies(ctx context.Context) (first selection.Policy, changes []selection.Change, err error) {
	if t.Find == nil {
		return t.Policy, nil, nil
	}
	starts := make(map[int64]string) // of windows → version
	err = t.Reader.Scan(ctx, t.Topics.Windows, func(r *kgo.Record) error {
		w, err := t.Codec.DecodeWindow(ctx, r.Value)
		if err == nil {
			starts[w.Start] = w.Policy
		}
		return ofRegistry(err)
	})
	if err != nil {
		return first, nil, fmt.Errorf("explain: %w", err)
	}
	if t.Guessed && len(starts) > 0 {
		version := starts[slices.Max(slices.Collect(maps.Keys(starts)))]
		switch p, ok, err := t.Find(ctx, version); {
		case err != nil:
			return first, nil, fmt.Errorf("explain: look up policy %s: %w", version, err)
		case ok:
			t.Policy = p
		case version != t.Policy.Version():
			return first, nil, fmt.Errorf("explain: the last window went by policy %s, which topic %s does not have: name its file with --policy", version, t.Topics.Policies)
		}
	}
	if t.Policy.Window.Global { // it has one policy for ever
		return t.Policy, nil, nil
	}
	known := map[string]selection.Policy{t.Policy.Version(): t.Policy}
	last := ""
	for _, start := range slices.Sorted(maps.Keys(starts)) {
		version := starts[start]
		if version == last {
			continue
		}
		last = version
		p, ok := known[version]
		if !ok {
			if p, ok, err = t.Find(ctx, version); err != nil {
				return first, nil, fmt.Errorf("explain: look up policy %s: %w", version, err)
			}
			if !ok || p.Window != t.Policy.Window {
				p = t.Policy
			}
			known[version] = p
		}
		changes = append(changes, selection.Change{Policy: p, From: start})
	}
	if last != t.Policy.Version() && len(starts) > 0 { // windows that are open
		end := slices.Max(slices.Collect(maps.Keys(starts))) + t.Policy.Window.Size.Milliseconds()
		changes = append(changes, selection.Change{Policy: t.Policy, From: end})
	}
	if len(changes) == 0 {
		return t.Policy, nil, nil
	}
	return changes[0].Policy, changes[1:], nil
}

// began returns the start of the first window that there are scores of.
func (t *topics) began(ctx context.Context) (int64, error) {
	first := int64(math.MaxInt64)
	err := t.Reader.Scan(ctx, t.Topics.Scores, func(r *kgo.Record) error {
		if r.Value == nil {
			return nil
		}
		at, ok := kafka.IntHeader(r, kafka.HeaderEventTime)
		if !ok {
			score, err := t.Codec.DecodeScore(ctx, r.Value)
			if err != nil {
				return ofRegistry(err)
			}
			at = score.EventTime
		}
		first = min(first, at)
		return nil
	})
	size := t.Policy.Window.Size.Milliseconds()
	if err != nil || size == 0 || first < 0 || first == math.MaxInt64 {
		return 0, err
	}
	return first - first%size, nil
}

// chosenUpTo yields what windows chose of which there may be no scores any more.
func (t *topics) chosenUpTo(ctx context.Context, end int64, failed *error) iter.Seq[selection.Chosen] {
	return func(yield func(selection.Chosen) bool) {
		enough := errors.New("no more are wanted")
		err := t.Reader.Scan(ctx, t.Topics.Selections, func(r *kgo.Record) error {
			chosen := selection.Chosen{ID: string(r.Key), Withdrawn: true}
			if r.Value != nil {
				s, err := t.Codec.DecodeSelection(ctx, r.Value)
				if err != nil {
					return ofRegistry(err)
				}
				if s.Role != schemas.RoleCurated || s.WindowEnd > end {
					return nil
				}
				chosen = selector.ChosenOf(s)
			}
			if !yield(chosen) {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			*failed = err
		}
	}
}

// ofRegistry lets only the registry's errors through: a record that cannot be
// read is no part of what was chosen, or from.
func ofRegistry(err error) error {
	if errors.Is(err, schemas.ErrRegistry) {
		return err
	}
	return nil
}

func (t *topics) withdrawal(_ context.Context, r *kgo.Record) error {
	if r.Value == nil {
		t.taken[place{r.Partition, string(r.Key)}] = r.Offset
	}
	return nil
}

func (t *topics) selection(ctx context.Context, r *kgo.Record) error {
	if r.Value == nil {
		return nil
	}
	s, err := t.Codec.DecodeSelection(ctx, r.Value)
	if err != nil {
		return ofRegistry(err)
	}
	if s.Role == schemas.RoleControl {
		t.q.Control(s.ID)
		return nil
	}
	d := folder.DecisionOf(s)
	t.q.Decision(&d, s.Policy)
	t.published(r)
	if last, ok := t.taken[place{r.Partition, string(r.Key)}]; ok && r.Offset < last {
		t.q.TakenBack(s.ID)
	}
	return nil
}

func (t *topics) window(ctx context.Context, r *kgo.Record) error {
	w, err := t.Codec.DecodeWindow(ctx, r.Value)
	if err != nil {
		return ofRegistry(err)
	}
	line := folder.WindowOf(w)
	t.q.Closed(&line)
	t.published(r)
	return nil
}

// published takes note of when a record of a window was written.
func (t *topics) published(r *kgo.Record) {
	if r.Timestamp.After(t.closed) {
		t.closed = r.Timestamp
	}
}

func (t *topics) deadLetter(ctx context.Context, r *kgo.Record) error {
	letter := folder.DeadLetter{ID: string(r.Key)}
	letter.Reason, _ = kafka.Header(r, kafka.HeaderErrorReason)
	letter.Error, _ = kafka.Header(r, kafka.HeaderErrorMessage)
	letter.Stage, _ = kafka.Header(r, kafka.HeaderErrorStage)
	if letter.ID == "" {
		letter.ID = t.idOf(ctx, r.Value)
	}
	t.q.DeadLetter(letter)
	topic, _ := kafka.Header(r, kafka.HeaderErrorTopic)
	partition, ok := kafka.IntHeader(r, kafka.HeaderErrorPartition)
	offset, there := kafka.IntHeader(r, kafka.HeaderErrorOffset)
	if ok && there && topic == t.Topics.Scores {
		p := int32(partition)
		if t.refused[p] == nil {
			t.refused[p] = make(map[int64]bool)
		}
		t.refused[p][offset] = true
	}
	return nil
}

// idOf looks for the id of a sample that was published without a key.
func (t *topics) idOf(ctx context.Context, value []byte) string {
	if sample, err := t.Codec.DecodeSample(ctx, value); err == nil {
		return sample.ID
	}
	return idIn(value)
}

func (t *topics) score(ctx context.Context, r *kgo.Record) error {
	// Nothing is late for a reservoir, and a withdrawal is carried out at once:
	// what a closed window has to do with is told by when it was written.
	if t.Policy.Window.Global && r.Timestamp.After(t.closed) != t.revised {
		return nil
	}
	if r.Value == nil {
		return t.q.Withdraw(selection.Withdraw{ID: string(r.Key), Partition: r.Partition, Offset: r.Offset})
	}
	if t.refused[r.Partition][r.Offset] {
		return nil
	}
	score, err := t.Codec.DecodeScore(ctx, r.Value)
	if err != nil {
		return ofRegistry(err)
	}
	candidate, err := selector.CandidateOf(score, t.Capabilities, r.Partition, r.Offset)
	if err != nil {
		return nil // a dead letter says so
	}
	return t.q.Score(candidate)
}
