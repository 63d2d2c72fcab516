package selection

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestChange: each window goes by one policy from its start to its end, and a
// machine that is told of the changes at once, as after a restart, agrees.
func TestChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		p.policy.Window.Size = time.Second
		other := drawPool(t).policy
		other.Window, other.Capabilities, other.Thresholds = p.policy.Window, nil, nil
		at := rapid.IntRange(0, len(p.records)).Draw(t, "changed at")
		m := mustNew(rt{t: t}, p.options())
		var from int64
		for i := range p.records {
			if i == at {
				from = mustStep(rt{t: t}, m, Change{Policy: other}).From
				if from%1000 != 0 || from < m.Begun() {
					t.Fatalf("changed from %d, begun %d", from, m.Begun())
				}
			}
			mustStep(rt{t: t}, m, &p.records[i])
		}
		got := resultsOf(mustStep(rt{t: t}, m, Close{}).Closed)
		for _, r := range got {
			want := p.policy.Version()
			if at < len(p.records) && r.Summary.Start >= from {
				want = other.Version()
			}
			if r.Summary.Policy != want {
				t.Fatalf("the window from %d goes by %s, want %s", r.Summary.Start, r.Summary.Policy, want)
			}
		}
		if at == len(p.records) {
			return
		}
		o := p.options()
		o.Changes = []Change{{Policy: other, From: from}}
		if diff := cmp.Diff(got, selectAll(rt{t: t}, o, p.records)); diff != "" {
			t.Fatalf("(-changed +made with the change):\n%s", diff)
		}
	})
}

func TestChangeRefuses(t *testing.T) {
	p := DefaultPolicy()
	p.Window.Size = time.Second
	m := mustNew(t, Options{Policy: p, Capabilities: []string{"c"}})
	for want, spoil := range map[string]func(*Policy){
		"its window is another":       func(p *Policy) { p.Window.Size *= 2 },
		`the bundle has no "d"`:       func(p *Policy) { p.Capabilities = []Share{{Name: "d", Weight: Decimal{Units: 1}}} },
		"budget.ratio is 2: expected": func(p *Policy) { p.Budget.Ratio = Decimal{Units: 2} },
	} {
		other := p
		spoil(&other)
		if _, err := m.Step(Change{Policy: other}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
