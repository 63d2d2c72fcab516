package scorer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"cream/schemas"
	"cream/scoring"
	"cream/scoring/text"
	"cream/stream/kafka"
)

// Stage names the scorer in metrics, dead letters and logs.
const Stage = "score"

// Options of the stage.
type Options struct {
	Cluster  kafka.Cluster
	Topics   kafka.Topics
	Group    string // consumer group
	Instance string // makes the transactional ids of this process its own
	Sessions int    // transactional sessions that feed the scorer
	MaxPoll  int    // samples of one transaction
	MaxAhead time.Duration
	Codec    *schemas.Codec
	Scorer   scoring.Scorer
	Now      func() time.Time
	Metrics  *kafka.Metrics
	Logger   *slog.Logger
}

// Scorer is the stage; see the package comment.
type Scorer struct {
	opts  Options
	loops []*kafka.Loop

	scored, dead atomic.Int64
}

// New checks the options.
func New(opts Options) (*Scorer, error) {
	var errs []error
	if opts.Codec == nil || opts.Scorer == nil || opts.Now == nil {
		errs = append(errs, errors.New("scorer: Codec, Scorer and Now must be set"))
	}
	if opts.Sessions < 1 {
		errs = append(errs, fmt.Errorf("scorer: %d sessions: at least 1 is needed", opts.Sessions))
	}
	if opts.MaxAhead <= 0 {
		errs = append(errs, fmt.Errorf("scorer: max_ahead is %s: it must be positive", opts.MaxAhead))
	}
	s := &Scorer{opts: opts}
	for i := range opts.Sessions {
		loop, err := kafka.NewLoop(kafka.LoopOptions{
			Cluster: opts.Cluster, ClientID: fmt.Sprintf("cream-%s-%d", Stage, i), Stage: Stage,
			Group: opts.Group, Topic: opts.Topics.Samples,
			TransactionalID: fmt.Sprintf("%s-%s-%d", opts.Group, opts.Instance, i),
			FixedTopics:     []string{opts.Topics.Scores},
			MaxPoll:         opts.MaxPoll, Handle: s.handle,
			Metrics: opts.Metrics, Logger: opts.Logger,
		})
		errs = append(errs, err)
		s.loops = append(s.loops, loop)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// Run works until ctx ends, or until the topic is empty after Drain.
func (s *Scorer) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, loop := range s.loops {
		group.Go(func() error { return loop.Run(ctx) })
	}
	return group.Wait()
}

// Drain lets Run return once every sample has been scored.
func (s *Scorer) Drain() {
	for _, loop := range s.loops {
		loop.Drain()
	}
}

// Ready returns why a session does not work, or nil.
func (s *Scorer) Ready() error {
	var errs []error
	for _, loop := range s.loops {
		errs = append(errs, loop.Ready())
	}
	return errors.Join(errs...)
}

// Counts returns how many samples this process has scored and how many it
// has found dead. A transaction that was aborted counts again.
func (s *Scorer) Counts() (scored, dead int64) { return s.scored.Load(), s.dead.Load() }

// handle scores a poll's samples.
func (s *Scorer) handle(ctx context.Context, records []*kgo.Record) ([]*kgo.Record, error) {
	out := make([]*kgo.Record, len(records))
	decoded, faults := s.decodeAll(ctx, records)
	var samples []*schemas.Sample
	var at []int // samples[j] came from records[at[j]]
	for i, r := range records {
		if r.Value == nil {
			out[i] = s.withdraw(r)
			continue
		}
		if errors.Is(faults[i], schemas.ErrRegistry) {
			return nil, faults[i]
		}
		if faults[i] != nil {
			out[i] = s.deadLetter(r, faults[i])
			continue
		}
		samples = append(samples, decoded[i])
		at = append(at, i)
	}
	results, err := s.opts.Scorer.Score(ctx, samples)
	if err != nil {
		return nil, fmt.Errorf("score %d samples: %w", len(samples), err)
	}
	for j, result := range results {
		i := at[j]
		if result.Err != nil {
			out[i] = s.deadLetter(records[i], result.Err)
			continue
		}
		if out[i], err = s.publish(records[i], samples[j], result.Rating); err != nil {
			return nil, err
		}
		s.scored.Add(1)
	}
	return out, nil
}

// decodeAll decodes records on all cores: JSON with pictures inline takes
// milliseconds each, and the device would wait.
func (s *Scorer) decodeAll(ctx context.Context, records []*kgo.Record) ([]*schemas.Sample, []error) {
	samples, faults := make([]*schemas.Sample, len(records)), make([]error, len(records))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, r := range records {
		if r.Value == nil {
			continue
		}
		group.Go(func() error {
			samples[i], faults[i] = s.decode(ctx, r)
			return nil
		})
	}
	_ = group.Wait()
	return samples, faults
}

// decode reads a sample and settles its event time: the sample's own, else
// the header's, else the time at which the record was written.
func (s *Scorer) decode(ctx context.Context, r *kgo.Record) (*schemas.Sample, error) {
	sample, err := s.opts.Codec.DecodeSample(ctx, r.Value)
	if err != nil {
		return nil, err
	}
	if sample.EventTime == schemas.NoTime {
		var ok bool
		if sample.EventTime, ok = kafka.IntHeader(r, kafka.HeaderEventTime); !ok {
			sample.EventTime = r.Timestamp.UnixMilli()
		}
	}
	latest := s.opts.Now().Add(s.opts.MaxAhead).UnixMilli()
	if sample.EventTime < 0 || sample.EventTime > latest {
		return nil, &schemas.FormatError{Reason: "event-time-ahead", Err: fmt.Errorf(
			"event time %s is before 1970 or more than %s in the future",
			time.UnixMilli(sample.EventTime).UTC().Format(time.RFC3339), s.opts.MaxAhead)}
	}
	return sample, nil
}

// withdraw hands on that a sample must not be used: a record with its key and
// no value.
func (s *Scorer) withdraw(r *kgo.Record) *kgo.Record {
	if len(r.Key) == 0 {
		return s.deadLetter(r, &schemas.FormatError{Reason: "withdrawal-without-key", Err: errors.New("the record has neither a value nor a key: the key names the sample to withdraw")})
	}
	return &kgo.Record{
		Topic: s.opts.Topics.Scores, Partition: r.Partition, Key: r.Key,
		Headers: []kgo.RecordHeader{kafka.NumberHeader(kafka.HeaderSampleOffset, r.Offset)},
	}
}

func (s *Scorer) deadLetter(r *kgo.Record, err error) *kgo.Record {
	reason := scoring.ReasonOf(err)
	var format *schemas.FormatError
	if errors.As(err, &format) {
		reason = format.Reason
	}
	s.dead.Add(1)
	return kafka.DeadLetter(s.opts.Topics.DeadLetter, Stage, reason, err, r)
}

// publish makes the record for the topic scores.
func (s *Scorer) publish(r *kgo.Record, sample *schemas.Sample, rating scoring.Rating) (*kgo.Record, error) {
	score := ScoreOf(r.Value, sample, s.opts.Scorer.Vocabulary(), rating)
	score.Topic, score.Partition, score.Offset = r.Topic, r.Partition, r.Offset
	value, err := s.opts.Codec.EncodeScore(score)
	if err != nil {
		return nil, fmt.Errorf("score of sample %q: %w", sample.ID, err)
	}
	return &kgo.Record{
		Topic: s.opts.Topics.Scores, Partition: r.Partition, Key: []byte(sample.ID), Value: value,
		Headers: []kgo.RecordHeader{kafka.NumberHeader(kafka.HeaderEventTime, sample.EventTime)},
	}, nil
}

// ScoreOf puts together what is known of a sample that was rated, but for the
// place where it lies. value is the sample's bytes.
func ScoreOf(value []byte, sample *schemas.Sample, v scoring.Vocabulary, rating scoring.Rating) *schemas.Score {
	hash := sha256.Sum256(value)
	scores := make(map[string]float32, len(rating.Scores))
	for i, name := range v.Capabilities {
		scores[name] = rating.Scores[i]
	}
	return &schemas.Score{
		ID: sample.ID, Source: sample.Source, EventTime: sample.EventTime,
		ContentHash: hash[:], PictureHash: rating.PictureHash, TextHash: text.Hash(sample.Conversation),
		Modality: schemas.Modality(len(sample.Images)), Tokens: rating.Tokens, AnswerTokens: rating.AnswerTokens,
		Bytes: int64(len(value)) + rating.PictureBytes, Metadata: sample.Metadata,
		Styles: rating.Styles, Scores: scores,
		Bundle: v.Model, BundleVersion: v.Version,
	}
}
