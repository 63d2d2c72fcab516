package selection

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestMerge: machines that have each read a part, merged, choose as one that
// has read it all, whatever each of them has dropped.
func TestMerge(t *testing.T) {
	var merged, dropped int
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		switch rapid.IntRange(0, 3).Draw(t, "policy") {
		case 0, 1:
			p.policy.Budget = Budget{Count: rapid.Uint64Range(1, 3).Draw(t, "count")}
		case 2:
			p.enrich(t)
		}
		if rapid.Bool().Draw(t, "windows") {
			p.policy.Window.Size = 2 * time.Second
		}
		want := selectAll(rt{t: t}, p.options(), p.records)
		machines := make([]*Machine, rapid.IntRange(1, 4).Draw(t, "machines"))
		for i := range machines {
			machines[i] = mustNew(rt{t: t}, p.options())
			machines[i].rules.compactFrom = rapid.Uint32Range(1, 40).Draw(t, "compact from")
		}
		for i := range p.records {
			m := machines[rapid.IntRange(0, len(machines)-1).Draw(t, "reads")]
			mustStep(rt{t: t}, m, &p.records[i])
		}
		for _, m := range machines[1:] {
			for _, w := range m.open {
				merged++
				if w.dropped != nil {
					dropped++
				}
			}
			if err := machines[0].Merge(m); err != nil {
				t.Fatal(err)
			}
		}
		got := resultsOf(mustStep(rt{t: t}, machines[0], Close{}).Closed)
		for i := range got {
			if got[i].Summary.Approximate != "" {
				return // and windows after it know other ids to be chosen
			}
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatalf("window %d (-one machine +merged):\n%s", i, diff)
			}
		}
	})
	t.Logf("%d windows were merged, %d of them had dropped some", merged, dropped)
	if dropped == 0 {
		t.Error("none had dropped anything: the test is not testing")
	}
}

func TestMergeRefuses(t *testing.T) {
	p := DefaultPolicy()
	a := mustNew(t, Options{Policy: p, Capabilities: []string{"c"}})
	p.Seed = 2
	if err := a.Merge(mustNew(t, Options{Policy: p, Capabilities: []string{"c"}})); err == nil {
		t.Error("machines of different policies are merged")
	}
}
