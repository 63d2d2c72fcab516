package online

import (
	"testing"

	"cream/selection"
	"cream/selection/synthetic"
)

// TestCompare: on a stream that stays as it is, choosing on arrival comes near
// the exact choice, and far above a random one, all with the same budget.
func TestCompare(t *testing.T) {
	pool := synthetic.NewPool(synthetic.Shape{Seed: 1, Capabilities: 4, Styles: 3, Sources: 3})
	stream := Synthetic(pool)[0]
	c, err := Compare(Options{Stream: stream, Candidates: 12_000, Window: 2000, Policy: selection.DefaultPolicy()})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Outcome{"arrival": c.Arrival, "close": c.Close, "random": c.Random} {
		if o.Windows != 6 || o.Budget != 3600 || o.Selected != 3600 {
			t.Errorf("%s: %d of %d chosen in %d windows, want 3600 of 3600 in 6", name, o.Selected, o.Budget, o.Windows)
		}
	}
	if c.Whole.Windows != 1 || c.Whole.Selected != 3600 {
		t.Errorf("the whole stream: %d chosen in %d windows, want 3600 in 1", c.Whole.Selected, c.Whole.Windows)
	}
	if part := float64(c.Arrival.OnArrival) / 3600; part < 0.9 {
		t.Errorf("%.3f was taken on arrival, want at least 0.9", part)
	}
	if part := c.Arrival.Score / c.Close.Score; part < 0.97 {
		t.Errorf("on arrival has %.3f of the exact choice's score, want at least 0.97", part)
	}
	if part := c.Random.Score / c.Close.Score; part > 0.9 {
		t.Errorf("a random choice has %.3f of the exact choice's score: the yardstick measures nothing", part)
	}
	if c.Arrival.Covered*100 < c.Close.Covered*97 {
		t.Errorf("on arrival covers %d capabilities and bins, the exact choice %d", c.Arrival.Covered, c.Close.Covered)
	}
}

// TestUneven: what windows of very different sizes cannot use serves the next.
func TestUneven(t *testing.T) {
	pool := synthetic.NewPool(synthetic.Shape{Seed: 1, Capabilities: 4, Styles: 3, Sources: 3})
	policy := selection.DefaultPolicy()
	policy.Budget = selection.Budget{Count: 300}
	o := Options{Stream: Synthetic(pool)[0], Candidates: 3100, Window: 1000, Uneven: true, Policy: policy}
	without, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	o.Policy.Budget.Carry = true
	with, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	if without.Windows != 3 || with.Windows != 3 || with.Selected <= without.Selected || with.Selected > 900 || with.Score <= without.Score {
		t.Errorf("without carry %+v, with %+v", without, with)
	}
}

// TestRepeated: every round has the whole pool, with ids of its own.
func TestRepeated(t *testing.T) {
	pool := []selection.Candidate{{ID: "a", Source: "y"}, {ID: "b", Source: "x"}, {ID: "c", Source: "x"}}
	for _, s := range Repeated(nil, pool) {
		seen, sources := make(map[string]bool), ""
		var c selection.Candidate
		for i := range 6 {
			s.Fill(i, 6, &c)
			if seen[c.ID] {
				t.Errorf("%s: %s comes twice", s.Name, c.ID)
			}
			seen[c.ID] = true
			sources += c.Source
		}
		if s.Name == "pool, by source" && sources != "xxyxxy" {
			t.Errorf("%s: sources %s", s.Name, sources)
		}
	}
}
