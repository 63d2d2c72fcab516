package selector_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"cream/schemas"
	"cream/selection"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/kafka"
	"cream/stream/selector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func capabilities() []string { return []string{"humanities", "stem_knowledge"} }

func policy() selection.Policy {
	p := selection.DefaultPolicy()
	p.Window = selection.Window{Size: 10 * time.Second, Lateness: 2 * time.Second, Idle: time.Minute}
	return p
}

// clock is a time that a test moves.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time { return time.UnixMilli(c.ms.Load()) }

// newSelector returns one of a group of selectors. Their clock stands still
// where there is none given.
func newSelector(t *testing.T, f *embeddedtest.Flow, c *clock) *selector.Selector {
	t.Helper()
	return newSelectorOf(t, f, c, policy())
}

func newSelectorOf(t *testing.T, f *embeddedtest.Flow, c *clock, policy selection.Policy) *selector.Selector {
	t.Helper()
	if c == nil {
		c = &clock{}
	}
	s, err := selector.New(selector.Options{
		Cluster: f.Cluster, Topics: f.Topics, Group: "select", ScoreGroup: "score", TransactionalID: "select",
		Policy: policy, Capabilities: capabilities(), Codec: f.Codec, Now: c.now,
		Metrics: f.Metrics, Measures: selector.NewMeasures(prometheus.NewRegistry()), Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// running runs a selector until the returned function is called.
func running(t *testing.T, s *selector.Selector) (stop func()) {
	t.Helper()
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
		Scores: map[string]float32{"humanities": float32(sum / 7 % 500), "stem_knowledge": float32(sum / 11 % 500)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &kgo.Record{Topic: f.Topics.Scores, Partition: partition, Key: []byte(id), Value: value}
}

// stream makes scores of both partitions over so many seconds of event time,
// ten a second, a little out of order.
func stream(t *testing.T, f *embeddedtest.Flow, seconds int) []*kgo.Record {
	var records []*kgo.Record
	for i := range 10 * seconds {
		at := int64(100*i) + int64(i*7919%900) // within the lateness
		records = append(records, score(t, f, int32(i%embeddedtest.Partitions), fmt.Sprintf("s%04d", i), at))
	}
	return records
}

// chosen returns the ids chosen in each window, in order, by the window's
// start; it fails the test where one is chosen twice.
func chosen(t *testing.T, f *embeddedtest.Flow, role string) map[int64][]string {
	t.Helper()
	windows, seen := make(map[int64][]string), make(map[string]bool)
	var all []*schemas.Selection
	for _, r := range f.All(t, f.Topics.Selections) {
		if r.Value == nil {
			continue
		}
		s, err := f.Codec.DecodeSelection(t.Context(), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if s.Role == role {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *schemas.Selection) int { return int(a.Order - b.Order) })
	for _, s := range all {
		if seen[s.ID] {
			t.Errorf("%s is %s twice", s.ID, role)
		}
		seen[s.ID] = true
		windows[s.WindowStart] = append(windows[s.WindowStart], s.ID)
	}
	return windows
}

// summaries returns the windows that have closed, by their start; it fails the
// test where one has closed twice.
func summaries(t *testing.T, f *embeddedtest.Flow) map[int64]*schemas.Window {
	t.Helper()
	out := make(map[int64]*schemas.Window)
	for _, r := range f.All(t, f.Topics.Windows) {
		w, err := f.Codec.DecodeWindow(t.Context(), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if out[w.Start] != nil {
			t.Errorf("the window from %d closed twice", w.Start)
		}
		out[w.Start] = w
	}
	return out
}

// TestWindowsCloseByEventTime: a window closes when every partition is past its
// end by the lateness, with its budget chosen and its twin; what comes later is
// a dead letter.
func TestWindowsCloseByEventTime(t *testing.T) {
	f := embeddedtest.Start(t)
	s := newSelector(t, f, nil)
	stop := running(t, s)
	defer stop()
	f.Publish(t, stream(t, f, 33)...) // three windows close, for the event time is 31 s and more
	f.Await(t, f.Topics.Windows, 3)
	f.Publish(t, score(t, f, 0, "late", 29_999))
	late := f.Await(t, f.Topics.DeadLetter, 1)[0]
	if reason, _ := kafka.Header(late, kafka.HeaderErrorReason); reason != "late" || string(late.Key) != "late" {
		t.Errorf("dead letter %s for the reason %q", late.Key, reason)
	}
	stop()
	curated, control := chosen(t, f, schemas.RoleCurated), chosen(t, f, schemas.RoleControl)
	if diff := cmp.Diff([]int64{0, 10_000, 20_000}, slices.Sorted(maps.Keys(curated))); diff != "" {
		t.Errorf("windows: %s", diff)
	}
	for start, w := range summaries(t, f) {
		want := w.Samples * 3 / 10
		if w.Samples < 80 || w.Budget != want || w.Selected != want || int64(len(curated[start])) != want || int64(len(control[start])) != want {
			t.Errorf("window from %d: %d samples, budget %d, selected %d; %d curated and %d control on the topic",
				start, w.Samples, w.Budget, w.Selected, len(curated[start]), len(control[start]))
		}
	}
	if selected, twins, dead, windows := s.Counts(); selected == 0 || twins != selected || dead != 1 || windows != 3 {
		t.Errorf("counts %d, %d, %d, %d", selected, twins, dead, windows)
	}
}

// TestASelectionThatIsNone: a record that somebody else put on selections
// does not keep a selector from starting.
func TestASelectionThatIsNone(t *testing.T) {
	f := embeddedtest.Start(t)
	stop := running(t, newSelector(t, f, nil))
	f.Publish(t, stream(t, f, 15)...)
	f.Await(t, f.Topics.Windows, 1)
	stop()
	f.Publish(t, &kgo.Record{Topic: f.Topics.Selections, Value: []byte("no selection")})
	defer running(t, newSelector(t, f, nil))()
	f.Publish(t, score(t, f, 0, "x", 40_000), score(t, f, 1, "y", 40_000))
	f.Await(t, f.Topics.Windows, 2)
}

// TestReadyTellsOfBrokersThatAreGone: a selector that cannot reach them is not.
func TestReadyTellsOfBrokersThatAreGone(t *testing.T) {
	f := embeddedtest.Start(t)
	s := newSelector(t, f, nil)
	if s.Ready() == nil {
		t.Error("ready before it has started")
	}
	defer running(t, s)()
	ready := func(want bool) {
		t.Helper()
		for (s.Ready() == nil) != want {
			if t.Context().Err() != nil {
				t.Fatalf("ready is not %v: %v", want, s.Ready())
			}
			runtime.Gosched()
		}
	}
	ready(true)
	f.Broker.Close()
	ready(false)
}

// TestRestartsChangeNothing: a selector that is stopped at several moments and
// begun anew comes to what one comes to that is not.
func TestRestartsChangeNothing(t *testing.T) {
	const seconds = 60
	undisturbed := embeddedtest.Start(t)
	stop := running(t, newSelector(t, undisturbed, nil))
	undisturbed.Publish(t, stream(t, undisturbed, seconds)...)
	undisturbed.Await(t, undisturbed.Topics.Windows, 5)
	stop()

	f := embeddedtest.Start(t)
	records := stream(t, f, seconds)
	refused := 0
	for part := range slices.Chunk(records, len(records)/7) {
		stop := running(t, newSelector(t, f, nil))
		f.Publish(t, part...)
		// It has read what was there when it refuses this.
		for p := range int32(embeddedtest.Partitions) {
			f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: p, Value: []byte("no score")})
			refused++
		}
		f.Await(t, f.Topics.DeadLetter, refused)
		stop()
	}
	stop = running(t, newSelector(t, f, nil))
	f.Await(t, f.Topics.Windows, 5)
	stop()
	for _, role := range []string{schemas.RoleCurated, schemas.RoleControl} {
		if diff := cmp.Diff(chosen(t, undisturbed, role), chosen(t, f, role)); diff != "" {
			t.Errorf("%s (-undisturbed +restarted):\n%s", role, diff)
		}
	}
	// A sketch's bytes depend on the order in which it was filled.
	if dead := f.All(t, f.Topics.DeadLetter); len(dead) != refused {
		t.Errorf("%d dead letters of %d refused records", len(dead), refused)
	}
	if diff := cmp.Diff(summaries(t, undisturbed), summaries(t, f), cmpopts.IgnoreFields(schemas.Window{}, "Sketches")); diff != "" {
		t.Errorf("windows (-undisturbed +restarted):\n%s", diff)
	}
}

// TestAStandbyTakesOver: of two selectors one works, and the other goes on
// where it stops.
func TestAStandbyTakesOver(t *testing.T) {
	f := embeddedtest.Start(t)
	records := stream(t, f, 45)
	first, second := newSelector(t, f, nil), newSelector(t, f, nil)
	stopFirst := running(t, first)
	defer stopFirst()
	f.Publish(t, records[:len(records)/2]...)
	f.Await(t, f.Topics.Windows, 1)
	stopSecond := running(t, second)
	defer stopSecond()
	stopFirst()
	f.Publish(t, records[len(records)/2:]...)
	f.Await(t, f.Topics.Windows, 4)
	stopSecond()
	chosen(t, f, schemas.RoleCurated)
	if got := summaries(t, f); len(got) != 4 {
		t.Errorf("%d windows closed, want 4", len(got))
	}
	_, _, _, before := first.Counts()
	if _, _, _, after := second.Counts(); before == 0 || after == 0 || before+after != 4 {
		t.Errorf("the first closed %d windows and the second %d", before, after)
	}
}

// TestWithdrawal: a sample that is taken back is not chosen by the windows that
// are open, and whoever reads what was chosen is told, once, of every one that
// is taken back.
func TestWithdrawal(t *testing.T) {
	f := embeddedtest.Start(t)
	records := stream(t, f, 19)
	stop := running(t, newSelector(t, f, nil))
	f.Publish(t, records...)
	f.Await(t, f.Topics.Windows, 1)
	stop()
	undisturbed := chosen(t, f, schemas.RoleCurated)[0]
	// One that was chosen, and one of a window that is open.
	ofOpen := string(records[150].Key)
	for _, id := range []string{undisturbed[0], ofOpen} {
		for _, r := range records {
			if string(r.Key) == id {
				f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: r.Partition, Key: r.Key})
			}
		}
	}
	before := len(f.All(t, f.Topics.Selections))
	stop = running(t, newSelector(t, f, nil))
	f.Await(t, f.Topics.Selections, before+2)
	stop()
	stop = running(t, newSelector(t, f, nil)) // reads the withdrawals again
	f.Publish(t, stream(t, f, 45)[190:]...)
	f.Await(t, f.Topics.Windows, 3)
	stop()
	var taken []string
	var open *schemas.Window
	for _, r := range f.All(t, f.Topics.Selections) {
		if r.Value == nil {
			taken = append(taken, string(r.Key))
		} else if string(r.Key) == ofOpen {
			t.Errorf("%s is chosen", ofOpen)
		}
	}
	slices.Sort(taken)
	want := []string{undisturbed[0], ofOpen}
	slices.Sort(want)
	if diff := cmp.Diff(want, taken); diff != "" {
		t.Errorf("withdrawn (-want +got):\n%s", diff)
	}
	if open = summaries(t, f)[10_000]; open == nil || open.Withdrawn != 1 {
		t.Errorf("the open window: %+v", open)
	}
}

// TestOnArrival: picks leave before their window closes, and a restart in the
// middle of a window takes none of them twice and does not exceed the budget.
func TestOnArrival(t *testing.T) {
	f := embeddedtest.Start(t)
	p := policy()
	p.Emission = selection.OnArrival
	p.Window = selection.Window{Size: 200 * time.Second, Lateness: 2 * time.Second, Idle: time.Minute}
	records := stream(t, f, 330)
	stop := running(t, newSelectorOf(t, f, nil, p))
	f.Publish(t, records[:1500]...)
	f.Await(t, f.Topics.Selections, 100)
	stop()
	early := len(f.All(t, f.Topics.Selections))
	if n := len(f.All(t, f.Topics.Windows)); n != 0 {
		t.Fatalf("%d windows have closed", n)
	}
	stop = running(t, newSelectorOf(t, f, nil, p))
	f.Publish(t, records[1500:]...)
	f.Await(t, f.Topics.Windows, 1)
	stop()
	ids := chosen(t, f, schemas.RoleCurated)
	s := summaries(t, f)[0]
	if s.Selected != s.Budget || int64(len(ids[0])) != s.Selected || s.OnArrival < int64(early) || s.OnArrival > s.Selected {
		t.Errorf("%d selections of the window, %d of them before the restart: %+v", len(ids[0]), early, s)
	}
}

// TestReservoir: with one reservoir for ever, changes are published, one that is
// replaced is taken back, and a restart goes on with the members that there are.
func TestReservoir(t *testing.T) {
	f := embeddedtest.Start(t)
	p := policy()
	p.Window.Global, p.Control = true, false
	p.Budget = selection.Budget{Count: 12}
	records := stream(t, f, 45)
	stop := running(t, newSelectorOf(t, f, nil, p))
	f.Publish(t, records[:250]...)
	f.Await(t, f.Topics.Windows, 2)
	stop()
	stop = running(t, newSelectorOf(t, f, nil, p))
	f.Publish(t, records[250:]...)
	f.Await(t, f.Topics.Windows, 4)
	stop()
	members, replaced := make(map[string]bool), 0
	for _, r := range f.All(t, f.Topics.Selections) {
		if r.Value == nil {
			if !members[string(r.Key)] {
				t.Errorf("%s is taken back and was no member", r.Key)
			}
			delete(members, string(r.Key))
			continue
		}
		s, err := f.Codec.DecodeSelection(t.Context(), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if members[s.ID] {
			t.Errorf("%s is added twice", s.ID)
		}
		if members[s.ID] = true; s.Replaces != "" {
			replaced++
		}
	}
	if len(members) != 12 || replaced == 0 {
		t.Errorf("%d members, %d replaced", len(members), replaced)
	}
	// The exact choice of all that is in the four windows that have closed.
	m, err := selection.New(selection.Options{Policy: p, Capabilities: capabilities()})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range records {
		s, err := f.Codec.DecodeScore(t.Context(), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		c := selection.Candidate{ID: s.ID, Source: s.Source, Styles: s.Styles, EventTime: s.EventTime, Offset: int64(i)}
		copy(c.ContentHash[:], s.ContentHash)
		c.Scores = []float32{s.Scores["humanities"], s.Scores["stem_knowledge"]}
		if s.EventTime < 40_000 {
			if _, err := m.Step(&c); err != nil {
				t.Fatal(err)
			}
		}
	}
	effects, err := m.Step(selection.Close{})
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]bool)
	for _, w := range effects.Closed {
		for id := range w.Removed() {
			delete(want, id)
		}
		for k := range w.Picks() {
			want[k.ID] = true
		}
	}
	if diff := cmp.Diff(want, members); diff != "" {
		t.Errorf("members (-one machine +restarted):\n%s", diff)
	}
}
