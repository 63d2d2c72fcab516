package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/stream/kafka"
)

// CleanerOptions describe a Cleaner.
type CleanerOptions struct {
	Broker *Broker
	Client *kgo.Client
	Topics kafka.Topics
	Groups kafka.Groups // whose progress tells what is still needed
	Codec  *schemas.Codec
	Limit  int64 // bytes that the data folder may hold
	Keep   bool  // delete nothing: the run's end wants to read it all
	// Remember is how long selections are kept at least: from them a selector
	// that starts anew learns which ids were chosen.
	Remember time.Duration
	Now      func() time.Time
	Logger   *slog.Logger
}

// Cleaner keeps the folder under its limit. It begins to delete at half of
// it, so that what comes meanwhile finds room, gives up old outputs at three
// quarters, and holds the ingester back at the whole of it.
type Cleaner struct {
	opts   CleanerOptions
	admin  *kadm.Client
	reader *kafka.Reader

	mu   sync.Mutex
	size int64
}

// minLimit has room for what cannot be deleted: the last segment of each
// partition, with a batch of the largest samples.
const minLimit = 256 << 20

// NewCleaner checks the options.
func NewCleaner(opts CleanerOptions) (*Cleaner, error) {
	var errs []error
	if opts.Broker == nil || opts.Client == nil || opts.Codec == nil || opts.Now == nil || opts.Logger == nil {
		errs = append(errs, errors.New("cleaner: Broker, Client, Codec, Now and Logger must be set"))
	}
	if opts.Limit < minLimit {
		errs = append(errs, fmt.Errorf("cleaner: a limit of %d bytes is too small: at least %d MiB are needed", opts.Limit, minLimit>>20))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Cleaner{opts: opts, admin: kadm.NewClient(opts.Client), reader: kafka.NewReader(opts.Client)}, nil
}

// cleanEvery is how often the folder is measured. The scorer adds well under
// 100 MB in that time.
const cleanEvery = 2 * time.Second

// Run measures and cleans until ctx ends.
func (c *Cleaner) Run(ctx context.Context) error {
	ticker := time.NewTicker(cleanEvery)
	defer ticker.Stop()
	for {
		if err := c.clean(ctx); err != nil && ctx.Err() == nil {
			// Not fatal: the gate holds the stream back until it works again.
			c.opts.Logger.Error("cleaning the data folder failed, will try again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// ErrFull says that the folder is full and nothing in it may be deleted.
var ErrFull = errors.New("the data folder has reached its limit")

// Gate waits until the folder is under its limit. Where nothing may be
// deleted, waiting would be for ever: it returns ErrFull.
func (c *Cleaner) Gate(ctx context.Context) error {
	for {
		c.mu.Lock()
		size := c.size
		c.mu.Unlock()
		if size < c.opts.Limit {
			return nil
		}
		if c.opts.Keep {
			return fmt.Errorf("%w: %d of %d bytes, and one run over the whole input keeps everything until its end: raise --data-limit", ErrFull, size, c.opts.Limit)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(cleanEvery):
		}
	}
}

func (c *Cleaner) clean(ctx context.Context) error {
	size, err := c.measure()
	if err != nil || c.opts.Keep || size < c.opts.Limit/2 {
		return err
	}
	// What is cheapest to lose goes first: samples and selections that are
	// done with, then scores that are (they could be replayed). The older half
	// of the outputs goes only where three quarters are still taken: while an
	// open window needs much, there may be more than half for a long time.
	t := c.opts.Topics
	samples, scores, err := c.needed(ctx)
	if err != nil {
		return err
	}
	selections, err := c.forgotten(ctx)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		from   int64 // bytes
		delete func() error
	}{
		{c.opts.Limit / 2, func() error {
			return errors.Join(c.deleteBelow(ctx, t.Samples, samples), c.deleteBelow(ctx, t.Selections, selections))
		}},
		{c.opts.Limit / 2, func() error { return c.deleteBelow(ctx, t.Scores, scores) }},
		{c.opts.Limit / 4 * 3, func() error { return c.deleteHalf(ctx, t.Curated, t.Control, t.DeadLetter, t.Windows) }},
	} {
		if size < step.from {
			return nil
		}
		if err := step.delete(); err != nil {
			return err
		}
		if size, err = c.measure(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cleaner) measure() (int64, error) {
	size, err := c.opts.Broker.Size()
	if err == nil {
		c.mu.Lock()
		c.size = size
		c.mu.Unlock()
	}
	return size, err
}

// forgotten returns the offsets of selections below which all are harvested and
// older than anybody wants to remember.
func (c *Cleaner) forgotten(ctx context.Context) (map[int32]int64, error) {
	topic := c.opts.Topics.Selections
	harvested, err := c.reader.Committed(ctx, c.opts.Groups.Harvest, topic)
	if err != nil {
		return nil, err
	}
	young, err := c.admin.ListOffsetsAfterMilli(ctx, c.opts.Now().Add(-c.opts.Remember).UnixMilli(), topic)
	if err == nil {
		err = young.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("cleaner: find the selections to remember: %w", err)
	}
	below := make(map[int32]int64)
	for partition, offset := range harvested {
		if from, ok := young.Lookup(topic, partition); ok {
			below[partition] = min(offset, from.Offset)
		}
	}
	return below, nil
}

// needed returns the lowest offsets of samples and scores that a stage still
// needs. The order of the questions matters: first what the selector has
// committed, and then whether the harvester is through with what the selector
// had published by that time. Samples before the first score that an open
// window needs are then needed by nobody.
func (c *Cleaner) needed(ctx context.Context) (samples, scores map[int32]int64, err error) {
	t := c.opts.Topics
	if scores, err = c.reader.Committed(ctx, c.opts.Groups.Select, t.Scores); err != nil {
		return nil, nil, err
	}
	harvested, err := c.reader.CaughtUp(ctx, c.opts.Groups.Harvest, t.Selections, -1)
	if err != nil || !harvested {
		return nil, nil, err
	}
	if samples, err = c.reader.Committed(ctx, c.opts.Groups.Score, t.Samples); err != nil {
		return nil, nil, err
	}
	// The scores of samples that were committed may lie behind an open
	// transaction of another scorer, where nobody sees them yet.
	steady, err := c.reader.Steady(ctx, t.Scores)
	if err != nil {
		return nil, nil, err
	}
	for partition, offset := range samples {
		from, ok := scores[partition]
		if !ok { // the selector has not yet closed a window of this partition
			delete(samples, partition)
			continue
		}
		record, err := c.reader.First(ctx, t.Scores, partition, from)
		if err != nil {
			return nil, nil, err
		}
		if record == nil {
			if !steady[partition] {
				delete(samples, partition)
			}
			continue
		}
		if record.Value == nil { // a withdrawal
			withdrawn, _ := kafka.IntHeader(record, kafka.HeaderSampleOffset)
			samples[partition] = min(offset, withdrawn)
			continue
		}
		score, err := c.opts.Codec.DecodeScore(ctx, record.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("cleaner: %s/%d at offset %d: %w", t.Scores, partition, record.Offset, err)
		}
		samples[partition] = min(offset, score.Offset)
	}
	return samples, scores, nil
}

// deleteBelow deletes what lies below these offsets, but never a partition's
// last record. The broker knows a partition's end only by what is in it: were
// it empty, its offsets would begin again at 0 after a restart, and every
// position that was committed would be wrong.
func (c *Cleaner) deleteBelow(ctx context.Context, topic string, below map[int32]int64) error {
	starts, _, err := c.reader.Bounds(ctx, topic)
	if err != nil {
		return err
	}
	var offsets kadm.Offsets
	for partition, at := range below {
		if at <= starts[partition] {
			continue
		}
		last, err := c.reader.Last(ctx, topic, partition, func(*kgo.Record) bool { return true })
		if err != nil {
			return err
		}
		if last != nil && last.Offset > starts[partition] {
			offsets.AddOffset(topic, partition, min(at, last.Offset), -1)
		}
	}
	if len(offsets) == 0 {
		return nil
	}
	answers, err := c.admin.DeleteRecords(ctx, offsets)
	if err == nil {
		err = answers.Error()
	}
	if err != nil {
		return fmt.Errorf("cleaner: delete records of %s: %w", topic, err)
	}
	return nil
}

func (c *Cleaner) deleteHalf(ctx context.Context, topics ...string) error {
	for _, topic := range topics {
		starts, ends, err := c.reader.Bounds(ctx, topic)
		if err != nil {
			return err
		}
		below := make(map[int32]int64, len(ends))
		for partition, end := range ends {
			below[partition] = starts[partition] + (end-starts[partition])/2
		}
		if err := c.deleteBelow(ctx, topic, below); err != nil {
			return err
		}
	}
	return nil
}
