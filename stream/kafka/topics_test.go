package kafka_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/stream/embedded/embeddedtest"
	"cream/stream/kafka"
)

func TestTopicsAreMadeOnce(t *testing.T) {
	f := embeddedtest.Start(t)
	topics := kafka.DefaultTopics("mine-")
	layout := kafka.Layout{Partitions: 3, OutputPartitions: 2, Replication: 1}
	if err := topics.Check(t.Context(), f.Admin); err == nil || !strings.Contains(err.Error(), "mine-dead-letter is not there") || !strings.Contains(err.Error(), "cream topics create") {
		t.Errorf("before they are made: %v; want to hear which are missing and what makes them", err)
	}
	made, err := topics.Create(t.Context(), f.Admin, layout)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"mine-samples", "mine-scores", "mine-selections", "mine-curated", "mine-control", "mine-windows", "mine-dead-letter", "mine-policies"}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
	details, err := f.Admin.ListTopics(t.Context(), made...)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range topics.Specs(layout) {
		if got := len(details[s.Name].Partitions); got != int(s.Partitions) {
			t.Errorf("%s has %d partitions, want %d", s.Name, got, s.Partitions)
		}
	}
	if made, err := topics.Create(t.Context(), f.Admin, layout); err != nil || len(made) != 0 {
		t.Errorf("made again: %v, %v", made, err)
	}
	// One that went missing is made, the others stay as they are.
	if _, err := f.Admin.DeleteTopic(t.Context(), topics.Windows); err != nil {
		t.Fatal(err)
	}
	if made, err := topics.Create(t.Context(), f.Admin, layout); err != nil || !slices.Equal(made, []string{topics.Windows}) {
		t.Errorf("after one was deleted: %v, %v", made, err)
	}
}

func TestTopicsOfDifferentSizes(t *testing.T) {
	f := embeddedtest.Start(t)
	for prefix, fewer := range map[string]string{"a-": "samples", "b-": "scores"} {
		topics := kafka.DefaultTopics(prefix)
		sizes := map[string]int32{topics.Samples: 5, topics.Scores: 5}
		sizes[prefix+fewer] = 2
		for name, n := range sizes {
			if _, err := f.Admin.CreateTopic(t.Context(), n, 1, nil, name); err != nil {
				t.Fatal(err)
			}
		}
		_, err := topics.Create(t.Context(), f.Admin, kafka.Layout{Partitions: 5, OutputPartitions: 1, Replication: 1})
		if err == nil || !strings.Contains(err.Error(), "add 3 to "+prefix+fewer) {
			t.Errorf("%v; want to hear that %s needs 3 more", err, prefix+fewer)
		}
	}
}

func TestPolicyNames(t *testing.T) {
	for _, name := range []string{"", "ocr-heavy", "2"} {
		if err := kafka.CheckPolicyName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"-", "a.b", "A", "a b", strings.Repeat("a", 65)} {
		if kafka.CheckPolicyName(name) == nil {
			t.Errorf("%q is taken", name)
		}
	}
}
