package batch_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"cream/selection"
	"cream/stream/batch"
	"cream/stream/folder"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a score line of the capabilities x and y.
func line(id string, x, y float64) string {
	return fmt.Sprintf(`{"id": %q, "styles": ["yes/no"], "scores": {"x": %v, "y": %v}}`, id, x, y)
}

// try runs a batch that may fail, by the default policy.
func try(t *testing.T, o batch.Options) (*folder.Summary, error) {
	t.Helper()
	o.Policy, o.Workers = selection.DefaultPolicy(), 2
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	b, err := batch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return b.Run(t.Context())
}

func TestBadLines(t *testing.T) {
	bad := []struct{ line, reason, id string }{
		{`{"id": "a", "styles": ["s"]`, "invalid-json", ""},
		{`null`, folder.ReasonID, ""},
		{`[1, 2]`, "invalid-json", ""},
		{`"a"`, "invalid-json", ""},
		{"{\"id\": \"\xff\"}", "invalid-utf8", ""},
		{`{"styles": ["s"], "scores": {"x": 1, "y": 2}}`, folder.ReasonID, ""},
		{`{"id": "", "styles": ["s"], "scores": {"x": 1, "y": 2}}`, folder.ReasonID, ""},
		{`{"id": {}, "styles": ["s"], "scores": {"x": 1, "y": 2}}`, folder.ReasonInvalid, ""},
		{`{"id": "b", "scores": {"x": 1, "y": 2}}`, folder.ReasonStyle, "b"},
		{`{"id": "c", "styles": [], "scores": {"x": 1, "y": 2}}`, folder.ReasonStyle, "c"},
		{`{"id": "d", "styles": "s", "scores": {"x": 1, "y": 2}}`, folder.ReasonInvalid, "d"},
		{`{"id": "e", "styles": ["s", ""], "scores": {"x": 1, "y": 2}}`, folder.ReasonInvalid, "e"},
		{`{"id": "f", "styles": ["s"]}`, folder.ReasonScore, "f"},
		{`{"id": "g", "styles": ["s"], "scores": {"x": 1}}`, folder.ReasonScore, "g"},
		{`{"id": "h", "styles": ["s"], "scores": {"x": 1, "y": null}}`, folder.ReasonScore, "h"},
		{`{"id": "i", "styles": ["s"], "scores": {"x": 1, "y": "2"}}`, folder.ReasonNumber, "i"},
		{`{"id": "j", "styles": ["s"], "scores": {"x": 1, "y": 1e39}}`, folder.ReasonNumber, "j"},
		{`{"id": "k", "styles": ["s"], "scores": {"x": 1, "y": NaN}}`, "invalid-json", ""},
		{`{"id": "l", "styles": ["s"], "scores": [1]}`, folder.ReasonScore, "l"},
		{`{"id": "m", "styles": ["s"], "scores": [1, [2]]}`, folder.ReasonNumber, "m"},
		{`{"id": "n", "styles": ["s"], "scores": 3}`, folder.ReasonScore, "n"},
		{`{"id": "o", "styles": ["s"], "scores": [1, 2], "event_time": "yesterday"}`, folder.ReasonTime, "o"},
		{`{"id": "p", "styles": ["s"], "scores": [1, 2], "event_time": -1}`, folder.ReasonTime, "p"},
		{`{"id": "q", "styles": ["s"], "scores": [1, 2], "content_hash": "xy"}`, folder.ReasonInvalid, "q"},
		{`{"id": "r", "styles": ["s"], "scores": [1, 2], "text_hash": 3}`, folder.ReasonInvalid, "r"},
		{`{"id": "s", "styles": ["s"], "scores": [1, 2], "tokens": -3}`, folder.ReasonInvalid, "s"},
		{`{"id": "t", "styles": ["s"], "scores": [1, 2], "metadata": [3]}`, folder.ReasonInvalid, "t"},
		{`{"id": "` + strings.Repeat("u", 1<<16) + `", "styles": ["s"], "scores": [1, 2]}`, "score-invalid", strings.Repeat("u", 1<<16)},
		{strings.Repeat("v", 17<<20), "sample-too-large", ""},
	}
	good := []string{
		`{"id": "first", "styles": ["s"], "scores": {"x": 1, "y": 1}}`,
		`{"id": 7, "source": null, "styles": ["s"], "scores": [2.5, 3], "event_time": "1970-01-01T00:00:01Z", "more": {"of": "it"}}`,
		`{"id": "z", "styles": ["s", "t"], "scores": {"w": 9, "y": 4, "x": 3, "v": null}, "source": "", "tokens": 5.0, "bytes": 6, "event_time": 1e3,
			"content_hash": "00FF", "picture_hash": "00000000000000a0", "text_hash": "ffffffffffffffff", "metadata": {"k": "<v>", "n": 1.50, "b": true, "o": {}, "z": null}, "bundle": "b", "bundle_version": "1"}`,
	}
	good[2] = strings.ReplaceAll(good[2], "\n\t\t\t", "")
	lines := []string{good[0], ""}
	for _, b := range bad {
		lines = append(lines, b.line)
	}
	lines = append(lines, good[1:]...)
	dir, summary := run(t, write(t, "scores.jsonl", lines...), "budget: {ratio: 1}\n")
	if n := int64(len(bad)); summary.Dead != n || summary.Scored != 3 || summary.Samples != n+3 || summary.Selected != 3 {
		t.Errorf("summary: %+v", summary)
	}
	reasons := make(map[string]int64)
	at := 0
	for d, err := range folder.ReadDeadLetters(dir) {
		if err != nil {
			t.Fatal(err)
		}
		b := bad[at]
		reasons[b.reason]++
		original := d.Base64
		if d.Original != nil {
			original = *d.Original
		}
		if d.Reason != b.reason || d.Stage != "curate" || d.ID != b.id || *d.Input != int64(at+1) || d.Line != int64(at+3) || d.Error == "" {
			t.Errorf("%.80s is dead by %s (%.200s), id %.20q, input %d, line %d", b.line, d.Reason, d.Error, d.ID, *d.Input, d.Line)
		}
		if original != b.line && b.reason != "invalid-utf8" {
			t.Errorf("%.80s is kept as %.80s", b.line, original)
		}
		at++
	}
	if diff := cmp.Diff(reasons, summary.Reasons); diff != "" || at != len(bad) {
		t.Errorf("%d dead letters: %s", at, diff)
	}
	if diff := cmp.Diff(strings.Join(good, "\n")+"\n", read(t, dir, folder.CuratedFile)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(`{"id":"first","source":"unknown","styles":["s"],"scores":{"x":1,"y":1}}
{"id":"7","source":"unknown","styles":["s"],"scores":{"x":2.5,"y":3},"event_time":1000}
{"id":"z","source":"","styles":["s","t"],"scores":{"w":9,"y":4,"x":3},"event_time":1000,"content_hash":"00ff","picture_hash":"00000000000000a0","text_hash":"ffffffffffffffff","tokens":5,"bytes":6,"metadata":{"b":"true","k":"<v>","n":"1.50"},"bundle":"b","bundle_version":"1"}
`, read(t, dir, folder.ScoresFile)); diff != "" {
		t.Error(diff)
	}
	// The folder can be selected from again, to the same end.
	again, _ := run(t, filepath.Join(dir, folder.ScoresFile), read(t, dir, folder.PolicyFile))
	for _, name := range []string{folder.DecisionsFile, folder.ScoresFile, folder.PolicyFile} {
		if diff := cmp.Diff(read(t, dir, name), read(t, again, name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Neither the order of the lines nor their workers show: with windows, ids
// that come again, and equal scores.
func TestTheOrderOfLinesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var lines []string
		for range rapid.IntRange(1, 60).Draw(rt, "lines") {
			lines = append(lines, fmt.Sprintf(`{"id": "s%d", "source": "%c", "styles": [%q], "scores": {"x": %d, "y": %d}, "event_time": %d}`,
				rapid.IntRange(0, 40).Draw(rt, "id"), rapid.RuneFrom([]rune("ab")).Draw(rt, "source"),
				rapid.SampledFrom([]string{"s", "t"}).Draw(rt, "style"), rapid.IntRange(0, 3).Draw(rt, "x"), rapid.IntRange(0, 3).Draw(rt, "y"),
				rapid.IntRange(0, 200_000).Draw(rt, "time")))
		}
		policy := rapid.SampledFrom([]string{"", "window: {size: 1m}\n"}).Draw(rt, "window") + "budget: {ratio: 0.4}\n"
		a, first := run(t, write(t, "a", lines...), policy)
		shuffled := rapid.Permutation(lines).Draw(rt, "shuffled")
		b, second := run(t, write(t, "b", shuffled...), policy)
		for _, name := range []string{folder.DecisionsFile, folder.WindowsFile, folder.PolicyFile} {
			if diff := cmp.Diff(read(t, a, name), read(t, b, name)); diff != "" {
				rt.Errorf("%s: %s", name, diff)
			}
		}
		for _, name := range []string{folder.CuratedFile, folder.ControlFile, folder.ScoresFile} {
			one, two := readLines(t, a, name), readLines(t, b, name)
			slices.Sort(one)
			slices.Sort(two)
			if diff := cmp.Diff(one, two); diff != "" {
				rt.Errorf("%s: %s", name, diff)
			}
		}
		if diff := cmp.Diff(first, second); diff != "" {
			rt.Error(diff)
		}
	})
}

// Every window fills a budget of its own, whatever the order of its lines in
// the file, and an id is chosen once in all of them.
func TestWindows(t *testing.T) {
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf(`{"id": "s%02d", "styles": ["s"], "scores": {"x": %d}, "event_time": %d}`, i, i+1, (i%3)*60_000+i))
	}
	lines = append(lines, `{"id": "s27", "styles": ["s"], "scores": {"x": 99}, "event_time": "1970-01-01T00:02:30Z"}`)
	dir, summary := run(t, write(t, "scores.jsonl", lines...), "window: {size: 1m}\nbudget: {count: 2}\ncontrol: false\n")
	var chosen []string
	for d, err := range folder.ReadDecisions(dir) {
		if err != nil {
			t.Fatal(err)
		}
		chosen = append(chosen, fmt.Sprint(d.WindowStart, " ", d.ID))
	}
	if diff := cmp.Diff([]string{"0 s27", "0 s24", "60000 s28", "60000 s25", "120000 s29", "120000 s26"}, chosen); diff != "" {
		t.Error(diff)
	}
	if summary.Windows != 3 || summary.Selected != 6 || summary.Control != 0 || summary.Late != 0 || summary.Scored != 31 {
		t.Errorf("summary: %+v", summary)
	}
	var windows []folder.Window
	for w, err := range folder.ReadWindows(dir) {
		if err != nil {
			t.Fatal(err)
		}
		windows = append(windows, w)
	}
	if len(windows) != 3 || windows[2].Start != 120_000 || windows[2].End != 180_000 || windows[2].Samples != 11 || windows[2].Earlier != 1 || windows[2].Budget != 2 {
		t.Errorf("windows: %+v", windows)
	}
}

func TestNamesOfCapabilities(t *testing.T) {
	starter := []string{"one", "two", "three"}
	named := func(names ...string) selection.Policy {
		p := selection.DefaultPolicy()
		for _, n := range names {
			p.Capabilities = append(p.Capabilities, selection.Share{Name: n, Weight: selection.Decimal{Units: 1}})
		}
		return p
	}
	for name, c := range map[string]struct {
		policy        selection.Policy
		bundle, first []string
		want          []string
	}{
		"policy":             {named("b b", "a"), []string{"x"}, []string{"a", "b b"}, []string{"b b", "a"}},
		"bundle":             {named(), []string{"x"}, []string{"a", "x"}, []string{"x"}},
		"starter":            {named(), nil, []string{"three", "one", "two"}, starter},
		"some of the starer": {named(), nil, []string{"three", "one"}, []string{"one", "three"}},
		"first line":         {named(), nil, []string{"three", "a b", "one"}, []string{"three", "a b", "one"}},
		"none":               {named(), nil, nil, nil},
	} {
		got, err := batch.Capabilities(c.policy, c.bundle, c.first, starter)
		if diff := cmp.Diff(c.want, got); diff != "" || (err != nil) != (c.want == nil) {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	path := write(t, "scores", "broken", `{"id": "a", "styles": ["s"], "scores": [1]}`, line("b", 1, 2),
		`{"id": "c", "styles": ["s"], "scores": {"object spatial understanding": 1, "y": 1, "x": 1}}`)
	first, all, err := batch.Names(path)
	if diff := cmp.Diff([][]string{{"x", "y"}, {"x", "y", "object spatial understanding"}}, [][]string{first, all}); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// A run that fails or is stopped leaves the folder as it was.
func TestAFolderIsOfOnePiece(t *testing.T) {
	dir, _ := run(t, write(t, "scores", line("a", 1, 2)), "budget: {ratio: 1}")
	before := contents(t, dir)
	scores := write(t, "scores", line("b", 1, 2))
	b, err := batch.New(batch.Options{Scores: scores, Policy: selection.DefaultPolicy(), Capabilities: []string{"x", "y"}, Workers: 1, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was stopped: %v", err)
	}
	if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
	if _, err := try(t, batch.Options{Scores: filepath.Join(dir, "nowhere"), Capabilities: []string{"x", "y"}, Dir: dir}); err == nil {
		t.Error("it ran without a file")
	}
	if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
	if _, err := try(t, batch.Options{Scores: scores, Capabilities: []string{"x", "y"}, Dir: dir}); err != nil {
		t.Error(err)
	}
	if got := read(t, dir, folder.ScoresFile); !strings.Contains(got, `"b"`) || strings.Contains(got, `"a"`) {
		t.Errorf("scores are %s", got)
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, e := range entries {
		all[e.Name()] = read(t, dir, e.Name())
	}
	return all
}

func TestEveryMistakeInTheOptions(t *testing.T) {
	_, err := batch.New(batch.Options{})
	for _, want := range []string{"scores", "scorer", "workers", "budget", "capabilities"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not speak of %s", err, want)
		}
	}
}
