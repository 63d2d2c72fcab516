package selection

import (
	"testing"

	"cream/selection/golden"
)

func TestGolden(t *testing.T) {
	for _, g := range golden.Read(t, "../../shared") {
		t.Run(g.Name, func(t *testing.T) {
			ratio, err := ParseDecimal(g.Ratio.String())
			if err != nil {
				t.Fatal(err)
			}
			for _, budget := range []Budget{{Ratio: ratio}, {Count: uint64(g.Budget)}} {
				t.Run(budgetName(budget), func(t *testing.T) { checkGolden(t, g, budget) })
			}
		})
	}
}

func budgetName(b Budget) string {
	if b.Count > 0 {
		return "count"
	}
	return "ratio"
}

func checkGolden(t *testing.T, g *golden.Case, budget Budget) {
	policy := DefaultPolicy()
	policy.Budget = budget
	policy.Threshold = g.Threshold
	m := mustNew(t, Options{Policy: policy, Capabilities: g.Capabilities})
	for _, s := range g.Samples {
		mustStep(t, m, &Candidate{
			ID: s.ID(), Source: s.Source, Styles: s.Styles, Scores: s.Scores,
			Offset: int64(s.Idx), SampleOffset: int64(s.Idx),
		})
	}
	closed := mustStep(t, m, Close{}).Closed
	if len(closed) != 1 {
		t.Fatalf("%d windows closed, want 1", len(closed))
	}
	g.Check(t, func(yield func(golden.Pick) bool) {
		for p := range closed[0].Picks() {
			if !yield(golden.Pick{Round: p.Round, Capability: p.Capability, ID: p.ID}) {
				return
			}
		}
	})
	s := closed[0].Summary
	if s.Rounds != g.Rounds || s.Budget != g.Budget || s.Selected != int64(len(g.Selected)) {
		t.Errorf("rounds, budget, selected = %d, %d, %d; want %d, %d, %d",
			s.Rounds, s.Budget, s.Selected, g.Rounds, g.Budget, len(g.Selected))
	}
}

func mustNew(t testing.TB, o Options) *Machine {
	t.Helper()
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustStep(t testing.TB, m *Machine, e Event) Effects {
	t.Helper()
	effects, err := m.Step(e)
	if err != nil {
		t.Fatal(err)
	}
	return effects
}
