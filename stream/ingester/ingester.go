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

	begun   bool          // the source stands where the log ends
	pending []*kgo.Record // read from the source, and not known to be in the log
	ended   bool          // the source has
}

// New checks the options.
func New(opts Options) (*Ingester, error) {
	if opts.Source == nil || opts.Now == nil || opts.Metrics == nil || opts.Logger == nil || opts.TransactionalID == "" {
		return nil, errors.New("ingester: Source, Now, Metrics, Logger and TransactionalID must be set")
	}
	in := &Ingester{opts: opts}
	in.state.Set(errors.New("not yet started"))
	return in, nil
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
// ctx does. What the brokers fail to take is tried again; a failure of the
// source or of the gate is returned.
func (in *Ingester) Run(ctx context.Context) error {
	var fatal final
	_ = kafka.Retry(ctx, in.opts.Logger, Stage, &in.state, func(ctx context.Context) (bool, error) {
		worked, err := in.session(ctx)
		if errors.As(err, &fatal) {
			return worked, nil
		}
		return worked, err
	})
	if ctx.Err() != nil || fatal.error == nil {
		return nil
	}
	in.state.Set(fatal)
	return fatal.error
}

// final is a failure that trying again does not mend.
type final struct{ error }

// session publishes with one client, until the source's end or an error. It
// tells whether it has published anything.
func (in *Ingester) session(ctx context.Context) (worked bool, err error) {
	opts := append(kafka.Transactional(in.opts.TransactionalID, commitWait), kgo.RecordPartitioner(kafka.Partitioner()))
	client, err := in.opts.Cluster.NewClient("cream-"+Stage, opts...)
	if err != nil {
		return false, err
	}
	defer client.Close()
	// The id is claimed first: that aborts what a session before left open.
	if _, _, err := client.ProducerID(ctx); err != nil {
		return false, fmt.Errorf("ingest: claim the transactional id: %w", err)
	}
	position, err := in.position(ctx, kafka.NewReader(client))
	if err != nil {
		return false, fmt.Errorf("ingest: find the place to go on: %w", err)
	}
	if err := in.goOn(ctx, position); err != nil {
		return false, err
	}
	in.state.Set(nil)
	for {
		if len(in.pending) == 0 {
			if in.ended {
				return worked, nil
			}
			if err := in.fetch(ctx); err != nil {
				return worked, final{err}
			}
			continue
		}
		if err := in.publish(ctx, client, in.pending); err != nil {
			return worked, fmt.Errorf("ingest: publish elements %d to %d: %w", in.count.Load(), in.count.Load()+int64(len(in.pending))-1, err)
		}
		in.count.Add(int64(len(in.pending)))
		in.pending, worked = nil, true
	}
}

// goOn takes the place where the log ends: at first it passes over what is
// there; later the log may have what a session before was not sure of.
func (in *Ingester) goOn(ctx context.Context, position int64) error {
	if !in.begun {
		if err := in.opts.Source.Skip(ctx, position); err != nil {
			return final{fmt.Errorf("ingest: pass over the %d elements that are in the log: %w", position, err)}
		}
		in.count.Store(position)
		in.first.Store(position)
		in.begun = true
		return nil
	}
	if position > in.count.Load() {
		in.count.Store(position)
		in.pending = nil
	}
	return nil
}

// fetch takes the next elements from the source.
func (in *Ingester) fetch(ctx context.Context) (err error) {
	if in.opts.Gate != nil {
		if err := in.opts.Gate(ctx); err != nil {
			return err
		}
	}
	in.pending, in.ended, err = in.chunk(ctx)
	return err
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
	commitWait    = time.Minute
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
