package selection

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden is a pool and what the reference implementation selects from it.
type golden struct {
	Ratio        json.Number
	Budget       uint64
	Threshold    float32
	Capabilities []string
	Samples      []struct {
		Idx    int
		Source string
		Styles []string
		Scores []float32
	}
	Rounds   int
	Steps    []step
	Selected []int
}

type step struct {
	Capability string
	Picked     []int
}

func TestGolden(t *testing.T) {
	shared := os.Getenv("CREAM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "golden", "selection", "*.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("no golden selections in %s: set CREAM_SHARED to the folder that has golden/", shared)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			g := readGolden(t, file)
			ratio, err := ParseDecimal(g.Ratio.String())
			if err != nil {
				t.Fatal(err)
			}
			for _, budget := range []Budget{{Ratio: ratio}, {Count: g.Budget}} {
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

func readGolden(t *testing.T, file string) golden {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.NewDecoder(z).Decode(&g); err != nil {
		t.Fatal(err)
	}
	return g
}

func checkGolden(t *testing.T, g golden, budget Budget) {
	policy := DefaultPolicy()
	policy.Budget = budget
	policy.Threshold = g.Threshold
	m := mustNew(t, Options{Policy: policy, Capabilities: g.Capabilities})
	for _, s := range g.Samples {
		mustStep(t, m, &Candidate{
			ID: strconv.Itoa(s.Idx), Source: s.Source, Styles: s.Styles, Scores: s.Scores,
			Offset: int64(s.Idx), SampleOffset: int64(s.Idx),
		})
	}
	closed := mustStep(t, m, Close{}).Closed
	if len(closed) != 1 {
		t.Fatalf("%d windows closed, want 1", len(closed))
	}
	var steps []step
	var selected []int
	round := 0
	for p := range closed[0].Picks() {
		idx, err := strconv.Atoi(p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(steps) == 0 || p.Round != round || p.Capability != steps[len(steps)-1].Capability {
			steps = append(steps, step{Capability: p.Capability})
			round = p.Round
		}
		last := &steps[len(steps)-1]
		last.Picked = append(last.Picked, idx)
		selected = append(selected, idx)
	}
	for _, s := range steps {
		slices.Sort(s.Picked)
	}
	slices.Sort(selected)
	if diff := cmp.Diff(g.Steps, steps); diff != "" {
		t.Errorf("turns (-reference +ours):\n%s", diff)
	}
	if diff := cmp.Diff(g.Selected, selected); diff != "" {
		t.Errorf("selected (-reference +ours):\n%s", diff)
	}
	s := closed[0].Summary
	if s.Rounds != g.Rounds || s.Budget != int64(g.Budget) || s.Selected != int64(len(g.Selected)) {
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
