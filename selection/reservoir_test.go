package selection

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestReservoir: whatever came in which windows, late or not, withdrawn or read
// again after a restart, the members are in the end the exact choice of all that
// is left; and each change is of one that was, or was not, a member.
func TestReservoir(t *testing.T) {
	var replaced, restarted int
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		p.policy.Window.Size, p.policy.Window.Lateness = time.Second, 0
		p.policy.Window.Global, p.policy.Control = true, false
		p.policy.Budget = Budget{Count: rapid.Uint64Range(1, 30).Draw(t, "count")}
		m := mustNew(rt{t: t}, p.options())
		compactFrom := rapid.Uint32Range(20, 100).Draw(t, "compact from")
		m.rules.compactFrom = compactFrom
		members := make(map[string]bool)
		approximate := false
		apply := func(closed []*ClosedWindow) {
			for _, w := range closed {
				approximate = approximate || w.Summary.Approximate != ""
				for id := range w.Removed() {
					if !members[id] {
						t.Fatalf("%s leaves and was no member", id)
					}
					delete(members, id)
				}
				for k := range w.Picks() {
					if members[k.ID] {
						t.Fatalf("%s is added and was a member", k.ID)
					}
					members[k.ID] = true
					if k.Replaces != "" {
						replaced++
						if members[k.Replaces] {
							t.Fatalf("%s replaces %s, which stays", k.ID, k.Replaces)
						}
					}
				}
				if w.Summary.Selected != int64(len(members)) {
					t.Fatalf("%d members, by the summary %d", len(members), w.Summary.Selected)
				}
			}
		}
		reached := int64(0)
		var left, read []Candidate
		for i := range p.records {
			c := p.records[i]
			c.Partition, c.Offset = 0, int64(i)
			read = append(read, c)
			left = append(left, c)
			mustStep(rt{t: t}, m, &c)
			reached = max(reached, c.EventTime)
			apply(mustStep(rt{t: t}, m, Watermark{Time: reached}).Closed)
			if rapid.IntRange(0, 20).Draw(t, "restart") == 0 {
				restarted++
				o := p.options()
				o.ClosedThrough, o.Positions = m.ClosedThrough(), map[int32]int64{0: int64(i) + 1}
				var chosen []Chosen
				for _, id := range slices.Sorted(maps.Keys(members)) {
					chosen = append(chosen, Chosen{ID: id})
				}
				o.Chosen = slices.Values(chosen)
				lowest := m.LowestNeeded()[0]
				m = mustNew(rt{t: t}, o)
				m.rules.compactFrom = compactFrom
				for k := range read[lowest:] {
					mustStep(rt{t: t}, m, &read[lowest:][k])
				}
			}
		}
		apply(mustStep(rt{t: t}, m, Close{}).Closed)
		if approximate || len(p.records) == 0 {
			return
		}
		o := oracle{policy: p.policy, names: p.names}
		o.choose(left)
		want := make(map[string]bool)
		for _, k := range o.picks {
			want[k.ID] = true
		}
		if diff := cmp.Diff(want, members); diff != "" {
			t.Fatalf("members (-exact choice of all +reservoir):\n%s", diff)
		}
	})
	t.Logf("%d were replaced; %d restarts", replaced, restarted)
	if replaced == 0 || restarted == 0 {
		t.Error("one of these did not happen: the test is not testing")
	}
}

// TestReservoirWithdrawal: the next revision fills the place of a member that
// was withdrawn.
func TestReservoirWithdrawal(t *testing.T) {
	p := DefaultPolicy()
	p.Window.Size, p.Window.Global, p.Control = time.Second, true, false
	p.Budget = Budget{Count: 1}
	m := mustNew(t, Options{Policy: p, Capabilities: []string{"c"}})
	add := func(id string, score float32, at int64) {
		mustStep(t, m, &Candidate{ID: id, Source: "s", Styles: []string{"x"}, Scores: []float32{score}, EventTime: at})
	}
	revise := func(at int64) (ids []string) {
		for _, w := range mustStep(t, m, Watermark{Time: at}).Closed {
			for k := range w.Picks() {
				ids = append(ids, k.ID+" for "+k.Replaces)
			}
		}
		return ids
	}
	add("best", 3, 0)
	add("second", 2, 0)
	got := revise(1000)
	mustStep(t, m, Withdraw{ID: "best", Offset: 2})
	add("third", 1, 1500)
	got = append(got, revise(2000)...)
	add("better", 4, 2500)
	got = append(got, revise(3000)...)
	if diff := cmp.Diff([]string{"best for ", "second for ", "better for second"}, got); diff != "" {
		t.Error(diff)
	}
}
