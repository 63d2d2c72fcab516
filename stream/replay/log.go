package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/selection"
	"cream/stream/batch"
	"cream/stream/folder"
	"cream/stream/kafka"
	"cream/stream/selector"
)

// Stage names the replay in dead letters.
const Stage = "replay"

// LogOptions of a Log.
type LogOptions struct {
	Reader       *kafka.Reader
	Topics       kafka.Topics
	Codec        *schemas.Codec
	Capabilities []string // of the bundle, in order
	Span         Span
	// Samples lets what is copied be the samples' own bytes; else it is the
	// score lines.
	Samples bool
}

// Log is the topic scores as it is at the moment of reading, without the scores
// of samples that were withdrawn since. It implements batch.Source.
type Log struct {
	LogOptions
	read atomic.Int64 // of all, in permille
}

// NewLog returns a Log.
func NewLog(o LogOptions) *Log { return &Log{LogOptions: o} }

// Read implements batch.Source.
func (l *Log) Read() float64 { return float64(l.read.Load()) / 1000 }

type place struct {
	partition int32
	key       string
}

// withdrawn returns, of every key that was withdrawn, the last offset that says
// so: what lies before is not to be used.
func (l *Log) withdrawn(ctx context.Context) (map[place]int64, error) {
	last := make(map[place]int64)
	return last, l.Reader.Scan(ctx, l.Topics.Scores, func(r *kgo.Record) error {
		if r.Value == nil {
			last[place{r.Partition, string(r.Key)}] = r.Offset
		}
		return nil
	})
}

// Scores implements batch.Source.
func (l *Log) Scores(ctx context.Context, each func(*batch.Scored) error) error {
	return l.scan(ctx, func(r *kgo.Record, score *schemas.Score, err error) error {
		s := &batch.Scored{Partition: r.Partition, Offset: r.Offset, Value: r.Value, Copied: r.Offset}
		if err != nil {
			s.Err = fault("score-undecodable", "", err)
			return each(s)
		}
		s.Line = folder.ScoreLineOf(score, l.Capabilities)
		switch {
		case s.Line.ID == "" || len(s.Line.Styles) == 0:
			s.Err = fault("score-invalid", s.Line.ID, errors.New("a score without an id or a style"))
		case len(s.Line.Scores) == 0:
			s.Err = fault(folder.ReasonScore, s.Line.ID, fmt.Errorf("sample %q has no scores", s.Line.ID))
		case score.Partition != r.Partition:
			s.Err = fault("score-invalid", s.Line.ID, fmt.Errorf("the sample lies in partition %d and its score in %d", score.Partition, r.Partition))
		}
		if l.Samples {
			s.Copied = score.Offset
		}
		return each(s)
	})
}

// Candidates calls each with every score in the machine's form, with the place
// of its sample, or with why it cannot be used.
func (l *Log) Candidates(ctx context.Context, each func(*selection.Candidate, error) error) error {
	return l.scan(ctx, func(r *kgo.Record, score *schemas.Score, err error) error {
		if err != nil {
			return each(nil, err)
		}
		return each(selector.CandidateOf(score, l.Capabilities, r.Partition, r.Offset))
	})
}

// scan calls each with every score of the span, or with why it cannot be read.
func (l *Log) scan(ctx context.Context, each func(*kgo.Record, *schemas.Score, error) error) error {
	withdrawn, err := l.withdrawn(ctx)
	if err != nil {
		return err
	}
	progress, err := l.progress(ctx)
	if err != nil {
		return err
	}
	return l.Reader.Scan(ctx, l.Topics.Scores, func(r *kgo.Record) error {
		progress()
		if last, ok := withdrawn[place{r.Partition, string(r.Key)}]; r.Value == nil || ok && r.Offset < last {
			return nil
		}
		score, err := l.Codec.DecodeScore(ctx, r.Value)
		if errors.Is(err, schemas.ErrRegistry) {
			return err
		}
		if err == nil && !l.Span.has(score.EventTime) {
			return nil
		}
		return each(r, score, err)
	})
}

func fault(reason, id string, err error) error {
	return &schemas.FormatError{Reason: reason, ID: id, Err: err}
}

// progress returns what is to be called for every record.
func (l *Log) progress(ctx context.Context) (func(), error) {
	starts, ends, err := l.Reader.Bounds(ctx, l.Topics.Scores)
	if err != nil {
		return nil, err
	}
	var all, n int64
	for p, end := range ends {
		all += end - starts[p]
	}
	return func() {
		n++
		l.read.Store(1000 * n / max(all, 1))
	}, nil
}

// Values implements batch.Source. What is wanted is read where it lies, a
// stretch of the log at a time.
func (l *Log) Values(ctx context.Context, wanted batch.Places, copied func(int32, int64, []byte) error, faulty func(*batch.Scored) error) error {
	topic := l.Topics.Scores
	if l.Samples {
		topic = l.Topics.Samples
	}
	starts, _, err := l.Reader.Bounds(ctx, topic)
	if err != nil {
		return err
	}
	var held []*kgo.Record
	from, next := int64(0), int64(0) // held has all records from the one to the other
	at := int32(-1)
	for partition, offset := range wanted.All() {
		if offset >= starts[partition] && (partition != at || offset < from || offset >= next) {
			if held, next, err = l.Reader.Read(ctx, topic, partition, offset); err != nil && !errors.Is(err, kafka.ErrDeleted) {
				return err
			}
			at, from = partition, offset
		}
		for len(held) > 0 && held[0].Offset < offset {
			held = held[1:]
		}
		if partition != at || len(held) == 0 || held[0].Offset != offset {
			err := faulty(&batch.Scored{Partition: partition, Offset: offset, Copied: offset, Chosen: true,
				Err: fault("payload-deleted", "", fmt.Errorf("%s/%d at offset %d: %w", topic, partition, offset, kafka.ErrDeleted))})
			if err != nil {
				return err
			}
			continue
		}
		value, err := l.line(ctx, held[0].Value)
		if err != nil {
			return fmt.Errorf("read back %s/%d at offset %d: %w", topic, partition, offset, err)
		}
		if err := copied(partition, offset, value); err != nil {
			return err
		}
	}
	return nil
}

// line returns a record's value as a line of JSON: of a sample that is JSON its
// own bytes.
func (l *Log) line(ctx context.Context, value []byte) ([]byte, error) {
	if !l.Samples {
		score, err := l.Codec.DecodeScore(ctx, value)
		if err != nil {
			return nil, err
		}
		line := folder.ScoreLineOf(score, l.Capabilities)
		return line.Append(nil), nil
	}
	if json.Valid(value) {
		return value, nil
	}
	sample, err := l.Codec.DecodeSample(ctx, value)
	if err != nil {
		return nil, err
	}
	return sample.LLaVA()
}
