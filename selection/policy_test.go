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
	got, err := ParsePolicy("policy.yaml", []byte(text), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Policy{
		Method:       MMSSR,
		Emission:     OnClose,
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
		got, err := ParsePolicy("p", []byte(text), nil, nil)
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
		{"bins: styles", `p:1: bins is "styles": expected one or more of style, source and metadata.FIELD`},
		{"bins: style+style", `p:1: bins is "style+style": style is there twice`},
		{"bins: metadata.", `p:1: bins is "metadata."`},
		{"method: best", `p:1: method is "best": expected one of mmssr, random`},
		{"method: random\nlimits: {style: {x: {max: 3}}}", "p:2: method random with limits"},
		{"budget: {rate: 5000}", "p:1: budget.rate is 5000: expected a number of samples for each s, m, h or d"},
		{"budget: {rate: 1/h}\nwindow: {size: 10m}", "p:1: budget.rate is 1/h, less than one in a window of 10m"},
		{"budget: {tokens: 1, bytes: 1}", "p:1: budget has both tokens and bytes"},
		{"budget: {carry: true}", "p:1: budget is 0"},
		{"carry: 3", "p:1: carry is 3: expected true or false"},
		{"threshold: {humanitys: 1}", `p:1: threshold: the bundle has no "humanitys": did you mean "humanities"?`},
		{"threshold: {humanities: high}", `p:1: threshold.humanities is "high": expected a number`},
		{"threshold: {humanities: 1}\ncapabilities: [stem_knowledge]", `p:1: threshold: "humanities" is not among the capabilities selected for`},
		{"limits: {style: {x: {}}}", "p:1: limits.style.x bounds nothing"},
		{"limits: {styles: {x: {max: 3}}}", `p:1: unknown key "styles": did you mean "style"?`},
		{"limits: {style: {x: {max: some}}}", `p:1: limits.style.x.max is "some": expected a number of samples, or a part`},
		{"limits: {style: {x: {max: 120%}}}", "p:1: limits.style.x: 120%: expected"},
		{"limits: {style: {x: {min: 10%, max: 5%}}}", "p:1: limits.style.x: max 5% is less than min 10%"},
		{"limits: {style: {\"*\": {min: 5}}}", "p:1: limits.style.* has a min"},
		{"limits: {capability: {humanity: {min: 5}}}", `p:1: limits.capability: the bundle has no "humanity"`},
		{"limits: {style: [x]}", "p:1: limits.style is a list: expected name"},
		{"require: {metadata: {language: []}}", "p:1: require.metadata.language: expected a field with at least one value"},
		{"exclude: {sources: [a]}", `p:1: unknown key "sources": did you mean "source"?`},
		{"exclude: {source: [a, a]}", `p:1: exclude.source: "a" is listed twice`},
		{"exclude: {ids: list.txt}", "p:1: exclude.ids names the file list.txt, and files cannot be read here"},
		{"bundles: [\"\"]", "p:1: bundles: entry 1"},
		{"dedup: {near: 65}", "p:1: dedup.near is 65: expected 0 to 64 bits"},
		{"dedup: {near: true}", "p:1: dedup.near is true: expected a number of bits"},
		{"dedup: {horizon: a day}", `p:1: dedup.horizon is "a day": expected a duration`},
		{"window: {type: sliding}", `p:1: window.type is "sliding": expected tumbling or global`},
		{"window: global\ncontrol: false", "p:1: window.type global does not go with a budget that is no count"},
		{"window: global\nbudget: {count: 3}", "p:1: window.type global does not go with control: true"},
		{"control: yes please", "p:1: control is \"yes please\": expected true or false"},
		{"seed: -1", "p:1: seed is -1: expected a whole number"},
		{"seed: 1\nseed: 2", "p:2"},
		{"budget: {ratio: 0.3", "p:1: "},
		{"- a list", "p:1: the policy is a list: expected a mapping"},
		{"seed: 1\n---\nseed: 2", "p:3: a second document"},
	} {
		_, err := ParsePolicy("p", []byte(c.text), bundle, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
	_, err := ParsePolicy("p", []byte("sead: 1\nbudget: {ratio: 7}\nbins: x"), bundle, nil)
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
		p.Budget = rapid.SampledFrom([]Budget{
			{Count: 1}, {Count: maxCount}, {Tokens: 7}, {Bytes: maxCost}, {Rate: 5000, RatePer: time.Hour}, {Rate: 3, RatePer: 90 * time.Second},
		}).Draw(t, "budget")
	} else {
		p.Budget = Budget{Ratio: Decimal{rapid.Uint64Range(1, 1000).Draw(t, "ratio"), 3}}
	}
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z_ :#"'\[{é-]{1,12}|true|null|[0-9]{1,3}`), 0, 4, rapid.ID).Draw(t, "names")
	for _, name := range names {
		p.Capabilities = append(p.Capabilities, Share{name, Decimal{rapid.Uint64Range(1, 99999).Draw(t, "weight"), uint8(rapid.IntRange(0, 6).Draw(t, "places"))}})
	}
	p.Threshold = rapid.Float32Range(-10, 10).Draw(t, "threshold") + 0
	p.Bins = rapid.SampledFrom([]Bins{ByStyle, ByStyleAndSource, "source", "metadata.a b+style"}).Draw(t, "bins")
	p.Method = rapid.SampledFrom(Methods()).Draw(t, "method")
	p.Budget.Carry = rapid.Bool().Draw(t, "carry")
	word := rapid.StringMatching(`[a-z_ :#"'\[{é-]{1,12}|true|null|[0-9]{1,3}|\*`)
	words := func(what string) []string { return rapid.SliceOfNDistinct(word, 0, 3, rapid.ID).Draw(t, what) }
	filter := func(what string) (f Filter) {
		f.Sources, f.Styles = words(what+" sources"), words(what+" styles")
		for _, field := range words(what + " fields") {
			if values := words(field); len(values) > 0 {
				if f.Metadata == nil {
					f.Metadata = make(map[string][]string)
				}
				f.Metadata[field] = values
			}
		}
		return f
	}
	p.Require, p.Exclude = filter("require"), filter("exclude")
	p.Bundles = words("bundles")
	p.Dedup = Dedup{Content: rapid.Bool().Draw(t, "content"), Near: rapid.Bool().Draw(t, "near")}
	if p.Dedup.Near {
		p.Dedup.Distance = rapid.Uint8Range(0, 64).Draw(t, "distance")
	}
	if p.Method == MMSSR {
		for _, name := range words("limited") {
			most := Amount{Share: Decimal{rapid.Uint64Range(1, 100).Draw(t, "max"), 2}}
			l := Limit{Of: rapid.SampledFrom([]string{ofStyle, ofSource}).Draw(t, "of"), Name: name, Max: &most}
			if name != Others {
				l.Min = Amount{Count: rapid.Uint64Range(0, 100).Draw(t, "min")}
			}
			p.Limits = append(p.Limits, l)
		}
	}
	if len(p.Capabilities) > 0 && rapid.Bool().Draw(t, "thresholds") {
		p.Thresholds = map[string]float32{p.Capabilities[0].Name: 2.5}
	}
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
		got, err := ParsePolicy("p", []byte(p.YAML()), nil, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, p.YAML())
		}
		if got.Version() != p.Version() || got.YAML() != p.YAML() {
			t.Fatalf("written:\n%s\nread:\n%s", p.YAML(), got.YAML())
		}
	})
}

// TestLists: files that a policy names count by their content.
func TestLists(t *testing.T) {
	const text = "exclude: {ids: ids.txt, content: hashes.txt}"
	read := func(ids, hashes string) (Policy, error) {
		files := map[string]string{"ids.txt": ids, "hashes.txt": hashes}
		return ParsePolicy("p", []byte(text), nil, func(name string) (string, []byte, error) {
			return "/there/" + name, []byte(files[name]), nil
		})
	}
	hash := strings.Repeat("0f", 32)
	p, err := read("one\r\n\n two \n", strings.ToUpper(hash)+"\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		candidate Candidate
		excluded  bool
	}{
		{Candidate{ID: "one"}, true},
		{Candidate{ID: " two "}, true},
		{Candidate{ID: "two"}, false},
		{Candidate{ID: "x", ContentHash: [32]byte{15, 15, 15, 15, 15, 15, 15, 15}}, true},
		{Candidate{ID: "x"}, false},
	} {
		if got := p.Exclude.names(&c.candidate); got != c.excluded {
			t.Errorf("%q %x: excluded %t, want %t", c.candidate.ID, c.candidate.ContentHash[:8], got, c.excluded)
		}
	}
	if !strings.Contains(p.YAML(), "ids: \"/there/ids.txt\"") {
		t.Errorf("the file's name is lost:\n%s", p.YAML())
	}
	if other, err := read("one\n", hash); err != nil || other.Version() == p.Version() {
		t.Errorf("another list has the same version (%v)", err)
	}
	if _, err := read("", "one\n"+hash[:10]); err == nil || !strings.Contains(err.Error(), "/there/hashes.txt:2: \"0f0f0f0f0f\" is no SHA-256") {
		t.Errorf("a short hash: %v", err)
	}
}

func TestVersionIsOfTheMeaning(t *testing.T) {
	version := func(text string) string {
		p, err := ParsePolicy("p", []byte(text), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p.Version()
	}
	same := version("budget: {ratio: 0.3}")
	for _, text := range []string{"# a comment\n", "budget:\n  ratio: 0.30\n", "capabilities: []", "threshold: -0",
		"threshold: {\"*\": 0}", "threshold: {a: 0}", "method: mmssr", "dedup: {content: false}"} {
		if version(text) != same {
			t.Errorf("%q has another version", text)
		}
	}
	for _, text := range []string{"seed: 2", "budget: {ratio: 0.31}", "bins: style", "capabilities: [a]", "window: {size: 1m}",
		"budget: {ratio: 0.3, carry: true}", "threshold: {a: 1}", "limits: {style: {a: {max: 3}}}", "exclude: {style: a}",
		"require: {style: a}", "dedup: {near: 0}", "method: random", "bundles: a"} {
		if version(text) == same {
			t.Errorf("%q has the same version", text)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(DefaultPolicy().YAML()))
	f.Add([]byte("capabilities: {a: 1.5}\nbudget: {count: 3}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePolicy("p", text, nil, nil)
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("a policy that was taken is not valid: %v", err)
		}
		again, err := ParsePolicy("p", []byte(p.YAML()), nil, nil)
		if err != nil || again.Version() != p.Version() {
			t.Fatalf("written and read again: %v\n%s", err, p.YAML())
		}
	})
}
