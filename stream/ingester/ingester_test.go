package ingester_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"cream/schemas"
	"cream/stream/embedded"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/ingester"
	"cream/stream/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// list is a Source over values; at end its Next gives ended, or io.EOF.
type list struct {
	values []string
	ended  error
	at     int
}

func (l *list) Next(context.Context) (ingester.Element, error) {
	if l.at == len(l.values) {
		if l.ended != nil {
			return ingester.Element{}, l.ended
		}
		return ingester.Element{}, io.EOF
	}
	v := l.values[l.at]
	l.at++
	return ingester.Element{Key: []byte(v[:min(9, len(v))]), Value: []byte(v), EventTime: schemas.NoTime, Size: int64(len(v))}, nil
}

func (l *list) Skip(_ context.Context, n int64) error { l.at += int(n); return nil }

func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("element %d", i)
	}
	return out
}

var now = time.UnixMilli(1769860800123)

func ingest(ctx context.Context, t *testing.T, f *embeddedtest.Flow, source ingester.Source, gate func(context.Context) error) error {
	t.Helper()
	in, err := ingester.New(ingester.Options{
		Cluster: f.Cluster, Topics: f.Topics, TransactionalID: "ingest", Source: source, Gate: gate,
		Now: func() time.Time { return now }, Metrics: f.Metrics, Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	return in.Run(ctx)
}

// byNumber returns the values of the records in the order of their numbers,
// and fails where a number is missing or stands twice.
func byNumber(t *testing.T, records []*kgo.Record) []string {
	t.Helper()
	out := make([]string, len(records))
	seen := make([]bool, len(records))
	for _, r := range records {
		n, ok := kafka.IntHeader(r, kafka.HeaderInput)
		if !ok || n < 0 || n >= int64(len(out)) || seen[n] {
			t.Fatalf("number %d of %d, %v: missing, or there twice", n, len(out), ok)
		}
		out[n], seen[n] = string(r.Value), true
	}
	return out
}

func TestElementsArePublishedOnceOverRestarts(t *testing.T) {
	f := embeddedtest.Start(t)
	want := numbers(1000)
	// The first run ends with an error of its source, the second is stopped,
	// the third comes to the end, the fourth finds nothing to do.
	broken := errors.New("the disk is gone")
	if err := ingest(t.Context(), t, f, &list{values: want[:700], ended: broken}, nil); !errors.Is(err, broken) {
		t.Fatalf("the source failed, and Run returned %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	rounds := 0
	if err := ingest(ctx, t, f, &list{values: want}, func(ctx context.Context) error {
		if rounds++; rounds == 2 {
			cancel()
		}
		return ctx.Err()
	}); err != nil {
		t.Fatalf("a stop is no error: %v", err)
	}
	if got := len(f.All(t, f.Topics.Samples)); got == 0 || got == len(want) {
		t.Fatalf("%d of %d elements were published before the end: the test does not stop in the middle", got, len(want))
	}
	for range 2 {
		if err := ingest(t.Context(), t, f, &list{values: want}, nil); err != nil {
			t.Fatal(err)
		}
	}
	records := f.All(t, f.Topics.Samples)
	if diff := cmp.Diff(want, byNumber(t, records)); diff != "" {
		t.Error(diff)
	}
	for _, r := range records {
		if at, _ := kafka.IntHeader(r, kafka.HeaderEventTime); at != now.UnixMilli() || string(r.Key) != string(r.Value[:9]) {
			t.Errorf("%s: key %s, event time %d", r.Value, r.Key, at)
		}
	}
}

func TestTooLargeElementsAreDeadLetters(t *testing.T) {
	f := embeddedtest.Start(t)
	large := string(bytes.Repeat([]byte{'x'}, ingester.MaxSample+1))
	fits := large[:ingester.MaxSample]
	// The last element is too large: there is no sample behind it that would
	// tell a new run to go on behind it.
	values := []string{"element 0", large, fits, large}
	for range 2 {
		if err := ingest(t.Context(), t, f, &list{values: values}, nil); err != nil {
			t.Fatal(err)
		}
		// What other stages write behind it must not hide it.
		f.Publish(t, kafka.DeadLetter(f.Topics.DeadLetter, "score", "invalid-json", errors.New("x"), &kgo.Record{
			Headers: []kgo.RecordHeader{kafka.NumberHeader(kafka.HeaderInput, 0)}}))
		f.Publish(t, &kgo.Record{Topic: f.Topics.DeadLetter, Value: []byte("not ours")})
	}
	if got := len(f.All(t, f.Topics.Samples)); got != 2 {
		t.Errorf("%d samples, want 2", got)
	}
	letters := slices.DeleteFunc(f.All(t, f.Topics.DeadLetter), func(r *kgo.Record) bool {
		stage, _ := kafka.Header(r, kafka.HeaderErrorStage)
		return stage != ingester.Stage
	})
	if len(letters) != 2 {
		t.Fatalf("%d dead letters, want 2", len(letters))
	}
	for i, r := range letters {
		n, _ := kafka.IntHeader(r, kafka.HeaderInput)
		if reason, _ := kafka.Header(r, kafka.HeaderErrorReason); reason != "sample-too-large" || n != int64(2*i+1) || string(r.Value) != large {
			t.Errorf("dead letter %d: reason %q, element %d, %d bytes", i, reason, n, len(r.Value))
		}
	}
}

// Samples that somebody else writes to the topic do not hide the ingester's
// place.
func TestOthersSamplesInBetween(t *testing.T) {
	f := embeddedtest.Start(t)
	want := numbers(300)
	if err := ingest(t.Context(), t, f, &list{values: want[:200]}, nil); err != nil {
		t.Fatal(err)
	}
	for p := range int32(embeddedtest.Partitions) {
		for range 100 {
			f.Publish(t, &kgo.Record{Topic: f.Topics.Samples, Partition: p, Value: []byte("another's")})
		}
	}
	if err := ingest(t.Context(), t, f, &list{values: want}, nil); err != nil {
		t.Fatal(err)
	}
	ours := slices.DeleteFunc(f.All(t, f.Topics.Samples), func(r *kgo.Record) bool { return string(r.Value) == "another's" })
	if diff := cmp.Diff(want, byNumber(t, ours)); diff != "" {
		t.Error(diff)
	}
}

func TestGateHoldsTheIngesterBack(t *testing.T) {
	f := embeddedtest.Start(t)
	full := errors.New("full")
	if err := ingest(t.Context(), t, f, &list{values: numbers(3)}, func(context.Context) error { return full }); !errors.Is(err, full) {
		t.Errorf("Run returned %v, want the gate's error", err)
	}
	if got := f.All(t, f.Topics.Samples); len(got) != 0 {
		t.Errorf("%d elements passed a closed gate", len(got))
	}
}

// A source that is not the one the log began with is found out.
func TestAnotherSource(t *testing.T) {
	f := embeddedtest.Start(t)
	if err := ingest(t.Context(), t, f, open(t, "[1, 2, 3]"), nil); err != nil {
		t.Fatal(err)
	}
	if err := ingest(t.Context(), t, f, open(t, "[1]"), nil); err == nil {
		t.Error("a shorter source was taken for the same")
	}
}

// TestABrokerThatGoesAndComesBack: what it did not take is published again,
// once.
func TestABrokerThatGoesAndComesBack(t *testing.T) {
	f := embeddedtest.Start(t)
	want := numbers(1500)
	_, text, err := net.SplitHostPort(f.Broker.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	rounds := 0
	if err := ingest(t.Context(), t, f, &list{values: want}, func(context.Context) error {
		if rounds++; rounds != 3 {
			return nil
		}
		if err := f.Broker.Close(); err != nil {
			return err
		}
		again, err := embedded.Open(embedded.Options{Dir: f.Dir, Port: port, Logger: f.Logger})
		if err == nil {
			t.Cleanup(func() { again.Close() })
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, byNumber(t, f.All(t, f.Topics.Samples))); diff != "" {
		t.Error(diff)
	}
}
