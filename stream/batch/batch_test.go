package batch_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/selection"
	"cream/selection/golden"
	"cream/stream/batch"
	"cream/stream/folder"
)

// run selects as the command does, and returns the folder.
func run(t *testing.T, scores, policy string) (string, *folder.Summary) {
	t.Helper()
	first, known, err := batch.Names(scores)
	if err != nil {
		t.Fatal(err)
	}
	p, err := selection.ParsePolicy("policy.yaml", []byte(policy), known, nil)
	if err != nil {
		t.Fatal(err)
	}
	capabilities, err := batch.Capabilities(p, nil, first, nil)
	if err != nil {
		t.Fatal(err)
	}
	return runOptions(t, batch.Options{Scores: scores, Policy: p, Capabilities: capabilities})
}

func runOptions(t *testing.T, o batch.Options) (string, *folder.Summary) {
	t.Helper()
	o.Workers, o.Dir = 2, filepath.Join(t.TempDir(), "out")
	b, err := batch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o.Dir, summary
}

func write(t *testing.T, name string, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readLines(t *testing.T, dir, name string) []string {
	t.Helper()
	return slices.Collect(strings.Lines(read(t, dir, name)))
}

// linesOf returns the pool's score lines: the scores by name or, every other one
// where lists is set, in a list.
func linesOf(t *testing.T, g *golden.Case, lists bool) []string {
	t.Helper()
	var lines []string
	for i, s := range g.Samples {
		styles, err := json.Marshal(s.Styles)
		if err != nil {
			t.Fatal(err)
		}
		var scores []string
		for j, v := range s.Scores {
			if lists && i%2 == 1 {
				scores = append(scores, fmt.Sprint(v))
			} else {
				scores = append(scores, fmt.Sprintf("%q: %v", g.Capabilities[j], v))
			}
		}
		form := "{%s}"
		if lists && i%2 == 1 {
			form = "[%s]"
		}
		lines = append(lines, fmt.Sprintf(`{"id": %q, "source": %q, "styles": %s, "scores": `+form+`}`, s.ID(), s.Source, styles, strings.Join(scores, ", ")))
	}
	return lines
}

func policyOf(g *golden.Case, count bool) string {
	budget := "{ratio: " + g.Ratio.String() + "}"
	if count {
		budget = fmt.Sprintf("{count: %d}", g.Budget)
	}
	names := make([]string, len(g.Capabilities))
	for i, name := range g.Capabilities {
		names[i] = strconv.Quote(name)
	}
	return fmt.Sprintf("budget: %s\nthreshold: %v\ncapabilities: [%s]\n", budget, g.Threshold, strings.Join(names, ", "))
}

// check compares a folder with the reference, turn by turn.
func check(t *testing.T, g *golden.Case, dir string, summary *folder.Summary) {
	t.Helper()
	g.Check(t, func(yield func(golden.Pick) bool) {
		for d, err := range folder.ReadDecisions(dir) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(golden.Pick{Round: int(d.Round), Capability: d.Capability, ID: d.ID}) {
				return
			}
		}
	})
	if n := int64(len(g.Samples)); summary.Samples != n || summary.Scored != n || summary.Selected != int64(len(g.Selected)) {
		t.Errorf("summary: %+v", summary)
	}
	for w, err := range folder.ReadWindows(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if int(w.Rounds) != g.Rounds || w.Budget != g.Budget {
			t.Errorf("rounds and budget are %d and %d, want %d and %d", w.Rounds, w.Budget, g.Rounds, g.Budget)
		}
	}
}

func TestGoldenSelections(t *testing.T) {
	for _, g := range golden.Read(t, "../../../shared") {
		t.Run(g.Name, func(t *testing.T) {
			lines := linesOf(t, g, true)
			path := write(t, "scores.jsonl", lines...)
			for _, count := range []bool{false, true} {
				dir, summary := run(t, path, policyOf(g, count))
				check(t, g, dir, summary)
				curated := readLines(t, dir, folder.CuratedFile)
				var want []string
				for _, idx := range g.Selected {
					want = append(want, lines[slices.IndexFunc(lines, func(l string) bool {
						return strings.HasPrefix(l, fmt.Sprintf(`{"id": "%d",`, idx))
					})]+"\n")
				}
				slices.Sort(want)
				slices.Sort(curated)
				if diff := cmp.Diff(want, curated); diff != "" {
					t.Errorf("the chosen lines are not as given:\n%s", diff)
				}
			}
		})
	}
}

// TestReservoir: of a reservoir for ever the folder has what is in it in the end:
// what one window over all would have chosen.
func TestReservoir(t *testing.T) {
	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf(`{"id": "s%03d", "source": "web", "styles": ["t%d"], "scores": {"a": %d, "b": %d}, "event_time": %d}`,
			i, i%3, i*7919%503, i*104729%499, i*1000))
	}
	scores := write(t, "scores.jsonl", lines...)
	const policy = "control: false\nbudget: {count: 9}\n"
	want, _ := run(t, scores, policy)
	got, summary := run(t, scores, policy+"window: {type: global, size: 20s}\n")
	if summary.Windows != 10 || summary.Selected != 9 {
		t.Errorf("%+v", *summary)
	}
	ids := func(dir string) (ids []string) {
		for d, err := range folder.ReadDecisions(dir) {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, d.ID)
		}
		slices.Sort(ids)
		return ids
	}
	if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
		t.Errorf("decisions (-one window +reservoir):\n%s", diff)
	}
	if diff := cmp.Diff(read(t, want, folder.CuratedFile), read(t, got, folder.CuratedFile)); diff != "" {
		t.Errorf("curated (-one window +reservoir):\n%s", diff)
	}
}
