package harvester

import (
	"context"
	"fmt"
	"sort"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/stream/kafka"
)

// payloads reads single records of the samples topic. It keeps what the last
// read brought: asked for by partition, in the order of offsets, it reads the
// log forward once.
type payloads struct {
	reader *kafka.Reader
	held   span
}

// span is the committed records of a partition from first to next (exclusive).
type span struct {
	topic       string
	partition   int32
	first, next int64
	records     []*kgo.Record
}

func (s *span) covers(topic string, partition int32, offset int64) bool {
	return s.topic == topic && s.partition == partition && s.first <= offset && offset < s.next
}

func newPayloads(reader *kafka.Reader) *payloads { return &payloads{reader: reader} }

// get returns the record at exactly that offset, which is valid until the next
// call. Its error wraps kafka.ErrDeleted where retention has taken it.
func (p *payloads) get(ctx context.Context, topic string, partition int32, offset int64) (*kgo.Record, error) {
	if !p.held.covers(topic, partition, offset) {
		p.held = span{} // not two spans at once in memory
		records, next, err := p.reader.Read(ctx, topic, partition, offset)
		if err != nil {
			return nil, err
		}
		p.held = span{topic, partition, offset, next, records}
	}
	records := p.held.records
	i := sort.Search(len(records), func(i int) bool { return records[i].Offset >= offset })
	if i == len(records) || records[i].Offset != offset {
		// The log is past the offset and has no such record: compaction.
		if p.held.next > offset {
			return nil, fmt.Errorf("%s/%d at offset %d: %w", topic, partition, offset, kafka.ErrDeleted)
		}
		return nil, fmt.Errorf("%s/%d ends before offset %d", topic, partition, offset)
	}
	return records[i], nil
}
