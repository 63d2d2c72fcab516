package selection

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestWithdraw: what is withdrawn is as if it had never come, and comes again
// as a new sample; also where the small state of a count budget has dropped it.
func TestWithdraw(t *testing.T) {
	var withdrawn, dropped int
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		if rapid.Bool().Draw(t, "by count") {
			p.policy.Budget = Budget{Count: rapid.Uint64Range(1, 8).Draw(t, "count")}
		}
		m := mustNew(rt{t: t}, p.options())
		m.rules.compactFrom = rapid.Uint32Range(5, 100).Draw(t, "compact from")
		var left []Candidate
		for i := range p.records {
			c := &p.records[i]
			mustStep(rt{t: t}, m, c)
			left = append(left, *c)
			if rapid.IntRange(0, 4).Draw(t, "withdraw") > 0 {
				continue
			}
			id := p.records[rapid.IntRange(0, i).Draw(t, "which")].ID
			there := slices.ContainsFunc(left, func(c Candidate) bool { return c.ID == id })
			outcome := mustStep(rt{t: t}, m, Withdraw{ID: id, Partition: 9, Offset: int64(i)}).Outcome
			if (outcome == Withdrawn) != there {
				t.Fatalf("%s was there: %t; outcome %d", id, there, outcome)
			}
			left = slices.DeleteFunc(left, func(c Candidate) bool { return c.ID == id })
			withdrawn++
		}
		for _, w := range m.open {
			if w.dropped != nil {
				dropped++
			}
		}
		closed := mustStep(rt{t: t}, m, Close{}).Closed
		if len(closed) == 0 {
			return
		}
		r := resultOf(closed[0])
		s := r.Summary
		if s.Candidates != int64(len(standing(left))) || s.Records != s.Candidates+s.Duplicates+s.Withdrawn {
			t.Fatalf("%d distinct are left: %+v", len(standing(left)), s)
		}
		if s.Approximate != "" {
			return
		}
		o := oracle{policy: p.policy, names: p.names}
		o.choose(left)
		var want, got []string
		for _, k := range o.picks {
			want = append(want, k.ID)
		}
		for _, k := range r.Picks {
			got = append(got, k.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("picks (-oracle of what is left +machine):\n%s", diff)
		}
	})
	t.Logf("%d withdrawn; %d windows had dropped some", withdrawn, dropped)
	if withdrawn == 0 || dropped == 0 {
		t.Error("one of these did not happen: the test is not testing")
	}
}
