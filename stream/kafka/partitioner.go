package kafka

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

// MaxMessageBytes is the largest batch that is produced; the topics that
// cream makes take as much (max.message.bytes).
const MaxMessageBytes = 32 << 20

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
