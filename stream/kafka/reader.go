package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Reader reads committed records of a partition from any offset, without a
// consumer group and without moving anybody's position. It is safe for use by
// many goroutines at once.
type Reader struct {
	client *kgo.Client
	admin  *kadm.Client

	mu     sync.Mutex
	topics map[string]kadm.TopicDetail // leaders, as last seen
}

// NewReader returns a Reader over the client, which it does not close.
func NewReader(client *kgo.Client) *Reader {
	return &Reader{client: client, admin: kadm.NewClient(client), topics: make(map[string]kadm.TopicDetail)}
}

// ErrDeleted says that the log begins after the offset that was asked for.
var ErrDeleted = errors.New("retention has deleted the record")

// ErrMissing says that there is no such topic or partition.
var ErrMissing = errors.New("there is no such topic or partition")

// What one read brings, in bytes; a single larger batch comes whole.
const (
	readBytes = 8 << 20
	peekBytes = 16 << 10
)

// A broker that is not the leader any more is asked again, after a pause that
// doubles: an election takes a moment.
const (
	readAttempts   = 7
	firstReadPause = 25 * time.Millisecond
)

// Read returns committed records from offset on, and the offset at which to
// go on. No records and next equal to offset mean that there is nothing more
// to see for now; no records and a greater next, that what lay there was
// aborted or only a transaction's marker.
func (r *Reader) Read(ctx context.Context, topic string, partition int32, offset int64) (records []*kgo.Record, next int64, err error) {
	return r.retry(ctx, topic, partition, offset, readBytes)
}

func (r *Reader) retry(ctx context.Context, topic string, partition int32, offset int64, bytes int32) (records []*kgo.Record, next int64, err error) {
	pause := firstReadPause
	for attempt := 1; ; attempt++ {
		records, next, err = r.read(ctx, topic, partition, offset, bytes)
		if err == nil || attempt == readAttempts || !kerr.IsRetriable(err) {
			break
		}
		r.mu.Lock() // the leader may have moved
		delete(r.topics, topic)
		r.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause *= 2
			continue
		}
		break
	}
	switch {
	case errors.Is(err, kerr.OffsetOutOfRange):
		err = ErrDeleted
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		err = ErrMissing
	}
	if err != nil {
		return nil, offset, fmt.Errorf("read %s/%d at offset %d: %w", topic, partition, offset, err)
	}
	return records, next, nil
}

func (r *Reader) read(ctx context.Context, topic string, partition int32, offset int64, bytes int32) ([]*kgo.Record, int64, error) {
	detail, err := r.detail(ctx, topic)
	if err != nil {
		return nil, offset, err
	}
	leader, ok := detail.Partitions[partition]
	if !ok {
		return nil, offset, kerr.UnknownTopicOrPartition
	}
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis = 0
	req.MaxBytes = bytes
	req.IsolationLevel = 1 // read committed
	reqTopic := kmsg.NewFetchRequestTopic()
	reqTopic.Topic, reqTopic.TopicID = topic, detail.ID
	reqPartition := kmsg.NewFetchRequestTopicPartition()
	reqPartition.Partition = partition
	reqPartition.FetchOffset = offset
	reqPartition.PartitionMaxBytes = bytes
	reqTopic.Partitions = append(reqTopic.Partitions, reqPartition)
	req.Topics = append(req.Topics, reqTopic)

	answer, err := r.client.Broker(int(leader.Leader)).RetriableRequest(ctx, req)
	if err != nil {
		return nil, offset, err
	}
	resp := answer.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, offset, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return nil, offset, errors.New("the broker's answer holds another number of partitions than one")
	}
	part := &resp.Topics[0].Partitions[0]
	if err := kerr.ErrorForCode(part.ErrorCode); err != nil {
		return nil, offset, err
	}
	fetched, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Offset:         offset,
		IsolationLevel: kgo.ReadCommitted(),
		Topic:          topic,
		Partition:      partition,
	}, part, kgo.DefaultDecompressor(), nil)
	if fetched.Err != nil {
		return nil, offset, fetched.Err
	}
	return fetched.Records, max(next, offset), nil
}

func (r *Reader) detail(ctx context.Context, topic string) (kadm.TopicDetail, error) {
	r.mu.Lock()
	detail, ok := r.topics[topic]
	r.mu.Unlock()
	if ok {
		return detail, nil
	}
	details, err := r.admin.ListTopics(fresh(ctx), topic)
	if err != nil {
		return kadm.TopicDetail{}, err
	}
	detail = details[topic]
	if detail.Err != nil {
		return kadm.TopicDetail{}, detail.Err
	}
	r.mu.Lock()
	r.topics[topic] = detail
	r.mu.Unlock()
	return detail, nil
}

// First returns the first committed record at offset or after it, or nil
// where there is none yet.
func (r *Reader) First(ctx context.Context, topic string, partition int32, offset int64) (*kgo.Record, error) {
	for {
		records, next, err := r.retry(ctx, topic, partition, offset, peekBytes)
		if err != nil {
			return nil, err
		}
		if len(records) > 0 {
			return records[0], nil
		}
		if next == offset {
			return nil, nil
		}
		offset = next
	}
}

// Last returns the last committed record of a partition for which match
// holds, or nil where there is none. It reads backwards, as far as it must.
func (r *Reader) Last(ctx context.Context, topic string, partition int32, match func(*kgo.Record) bool) (*kgo.Record, error) {
	starts, ends, err := r.Bounds(ctx, topic)
	if err != nil {
		return nil, err
	}
	start, end := starts[partition], ends[partition]
	// Step back further and further: the end may be markers and aborted records.
	for step := int64(4); end > start; step *= 4 {
		var last *kgo.Record
		from := max(start, end-step)
		for offset := from; offset < end; {
			records, next, err := r.Read(ctx, topic, partition, offset)
			if err != nil {
				return nil, err
			}
			for _, record := range records {
				if record.Offset < end && match(record) {
					last = record
				}
			}
			if next == offset {
				break
			}
			offset = next
		}
		if last != nil {
			return last, nil
		}
		end = from
	}
	return nil, nil
}

// Bounds returns the first offset of each partition and the one behind its
// last stable record.
func (r *Reader) Bounds(ctx context.Context, topic string) (starts, ends map[int32]int64, err error) {
	listed, err := r.admin.ListStartOffsets(ctx, topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("list the start offsets of %s: %w", topic, err)
	}
	committed, err := r.admin.ListCommittedOffsets(ctx, topic)
	if err == nil {
		err = committed.Error()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("list the end offsets of %s: %w", topic, err)
	}
	starts, ends = make(map[int32]int64), make(map[int32]int64)
	listed.Each(func(o kadm.ListedOffset) { starts[o.Partition] = o.Offset })
	committed.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
	return starts, ends, nil
}

// Steady returns the partitions that end in no open transaction: whose last
// record is committed or aborted for good.
func (r *Reader) Steady(ctx context.Context, topic string) (map[int32]bool, error) {
	_, committed, err := r.Bounds(ctx, topic)
	if err != nil {
		return nil, err
	}
	listed, err := r.admin.ListEndOffsets(ctx, topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list the end offsets of %s: %w", topic, err)
	}
	steady := make(map[int32]bool)
	listed.Each(func(o kadm.ListedOffset) { steady[o.Partition] = committed[o.Partition] == o.Offset })
	return steady, nil
}

// Unread returns, for each partition, how many offsets that the group has not
// read retention has deleted. A last one may have been a transaction's marker.
func (r *Reader) Unread(ctx context.Context, group, topic string) (map[int32]int64, error) {
	committed, err := r.Committed(ctx, group, topic)
	if err != nil {
		return nil, err
	}
	starts, _, err := r.Bounds(ctx, topic)
	if err != nil {
		return nil, err
	}
	lost := make(map[int32]int64)
	for partition, at := range committed {
		if gone := starts[partition] - at; gone > 1 {
			lost[partition] = gone
		}
	}
	return lost, nil
}

// Scan calls fn for every committed record that a topic holds at this moment,
// one partition after another, each in order.
func (r *Reader) Scan(ctx context.Context, topic string, fn func(*kgo.Record) error) error {
	starts, ends, err := r.Bounds(ctx, topic)
	if err != nil {
		return err
	}
	for p := int32(0); int(p) < len(ends); p++ {
		for offset := starts[p]; offset < ends[p]; {
			records, next, err := r.Read(ctx, topic, p, offset)
			if err != nil {
				return err
			}
			for _, record := range records {
				if record.Offset >= ends[p] {
					break
				}
				if err := fn(record); err != nil {
					return err
				}
			}
			if next == offset {
				break
			}
			offset = next
		}
	}
	return nil
}

// Committed returns the offsets that the group has committed, for the
// partitions where it has. A group that is not there has committed nothing.
func (r *Reader) Committed(ctx context.Context, group, topic string) (map[int32]int64, error) {
	fetched, err := r.admin.FetchOffsetsForTopics(ctx, group, topic)
	if err == nil {
		err = fetched.Error()
	}
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("fetch the offsets of group %s: %w", group, err)
	}
	at := make(map[int32]int64)
	fetched.Each(func(o kadm.OffsetResponse) {
		if o.At >= 0 {
			at[o.Partition] = o.At
		}
	})
	return at, nil
}

// CaughtUp tells whether the group has committed past every record that the
// topic's partition (each of them, where partition is negative) holds at this
// moment. Offsets alone cannot tell: behind the last record a transaction's
// marker or aborted records may lie, which no consumer ever sees.
func (r *Reader) CaughtUp(ctx context.Context, group, topic string, partition int32) (bool, error) {
	starts, ends, err := r.Bounds(ctx, topic)
	if err != nil {
		return false, err
	}
	committed, err := r.Committed(ctx, group, topic)
	if err != nil {
		return false, err
	}
	for p, end := range ends {
		if partition >= 0 && p != partition {
			continue
		}
		at := max(starts[p], committed[p])
		if at >= end {
			continue
		}
		ahead, err := r.First(ctx, topic, p, at)
		if err != nil {
			return false, err
		}
		if ahead != nil {
			return false, nil
		}
	}
	return true, nil
}
