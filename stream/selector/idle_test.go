package selector_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/stream/embedded/embeddedtest"
	"cream/stream/kafka"
)

// TestIdlePartitions: one that brings nothing holds windows open until it has
// been idle for long enough.
func TestIdlePartitions(t *testing.T) {
	f := embeddedtest.Start(t)
	c := &clock{}
	defer running(t, newSelector(t, f, c))()
	for i := range 20 {
		f.Publish(t, score(t, f, 0, fmt.Sprint(i), int64(1000*i))) // partition 1 brings nothing
	}
	// The clock stands still: nothing is idle. What the selector has read is
	// told by what it refuses.
	f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: 0, Value: []byte("no score")})
	f.Await(t, f.Topics.DeadLetter, 1)
	if open := summaries(t, f); len(open) != 0 {
		t.Errorf("%d windows closed while partition 1 could still bring something", len(open))
	}
	c.ms.Add(policy().Window.Idle.Milliseconds())
	f.Await(t, f.Topics.Windows, 2) // all are idle: both windows close
}

// TestAnOpenTransactionIsNotIdle: a partition is not idle as long as scores lie
// on it that nobody can see yet, though their samples count as scored.
func TestAnOpenTransactionIsNotIdle(t *testing.T) {
	f := embeddedtest.Start(t)
	c := &clock{}
	defer running(t, newSelector(t, f, c))()
	scorer, err := f.Cluster.NewClient("scorer", append(kafka.Transactional("score", time.Minute), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer scorer.Close()
	if err := scorer.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := scorer.ProduceSync(t.Context(), score(t, f, 1, "unseen", 5000)).FirstErr(); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		f.Publish(t, score(t, f, 0, fmt.Sprint(i), int64(1000*i)))
	}
	// That it has looked again is told by what it refuses.
	for n := range 2 {
		f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: 0, Value: []byte("no score")})
		f.Await(t, f.Topics.DeadLetter, n+1)
		c.ms.Add(policy().Window.Idle.Milliseconds())
	}
	if closed := summaries(t, f); len(closed) != 0 {
		t.Errorf("%d windows closed before the score in an open transaction was seen", len(closed))
	}
	if err := scorer.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: 1, Value: []byte("no score")})
	f.Await(t, f.Topics.DeadLetter, 3)
	c.ms.Add(policy().Window.Idle.Milliseconds())
	f.Await(t, f.Topics.Windows, 2)
	if w := summaries(t, f)[0]; w == nil || w.Samples != 11 {
		t.Errorf("the first window has %+v, want 11 samples", w)
	}
	if n := len(f.All(t, f.Topics.DeadLetter)); n != 3 {
		t.Errorf("%d dead letters, want the 3 that are no scores", n)
	}
}

// TestAPartitionThatRetentionEmptied: it is idle, and holds nothing up.
func TestAPartitionThatRetentionEmptied(t *testing.T) {
	f := embeddedtest.Start(t)
	f.Publish(t, score(t, f, 1, "gone", 1000), score(t, f, 1, "stays", 1000))
	f.Delete(t, f.Topics.Scores, 1, 1)
	f.Publish(t, score(t, f, 0, "a", 2000))
	c := &clock{}
	defer running(t, newSelector(t, f, c))()
	f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: 1, Value: []byte("no score")})
	f.Await(t, f.Topics.DeadLetter, 1)
	f.Delete(t, f.Topics.Scores, 1, 3) // all that was read
	c.ms.Add(policy().Window.Idle.Milliseconds())
	f.Await(t, f.Topics.Windows, 1)
}
