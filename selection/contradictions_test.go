package selection

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestContradictions(t *testing.T) {
	bundle := []string{"humanities", "stem_knowledge"}
	for _, c := range []struct{ text, want string }{
		{"budget: {count: 100}\nlimits:\n  style:\n    x: {min: 6, max: 5%}", "limits.style.x: max 5% is less than min 6 of the budget, 100"},
		{"budget: {count: 100}\nlimits:\n  style:\n    y: {max: 5}\n    x: {max: 6, min: 7%}", "limits.style.x: max 6 is less than min 7% of the budget, 100"},
		{"budget: {rate: 60/h}\nwindow: {size: 10m}\nlimits: {source: {50%: {max: 1, min: 20%}}}", "limits.source.50%: max 1 is less than min 20% of the budget, 10"},
		{"limits: {style: {x: {max: 0, min: 7%}}}", "limits.style.x: max 0 is less than min 7%"},
		{"limits:\n  source:\n    a: {min: 50%}\n  style:\n    x: {min: 0.5}\n    y: {min: 50.1%}", "limits.style: the minimums come to 100.1% of the budget: expected 100% or less together"},
		{"budget: {count: 100}\nlimits: {source: {x: {min: 60}, y: {min: 41}}}", "limits.source: the minimums come to 101 samples: expected no more than the budget, 100, together"},
		{"budget: {count: 100}\nlimits: {source: {x: {min: 60}, y: {min: 40.5%}}}", "limits.source: the minimums come to 101 samples"},
		{"budget: {count: 10}\nlimits: {capability: {humanities: {min: 11}}}", "limits.capability: the minimums come to 11 samples"},
		{"limits: {capability: {\"*\": {max: 49%}}}", "limits.capability: the maximums of all capabilities come to 98% of the budget"},
		{"capabilities: [humanities]\nlimits: {capability: {humanities: {max: 99.9%}}}", "limits.capability: the maximums of all capabilities come to 99.9% of the budget"},
		{"budget: {count: 100}\nlimits: {capability: {humanities: {max: 60%}, \"*\": {max: 39}}}", "limits.capability: the maximums of all capabilities come to 99 samples"},
		{"limits: {style: {x: {min: 3}}}\nexclude: {style: x}", "limits.style.x: min 3, and exclude.style lets none of it through"},
		{"limits: {source: {x: {min: 3}}}\nexclude: {source: x}", "limits.source.x: min 3, and exclude.source lets"},
		{"limits: {source: {x: {min: 3}}}\nrequire: {source: [y, z]}", "limits.source.x: min 3, and require.source lets"},
	} {
		p, err := ParsePolicy("p", []byte(c.text), bundle, nil)
		if err != nil {
			t.Fatalf("%q: %v", c.text, err)
		}
		if found := p.contradictions(bundle); len(found) != 1 || !strings.HasPrefix(found[0], c.want) {
			t.Errorf("%q:\n got %q\nwant %s", c.text, found, c.want)
		}
	}
	// What may be right, by rounding or where the budget is not known.
	for _, text := range []string{
		"budget: {count: 100}\nlimits: {style: {x: {min: 5, max: 5%}, y: {min: 95%, max: 95}}}",
		"limits: {style: {x: {min: 600, max: 5%}}}",
		"budget: {count: 100, carry: true}\nlimits: {style: {x: {min: 600}}}",
		"budget: {rate: 1/h}\nlimits: {style: {x: {min: 600}}}",
		"budget: {tokens: 100}\nlimits: {style: {x: {min: 600}}}",
		"budget: {count: 101}\nlimits: {style: {x: {min: 50%}, y: {min: 50%}}}",
		"limits: {style: {x: {min: 60%}}, source: {x: {min: 60%}}}",
		"limits: {style: {\"*\": {max: 1%}}, source: {\"*\": {max: 1%}}}",
		"limits: {capability: {humanities: {max: 1%}}}",
		"limits: {capability: {humanities: {max: 1}, \"*\": {max: 1}}}",
		"budget: {count: 100}\nlimits: {capability: {humanities: {max: 1%}, \"*\": {max: 99}}}",
		"limits: {style: {x: {min: 3}}}\nrequire: {style: y}",
		"limits: {style: {x: {max: 3}}}\nexclude: {style: x}",
	} {
		p, err := ParsePolicy("p", []byte(text), bundle, nil)
		if found := p.contradictions(bundle); err != nil || len(found) > 0 {
			t.Errorf("%q: %q, %v", text, found, err)
		}
	}
	// Whose capabilities are not known, they are not a closed set.
	p, err := ParsePolicy("p", []byte(`limits: {capability: {"*": {max: 49%}}}`), nil, nil)
	if found := p.contradictions(nil); err != nil || len(found) > 0 {
		t.Errorf("%q, %v", found, err)
	}
}

// TestContradictionsAreCertain: no window with a budget keeps limits that are
// said to contradict each other.
func TestContradictionsAreCertain(t *testing.T) {
	tested := 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		p.enrich(t)
		found := p.policy.contradictions(p.names)
		if len(found) == 0 {
			return
		}
		for _, w := range selectAll(rt{t: t}, p.options(), p.records) {
			s := w.Summary
			if s.Budget == 0 {
				continue
			}
			for _, m := range found {
				tested++
				kept := s.Shortfall == ""
				if strings.Contains(m, "maximums") {
					kept = s.Spent >= s.Budget
				}
				if kept {
					t.Fatalf("%s, and it is kept:\n%s%s", m, p.policy.limitLines(), p.policy.Budget.yaml())
				}
			}
		}
	})
	t.Logf("%d contradictions in windows with a budget", tested)
}

func TestDoubts(t *testing.T) {
	p, err := ParsePolicy("p", []byte(`
limits: {style: {yes/no: {max: 20%}, yes-no: {max: 1}, "*": {max: 3}}}
require: {style: [comparison, comparisons]}
exclude: {style: essay, source: essay}
`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`limits.style: the bundle names no style "yes-no": did you mean "yes/no"?`,
		`require.style: the bundle names no style "comparisons": did you mean "comparison"?`,
		`exclude.style: the bundle names no style "essay": expected one of yes/no, comparison`,
	}
	if diff := cmp.Diff(want, p.Doubts(nil, []string{"yes/no", "comparison"})); diff != "" {
		t.Errorf("doubts (-want +got):\n%s", diff)
	}
}
