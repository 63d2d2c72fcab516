package explain_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/selection"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/explain"
	"cream/stream/kafka"
	"cream/stream/scorer"
	"cream/stream/selector"
)

// score makes a score record. What it holds follows from its id.
func score(t *testing.T, f *embeddedtest.Flow, partition int32, id string, eventTime int64) *kgo.Record {
	t.Helper()
	digest := fnv.New64a()
	digest.Write([]byte(id))
	sum := digest.Sum64()
	value, err := f.Codec.EncodeScore(&schemas.Score{
		ID: id, Source: fmt.Sprint("source ", sum%3), EventTime: eventTime,
		Topic: f.Topics.Samples, Partition: partition, ContentHash: digest.Sum(make([]byte, 24)),
		Styles: []string{[]string{"yes/no", "coordinate"}[sum/3%2]},
		Scores: map[string]float32{"humanities": float32(sum / 7 % 500), "stem": float32(sum / 11 % 500), "counting": 1, "reading": 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &kgo.Record{Topic: f.Topics.Scores, Partition: partition, Key: []byte(id), Value: value}
}

func withdrawal(f *embeddedtest.Flow, partition int32, id string) *kgo.Record {
	return &kgo.Record{Topic: f.Topics.Scores, Partition: partition, Key: []byte(id)}
}

// running runs a selector until the returned function is called.
func running(t *testing.T, f *embeddedtest.Flow, p selection.Policy) (stop func()) {
	t.Helper()
	s, err := selector.New(selector.Options{
		Cluster: f.Cluster, Topics: f.Topics, Group: "select", ScoreGroup: "score", TransactionalID: "select",
		Policy: p, Capabilities: capabilities(), Codec: f.Codec, Now: func() time.Time { return time.UnixMilli(0) },
		Metrics: f.Metrics, Measures: selector.NewMeasures(prometheus.NewRegistry()), Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return sync.OnceFunc(func() {
		cancel()
		run.Wait()
	})
}

func ofTopics(t *testing.T, f *embeddedtest.Flow, p selection.Policy, ids ...string) *explain.Report {
	t.Helper()
	r, err := explain.Topics(t.Context(), explain.TopicsOptions{
		Reader: f.Reader, Topics: f.Topics, Codec: f.Codec, Policy: p, Capabilities: capabilities(), IDs: ids,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tenSeconds(emission selection.Emission) selection.Policy {
	p := selection.DefaultPolicy()
	p.Window = selection.Window{Size: 10 * time.Second, Lateness: 2 * time.Second, Idle: time.Minute}
	p.Emission = emission
	return p
}

// published returns the ids that selections has as curated.
func published(t *testing.T, f *embeddedtest.Flow) map[string]*schemas.Selection {
	t.Helper()
	all := make(map[string]*schemas.Selection)
	for _, r := range f.All(t, f.Topics.Selections) {
		if r.Value == nil {
			continue
		}
		s, err := f.Codec.DecodeSelection(t.Context(), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if s.Role == schemas.RoleCurated {
			all[s.ID] = s
		}
	}
	return all
}

func TestTopicsAreExplained(t *testing.T) {
	f := embeddedtest.Start(t)
	p := tenSeconds(selection.OnClose)
	stop := running(t, f, p)
	defer stop()
	var ids []string
	part := func(i int) int32 { return int32(i % embeddedtest.Partitions) }
	f.Publish(t, score(t, f, 0, "retracted", 1000), withdrawal(f, 0, "retracted"))
	for i := range 330 {
		id := fmt.Sprintf("s%04d", i)
		ids = append(ids, id)
		f.Publish(t, score(t, f, part(i), id, int64(100*i)))
	}
	f.Await(t, f.Topics.Windows, 3)
	chosen := published(t, f)
	var taken, left string
	for i, id := range ids[:100] {
		if chosen[id] != nil && part(i) == 0 {
			taken = id
		} else if chosen[id] == nil {
			left = id
		}
	}
	f.Publish(t, score(t, f, 0, "late", 29_999), withdrawal(f, 0, taken),
		kafka.DeadLetter(f.Topics.DeadLetter, scorer.Stage, "image-missing", errors.New("no such picture"), &kgo.Record{
			Topic: f.Topics.Samples, Value: []byte(`{"id": "pictureless"}`)}))
	f.Await(t, f.Topics.DeadLetter, 2)
	stop()

	check := func(r *explain.Report) {
		t.Helper()
		if len(r.Differences) > 0 {
			t.Errorf("the re-run differs: %q", r.Differences)
		}
		for _, a := range r.Accounts {
			s := chosen[a.ID]
			switch {
			case a.ID == taken:
				if a.Outcome != explain.Withdrawn || len(a.Windows) != 1 || a.Windows[0].Decision == nil {
					t.Errorf("%s was chosen, and then withdrawn; explained as %+v", a.ID, a)
				}
				continue
			case a.ID >= "s0300": // the last window is open
				if a.Outcome != explain.Open || !strings.HasPrefix(a.Windows[0].Differs, "if it closed now: ") {
					t.Errorf("%s: %+v", a.ID, a)
				}
				continue
			case (s != nil) != (a.Outcome == explain.Chosen):
				t.Errorf("%s, chosen: %t, is explained as %s", a.ID, s != nil, a.Outcome)
			case s == nil && a.Outcome != explain.NotChosen:
				t.Errorf("%s is explained as %s", a.ID, a.Outcome)
			}
			if a.Windows[0].Differs != "" {
				t.Errorf("%s: %s", a.ID, a.Windows[0].Differs)
			}
			if s != nil && (a.Windows[0].Decision.Rank != s.Rank || a.Windows[0].Order != int(s.Order)) {
				t.Errorf("%s: %+v, published as %+v", a.ID, a.Windows[0], s)
			}
		}
	}
	check(ofTopics(t, f, p, ids...))
	for id, want := range map[string]explain.Outcome{
		"retracted": explain.Withdrawn, "late": explain.Late, "pictureless": explain.Dead, "nobody": explain.Unknown,
	} {
		if a := ofTopics(t, f, p, id).Accounts[0]; a.Outcome != want {
			t.Errorf("%s is explained as %s, want %s", id, a.Outcome, want)
		}
	}

	// Another policy would have chosen otherwise: the topic has the last word.
	other := p
	other.Budget = selection.Budget{Count: 100}
	r := ofTopics(t, f, other, left)
	if a := r.Accounts[0]; a.Outcome != explain.NotChosen || !strings.Contains(a.Windows[0].Differs, "the re-run chooses it") ||
		len(r.Differences) != 1 || !strings.Contains(r.Differences[0], "another policy chose") {
		t.Errorf("%+v %q", a, r.Differences)
	}

	// Retention takes the first window's scores: what it chose is still known,
	// and the windows after it come to the same.
	for p := range int32(embeddedtest.Partitions) {
		at := int64(50)
		if p == 0 {
			at += 2 // the one that was withdrawn
		}
		f.Delete(t, f.Topics.Scores, p, at)
	}
	check(ofTopics(t, f, p, ids[100:]...))
	r = ofTopics(t, f, p, taken, left)
	if a := r.Accounts[0]; a.Outcome != explain.Withdrawn || !strings.Contains(r.Differences[0], "no scores of it any more") {
		t.Errorf("%+v %q", a, r.Differences)
	}
	if a := r.Accounts[1]; a.Outcome != explain.Unknown {
		t.Errorf("%+v", a)
	}
}

// What is taken on arrival depends on when it came: the topic has the last
// word, and the report says why the re-run may differ.
func TestTopicsOfPicksOnArrival(t *testing.T) {
	f := embeddedtest.Start(t)
	p := tenSeconds(selection.OnArrival)
	stop := running(t, f, p)
	defer stop()
	var ids []string
	for i := range 330 {
		id := fmt.Sprintf("s%04d", i)
		ids = append(ids, id)
		f.Publish(t, score(t, f, int32(i%embeddedtest.Partitions), id, int64(100*i)))
	}
	f.Await(t, f.Topics.Windows, 3)
	stop()
	chosen := published(t, f)
	r := ofTopics(t, f, p, ids...)
	for _, a := range r.Accounts {
		if (chosen[a.ID] != nil) != (a.Outcome == explain.Chosen) {
			t.Errorf("%s, chosen: %t, is explained as %s", a.ID, chosen[a.ID] != nil, a.Outcome)
		}
	}
	for _, d := range r.Differences {
		if !strings.Contains(d, "order of arrival") && !strings.Contains(d, "still open") {
			t.Error(d)
		}
	}
}
