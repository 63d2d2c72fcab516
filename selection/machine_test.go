package selection

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// result is all that a closed window gives.
type result struct {
	Summary        Summary
	Picks, Control []Pick
}

func resultOf(w *ClosedWindow) result {
	return result{Summary: w.Summary, Picks: slices.Collect(w.Picks()), Control: slices.Collect(w.Control())}
}

func resultsOf(closed []*ClosedWindow) (all []result) {
	for _, w := range closed {
		all = append(all, resultOf(w))
	}
	return all
}

// selectAll steps the records through a new machine, with the watermark following
// by the policy's lateness, and closes it.
func selectAll(t testing.TB, o Options, records []Candidate) []result {
	t.Helper()
	return stepAll(t, mustNew(t, o), records)
}

func stepAll(t testing.TB, m *Machine, records []Candidate) []result {
	t.Helper()
	for i := range records {
		mustStep(t, m, &records[i])
	}
	return resultsOf(mustStep(t, m, Close{}).Closed)
}

type fataler interface {
	testing.TB
}

// rt lets the helpers take a *rapid.T.
type rt struct {
	fataler
	t *rapid.T
}

func (r rt) Helper()           {}
func (r rt) Fatal(args ...any) { r.t.Fatal(args...) }

// TestAgainstOracle compares everything about the picks with the oracle's, for
// the reference's policies and for all others.
func TestAgainstOracle(t *testing.T) {
	t.Run("reference", func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { checkAgainstOracle(t, drawPool(t)) }) })
	t.Run("every policy", func(t *testing.T) { rapid.Check(t, checkEveryPolicy) })
}

func checkEveryPolicy(t *rapid.T) {
	p := drawPool(t)
	p.enrich(t)
	if err := p.policy.Validate(); err != nil {
		t.Fatalf("a policy that is drawn is not valid: %v", err)
	}
	checkAgainstOracle(t, p)
}

// FuzzAgainstOracle goes on where TestAgainstOracle ends.
func FuzzAgainstOracle(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkEveryPolicy)) }

func checkAgainstOracle(t *rapid.T, p pool) {
	m := mustNew(rt{t: t}, p.options())
	// No slack, so that a pool this small has to fill its leads again.
	m.rules.slack = rapid.SampledFrom([]uint64{0, 1, leastSlack}).Draw(t, "slack")
	results := stepAll(rt{t: t}, m, p.records)
	if len(p.records) == 0 {
		if len(results) != 0 {
			t.Fatalf("%d windows closed of no records", len(results))
		}
		return
	}
	o := oracle{policy: p.policy, names: p.names}
	o.choose(p.records)
	checkPicks(t, &o, results[0])
	checkSums(t, p, &o, results[0])
}

// checkPicks compares a window with what the oracle chose of it.
func checkPicks(t *rapid.T, o *oracle, r result) {
	var got []oraclePick
	for i, pick := range r.Picks {
		if pick.Order != i+1 {
			t.Fatalf("pick %d says it is number %d", i+1, pick.Order)
		}
		got = append(got, oraclePick{
			ID: pick.ID, Capability: pick.Capability, Style: pick.Style,
			Round: pick.Round, Rank: pick.Rank, Cutoff: pick.Cutoff,
		})
	}
	if diff := cmp.Diff(o.picks, got); diff != "" {
		t.Fatalf("picks (-oracle +machine):\n%s", diff)
	}
	want := Summary{
		Filtered: int64(o.filtered), SetAside: int64(o.aside), Candidates: int64(o.distinct), Same: int64(o.same),
		Earlier: int64(o.chosenEarlier), Budget: int64(o.budget), CarriedIn: int64(o.carried), Spent: int64(o.budget - o.left),
		Selected: int64(len(o.picks)), Rounds: o.round,
	}
	s := r.Summary
	have := Summary{
		Filtered: s.Filtered, SetAside: s.SetAside, Candidates: s.Candidates, Same: s.Same,
		Earlier: s.Earlier, Budget: s.Budget, CarriedIn: s.CarriedIn, Spent: s.Spent, Selected: s.Selected, Rounds: s.Rounds,
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Fatalf("summary (-oracle +machine):\n%s", diff)
	}
	missed := s.Spent < s.Budget && len(o.passed) == 0 || o.missedMinimums > 0
	if (s.Shortfall != "") != missed {
		t.Fatalf("spent %d of %d, missed %d minimums, shortfall %q", s.Spent, s.Budget, o.missedMinimums, s.Shortfall)
	}
	if got := strings.Count(s.Shortfall, "the minimum of "); got != o.missedMinimums {
		t.Fatalf("%d minimums were missed: shortfall %q", o.missedMinimums, s.Shortfall)
	}
	var control []string
	for _, c := range r.Control {
		control = append(control, c.ID)
	}
	if diff := cmp.Diff(o.control(len(o.picks)), control, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("control (-oracle +machine):\n%s", diff)
	}
}

// checkSums checks a summary against its picks and the records.
func checkSums(t *rapid.T, p pool, o *oracle, r result) {
	byCapability, byStyle := make(map[string]int64), make(map[string]int64)
	for _, pick := range r.Picks {
		byCapability[pick.Capability]++
		byStyle[pick.Style]++
	}
	seenStyle := make(map[string]int64)
	all := o.samples
	for _, c := range standing(o.judged(p.records)) {
		for _, s := range c.Styles {
			seenStyle[s]++
		}
	}
	for _, c := range r.Summary.Capabilities {
		seen := int64(0)
		for _, sample := range all {
			if sample.Scores[slices.Index(p.names, c.Name)] > p.policy.threshold(c.Name) {
				seen++
			}
		}
		if c.Chosen != byCapability[c.Name] || c.Seen != seen {
			t.Fatalf("%s: chosen %d, seen %d; counted %d and %d", c.Name, c.Chosen, c.Seen, byCapability[c.Name], seen)
		}
	}
	for _, s := range r.Summary.Styles {
		if s.Chosen != byStyle[s.Name] || s.Seen != seenStyle[s.Name] {
			t.Fatalf("%s: chosen %d, seen %d; counted %d and %d", s.Name, s.Chosen, s.Seen, byStyle[s.Name], seenStyle[s.Name])
		}
	}
}

// TestOrderOfArrival: the same records in any order give the same picks.
func TestOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		if rapid.Bool().Draw(t, "rich") {
			p.enrich(t)
		}
		p.policy.Window.Size = time.Second
		want := selectAll(rt{t: t}, p.options(), p.records)
		shuffled := slices.Clone(p.records)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0)).Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		if diff := cmp.Diff(want, selectAll(rt{t: t}, p.options(), shuffled)); diff != "" {
			t.Fatalf("(-in order +shuffled):\n%s", diff)
		}
	})
}

// TestAcrossWindows: within the horizon what is the same is chosen once, what
// a poor window cannot use is carried on, and windows agree with an oracle that
// is told what was before.
func TestAcrossWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		if rapid.Bool().Draw(t, "rich") {
			p.enrich(t)
		}
		p.policy.Window.Size = time.Second
		p.policy.Budget.Carry = rapid.Bool().Draw(t, "carry")
		var earlier []Candidate
		carried := 0
		for _, r := range selectAll(rt{t: t}, p.options(), p.records) {
			var records []Candidate
			for _, c := range p.records {
				if c.EventTime >= r.Summary.Start && c.EventTime < r.Summary.End {
					records = append(records, c)
				}
			}
			o := oracle{policy: p.policy, names: p.names, earlier: earlier, carried: carried}
			o.choose(records)
			checkPicks(t, &o, r)
			for _, c := range o.samples {
				if o.taken[c.ID] {
					earlier = append(earlier, c)
				}
			}
			if p.policy.Budget.Carry {
				carried = min(o.left, max(carried, 8*(o.budget-carried)))
			}
		}
	})
}

// TestHorizon: an id is chosen again by a window that ends a horizon later,
// and not by one that ends earlier.
func TestHorizon(t *testing.T) {
	const hour = int64(time.Hour / time.Millisecond)
	for _, c := range []struct {
		name         string
		horizon      time.Duration
		apart        int64
		chosenBefore bool
	}{
		{"within", 2 * time.Hour, 1 * hour, true},
		{"beyond", 2 * time.Hour, 2 * hour, false},
		{"default, within", 0, 23 * hour, true},
		{"default, beyond", 0, 24 * hour, false},
		{"whole", WholeHorizon, 200 * 365 * 24 * hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			policy := DefaultPolicy()
			policy.Window.Size = time.Hour
			policy.Budget = Budget{Count: 1}
			m := mustNew(t, Options{Policy: policy, Capabilities: []string{"a"}, Horizon: c.horizon})
			for _, at := range []int64{0, c.apart} {
				mustStep(t, m, &Candidate{ID: "again", Source: "s", Styles: []string{"x"}, Scores: []float32{1}, EventTime: at})
			}
			closed := mustStep(t, m, Close{}).Closed
			want := int64(1)
			if c.chosenBefore {
				want = 0
			}
			if len(closed) != 2 || closed[0].Summary.Selected != 1 || closed[1].Summary.Selected != want {
				t.Errorf("%d windows; the second chose %d, want %d", len(closed), closed[1].Summary.Selected, want)
			}
		})
	}
}

func TestSeed(t *testing.T) {
	names := []string{"c"}
	var records []Candidate
	for i := range 100 {
		records = append(records, Candidate{ID: fmt.Sprint(i), Styles: []string{"s"}, Scores: []float32{1}})
	}
	ids := func(seed uint64) (picks, control []string) {
		p := DefaultPolicy()
		p.Seed = seed
		r := selectAll(t, Options{Policy: p, Capabilities: names}, records)[0]
		for _, pick := range r.Picks {
			picks = append(picks, pick.ID)
		}
		for _, pick := range r.Control {
			control = append(control, pick.ID)
		}
		return picks, control
	}
	one, oneControl := ids(1)
	again, _ := ids(1)
	two, _ := ids(2)
	if !slices.Equal(one, again) {
		t.Error("the same seed gives other picks")
	}
	if slices.Equal(one, two) {
		t.Error("another seed gives the same picks of a hundred with one score")
	}
	if slices.Equal(one, oneControl) {
		t.Error("control is drawn by the lots that break ties")
	}
}

func TestOutcomes(t *testing.T) {
	p := DefaultPolicy()
	p.Window.Size = time.Second
	m := mustNew(t, Options{
		Policy: p, Capabilities: []string{"c"},
		ClosedThrough: 5000, Positions: map[int32]int64{0: 10},
	})
	step := func(id string, eventTime int64, partition int32, offset int64) Outcome {
		return mustStep(t, m, &Candidate{
			ID: id, Styles: []string{"s"}, Scores: []float32{1},
			EventTime: eventTime, Partition: partition, Offset: offset,
		}).Outcome
	}
	for _, c := range []struct {
		what      string
		id        string
		time      int64
		partition int32
		offset    int64
		want      Outcome
	}{
		{"of a closed window, read before the restart", "a", 4999, 0, 9, Settled},
		{"of a closed window, not read before", "b", 4999, 0, 10, Late},
		{"of a closed window, from a partition without a position", "b", 4999, 1, 0, Late},
		{"of an open window, read before the restart", "c", 5000, 0, 9, Accepted},
		{"its id again", "c", 5999, 1, 3, Duplicate},
		{"its id in the next window", "c", 6000, 1, 4, Accepted},
	} {
		if got := step(c.id, c.time, c.partition, c.offset); got != c.want {
			t.Errorf("%s: outcome %d, want %d", c.what, got, c.want)
		}
	}
	if diff := cmp.Diff(map[int32]int64{0: 9, 1: 3}, m.LowestNeeded()); diff != "" {
		t.Errorf("lowest needed (-want +got):\n%s", diff)
	}
	if closed := mustStep(t, m, Watermark{Time: 5999}).Closed; len(closed) != 0 {
		t.Errorf("%d windows closed before their end", len(closed))
	}
	closed := mustStep(t, m, Watermark{Time: 6000}).Closed
	if len(closed) != 1 || closed[0].Summary.Start != 5000 || closed[0].Summary.End != 6000 {
		t.Fatalf("closed %+v, want the window from 5000 to 6000", closed)
	}
	if s := closed[0].Summary; s.Records != 2 || s.Candidates != 1 || s.Duplicates != 1 {
		t.Errorf("records %d, candidates %d, duplicates %d; want 2, 1, 1", s.Records, s.Candidates, s.Duplicates)
	}
	if diff := cmp.Diff(map[int32]int64{1: 4}, m.LowestNeeded()); diff != "" {
		t.Errorf("lowest needed after closing (-want +got):\n%s", diff)
	}
	if m.ClosedThrough() != 6000 {
		t.Errorf("closed through %d, want 6000", m.ClosedThrough())
	}
	if got := step("d", 5500, 0, 11); got != Late {
		t.Errorf("after closing: outcome %d, want late", got)
	}
}

func TestWholeInput(t *testing.T) {
	m := mustNew(t, Options{Policy: DefaultPolicy(), Capabilities: []string{"c"}})
	for i, at := range []int64{0, 1, EndOfTime} {
		mustStep(t, m, &Candidate{ID: fmt.Sprint(i), Styles: []string{"s"}, Scores: []float32{1}, EventTime: at})
	}
	if closed := mustStep(t, m, Watermark{Time: math.MaxInt64}).Closed; len(closed) != 0 {
		t.Fatal("a watermark closed the window over the whole input")
	}
	closed := mustStep(t, m, Close{}).Closed
	if len(closed) != 1 || closed[0].Summary.Start != 0 || closed[0].Summary.End != EndOfTime || closed[0].Summary.Candidates != 3 {
		t.Fatalf("closed %+v, want one window of three over all time", closed)
	}
}

func TestInvalid(t *testing.T) {
	good := Candidate{ID: "a", Styles: []string{"s"}, Scores: []float32{1}}
	for what, spoil := range map[string]func(*Candidate){
		"no id":                 func(c *Candidate) { c.ID = "" },
		"a long id":             func(c *Candidate) { c.ID = string(make([]byte, 1<<16)) },
		"no style":              func(c *Candidate) { c.Styles = nil },
		"too few scores":        func(c *Candidate) { c.Scores = nil },
		"a score not a number":  func(c *Candidate) { c.Scores = []float32{float32(math.NaN())} },
		"an infinite score":     func(c *Candidate) { c.Scores = []float32{float32(math.Inf(-1))} },
		"before 1970":           func(c *Candidate) { c.EventTime = -1 },
		"after the year 9999":   func(c *Candidate) { c.EventTime = EndOfTime + 1 },
		"a negative partition":  func(c *Candidate) { c.Partition = -1 },
		"a negative offset":     func(c *Candidate) { c.Offset = -1 },
		"a large sample offset": func(c *Candidate) { c.SampleOffset = 1 << 48 },
	} {
		m := mustNew(t, Options{Policy: DefaultPolicy(), Capabilities: []string{"c"}})
		c := good
		spoil(&c)
		if _, err := m.Step(&c); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: error %v, want ErrInvalid", what, err)
		}
		if windows, _ := m.Open(); windows != 0 {
			t.Errorf("%s: opened a window", what)
		}
	}
}

func TestNewSaysAllMistakes(t *testing.T) {
	p := DefaultPolicy()
	p.Budget = Budget{}
	p.Capabilities = []Share{{Name: "logical_deducton", Weight: Decimal{Units: 1}}}
	_, err := New(Options{Policy: p, Capabilities: []string{"logical_deduction", "humanities"}})
	want := "making the selection: budget is 0: expected {ratio: R} with R above 0 and at most 1, {count: N}, {rate: N/h}, {tokens: N} or {bytes: N}, with N of at least 1\n" +
		`capabilities: the bundle has no "logical_deducton": did you mean "logical_deduction"?`
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
}

// TestSmallWindowsAreSmall: a batch holds thousands of windows open at a time.
func TestSmallWindowsAreSmall(t *testing.T) {
	const windows, most = 2000, 64 << 10
	p := DefaultPolicy()
	p.Window.Size = time.Second
	names := make([]string, 14)
	for i := range names {
		names[i] = fmt.Sprint("capability ", i)
	}
	m := mustNew(t, Options{Policy: p, Capabilities: names})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range windows {
		mustStep(t, m, &Candidate{ID: fmt.Sprint(i), Source: "s", Styles: []string{"x"}, Scores: make([]float32, 14), EventTime: int64(1000 * i)})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := int64(after.HeapAlloc-before.HeapAlloc) / windows; each > most {
		t.Errorf("a window of one candidate holds %d bytes, want at most %d", each, most)
	}
	runtime.KeepAlive(m)
}
