package kafka_test

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/stream/kafka"
)

// Records with a key go where Kafka's own clients would send them, so that
// samples of a collector in any language lie beside the ingester's.
func TestPartitionerByKey(t *testing.T) {
	p := kafka.Partitioner("scores").ForTopic("samples")
	if !p.RequiresConsistency(&kgo.Record{Key: []byte("a")}) {
		t.Error("a key may go to more than one partition")
	}
	// From Kafka's UtilsTest.testMurmur2: murmur2 of "21" is -973932308, of
	// "foobar" -790332482, of "a-little-bit-longer-string" -985981536.
	for key, hash := range map[string]int32{"21": -973932308, "foobar": -790332482, "a-little-bit-longer-string": -1486304829, "abc": 479470107} {
		for _, n := range []int{1, 4, 12} {
			want := int(hash&0x7fffffff) % n
			if got := p.Partition(&kgo.Record{Key: []byte(key), Partition: 3}, n); got != want {
				t.Errorf("%q of %d: partition %d, want %d", key, n, got, want)
			}
		}
	}
}

func TestPartitionerOfFixedTopics(t *testing.T) {
	p := kafka.Partitioner("scores", "others").ForTopic("scores")
	for i := range 8 {
		if got := p.Partition(&kgo.Record{Key: fmt.Append(nil, i), Partition: int32(i)}, 8); got != i {
			t.Errorf("a record that names partition %d went to %d", i, got)
		}
	}
}
