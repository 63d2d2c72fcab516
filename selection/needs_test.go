package selection

import (
	"strings"
	"testing"
)

// What a policy says that it has to remember is what its windows do.
func TestWhatAPolicyKeeps(t *testing.T) {
	for name, c := range map[string]struct {
		policy string
		why    string // a word of it
		keeps  uint64
	}{
		"default":    {"", "ratio", 0},
		"count":      {"budget: {count: 50}", "", 100},
		"rate":       {"budget: {rate: 60/h}\nwindow: {size: 10m}", "", 20},
		"tokens":     {"budget: {tokens: 1000}", "tokens", 0},
		"carry":      {"budget: {count: 5, carry: true}\nwindow: {size: 10m}", "carry", 0},
		"limits":     {"budget: {count: 5}\nlimits: {source: {\"*\": {max: 2}}}", "limits", 0},
		"dedup":      {"budget: {count: 5}\ndedup: {content: true}", "dedup", 0},
		"on arrival": {"budget: {count: 5}\nwindow: {size: 10m}\nemission: on-arrival", "on-arrival", 0},
		"baseline":   {"budget: {count: 5}\nmethod: random", "random", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := ParsePolicy("policy.yaml", []byte(c.policy), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			why := p.KeepsAll()
			if (why == "") != (c.why == "") || !strings.Contains(why, c.why) {
				t.Errorf("it keeps all because %q, want %q", why, c.why)
			}
			if why == "" && p.Keeps() != c.keeps {
				t.Errorf("it keeps %d, want %d", p.Keeps(), c.keeps)
			}
			r, err := newRules(p, []string{"a"})
			if err != nil {
				t.Fatal(err)
			}
			if count, ok := r.bounded(); ok != (why == "") || ok && 2*count != c.keeps {
				t.Errorf("the rules are bounded: %t, by %d", ok, count)
			}
		})
	}
}
