package ingester

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/stream/kafka"
)

// Stage names the ingester in metrics, dead letters and logs.
const Stage = "ingest"

// Options of the stage.
type Options struct {
	Cluster         kafka.Cluster
	Topics          kafka.Topics
	TransactionalID string
	Source          Source
	// Gate is called before each transaction and holds the ingester back
	// while the stages behind it have enough to do; nil lets everything pass.
	Gate    func(ctx context.Context) error
	Now     func() time.Time
	Metrics *kafka.Metrics
	Logger  *slog.Logger
}

// Ingester is the stage; see the package comment.
type Ingester struct {
	opts  Options
	state kafka.State
	first atomic.Int64 // elements that the log held when Run began
	count atomic.Int64 // and holds now
	dead  atomic.Int64 // of those published by Run, too large to travel
}

// New checks the options.
func New(opts Options) (*Ingester, error) {
	if opts.Source == nil || opts.Now == nil || opts.Metrics == nil || opts.Logger == nil || opts.TransactionalID == "" {
		return nil, errors.New("ingester: Source, Now, Metrics, Logger and TransactionalID must be set")
	}
	return &Ingester{opts: opts}, nil
}

// Ready returns why the stage does not work, or nil.
func (in *Ingester) Ready() error { return in.state.Err() }

// Counts returns how many elements of the source earlier runs have published,
// how many this one has, and how many of these were too large and are dead.
func (in *Ingester) Counts() (earlier, published, dead int64) {
	earlier = in.first.Load()
	return earlier, in.count.Load() - earlier, in.dead.Load()
}

// Run publishes the source from where the log ends, until the source ends or
// ctx does. A failure is returned: the source cannot be rewound, so the
// caller begins anew with a fresh one.
func (in *Ingester) Run(ctx context.Context) error {
	err := in.run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	in.state.Set(err)
	return err
}

func (in *Ingester) run(ctx context.Context) error {
	opts := append(kafka.Transactional(in.opts.TransactionalID, commitWait), kgo.RecordPartitioner(kafka.Partitioner()))
	client, err := in.opts.Cluster.NewClient("cream-"+Stage, opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	// The id is claimed first: that aborts what a crashed run left open.
	if _, _, err := client.ProducerID(ctx); err != nil {
		return fmt.Errorf("ingest: claim the transactional id: %w", err)
	}
	position, err := in.position(ctx, kafka.NewReader(client))
	if err != nil {
		return fmt.Errorf("ingest: find the place to go on: %w", err)
	}
	if err := in.opts.Source.Skip(ctx, position); err != nil {
		return fmt.Errorf("ingest: pass over the %d elements that are in the log: %w", position, err)
	}
	in.count.Store(position)
	in.first.Store(position)
	for {
		if in.opts.Gate != nil {
			if err := in.opts.Gate(ctx); err != nil {
				return err
			}
		}
		records, ended, err := in.chunk(ctx)
		if err != nil {
			return err
		}
		if len(records) > 0 {
			if err := in.publish(ctx, client, records); err != nil {
				return fmt.Errorf("ingest: publish elements %d to %d: %w", in.count.Load(), in.count.Load()+int64(len(records))-1, err)
			}
			in.count.Add(int64(len(records)))
		}
		if ended {
			return nil
		}
	}
}

// position returns the number of the first element that is not in the log.
// An element that was too large lies in dead-letter. The last record of a
// partition may be another's: the ingester looks for the last of its own.
func (in *Ingester) position(ctx context.Context, reader *kafka.Reader) (int64, error) {
	var next int64
	for topic, own := range map[string]func(*kgo.Record) bool{
		in.opts.Topics.Samples: numbered,
		in.opts.Topics.DeadLetter: func(r *kgo.Record) bool {
			stage, _ := kafka.Header(r, kafka.HeaderErrorStage)
			return stage == Stage && numbered(r)
		},
	} {
		_, ends, err := reader.Bounds(ctx, topic)
		if err != nil {
			return 0, err
		}
		for partition := range ends {
			last, err := reader.Last(ctx, topic, partition, own)
			if err != nil {
				return 0, err
			}
			if last != nil {
				n, _ := kafka.IntHeader(last, kafka.HeaderInput)
				next = max(next, n+1)
			}
		}
	}
	return next, nil
}

func numbered(r *kgo.Record) bool {
	_, ok := kafka.IntHeader(r, kafka.HeaderInput)
	return ok
}

// A transaction holds at most so many elements and about so many bytes, and
// waits so long for more of a slow source.
const (
	chunkElements = 256
	chunkBytes    = 8 << 20
	chunkWait     = 500 * time.Millisecond
	commitWait    = 30 * time.Second
)

func (in *Ingester) chunk(ctx context.Context) (records []*kgo.Record, ended bool, err error) {
	began := in.opts.Now()
	for size := 0; len(records) < chunkElements && size < chunkBytes && in.opts.Now().Sub(began) < chunkWait; {
		element, err := in.opts.Source.Next(ctx)
		if errors.Is(err, io.EOF) {
			return records, true, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("ingest: read element %d: %w", in.count.Load()+int64(len(records)), err)
		}
		records = append(records, in.record(element, in.count.Load()+int64(len(records))))
		size += len(element.Value)
	}
	return records, false, nil
}

// record makes the element's record: a sample, or a dead letter where it is
// too large to travel.
func (in *Ingester) record(e Element, number int64) *kgo.Record {
	eventTime := e.EventTime
	if eventTime == schemas.NoTime {
		eventTime = in.opts.Now().UnixMilli()
	}
	r := &kgo.Record{
		Topic: in.opts.Topics.Samples, Key: e.Key, Value: e.Value,
		Headers: []kgo.RecordHeader{
			kafka.NumberHeader(kafka.HeaderEventTime, eventTime),
			kafka.NumberHeader(kafka.HeaderInput, number),
		},
	}
	if e.Size > MaxSample {
		cause := fmt.Errorf("%d bytes are %w (%d): give large pictures as files, not inline", e.Size, errTooLarge, MaxSample)
		if e.Size > int64(len(e.Value)) {
			cause = fmt.Errorf("%w; the first %d bytes are kept", cause, len(e.Value))
		}
		return kafka.DeadLetter(in.opts.Topics.DeadLetter, Stage, "sample-too-large", cause, r)
	}
	return r
}

func (in *Ingester) publish(ctx context.Context, client *kgo.Client, records []*kgo.Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWait)
	defer cancel()
	began := in.opts.Now()
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	err := kafka.Produce(ctx, client, records)
	end := client.EndTransaction(ctx, kgo.TransactionEndTry(err == nil))
	err = errors.Join(err, end)
	in.opts.Metrics.Transaction(Stage, err == nil, in.opts.Now().Sub(began))
	if err == nil {
		in.opts.Metrics.Published(Stage, records)
		for _, r := range records {
			if r.Topic == in.opts.Topics.DeadLetter {
				in.dead.Add(1)
			}
		}
	}
	return err
}
