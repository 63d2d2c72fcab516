package selection

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParsePolicy(t *testing.T) {
	text := `
window:       {size: 10m, lateness: 90s, idle: 30s}   # event time
budget:       {count: 1000}
capabilities: {humanities: 2, stem_knowledge: 0.5}
threshold:    1.5
bins:         style
control:      false
seed:         7
`
	got, err := ParsePolicy("policy.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Policy{
		Window:       Window{Size: 10 * time.Minute, Lateness: 90 * time.Second, Idle: 30 * time.Second},
		Budget:       Budget{Count: 1000},
		Capabilities: []Share{{"humanities", Decimal{2, 0}}, {"stem_knowledge", Decimal{5, 1}}},
		Threshold:    1.5, Bins: ByStyle, Seed: 7,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyPolicyIsTheDefault(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "{}", "capabilities: []\n"} {
		got, err := ParsePolicy("p", []byte(text), nil)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if diff := cmp.Diff(DefaultPolicy(), got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestPolicyMistakesSayWhereAndWhatIsExpected(t *testing.T) {
	bundle := []string{"humanities", "stem_knowledge"}
	for _, c := range []struct{ text, want string }{
		{"windows: {size: 10m}", `p:1: unknown key "windows": did you mean "window"?`},
		{"seed: 1\nwindow:\n  sise: 10m", `p:3: unknown key "sise": did you mean "size"?`},
		{"window: {size: 10}", `p:1: window.size is 10: expected a duration such as 10m`},
		{"window: {size: 0s}", "p:1: window.size is 0"},
		{"window: {lateness: -1s}", "p:1: window.lateness is -1s: expected whole milliseconds, not negative"},
		{"window: {idle: 0s}", "p:1: window.idle is 0"},
		{"window: 10m", "p:1: window is \"10m\": expected a mapping with the keys idle, lateness, size"},
		{"budget: {ratio: 1.3}", "p:1: budget.ratio is 1.3: expected above 0 and at most 1"},
		{"budget: {ratio: 0}", "p:1: budget is 0"},
		{"budget: {ratio: half}", `p:1: budget.ratio is "half": expected a decimal fraction`},
		{"budget: {ratio: 0.3, count: 5}", "p:1: budget has both ratio and count"},
		{"budget: {count: -5}", "p:1: budget.count is -5: expected a whole number"},
		{"budget: {}", "p:1: budget is 0"},
		{"capabilities:\n  - humanities\n  - humanitys", `p:3: capabilities: the bundle has no "humanitys": did you mean "humanities"?`},
		{"capabilities: {humanities: 0}", "p:1: capabilities: the weight of \"humanities\" is 0"},
		{"capabilities: {humanities: much}", "p:1: the weight of \"humanities\" is \"much\": expected a number"},
		{"capabilities: [humanities, humanities]", `p:1: capabilities: "humanities" is listed twice`},
		{"capabilities: humanities", "p:1: capabilities is \"humanities\": expected a list of names"},
		{"capabilities: [3]", "p:1: a capability is 3: expected a name"},
		{"threshold: high", `p:1: threshold is "high": expected a number`},
		{"threshold: .inf", "p:1: threshold is .inf: expected a number"},
		{"bins: styles", `p:1: bins is "styles": expected style+source or style`},
		{"control: yes please", "p:1: control is \"yes please\": expected true or false"},
		{"seed: -1", "p:1: seed is -1: expected a whole number"},
		{"seed: 1\nseed: 2", "p:2"},
		{"budget: {ratio: 0.3", "p:1: "},
		{"- a list", "p:1: the policy is a list: expected a mapping"},
		{"seed: 1\n---\nseed: 2", "p:3: a second document"},
	} {
		_, err := ParsePolicy("p", []byte(c.text), bundle)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
	_, err := ParsePolicy("p", []byte("sead: 1\nbudget: {ratio: 7}\nbins: x"), bundle)
	for _, want := range []string{"p:1", "p:2", "p:3"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("of three mistakes %s is not told: %v", want, err)
		}
	}
}

func drawPolicy(t *rapid.T) Policy {
	ms := rapid.Int64Range(0, int64(72*time.Hour/time.Millisecond))
	p := DefaultPolicy()
	p.Window.Size = time.Duration(ms.Draw(t, "size")) * time.Millisecond
	p.Window.Lateness = time.Duration(ms.Draw(t, "lateness")) * time.Millisecond
	p.Window.Idle = time.Duration(1+ms.Draw(t, "idle")) * time.Millisecond
	if rapid.Bool().Draw(t, "count") {
		p.Budget = Budget{Count: rapid.Uint64Range(1, maxCount).Draw(t, "budget")}
	} else {
		p.Budget = Budget{Ratio: Decimal{rapid.Uint64Range(1, 1000).Draw(t, "ratio"), 3}}
	}
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z_ :#"'\[{é-]{1,12}|true|null|[0-9]{1,3}`), 0, 4, rapid.ID).Draw(t, "names")
	for _, name := range names {
		p.Capabilities = append(p.Capabilities, Share{name, Decimal{rapid.Uint64Range(1, 99999).Draw(t, "weight"), uint8(rapid.IntRange(0, 6).Draw(t, "places"))}})
	}
	p.Threshold = rapid.Float32Range(-10, 10).Draw(t, "threshold") + 0
	p.Bins = rapid.SampledFrom([]Bins{ByStyle, ByStyleAndSource}).Draw(t, "bins")
	p.Control = rapid.Bool().Draw(t, "control")
	p.Seed = rapid.Uint64().Draw(t, "seed")
	return p
}

// TestPolicyYAML: a policy that is written and read again means the same.
func TestPolicyYAML(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		if err := p.Validate(); err != nil {
			t.Skip(err)
		}
		got, err := ParsePolicy("p", []byte(p.YAML()), nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, p.YAML())
		}
		if got.Version() != p.Version() || got.YAML() != p.YAML() {
			t.Fatalf("written:\n%s\nread:\n%s", p.YAML(), got.YAML())
		}
	})
}

func TestVersionIsOfTheMeaning(t *testing.T) {
	version := func(text string) string {
		p, err := ParsePolicy("p", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return p.Version()
	}
	same := version("budget: {ratio: 0.3}")
	for _, text := range []string{"# a comment\n", "budget:\n  ratio: 0.30\n", "capabilities: []", "threshold: -0"} {
		if version(text) != same {
			t.Errorf("%q has another version", text)
		}
	}
	for _, text := range []string{"seed: 2", "budget: {ratio: 0.31}", "bins: style", "capabilities: [a]", "window: {size: 1m}"} {
		if version(text) == same {
			t.Errorf("%q has the same version", text)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(DefaultPolicy().YAML()))
	f.Add([]byte("capabilities: {a: 1.5}\nbudget: {count: 3}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePolicy("p", text, nil)
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("a policy that was taken is not valid: %v", err)
		}
		again, err := ParsePolicy("p", []byte(p.YAML()), nil)
		if err != nil || again.Version() != p.Version() {
			t.Fatalf("written and read again: %v\n%s", err, p.YAML())
		}
	})
}
