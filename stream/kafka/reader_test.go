package kafka_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/stream/embedded/embeddedtest"
	"cream/stream/kafka"
)

// log is a partition with everything in it that a reader may meet.
type log struct {
	*embeddedtest.Flow
	t     *testing.T
	topic string
}

// newLog publishes, each letter a record of the partition 0, in transactions:
// a, b committed (offsets 0, 1, marker 2), x, x aborted (3, 4, marker 5), c
// committed (6, marker 7), then so many aborted ones of one record.
func newLog(t *testing.T, aborted int) log {
	l := log{Flow: embeddedtest.Start(t), t: t}
	l.topic = l.Topics.Samples
	client := l.transactional("writer")
	l.transaction(client, kgo.TryCommit, "a", "b")
	l.transaction(client, kgo.TryAbort, "x", "x")
	l.transaction(client, kgo.TryCommit, "c")
	for range aborted {
		l.transaction(client, kgo.TryAbort, "x")
	}
	return l
}

func (l log) transactional(id string) *kgo.Client {
	l.t.Helper()
	client, err := l.Cluster.NewClient(id, append(kafka.Transactional(id, time.Minute), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(client.Close)
	return client
}

func (l log) begin(client *kgo.Client, values ...string) {
	l.t.Helper()
	if err := client.BeginTransaction(); err != nil {
		l.t.Fatal(err)
	}
	for _, v := range values {
		if err := client.ProduceSync(l.t.Context(), &kgo.Record{Topic: l.topic, Value: []byte(v)}).FirstErr(); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l log) transaction(client *kgo.Client, end kgo.TransactionEndTry, values ...string) {
	l.t.Helper()
	l.begin(client, values...)
	if err := client.EndTransaction(l.t.Context(), end); err != nil {
		l.t.Fatal(err)
	}
}

// place is a record's value and offset.
type place struct {
	Value  string
	Offset int64
}

func places(records ...*kgo.Record) (out []place) {
	for _, r := range records {
		if r != nil {
			out = append(out, place{string(r.Value), r.Offset})
		}
	}
	return out
}

func TestReadFromEachOffset(t *testing.T) {
	l := newLog(t, 0)
	all := []place{{"a", 0}, {"b", 1}, {"c", 6}}
	for offset := range int64(9) {
		var got []place
		at := offset
		for {
			records, next, err := l.Reader.Read(t.Context(), l.topic, 0, at)
			if err != nil {
				t.Fatalf("from %d: %v", at, err)
			}
			got = append(got, places(records...)...)
			if next == at {
				break
			}
			at = next
		}
		want := slices.DeleteFunc(slices.Clone(all), func(p place) bool { return p.Offset < offset })
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("from %d: %s", offset, diff)
		}
		if at != 8 {
			t.Errorf("from %d: the end is %d, want 8", offset, at)
		}
		first, err := l.Reader.First(t.Context(), l.topic, 0, offset)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[:min(1, len(want))], places(first), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the first from %d: %s", offset, diff)
		}
	}
}

func TestReadWhatIsNotThere(t *testing.T) {
	l := newLog(t, 0)
	l.Delete(t, l.topic, 0, 1)
	if _, _, err := l.Reader.Read(t.Context(), l.topic, 0, 0); !errors.Is(err, kafka.ErrDeleted) {
		t.Errorf("a record that was deleted: %v, want ErrDeleted", err)
	}
	if _, _, err := l.Reader.Read(t.Context(), l.topic, 7, 0); err == nil || errors.Is(err, kafka.ErrDeleted) {
		t.Errorf("a partition that is not there: %v", err)
	}
	if _, _, err := l.Reader.Read(t.Context(), "none", 0, 0); err == nil || errors.Is(err, kafka.ErrDeleted) {
		t.Errorf("a topic that is not there: %v", err)
	}
}

// What a transaction has not yet committed is not seen, nor what lies behind.
func TestOpenTransactionsAreNotRead(t *testing.T) {
	l := newLog(t, 0)
	client := l.transactional("open")
	l.begin(client, "open")
	l.Publish(t, &kgo.Record{Topic: l.topic, Value: []byte("behind")})
	seen := func() []place { return places(l.All(t, l.topic)...) }
	want := []place{{"a", 0}, {"b", 1}, {"c", 6}}
	if diff := cmp.Diff(want, seen()); diff != "" {
		t.Error(diff)
	}
	if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(want, place{"open", 8}, place{"behind", 9}), seen()); diff != "" {
		t.Error(diff)
	}
}

func TestLast(t *testing.T) {
	any := func(*kgo.Record) bool { return true }
	// So many markers and aborted records behind it that one step back does
	// not reach it.
	for _, aborted := range []int{0, 1, 40} {
		l := newLog(t, aborted)
		last := func(partition int32, match func(*kgo.Record) bool) []place {
			t.Helper()
			record, err := l.Reader.Last(t.Context(), l.topic, partition, match)
			if err != nil {
				t.Fatal(err)
			}
			return places(record)
		}
		if diff := cmp.Diff([]place{{"c", 6}}, last(0, any)); diff != "" {
			t.Errorf("%d aborted: %s", aborted, diff)
		}
		if diff := cmp.Diff([]place{{"a", 0}}, last(0, func(r *kgo.Record) bool { return string(r.Value) == "a" })); diff != "" {
			t.Errorf("%d aborted: the last a: %s", aborted, diff)
		}
		if got := last(0, func(*kgo.Record) bool { return false }); got != nil {
			t.Errorf("%d aborted: %v matches nothing", aborted, got)
		}
		if got := last(1, any); got != nil {
			t.Errorf("the last of an empty partition is %v", got)
		}
	}
}

// A group is through when only markers and aborted records are ahead of it.
func TestCaughtUp(t *testing.T) {
	l := newLog(t, 2)
	const group = "readers"
	caughtUp := func(partition int32) bool {
		t.Helper()
		done, err := l.Reader.CaughtUp(t.Context(), group, l.topic, partition)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	if caughtUp(-1) || caughtUp(0) || !caughtUp(1) {
		t.Error("a group that is not there has caught up with what is there, or not with an empty partition")
	}
	for _, offset := range []int64{0, 1, 2, 3, 6, 7, 8, 12} {
		want := offset > 6
		var offsets kadm.Offsets
		offsets.AddOffset(l.topic, 0, offset, -1)
		if err := l.Admin.CommitAllOffsets(t.Context(), group, offsets); err != nil {
			t.Fatal(err)
		}
		if caughtUp(-1) != want || caughtUp(0) != want {
			t.Errorf("committed %d: caught up is %v, want %v", offset, !want, want)
		}
		at, err := l.Reader.Committed(t.Context(), group, l.topic)
		if diff := cmp.Diff(map[int32]int64{0: offset}, at); err != nil || diff != "" {
			t.Errorf("committed %d: %v %s", offset, err, diff)
		}
	}
	l.Publish(t, &kgo.Record{Topic: l.topic, Partition: 1, Value: []byte("d")})
	if caughtUp(-1) || !caughtUp(0) || caughtUp(1) {
		t.Error("a record of the other partition does not count for it alone")
	}
	// What was deleted need not be read.
	l.Delete(t, l.topic, 1, 1)
	if !caughtUp(-1) {
		t.Error("a deleted record is waited for")
	}
}
