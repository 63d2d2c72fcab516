package selection_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"cream/selection"
	"cream/selection/synthetic"
)

// TestLimitsHoldInAMillion: in every window of a million candidates, under
// limits drawn anew for each run, no maximum is exceeded, and a minimum that is
// missed is in the summary.
func TestLimitsHoldInAMillion(t *testing.T) {
	const runs, windows, size = 10, 5, 20_000
	rng := rand.New(rand.NewPCG(7, 7))
	pool := synthetic.NewPool(synthetic.Shape{Seed: 3, Capabilities: 5, Styles: 6, Sources: 20})
	var met, missed, full int
	for run := range runs {
		policy := selection.DefaultPolicy()
		policy.Control = false
		policy.Window.Size = size * time.Millisecond
		switch run % 3 {
		case 1:
			policy.Budget = selection.Budget{Count: uint64(2000 + rng.IntN(6000))}
		case 2:
			policy.Budget = selection.Budget{Tokens: uint64(200_000 + rng.IntN(1_000_000))}
		}
		if run%2 == 1 {
			policy.Bins = selection.ByStyle
		}
		policy.Limits = drawLimits(rng, pool)
		m, err := selection.New(selection.Options{Policy: policy, Capabilities: pool.Capabilities()})
		if err != nil {
			t.Fatal(err)
		}
		var c selection.Candidate
		for i := range windows * size {
			pool.Fill(uint64(run*windows*size+i), &c)
			c.EventTime, c.Tokens = int64(i), int64(20+i%300)
			c.SampleOffset = int64(i)
			if _, err := m.Step(&c); err != nil {
				t.Fatal(err)
			}
		}
		effects, err := m.Step(selection.Close{})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range effects.Closed {
			a, b, c := checkLimits(t, policy, w)
			met, missed, full = met+a, missed+b, full+c
		}
	}
	t.Logf("%d minimums met, %d missed and told; %d maximums reached", met, missed, full)
	if met == 0 || missed == 0 || full == 0 {
		t.Error("one of these did not happen: the test is not testing")
	}
}

func drawLimits(rng *rand.Rand, pool *synthetic.Pool) (limits []selection.Limit) {
	amount := func(percent int) selection.Amount {
		if rng.IntN(2) == 0 {
			return selection.Amount{Count: uint64(rng.IntN(20 * percent))}
		}
		return selection.Amount{Share: selection.Decimal{Units: uint64(1 + rng.IntN(percent)), Places: 2}}
	}
	add := func(of, name string, low, high int) {
		l := selection.Limit{Of: of, Name: name}
		if rng.IntN(2) == 0 && name != selection.Others {
			l.Min = amount(low)
		} else {
			most := amount(high)
			l.Max = &most
		}
		limits = append(limits, l)
	}
	for _, name := range pool.Capabilities()[:2] {
		add("capability", name, 40, 30)
	}
	add("style", "style 01", 20, 30)
	add("style", "style 05", 60, 10) // a rare one: the minimum may be missed
	add("source", "source 00", 20, 10)
	add("source", "source 19", 30, 10)
	add("source", selection.Others, 0, 12)
	return limits
}

func checkLimits(t *testing.T, policy selection.Policy, w *selection.ClosedWindow) (met, missed, full int) {
	samples, spent := make(map[string]uint64), make(map[string]uint64)
	var all uint64
	for p := range w.Picks() {
		cost := uint64(1)
		if policy.Budget.Tokens > 0 {
			cost = uint64(20 + p.SampleOffset%300)
		}
		all += cost
		for _, name := range []string{"capability " + p.Capability, "style " + p.Style, "source " + p.Source} {
			samples[name]++
			spent[name] += cost
		}
	}
	budget := uint64(w.Summary.Budget)
	if all > budget || all != uint64(w.Summary.Spent) {
		t.Errorf("spent %d, by the summary %d, of %d", all, w.Summary.Spent, budget)
	}
	named := make(map[string]bool)
	for _, l := range policy.Limits {
		named[l.Of+" "+l.Name] = true
	}
	for _, l := range policy.Limits {
		names := []string{l.Of + " " + l.Name}
		if l.Name == selection.Others {
			names = names[:0]
			for name := range samples {
				if strings.HasPrefix(name, l.Of+" ") && !named[name] {
					names = append(names, name)
				}
			}
		}
		for _, name := range names {
			if most := l.Max; most != nil {
				if most.Share.IsZero() && samples[name] > most.Count || !most.Share.IsZero() && spent[name] > most.Share.FloorOf(budget) {
					t.Errorf("%s: %d samples, %d of %d; at most %s", name, samples[name], spent[name], budget, most)
				}
				if most.Share.IsZero() && samples[name] == most.Count {
					full++
				}
				continue
			}
			short := l.Min.Share.IsZero() && samples[name] < l.Min.Count || !l.Min.Share.IsZero() && spent[name] < l.Min.Share.CeilOf(budget)
			told := strings.Contains(w.Summary.Shortfall, "the minimum of "+name+":")
			if short != told {
				t.Errorf("%s: %d samples, %d of %d; at least %s; told: %q", name, samples[name], spent[name], budget, l.Min, w.Summary.Shortfall)
			}
			if short {
				missed++
			} else {
				met++
			}
		}
	}
	return met, missed, full
}
