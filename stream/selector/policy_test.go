package selector_test

import (
	"cream/schemas"
	"cream/selection"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/kafka"
	"cream/stream/policies"
	"cream/stream/selector"
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestPoliciesSideBySide: policies with names read the same scores, and each
// has its output to itself.
func TestPoliciesSideBySide(t *testing.T) {
	f := embeddedtest.Start(t)
	other := *f
	other.Topics = f.Topics.ForPolicy("few")
	if _, err := other.Topics.Create(t.Context(), f.Admin, kafka.Layout{Partitions: embeddedtest.Partitions, OutputPartitions: 1, Replication: 1}); err != nil {
		t.Fatal(err)
	}
	groups := kafka.DefaultGroups("").ForPolicy("few")
	few := policy()
	few.Budget = selection.Budget{Count: 3}
	second, err := selector.New(selector.Options{
		Cluster: f.Cluster, Topics: other.Topics, Group: groups.Select, ScoreGroup: "score", TransactionalID: groups.Select,
		Policy: few, Capabilities: capabilities(), Codec: f.Codec, Now: (&clock{}).now,
		Metrics: f.Metrics, Measures: selector.NewMeasures(prometheus.NewRegistry()), Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	stopFirst, stopSecond := running(t, newSelector(t, f, nil)), running(t, second)
	defer stopFirst()
	defer stopSecond()
	f.Publish(t, stream(t, f, 19)...)
	f.Await(t, f.Topics.Windows, 1)
	f.Await(t, other.Topics.Windows, 1)
	if n := len(chosen(t, &other, schemas.RoleCurated)[0]); n != 3 {
		t.Errorf("the policy of three chose %d", n)
	}
	if n := len(chosen(t, f, schemas.RoleCurated)[0]); n < 20 {
		t.Errorf("the other policy chose %d", n)
	}
	if got := summaries(t, &other)[0].Policy; got != few.Version() {
		t.Errorf("the window names the policy %s, want %s", got, few.Version())
	}
}

// TestPolicyChange: a policy that changes holds from the next window on, and a
// restart, with the new policy, ends the open windows by the one that they were
// begun with.
func TestPolicyChange(t *testing.T) {
	f := embeddedtest.Start(t)
	book := policies.Book{Cluster: f.Cluster, Topic: f.Topics.Policies, Parse: func(name string, text []byte) (selection.Policy, error) {
		return selection.ParsePolicy(name, text, nil, nil)
	}}
	few := policy()
	few.Budget = selection.Budget{Count: 3}
	start := func(p selection.Policy, changes <-chan selection.Policy) (stop func()) {
		s, err := selector.New(selector.Options{
			Cluster: f.Cluster, Topics: f.Topics, Group: "select", ScoreGroup: "score", TransactionalID: "select",
			Policy: p, Book: book, Changes: changes,
			Capabilities: capabilities(), Codec: f.Codec, Now: (&clock{}).now,
			Metrics: f.Metrics, Measures: selector.NewMeasures(prometheus.NewRegistry()), Logger: f.Logger,
		})
		if err != nil {
			t.Fatal(err)
		}
		return running(t, s)
	}
	records := stream(t, f, 75)
	changes := make(chan selection.Policy)
	stop := start(policy(), changes)
	f.Publish(t, records[:190]...) // the window from 10 s is open
	f.Await(t, f.Topics.Windows, 1)
	changes <- few
	f.Await(t, f.Topics.Policies, 2)
	stop()
	stop = start(few, nil)
	f.Publish(t, records[190:490]...)
	f.Await(t, f.Topics.Windows, 4)
	stop()
	stop = start(policy(), nil) // changed while nobody ran
	f.Publish(t, records[490:]...)
	f.Await(t, f.Topics.Windows, 7)
	stop()
	windows := summaries(t, f)
	for start, want := range map[int64]string{
		0: policy().Version(), 10_000: policy().Version(), 20_000: few.Version(), 30_000: few.Version(),
		40_000: few.Version(), 50_000: policy().Version(), 60_000: policy().Version(),
	} {
		if w := windows[start]; w == nil || w.Policy != want || (w.Selected == 3) != (want == few.Version()) {
			t.Errorf("the window from %d s: %+v, want policy %s", start/1000, w, want)
		}
	}
	ids := make(map[string]string)
	for _, r := range f.All(t, f.Topics.Selections) {
		s, err := f.Codec.DecodeSelection(t.Context(), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if ids[s.ID+s.Role] = s.Policy; s.Policy != windows[s.WindowStart].Policy {
			t.Errorf("%s names policy %s, its window %s", s.ID, s.Policy, windows[s.WindowStart].Policy)
		}
	}
}

// TestAPolicyThatAsksForMemory: a change that turns dedup by content on reads
// back what was chosen before, so that none of it is chosen under another id.
func TestAPolicyThatAsksForMemory(t *testing.T) {
	f := embeddedtest.Start(t)
	book := policies.Book{Cluster: f.Cluster, Topic: f.Topics.Policies, Parse: func(name string, text []byte) (selection.Policy, error) {
		return selection.ParsePolicy(name, text, nil, nil)
	}}
	changes := make(chan selection.Policy)
	before := policy()
	before.Budget = selection.Budget{Count: 1}
	s, err := selector.New(selector.Options{
		Cluster: f.Cluster, Topics: f.Topics, Group: "select", ScoreGroup: "score", TransactionalID: "select",
		Policy: before, Book: book, Changes: changes,
		Capabilities: capabilities(), Codec: f.Codec, Now: (&clock{}).now,
		Metrics: f.Metrics, Measures: selector.NewMeasures(prometheus.NewRegistry()), Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer running(t, s)()
	content := func(n byte) []byte { return append([]byte{n}, make([]byte, 31)...) }
	score := func(id string, at int64, of byte) *kgo.Record {
		value, err := f.Codec.EncodeScore(&schemas.Score{
			ID: id, Source: "web", EventTime: at, Topic: f.Topics.Samples, ContentHash: content(of), Styles: []string{"yes/no"},
			Scores: map[string]float32{"humanities": float32(of), "stem_knowledge": 0},
		})
		if err != nil {
			t.Fatal(err)
		}
		return &kgo.Record{Topic: f.Topics.Scores, Key: []byte(id), Value: value}
	}
	// The other partition only moves the time on.
	tick := func(at int64) *kgo.Record {
		value, err := f.Codec.EncodeScore(&schemas.Score{
			ID: fmt.Sprint("tick-", at), Source: "clock", EventTime: at, Topic: f.Topics.Samples, Partition: 1,
			ContentHash: content(byte(100 + at/10_000)), Styles: []string{"yes/no"}, Scores: map[string]float32{"humanities": 0, "stem_knowledge": 0},
		})
		if err != nil {
			t.Fatal(err)
		}
		return &kgo.Record{Topic: f.Topics.Scores, Partition: 1, Key: []byte("tick"), Value: value}
	}
	f.Publish(t, score("first", 1000, 9), score("other", 1100, 8), score("third", 1200, 7), tick(13_000), score("later", 13_000, 5))
	f.Await(t, f.Topics.Windows, 1)
	dedup := before
	dedup.Dedup.Content = true
	dedup.Budget = selection.Budget{Count: 5}
	changes <- dedup
	f.Await(t, f.Topics.Policies, 2)
	f.Publish(t, score("first under another id", 21_000, 9), score("new", 21_100, 6), tick(21_200), tick(45_000), score("end", 45_000, 4))
	f.Await(t, f.Topics.Windows, 3)
	got := chosen(t, f, schemas.RoleCurated)
	if !slices.Contains(got[0], "first") || slices.Contains(got[20_000], "first under another id") || !slices.Contains(got[20_000], "new") {
		t.Errorf("chosen by window: %v", got)
	}
	if w := summaries(t, f)[20_000]; w == nil || w.Earlier != 1 {
		t.Errorf("the window after the change: %+v, want one chosen earlier", w)
	}
}
