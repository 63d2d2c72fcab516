package selection

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestOnArrival: whatever the policy, no window ever spends more than it would
// have as its budget if it closed then, maximums hold, nothing is chosen twice,
// and what is left at the close is filled as far as it goes.
func TestOnArrival(t *testing.T) {
	var taken, filled int
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		if rapid.Bool().Draw(t, "rich") {
			p.enrich(t)
		}
		p.policy.Emission = OnArrival
		p.policy.Window.Size = time.Second
		m := mustNew(rt{t: t}, p.options())
		began := make(map[int64]*arrivals)
		published := make(map[string]bool)
		byWindow := make(map[int64][]Pick)
		slices.SortStableFunc(p.records, func(a, b Candidate) int { return int(a.EventTime - b.EventTime) })
		close := func(e Event) {
			for _, w := range mustStep(rt{t: t}, m, e).Closed {
				r := resultOf(w)
				arrived := byWindow[w.Summary.End]
				for i, k := range r.Picks {
					if k.OnArrival != (i < len(arrived)) || k.OnArrival && k.ID != arrived[i].ID {
						t.Fatalf("pick %d is %q, on arrival %t; %d arrived", i, k.ID, k.OnArrival, len(arrived))
					}
					if !k.OnArrival {
						filled++
						if published[k.ID] {
							t.Fatalf("%q is chosen a second time", k.ID)
						}
						published[k.ID] = true
					}
				}
				checkMaximums(t, p.policy, r)
				if s := r.Summary; s.Spent > s.Budget || s.OnArrival != int64(len(arrived)) || s.InExact > s.Selected ||
					(len(p.policy.Limits) == 0 && !p.policy.Budget.byCost() && s.Selected < s.Budget && s.Shortfall == "") {
					t.Fatalf("%+v", s)
				}
			}
		}
		for i := range p.records {
			c := &p.records[i]
			close(Watermark{Time: c.EventTime - 300})
			effects := mustStep(rt{t: t}, m, c)
			w := m.open[m.WindowEnd(c.EventTime)]
			if w == nil {
				continue
			}
			if began[w.end] == nil {
				began[w.end] = w.arrived
				w.arrived.learnAt = rapid.Uint32Range(1, 20).Draw(t, "learn at")
			}
			if k := effects.Taken; k != nil {
				taken++
				if published[k.ID] || k.ID != c.ID || !k.OnArrival {
					t.Fatalf("%+v is taken of %q, published before: %t", k, c.ID, published[k.ID])
				}
				published[k.ID] = true
				byWindow[w.end] = append(byWindow[w.end], *k)
				if w.arrived.spent > w.allowed() {
					t.Fatalf("spent %d, allowed by now %d", w.arrived.spent, w.allowed())
				}
			}
		}
		close(Close{})
	})
	t.Logf("%d taken on arrival, %d at the close", taken, filled)
	if taken == 0 || filled == 0 {
		t.Error("one of these did not happen: the test is not testing")
	}
}

// checkMaximums checks a window's picks against the policy's limits.
func checkMaximums(t *rapid.T, policy Policy, r result) {
	samples := make(map[string]uint64)
	for _, k := range r.Picks {
		for _, name := range []string{ofCapability + " " + k.Capability, ofStyle + " " + k.Style, ofSource + " " + k.Source} {
			samples[name]++
		}
	}
	for _, of := range limitKinds {
		for name, n := range samples {
			if len(name) <= len(of) || name[:len(of)+1] != of+" " {
				continue
			}
			limit := policy.limit(of, name[len(of)+1:])
			if limit == nil || limit.Max == nil {
				continue
			}
			most := limit.Max.Count
			if !limit.Max.Share.IsZero() {
				if policy.Budget.byCost() {
					continue // it is a part of the cost
				}
				most = limit.Max.Share.FloorOf(uint64(r.Summary.Budget))
			}
			if n > most {
				t.Fatalf("%d of %s, at most %s of %d", n, name, limit.Max, r.Summary.Budget)
			}
		}
	}
}

// TestOnArrivalLearns: on a stream that stays as it is nearly all is taken on
// arrival, and what is taken is what the exact choice would have been.
func TestOnArrivalLearns(t *testing.T) {
	const size, windows = 4000, 5
	policy := DefaultPolicy()
	policy.Emission, policy.Window.Size = OnArrival, size*time.Millisecond
	m := mustNew(t, Options{Policy: policy, Capabilities: []string{"a", "b", "c"}})
	rng := rand.New(rand.NewPCG(3, 1))
	var last *ClosedWindow
	for i := range size * windows {
		effects := mustStep(t, m, Watermark{Time: int64(i)})
		if len(effects.Closed) > 0 {
			last = effects.Closed[0]
		}
		mustStep(t, m, &Candidate{
			ID: fmt.Sprint(i), Source: fmt.Sprint(rng.IntN(4)), Styles: []string{fmt.Sprint(rng.IntN(3))},
			Scores: []float32{5 * rng.Float32(), 5 * rng.Float32(), 5 * rng.Float32()}, EventTime: int64(i), Offset: int64(i),
		})
	}
	s := last.Summary
	if s.Selected != s.Budget || s.OnArrival < s.Budget*9/10 || s.InExact < s.Budget*85/100 || s.ExactScore < 0.97 {
		t.Errorf("of %d, %d taken on arrival, %d as in the exact choice, %.3f of its score", s.Budget, s.OnArrival, s.InExact, s.ExactScore)
	}
}

// TestOnArrivalAgain: of an id that was withdrawn and comes again, itself is
// taken, not what came before it.
func TestOnArrivalAgain(t *testing.T) {
	policy := DefaultPolicy()
	policy.Emission = OnArrival
	m := mustNew(t, Options{Policy: policy, Capabilities: []string{"a", "b"}})
	rng := rand.New(rand.NewPCG(3, 1))
	again := 0
	for i := range 4000 {
		c := &Candidate{ID: fmt.Sprint(i), Source: "s", Styles: []string{"t"}, Scores: []float32{5 * rng.Float32(), 5 * rng.Float32()}, Offset: int64(i)}
		if i%5 == 4 {
			c.ID = fmt.Sprint(i - 3)
			mustStep(t, m, Withdraw{ID: c.ID, Offset: int64(i)})
		}
		if k := mustStep(t, m, c).Taken; k != nil {
			if k.ID != c.ID {
				t.Fatalf("%s is taken of %s", k.ID, c.ID)
			}
			if i%5 == 4 {
				again++
			}
		}
	}
	if again == 0 {
		t.Error("none was taken when it came again: the test is not testing")
	}
}
