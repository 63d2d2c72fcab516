package harvester

import (
	"context"
	"fmt"
	"sort"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/stream/kafka"
)

// payloads reads single records of the samples topic. It keeps what the last
// read of a partition brought: asked for in the order of offsets, it reads
// the log forward once.
type payloads struct {
	reader *kafka.Reader
	held   map[place]span
}

type place struct {
	topic     string
	partition int32
}

// span is the committed records from first to next (exclusive).
type span struct {
	first, next int64
	records     []*kgo.Record
}

func newPayloads(reader *kafka.Reader) *payloads {
	return &payloads{reader: reader, held: make(map[place]span)}
}

// get returns the record at exactly that offset. Its error wraps
// kafka.ErrDeleted where retention has taken it.
func (p *payloads) get(ctx context.Context, topic string, partition int32, offset int64) (*kgo.Record, error) {
	at := place{topic, partition}
	held := p.held[at]
	if offset < held.first || offset >= held.next {
		delete(p.held, at) // not two spans at once in memory
		records, next, err := p.reader.Read(ctx, topic, partition, offset)
		if err != nil {
			return nil, err
		}
		held = span{offset, next, records}
		p.held[at] = held
	}
	i := sort.Search(len(held.records), func(i int) bool { return held.records[i].Offset >= offset })
	if i == len(held.records) || held.records[i].Offset != offset {
		// The log is past the offset and has no such record: compaction.
		if held.next > offset {
			return nil, fmt.Errorf("%s/%d at offset %d: %w", topic, partition, offset, kafka.ErrDeleted)
		}
		return nil, fmt.Errorf("%s/%d ends before offset %d", topic, partition, offset)
	}
	return held.records[i], nil
}
