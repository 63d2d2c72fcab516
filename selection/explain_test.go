package selection

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestExplainAgreesWithTheDecision: of every sample, under every policy, it
// tells what the window did, with the oracle's ranks.
func TestExplainAgreesWithTheDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		if rapid.Bool().Draw(t, "rich") {
			p.enrich(t)
		}
		m := mustNew(rt{t: t}, p.options())
		for i := range p.records {
			mustStep(rt{t: t}, m, &p.records[i])
		}
		closed := mustStep(rt{t: t}, m, Close{}).Closed
		if len(closed) == 0 {
			return
		}
		checkExplained(t, p, closed[0], p.records)
	})
}

// TestExplainOfAReservoir: as its last window left it, with all that ever came
// and was not withdrawn.
func TestExplainOfAReservoir(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		p.policy.Window.Size, p.policy.Window.Global, p.policy.Control = time.Second, true, false
		p.policy.Budget = Budget{Count: rapid.Uint64Range(1, 30).Draw(t, "count")}
		options := p.options()
		options.KeepAll = true
		m := mustNew(rt{t: t}, options)
		m.rules.compactFrom = 20
		var left []Candidate
		gone := make(map[string]bool)
		for _, c := range p.records {
			mustStep(rt{t: t}, m, &c)
			left = append(left, c)
			delete(gone, c.ID)
			if rapid.IntRange(0, 9).Draw(t, "withdraw") == 0 {
				mustStep(rt{t: t}, m, Withdraw{ID: c.ID})
				left = slices.DeleteFunc(left, func(l Candidate) bool { return l.ID == c.ID })
				gone[c.ID] = true
			}
		}
		closed := mustStep(rt{t: t}, m, Close{}).Closed
		if len(closed) == 0 {
			return
		}
		last := closed[len(closed)-1]
		for id := range gone {
			if e, ok := last.Explain(id); ok && e.Outcome != FateWithdrawn {
				t.Fatalf("%s is withdrawn, and explained as %q", id, e.Outcome)
			}
		}
		checkExplained(t, p, last, left)
	})
}

// checkExplained compares what a window tells of records with the oracle.
func checkExplained(t *rapid.T, p pool, w *ClosedWindow, records []Candidate) {
	o := oracle{policy: p.policy, names: p.names}
	o.choose(records)
	judged := standing(o.judged(records))
	var ids []string
	for _, c := range judged {
		ids = append(ids, c.ID)
	}
	together := w.ExplainAll(ids)
	for _, c := range judged {
		e, ok := w.Explain(c.ID)
		if !ok {
			t.Fatalf("%s is not known", c.ID)
		}
		if diff := cmp.Diff(e, together[c.ID]); diff != "" {
			t.Fatalf("%s (-alone +with all others):\n%s", c.ID, diff)
		}
		at := slices.IndexFunc(o.picks, func(k oraclePick) bool { return k.ID == c.ID })
		running := slices.ContainsFunc(o.samples, func(s Candidate) bool { return s.ID == c.ID })
		switch {
		case !running && (e.Outcome != FateSame || !o.taken[e.SameAs] && !slices.ContainsFunc(o.samples, func(s Candidate) bool { return s.ID == e.SameAs })):
			t.Fatalf("%s is the same as another; explained as %q, same as %q", c.ID, e.Outcome, e.SameAs)
		case !running:
			continue
		case (at >= 0) != (e.Outcome == FateChosen):
			t.Fatalf("%s: chosen %t, explained as %q", c.ID, at >= 0, e.Outcome)
		}
		explainedByOne := 0
		for _, s := range e.Standings {
			checkStanding(t, &o, c, s)
			if s.Why == "" {
				explainedByOne++
				if k := o.picks[at]; k.Capability != s.Capability || k.Rank != s.Rank || k.Style != s.Style {
					t.Fatalf("%s: chosen as %+v, explained as %+v", c.ID, k, s)
				}
			}
		}
		if (explainedByOne == 1) != (at >= 0) {
			t.Fatalf("%s: chosen %t, by %d standings", c.ID, at >= 0, explainedByOne)
		}
	}
	if _, ok := w.Explain("never seen"); ok {
		t.Fatal("a sample that never was is explained")
	}
}

func checkStanding(t *rapid.T, o *oracle, c Candidate, s Standing) {
	for _, bin := range o.bins(s.Capability, func(Candidate, string) bool { return true }) {
		if bin.name != s.Bin {
			continue
		}
		// Two bins may have one name, of other parts.
		if rank := 1 + slices.IndexFunc(bin.candidates, func(b Candidate) bool { return b.ID == c.ID }); rank != s.Rank || s.Size != len(bin.candidates) {
			t.Fatalf("%s in %s for %s: rank %d of %d, explained as %d of %d", c.ID, bin.name, s.Capability, rank, len(bin.candidates), s.Rank, s.Size)
		}
		var last *oraclePick
		for i := range o.picks {
			k := &o.picks[i]
			if k.Capability == s.Capability && slices.ContainsFunc(bin.candidates, func(b Candidate) bool { return b.ID == k.ID }) &&
				(bin.style == "" || bin.style == k.Style) {
				last = k
			}
		}
		switch {
		case (last == nil) != (s.Last == nil):
			t.Fatalf("%s in %s for %s: last pick %+v, explained as %+v", c.ID, bin.name, s.Capability, last, s.Last)
		case last == nil:
		case last.ID != s.Last.ID || last.Rank != s.Last.Rank:
			t.Fatalf("%s in %s for %s: last pick %+v, explained as %+v", c.ID, bin.name, s.Capability, last, s.Last)
		case s.Rank > 0 && s.Rank < last.Rank && !o.taken[c.ID] && !strings.Contains(s.Why, "maximum") && !strings.Contains(s.Why, "minimum") &&
			!(o.passed[c.ID] && strings.Contains(s.Why, "passed over")):
			t.Fatalf("%s ranks before the last pick: %q", c.ID, s.Why)
		case strings.Contains(s.Why, "minimum") && len(o.minimums()) == 0:
			t.Fatalf("%s: %q, and there is no minimum", c.ID, s.Why)
		}
		return
	}
	if s.Rank != 0 || s.Size != 0 {
		t.Fatalf("%s: there is no bin %s for %s, explained as %+v", c.ID, s.Bin, s.Capability, s)
	}
}

func TestRefusal(t *testing.T) {
	p, err := ParsePolicy("policy.yaml", []byte(`
require: {style: [yes/no, short], metadata: {language: [en, de]}}
exclude: {source: [drafts], ids: list}
bundles: [starter 1]
`), nil, func(string) (string, []byte, error) { return "list", []byte("bad\n"), nil })
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Candidate){
		"": func(*Candidate) {},
		"its style long, longer is not among those that the policy requires":                   func(c *Candidate) { c.Styles = []string{"long", "longer"} },
		"its metadata language, which it has not, is not among those that the policy requires": func(c *Candidate) { c.Metadata = nil },
		`its metadata language "fr" is not among those that the policy requires`:               func(c *Candidate) { c.Metadata = map[string]string{"language": "fr"} },
		`its source "drafts" is among those that the policy excludes`:                          func(c *Candidate) { c.Source = "drafts" },
		"its id is among those that the policy excludes":                                       func(c *Candidate) { c.ID = "bad" },
		"starter 2 scored it, which is not among the policy's bundles: starter 1":              func(c *Candidate) { c.Bundle = "starter 2" },
	} {
		c := Candidate{ID: "a", Source: "web", Styles: []string{"short"}, Scores: []float32{1}, Metadata: map[string]string{"language": "en"}, Bundle: "starter 1"}
		change(&c)
		if got := p.Refusal(&c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		m, err := New(Options{Policy: p, Capabilities: []string{"x"}})
		if err != nil {
			t.Fatal(err)
		}
		effects, err := m.Step(&c)
		if err != nil || (effects.Outcome == Accepted) != (want == "") {
			t.Errorf("%q, and the machine says %d, %v", want, effects.Outcome, err)
		}
	}
}
