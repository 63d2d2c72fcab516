package kafka_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/stream/embedded"
	"cream/stream/kafka"
)

// handled counts how often the members of a group have worked on each record.
type handled struct {
	mu       sync.Mutex
	times    map[string]int
	notifyAt map[int]func() // called once so many have been handled
}

func (h *handled) handle(_ context.Context, records []*kgo.Record) ([]*kgo.Record, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*kgo.Record, 0, len(records))
	for _, r := range records {
		h.times[string(r.Key)]++
		out = append(out, &kgo.Record{Topic: "out", Key: r.Key})
	}
	for at, notify := range h.notifyAt {
		if len(h.times) >= at {
			notify()
			delete(h.notifyAt, at)
		}
	}
	return out, nil
}

// TestLoopWorksOnceThroughRebalances lets members join and leave a group in
// the middle of the work: every record is worked on once and published once.
func TestLoopWorksOnceThroughRebalances(t *testing.T) {
	const records = 3000
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	broker, err := embedded.Open(embedded.Options{Dir: t.TempDir(), Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	cluster := kafka.Cluster{Brokers: broker.Addrs(), Logger: logger}
	client, err := cluster.NewClient("test")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for topic, partitions := range map[string]int32{"in": 4, "out": 1} {
		if _, err := kadm.NewClient(client).CreateTopic(t.Context(), partitions, 1, nil, topic); err != nil {
			t.Fatal(err)
		}
	}
	for i := range records {
		client.Produce(t.Context(), &kgo.Record{Topic: "in", Key: fmt.Append(nil, i)}, nil)
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}

	work := &handled{times: make(map[string]int), notifyAt: make(map[int]func())}
	metrics := kafka.NewMetrics(prometheus.NewRegistry())
	member := func(i int) *kafka.Loop {
		loop, err := kafka.NewLoop(kafka.LoopOptions{
			Cluster: cluster, ClientID: fmt.Sprint("member-", i), Stage: "test", Group: "group", Topic: "in",
			TransactionalID: fmt.Sprint("txn-", i), MaxPoll: 10, Handle: work.handle, Metrics: metrics, Logger: logger,
		})
		if err != nil {
			t.Fatal(err)
		}
		return loop
	}
	first, second, third := member(1), member(2), member(3)
	var running sync.WaitGroup
	run := func(ctx context.Context, loop *kafka.Loop) {
		running.Go(func() {
			if err := loop.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	leave, leaveNow := context.WithCancel(t.Context())
	work.notifyAt[records/10] = func() { run(leave, second) }
	work.notifyAt[records/3] = func() { run(t.Context(), third) }
	work.notifyAt[records/2] = leaveNow
	run(t.Context(), first)
	first.Drain()
	third.Drain()
	running.Wait()

	if len(work.times) != records {
		t.Errorf("%d records were worked on, want %d", len(work.times), records)
	}
	for key, times := range work.times {
		if times != 1 {
			t.Errorf("record %s was worked on %d times", key, times)
		}
	}
	published := make(map[string]int)
	err = kafka.NewReader(client).Scan(t.Context(), "out", func(r *kgo.Record) error { published[string(r.Key)]++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(published) != records || slices.Max(slices.Collect(maps.Values(published))) != 1 {
		t.Errorf("%d records were published, one of them %d times; want %d, each once",
			len(published), slices.Max(slices.Collect(maps.Values(published))), records)
	}
}
