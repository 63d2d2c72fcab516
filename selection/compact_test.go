package selection

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestCompact: a machine that drops what it can as early as it can gives the
// same as one that keeps all, or says that it may not.
func TestCompact(t *testing.T) {
	var dropped, exact, approximate int
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		p.policy.Budget = Budget{Count: rapid.Uint64Range(1, 8).Draw(t, "budget")}
		if rapid.Bool().Draw(t, "windows") {
			p.policy.Window.Size = 2 * time.Second
		}
		want := stepAll(rt{t: t}, mustNew(rt{t: t}, p.options()), p.records)

		m := mustNew(rt{t: t}, p.options())
		m.rules.compactFrom = rapid.Uint32Range(1, 40).Draw(t, "compact from")
		for i := range p.records {
			mustStep(rt{t: t}, m, &p.records[i])
		}
		for _, w := range m.open {
			if w.dropped != nil {
				dropped++
			}
		}
		got := resultsOf(mustStep(rt{t: t}, m, Close{}).Closed)
		for i := range got {
			if got[i].Summary.Approximate != "" {
				approximate++
				return // and windows after it know other ids to be chosen
			}
			exact++
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatalf("window %d (-all kept +compacted):\n%s", i, diff)
			}
		}
	})
	t.Logf("%d windows dropped candidates; %d were exact, %d approximate", dropped, exact, approximate)
	if dropped == 0 || exact == 0 {
		t.Error("one of these did not happen: the test is not testing")
	}
}

// TestCompactSaysThatItIsApproximate: where more was taken back than was kept
// in reserve, the summary says so.
func TestCompactSaysThatItIsApproximate(t *testing.T) {
	p := DefaultPolicy()
	p.Budget = Budget{Count: 2}
	p.Control = false
	m := mustNew(t, Options{Policy: p, Capabilities: []string{"a"}})
	m.rules.compactFrom = 20
	add := func(i int, score float32, hash byte) {
		mustStep(t, m, &Candidate{
			ID: fmt.Sprint(i), Source: "s", Styles: []string{"x"}, Scores: []float32{score},
			ContentHash: [32]byte{hash}, Offset: int64(i), SampleOffset: int64(i),
		})
	}
	for i := range 40 {
		add(i, float32(40-i), 9)
	}
	for i := range 4 { // the best four are replaced by records that score nothing
		add(i, 0, 1)
	}
	s := mustStep(t, m, Close{}).Closed[0].Summary
	if s.Selected != 2 || s.Approximate == "" {
		t.Errorf("%d were chosen, approximate: %q", s.Selected, s.Approximate)
	}
}

// TestCompactBounds: what a window of a count budget holds does not grow with
// what is dropped by more than its share.
func TestCompactBounds(t *testing.T) {
	p := DefaultPolicy()
	p.Budget = Budget{Count: 10}
	m := mustNew(t, Options{Policy: p, Capabilities: []string{"a", "b"}})
	m.rules.compactFrom = 1000
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 20_000 {
		mustStep(t, m, &Candidate{
			ID: fmt.Sprint(i), Source: "s", Styles: []string{"x", "y"}[i%2 : i%2+1],
			Scores: []float32{rng.Float32(), rng.Float32()},
		})
	}
	w := m.open[EndOfTime]
	if w.pack.n > 1000 {
		t.Errorf("%d candidates kept of 20000, want no more than 1000", w.pack.n)
	}
	s := mustStep(t, m, Close{}).Closed[0].Summary
	if s.Candidates != 20_000 || s.Selected != 10 || s.Control != 10 || s.Approximate != "" {
		t.Errorf("candidates %d, selected %d, control %d, approximate %q; want 20000, 10, 10, exact",
			s.Candidates, s.Selected, s.Control, s.Approximate)
	}
}
