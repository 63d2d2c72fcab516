package embedded_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/stream/embedded"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/kafka"
)

var groups = kafka.DefaultGroups("")

func cleaner(t *testing.T, f *embeddedtest.Flow, limit int64, keep bool) *embedded.Cleaner {
	t.Helper()
	c, err := embedded.NewCleaner(embedded.CleanerOptions{
		Broker: f.Broker, Client: f.Client, Topics: f.Topics, Groups: groups,
		Codec: f.Codec, Limit: 1 << 30, Keep: keep, Remember: 24 * time.Hour, Now: time.Now, Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.SetLimit(limit)
	return c
}

func clean(t *testing.T, c *embedded.Cleaner) {
	t.Helper()
	if err := c.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// fill publishes to each partition of samples so many of a MiB, and a score
// for each.
func fill(t *testing.T, f *embeddedtest.Flow, each int) {
	t.Helper()
	noise := make([]byte, 1<<20)
	rand.Read(noise)
	for p := range int32(embeddedtest.Partitions) {
		for i := range each {
			f.Publish(t, &kgo.Record{Topic: f.Topics.Samples, Partition: p, Value: noise})
			value, err := f.Codec.EncodeScore(&schemas.Score{ID: fmt.Sprint(p, i), Styles: []string{"yes/no"}, Partition: p, Offset: int64(i)})
			if err != nil {
				t.Fatal(err)
			}
			f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: p, Value: value})
		}
	}
}

// reached commits that the group has come so far in every partition.
func reached(t *testing.T, f *embeddedtest.Flow, group, topic string, at ...int64) {
	t.Helper()
	var offsets kadm.Offsets
	for p, offset := range at {
		offsets.AddOffset(topic, int32(p), offset, -1)
	}
	if err := f.Admin.CommitAllOffsets(t.Context(), group, offsets); err != nil {
		t.Fatal(err)
	}
}

func starts(t *testing.T, f *embeddedtest.Flow, topic string) map[int32]int64 {
	t.Helper()
	at, _, err := f.Reader.Bounds(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func publishSelection(t *testing.T, f *embeddedtest.Flow) {
	t.Helper()
	value, err := f.Codec.EncodeSelection(&schemas.Selection{Role: schemas.RoleControl, ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	f.Publish(t, &kgo.Record{Topic: f.Topics.Selections, Value: value})
}

// Selections tell a selector that starts anew which ids were chosen: they are
// kept for as long as that matters, and longer while they are not harvested.
func TestCleanerRemembersSelections(t *testing.T) {
	f := embeddedtest.Start(t)
	fill(t, f, 4)
	for range 5 {
		publishSelection(t, f)
	}
	now := time.Now()
	c, err := embedded.NewCleaner(embedded.CleanerOptions{
		Broker: f.Broker, Client: f.Client, Topics: f.Topics, Groups: groups, Codec: f.Codec, Limit: 1 << 30,
		Remember: 24 * time.Hour, Now: func() time.Time { return now }, Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.SetLimit(1 << 20)
	expect := func(when string, begin int64) {
		t.Helper()
		clean(t, c)
		if got := starts(t, f, f.Topics.Selections)[0]; got != begin {
			t.Errorf("%s: selections begin at %d, want %d", when, got, begin)
		}
	}
	reached(t, f, groups.Harvest, f.Topics.Selections, 3)
	expect("they are young", 0)
	now = now.Add(25 * time.Hour)
	expect("three are harvested and old", 3)
	reached(t, f, groups.Harvest, f.Topics.Selections, 5)
	expect("all are, and the last one stays", 4)
}

// Each stage holds what it still needs, and only when the harvester has all
// that the selector had published are the samples free.
func TestCleanerDeletesOnlyWhatIsDoneWith(t *testing.T) {
	f := embeddedtest.Start(t)
	fill(t, f, 20)
	c := cleaner(t, f, 1<<20, false)
	expect := func(when string, samples, scores map[int32]int64) {
		t.Helper()
		clean(t, c)
		if diff := cmp.Diff(samples, starts(t, f, f.Topics.Samples)); diff != "" {
			t.Errorf("%s: samples begin elsewhere: %s", when, diff)
		}
		if diff := cmp.Diff(scores, starts(t, f, f.Topics.Scores)); diff != "" {
			t.Errorf("%s: scores begin elsewhere: %s", when, diff)
		}
	}
	all := map[int32]int64{0: 0, 1: 0}
	expect("nothing is committed", all, all)
	reached(t, f, groups.Score, f.Topics.Samples, 20, 20)
	expect("all is scored", all, all)
	publishSelection(t, f)
	reached(t, f, groups.Select, f.Topics.Scores, 12, 5)
	expect("windows have closed", all, all)
	reached(t, f, groups.Harvest, f.Topics.Selections, 1)
	expect("they are harvested", map[int32]int64{0: 12, 1: 5}, map[int32]int64{0: 12, 1: 5})
	publishSelection(t, f)
	reached(t, f, groups.Select, f.Topics.Scores, 20, 20)
	expect("more windows have closed", map[int32]int64{0: 12, 1: 5}, map[int32]int64{0: 12, 1: 5})
	reached(t, f, groups.Harvest, f.Topics.Selections, 2)
	// A partition keeps its last record: by it the broker knows its end.
	expect("all is done", map[int32]int64{0: 19, 1: 19}, map[int32]int64{0: 19, 1: 19})
}

// What the scorer has not committed is not deleted, whatever the selector
// says.
func TestCleanerKeepsWhatIsNotScored(t *testing.T) {
	f := embeddedtest.Start(t)
	fill(t, f, 4)
	reached(t, f, groups.Score, f.Topics.Samples, 2, 0)
	reached(t, f, groups.Select, f.Topics.Scores, 4, 4)
	clean(t, cleaner(t, f, 1<<20, false))
	if diff := cmp.Diff(map[int32]int64{0: 2, 1: 0}, starts(t, f, f.Topics.Samples)); diff != "" {
		t.Error(diff)
	}
}

func TestCleanerFreesTheFolder(t *testing.T) {
	f := embeddedtest.Start(t)
	fill(t, f, 20)
	reached(t, f, groups.Score, f.Topics.Samples, 20, 20)
	reached(t, f, groups.Select, f.Topics.Scores, 20, 20)
	before, err := f.Broker.Size()
	if err != nil || before < 40<<20 {
		t.Fatalf("the folder holds %d bytes, %v", before, err)
	}
	c := cleaner(t, f, 3*before, false)
	clean(t, c)
	if after, err := f.Broker.Size(); err != nil || after != before {
		t.Errorf("below half of the limit: %d bytes became %d, %v", before, after, err)
	}
	c.SetLimit(before)
	clean(t, c)
	if after, err := f.Broker.Size(); err != nil || after > before*2/3 {
		t.Errorf("%d bytes became %d, %v", before, after, err)
	}
	if err := c.Gate(t.Context()); err != nil {
		t.Errorf("the gate after the folder was cleaned: %v", err)
	}
}

// Outputs are given up last, the older half of them.
func TestCleanerGivesUpOutputsLast(t *testing.T) {
	f := embeddedtest.Start(t)
	fill(t, f, 4)
	for range 10 {
		f.Publish(t, &kgo.Record{Topic: f.Topics.Curated, Value: []byte("sample")})
	}
	size, err := f.Broker.Size()
	if err != nil {
		t.Fatal(err)
	}
	c := cleaner(t, f, size*10/6, false) // nothing is scored yet: there is nothing else to delete
	for _, step := range []struct{ limit, start int64 }{{size * 10 / 6, 0}, {size, 5}, {size, 7}} {
		c.SetLimit(step.limit)
		clean(t, c)
		if got := starts(t, f, f.Topics.Curated)[0]; got != step.start {
			t.Errorf("%d bytes of %d: curated begins at %d, want %d", size, step.limit, got, step.start)
		}
	}
	if diff := cmp.Diff(map[int32]int64{0: 0, 1: 0}, starts(t, f, f.Topics.Samples)); diff != "" {
		t.Error(diff)
	}
}

// A folder from which everything was deleted that may be goes on after a
// restart where it was: offsets do not begin anew.
func TestCleanedFolderKeepsItsOffsets(t *testing.T) {
	f := embeddedtest.Start(t)
	fill(t, f, 20)
	reached(t, f, groups.Score, f.Topics.Samples, 20, 20)
	reached(t, f, groups.Select, f.Topics.Scores, 20, 20)
	clean(t, cleaner(t, f, 1<<20, false))
	on(t, crash(t, f.Dir), func(client *kgo.Client) {
		for _, topic := range []string{f.Topics.Samples, f.Topics.Scores} {
			_, ends, err := kafka.NewReader(client).Bounds(t.Context(), topic)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[int32]int64{0: 20, 1: 20}, ends); diff != "" {
				t.Errorf("%s ends elsewhere: %s", topic, diff)
			}
		}
	})
}

func TestCleanerThatKeeps(t *testing.T) {
	f := embeddedtest.Start(t)
	fill(t, f, 2)
	reached(t, f, groups.Score, f.Topics.Samples, 2, 2)
	reached(t, f, groups.Select, f.Topics.Scores, 2, 2)
	c := cleaner(t, f, 1<<20, true)
	clean(t, c)
	if diff := cmp.Diff(map[int32]int64{0: 0, 1: 0}, starts(t, f, f.Topics.Samples)); diff != "" {
		t.Error(diff)
	}
	if err := c.Gate(t.Context()); !errors.Is(err, embedded.ErrFull) {
		t.Errorf("the gate of a full folder that may not be cleaned: %v, want ErrFull", err)
	}
}

// The gate of a full folder opens when it has been cleaned, and not before.
func TestGateWaits(t *testing.T) {
	f := embeddedtest.Start(t)
	fill(t, f, 1)
	c := cleaner(t, f, 1<<20, false)
	clean(t, c) // nothing may be deleted yet
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		passed := make(chan error, 1)
		go func() { passed <- c.Gate(ctx) }()
		synctest.Wait()
		select {
		case err := <-passed:
			t.Fatalf("a full folder let pass: %v", err)
		default:
		}
		cancel()
		if err := <-passed; !errors.Is(err, context.Canceled) {
			t.Errorf("the gate at the end of its context: %v", err)
		}
		go func() { passed <- c.Gate(t.Context()) }()
		synctest.Wait()
		c.SetSize(1<<20 - 1)
		if err := <-passed; err != nil {
			t.Errorf("the gate of a folder with room: %v", err)
		}
	})
}

func TestCleanerOptionsAreChecked(t *testing.T) {
	f := embeddedtest.Start(t)
	options := embedded.CleanerOptions{Broker: f.Broker, Client: f.Client, Codec: f.Codec, Logger: f.Logger, Limit: 255 << 20}
	if _, err := embedded.NewCleaner(options); err == nil {
		t.Error("a limit without room for the partitions' last segments was taken")
	}
	if _, err := embedded.NewCleaner(embedded.CleanerOptions{Limit: 1 << 30}); err == nil {
		t.Error("a cleaner was made of nothing")
	}
}
