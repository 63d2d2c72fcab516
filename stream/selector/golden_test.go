package selector_test

import (
	"cmp"
	"crypto/sha256"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/selection"
	"cream/selection/golden"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/kafka"
	"cream/stream/selector"
)

var seed = flag.Uint64("seed", 0, "what the golden selections are streamed by; 0: another each time")

// TestGoldenSelections: of a golden pool the stream chooses what the reference
// chooses, however its scores are split over partitions and mixed, and wherever
// selectors are stopped, begun anew or relieved by another. Each run draws anew.
func TestGoldenSelections(t *testing.T) {
	cases := golden.Read(t, "../../../shared")
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("to repeat: -seed %d", *seed)
	f := embeddedtest.Start(t)
	for i, g := range cases {
		t.Run(g.Name, func(t *testing.T) {
			t.Parallel()
			streamGolden(t, f, g, rand.New(rand.NewPCG(*seed, uint64(i))))
		})
	}
}

// How one selector ends where the next begins.
const (
	stopAtOnce    = iota // wherever it is, most likely before all is read
	stopCommitted        // in the middle of the window, with a commit made
	relieve              // likewise, by one that joins before it leaves
)

// streamGolden streams a pool over topics of its own.
func streamGolden(t *testing.T, f *embeddedtest.Flow, g *golden.Case, rng *rand.Rand) {
	own := *f
	f = &own
	f.Topics = kafka.DefaultTopics(g.Name + "-")
	partitions := []int32{1, 3, 7}[rng.IntN(3)]
	if _, err := f.Topics.Create(t.Context(), f.Admin, kafka.Layout{Partitions: partitions, OutputPartitions: 1, Replication: 1}); err != nil {
		t.Fatal(err)
	}
	batch := rng.IntN(2) == 0 // one window that ends with the input; else one of an hour
	policy := goldenPolicy(t, g, batch, rng)
	selectors := goldenSelectors{f, g, policy, batch}
	parts := cutUp(goldenRecords(t, f, g, partitions, rng), rng)
	t.Logf("%d partitions, batch %t, %+v, %d parts", partitions, batch, policy.Budget, len(parts))
	active := selectors.next(t)
	refused := 0
	for k, part := range parts {
		moment := rng.IntN(3)
		if moment == stopAtOnce {
			f.Publish(t, part...)
		} else {
			// It has read as far as there when it refuses these.
			cut := rng.IntN(len(part) + 1)
			f.Publish(t, part[:cut]...)
			for p := range partitions {
				f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: p, Value: []byte("no score")})
				refused++
			}
			f.Publish(t, part[cut:]...)
			f.Await(t, f.Topics.DeadLetter, refused)
		}
		if k == len(parts)-1 {
			break
		}
		before := active
		if moment == relieve {
			active = selectors.next(t)
			before.stop()
		} else {
			before.stop()
			active = selectors.next(t)
		}
	}
	if batch {
		active.Drain()
	} else {
		for p := range partitions {
			f.Publish(t, goldenRecord(t, f, g, g.Samples[0], "later", p, 2*time.Hour.Milliseconds()))
		}
	}
	f.Await(t, f.Topics.Windows, 1)
	active.stop()
	if n := len(f.All(t, f.Topics.DeadLetter)); n != refused {
		t.Errorf("%d dead letters of %d refused records", n, refused)
	}
	checkGolden(t, f, g, policy)
}

// goldenPolicy asks for the case's budget in one of its two forms.
func goldenPolicy(t *testing.T, g *golden.Case, batch bool, rng *rand.Rand) selection.Policy {
	p := selection.DefaultPolicy()
	p.Threshold = g.Threshold
	if !batch {
		p.Window.Size = time.Hour
	}
	ratio, err := selection.ParseDecimal(g.Ratio.String())
	if err != nil {
		t.Fatal(err)
	}
	p.Budget = []selection.Budget{{Ratio: ratio}, {Count: uint64(g.Budget)}}[rng.IntN(2)]
	return p
}

// goldenSelectors are those of one group, that work one after the other.
type goldenSelectors struct {
	flow   *embeddedtest.Flow
	of     *golden.Case
	policy selection.Policy
	batch  bool
}

type goldenSelector struct {
	*selector.Selector
	stop func()
}

func (g goldenSelectors) next(t *testing.T) goldenSelector {
	t.Helper()
	f := g.flow
	s, err := selector.New(selector.Options{
		Cluster: f.Cluster, Topics: f.Topics, Group: f.Topics.Scores, ScoreGroup: "score", TransactionalID: f.Topics.Scores,
		Policy: g.policy, Capabilities: g.of.Capabilities, Batch: g.batch, Codec: f.Codec, Now: (&clock{}).now,
		Metrics: f.Metrics, Measures: selector.NewMeasures(prometheus.NewRegistry()), Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	stop := running(t, s)
	t.Cleanup(stop)
	return goldenSelector{s, stop}
}

// goldenRecords are a pool's scores in any order, some of them twice.
func goldenRecords(t *testing.T, f *embeddedtest.Flow, g *golden.Case, partitions int32, rng *rand.Rand) (records []*kgo.Record) {
	t.Helper()
	for _, s := range g.Samples {
		r := goldenRecord(t, f, g, s, s.ID(), rng.Int32N(partitions), rng.Int64N(time.Hour.Milliseconds()))
		records = append(records, r)
		if rng.IntN(20) == 0 {
			again := *r
			records = append(records, &again)
		}
	}
	rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return records
}

func goldenRecord(t *testing.T, f *embeddedtest.Flow, g *golden.Case, s golden.Sample, id string, partition int32, eventTime int64) *kgo.Record {
	t.Helper()
	content := sha256.Sum256([]byte(id))
	score := &schemas.Score{
		ID: id, Source: s.Source, EventTime: eventTime, Topic: f.Topics.Samples, Partition: partition, Offset: int64(s.Idx),
		ContentHash: content[:], Styles: s.Styles, Scores: make(map[string]float32),
	}
	for i, name := range g.Capabilities {
		score.Scores[name] = s.Scores[i]
	}
	value, err := f.Codec.EncodeScore(score)
	if err != nil {
		t.Fatal(err)
	}
	return &kgo.Record{Topic: f.Topics.Scores, Partition: partition, Key: []byte(id), Value: value}
}

// cutUp cuts records into two to four parts.
func cutUp(records []*kgo.Record, rng *rand.Rand) (parts [][]*kgo.Record) {
	for range 1 + rng.IntN(3) {
		cut := rng.IntN(len(records))
		parts, records = append(parts, records[:cut]), records[cut:]
	}
	return append(parts, records)
}

// checkGolden compares what was published with the reference, turn by turn, and,
// for what the reference does not tell, with a machine that saw the pool in its
// own order.
func checkGolden(t *testing.T, f *embeddedtest.Flow, g *golden.Case, policy selection.Policy) {
	t.Helper()
	var published []*schemas.Selection
	for _, r := range f.All(t, f.Topics.Selections) {
		s, err := f.Codec.DecodeSelection(t.Context(), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if s.Role == schemas.RoleCurated {
			published = append(published, s)
		}
	}
	slices.SortFunc(published, func(a, b *schemas.Selection) int { return cmp.Compare(a.Order, b.Order) })
	g.Check(t, func(yield func(golden.Pick) bool) {
		for _, s := range published {
			if !yield(golden.Pick{Round: int(s.Round), Capability: s.Capability, ID: s.ID}) {
				return
			}
		}
	})
	m, err := selection.New(selection.Options{Policy: policy, Capabilities: g.Capabilities})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range g.Samples {
		c := &selection.Candidate{ID: s.ID(), Source: s.Source, Styles: s.Styles, Scores: s.Scores, Offset: int64(s.Idx)}
		if _, err := m.Step(c); err != nil {
			t.Fatal(err)
		}
	}
	effects, err := m.Step(selection.Close{})
	if err != nil || len(effects.Closed) != 1 {
		t.Fatalf("%d windows, %v", len(effects.Closed), err)
	}
	type pick struct {
		Order, Rank           int
		ID, Capability, Style string
		Score, Cutoff         float32
	}
	var want, got []pick
	for p := range effects.Closed[0].Picks() {
		want = append(want, pick{p.Order, p.Rank, p.ID, p.Capability, p.Style, p.Score, p.Cutoff})
	}
	for _, s := range published {
		got = append(got, pick{int(s.Order), int(s.Rank), s.ID, s.Capability, s.Style, s.Score, s.Cutoff})
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("picks (-one machine +stream):\n%s", diff)
	}
	windows := summaries(t, f)
	w := windows[0]
	if len(windows) != 1 || w == nil {
		t.Fatalf("windows closed: %v", windows)
	}
	if int(w.Rounds) != g.Rounds || w.Budget != g.Budget || w.Selected != int64(len(g.Selected)) || w.Samples != int64(len(g.Samples)) {
		t.Errorf("%d rounds, budget %d, %d selected of %d; want %d, %d, %d of %d",
			w.Rounds, w.Budget, w.Selected, w.Samples, g.Rounds, g.Budget, len(g.Selected), len(g.Samples))
	}
}
