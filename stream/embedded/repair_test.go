package embedded_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/stream/embedded"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/kafka"
)

// image is a copy of a broker's folder as it lies on the disk at a moment.
type image struct{ dir string }

func imageOf(t *testing.T, f *embeddedtest.Flow) image {
	t.Helper()
	c := image{t.TempDir()}
	if err := os.CopyFS(c.dir, os.DirFS(f.Dir)); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c image) files(topic string, partition int) (data, index string) {
	folder := filepath.Join(c.dir, "broker", "partitions", fmt.Sprintf("%s-%d", topic, partition))
	return filepath.Join(folder, "0.dat"), filepath.Join(folder, "0.idx")
}

const indexEntry = 15

// beforeIndex is the moment at which the last batch of a partition was in its
// segment and not in the index.
func (c image) beforeIndex(t *testing.T, topic string, partition int) image {
	t.Helper()
	_, index := c.files(topic, partition)
	info, err := os.Stat(index)
	if err == nil {
		err = os.Truncate(index, info.Size()-indexEntry)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// beforeBatch is the moment before the last batch of a partition was written.
func (c image) beforeBatch(t *testing.T, topic string, partition int) image {
	t.Helper()
	data, _ := c.files(topic, partition)
	content, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for at := 0; at < len(content); at += 12 + int(binary.BigEndian.Uint32(content[at+8:])) {
		last = at
	}
	if err := os.Truncate(data, int64(last)); err != nil {
		t.Fatal(err)
	}
	return c.beforeIndex(t, topic, partition)
}

// committed returns what a broker that starts on the crashed folder holds.
func (c image) committed(t *testing.T, f *embeddedtest.Flow) (values []string) {
	t.Helper()
	broker, err := embedded.Open(embedded.Options{Dir: c.dir, Logger: f.Logger})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	client, err := kafka.Cluster{Brokers: broker.Addrs()}.NewClient("after the crash")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := kafka.NewReader(client).Scan(t.Context(), f.Topics.Samples, func(r *kgo.Record) error {
		values = append(values, string(r.Value))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return values
}

// TestACrashInTheMiddleOfAWrite: whatever the broker was in the middle of when
// it was killed did not happen, in all partitions alike; what was finished did.
func TestACrashInTheMiddleOfAWrite(t *testing.T) {
	f := embeddedtest.Start(t)
	client, err := f.Cluster.NewClient("producer", kgo.TransactionalID("t"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	both := func(name string) {
		t.Helper()
		for p := range int32(embeddedtest.Partitions) {
			r := &kgo.Record{Topic: f.Topics.Samples, Partition: p, Value: fmt.Append(nil, name, p)}
			if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	begin := func() {
		t.Helper()
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
	}
	end := func() {
		t.Helper()
		if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when string, c image, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, c.committed(t, f)); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
	begin()
	both("a")
	end()
	expect("a transaction has ended", imageOf(t, f), "a0", "a1")
	begin()
	both("b")
	expect("one is open", imageOf(t, f), "a0", "a1")
	expect("its last batch is not in the index", imageOf(t, f).beforeIndex(t, f.Topics.Samples, 1), "a0", "a1")
	end()
	expect("it has ended", imageOf(t, f), "a0", "b0", "a1", "b1")
	for p := range embeddedtest.Partitions {
		expect(fmt.Sprint("all partitions but one have its marker: ", p), imageOf(t, f).beforeBatch(t, f.Topics.Samples, p), "a0", "a1")
		expect(fmt.Sprint("its marker is not in the index of ", p), imageOf(t, f).beforeIndex(t, f.Topics.Samples, p), "a0", "a1")
	}
	begin()
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: f.Topics.Samples, Partition: 0, Value: []byte("c0")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	expect("the next one has begun in one partition", imageOf(t, f), "a0", "b0", "a1", "b1")
	end()
	expect("and has ended", imageOf(t, f), "a0", "b0", "c0", "a1", "b1")
}
