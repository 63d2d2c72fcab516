// Package embeddedtest gives a test a broker of its own, with the topics made.
package embeddedtest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/stream/embedded"
	"cream/stream/kafka"
)

// Partitions of samples and scores; the other topics have one.
const Partitions = 2

// Flow is a broker with the topics of a flow, and what a stage on it needs.
type Flow struct {
	Broker  *embedded.Broker
	Dir     string // the broker's
	Cluster kafka.Cluster
	Client  *kgo.Client // publishes to the partition that a record names
	Admin   *kadm.Client
	Reader  *kafka.Reader
	Topics  kafka.Topics
	Codec   *schemas.Codec
	Metrics *kafka.Metrics
	Logger  *slog.Logger
}

// Start starts a broker that ends with the test.
func Start(t testing.TB) *Flow {
	t.Helper()
	f := &Flow{
		Dir: t.TempDir(), Topics: kafka.DefaultTopics(""), Metrics: kafka.NewMetrics(prometheus.NewRegistry()),
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	var err error
	if f.Codec, err = schemas.NewCodec(); err != nil {
		t.Fatal(err)
	}
	if f.Broker, err = embedded.Open(embedded.Options{Dir: f.Dir, Logger: f.Logger}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Broker.Close(); err != nil {
			t.Error(err)
		}
	})
	f.Cluster = kafka.Cluster{Brokers: f.Broker.Addrs(), Logger: f.Logger}
	if f.Client, err = f.Cluster.NewClient("cream-test", kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(kafka.MaxMessageBytes)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Client.Close)
	f.Admin, f.Reader = kadm.NewClient(f.Client), kafka.NewReader(f.Client)
	if _, err := f.Topics.Create(t.Context(), f.Admin, kafka.Layout{Partitions: Partitions, OutputPartitions: 1, Replication: 1}); err != nil {
		t.Fatal(err)
	}
	return f
}

// Publish publishes the records, in order, and sets their offsets.
func (f *Flow) Publish(t testing.TB, records ...*kgo.Record) {
	t.Helper()
	if err := f.Client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// All returns what a topic holds.
func (f *Flow) All(t testing.TB, topic string) (records []*kgo.Record) {
	t.Helper()
	if err := f.Reader.Scan(t.Context(), topic, func(r *kgo.Record) error {
		records = append(records, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return records
}

// Await returns the first n records of a topic, once they are committed. It
// fails the test where they do not come.
func (f *Flow) Await(t testing.TB, topic string, n int) (records []*kgo.Record) {
	t.Helper()
	client, err := f.Cluster.NewClient("cream-await", kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(records) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatalf("%d of %d records came to %s: %v", len(records), n, topic, err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

// patience is how long a test waits for what must come.
const patience = time.Minute

// Delete deletes the records of a partition that lie below an offset.
func (f *Flow) Delete(t testing.TB, topic string, partition int32, below int64) {
	t.Helper()
	var offsets kadm.Offsets
	offsets.AddOffset(topic, partition, below, -1)
	answers, err := f.Admin.DeleteRecords(t.Context(), offsets)
	if err == nil {
		err = answers.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
}
