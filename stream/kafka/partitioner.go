package kafka

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

// MaxMessageBytes is the largest batch that is produced; the topics that
// cream makes take as much (max.message.bytes).
const MaxMessageBytes = 32 << 20

// MaxRecordBytes is the largest record that can be published, with room for
// the headers that a stage adds. The client measures a batch before it is
// compressed, and a broker after: what got in may be too large to go out.
const MaxRecordBytes = MaxMessageBytes - 64<<10

// Size returns about how many bytes a record takes.
func Size(r *kgo.Record) int {
	size := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += len(h.Key) + len(h.Value) + 10
	}
	return size
}

// Partitioner spreads records by their key, as Kafka's own clients do. Records
// of the fixed topics go to the partition that they name.
func Partitioner(fixed ...string) kgo.Partitioner {
	return partitioner{fixed: fixed, manual: kgo.ManualPartitioner(), byKey: kgo.StickyKeyPartitioner(nil)}
}

type partitioner struct {
	fixed         []string
	manual, byKey kgo.Partitioner
}

func (p partitioner) ForTopic(topic string) kgo.TopicPartitioner {
	if slices.Contains(p.fixed, topic) {
		return p.manual.ForTopic(topic)
	}
	return p.byKey.ForTopic(topic)
}
