package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/stream/folder"
)

// spaced is a score line of capabilities whose names have spaces.
func spaced(id int) string {
	return fmt.Sprintf(`{"id": "s%02d", "source": "web", "styles": ["yes/no"], "scores": {"object spatial understanding": %d, "stem knowledge": %d}}`, id, id%5, id%7)
}

func TestCurateOfScores(t *testing.T) {
	dir := t.TempDir()
	var lines []string
	for i := range 20 {
		lines = append(lines, spaced(i))
	}
	lines = append(lines, "broken")
	scores, policy, out := filepath.Join(dir, "scores.jsonl"), filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "out")
	write(t, scores, []byte(strings.Join(lines, "\n")))
	write(t, policy, []byte("budget: {count: 4}\ncapabilities: [stem knowledge, object spatial understanding]\n"))
	printed, err := cream(t, "curate", "--scores", scores, "--policy", policy, "--out", out)
	if err != nil {
		t.Fatal(err)
	}
	if want := "21 samples: 20 scored (0 duplicates), 1 dead; 4 chosen in 1 windows\n"; !strings.HasPrefix(printed, want) {
		t.Errorf("it prints %q, want %q", printed, want)
	}
	s := readSummary(t, out)
	if s.Samples != 21 || s.Dead != 1 || s.Selected != 4 || s.Control != 4 {
		t.Errorf("summary: %+v", s)
	}
	var names []string
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := []string{folder.ControlFile, folder.CuratedFile, folder.DeadLetterFile, folder.DecisionsFile,
		folder.PolicyFile, folder.ScoresFile, folder.SummaryFile, folder.WindowsFile}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	// The folder explains itself: what is in it comes to the same again.
	again := filepath.Join(dir, "again")
	if _, err := cream(t, "curate", "--scores", filepath.Join(out, folder.ScoresFile), "--policy", filepath.Join(out, folder.PolicyFile), "--out", again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(readLines(t, filepath.Join(out, folder.DecisionsFile)), readLines(t, filepath.Join(again, folder.DecisionsFile))); diff != "" {
		t.Error(diff)
	}
}

// Samples alone are scored as up scores them, and chosen from alike.
func TestCurateOfSamples(t *testing.T) {
	needsModel(t)
	dir := t.TempDir()
	photo(t, filepath.Join(dir, "p.jpg"))
	var lines []string
	for i := range 12 {
		lines = append(lines, fmt.Sprintf(`{"id": "s%d", "image": "p.jpg", "conversations": [{"from": "human", "value": "<image>\nWhat is it?"}, {"from": "gpt", "value": "A thing%s."}]}`, i, strings.Repeat(", or two", i)))
	}
	lines = append(lines, `{"id": "missing", "image": "none.jpg", "conversations": [{"from": "human", "value": "?"}]}`)
	input := filepath.Join(dir, "in.jsonl")
	write(t, input, []byte(strings.Join(lines, "\n")))
	up, curate := filepath.Join(dir, "up"), filepath.Join(dir, "curate")
	if _, err := cream(t, "up", "--input", input, "--once", "--out", up, "--log-level", "error"); err != nil {
		t.Fatal(err)
	}
	if _, err := cream(t, "curate", "--samples", input, "--out", curate, "--log-level", "error"); err != nil {
		t.Fatal(err)
	}
	s, of := readSummary(t, curate), readSummary(t, up)
	if s.Samples != 13 || s.Scored != 12 || s.Selected != 3 || s.Reasons["image-missing"] != 1 || of.Selected != s.Selected {
		t.Errorf("curate: %+v, up: %+v", s, of)
	}
	if diff := cmp.Diff(readLines(t, filepath.Join(up, folder.DecisionsFile)), readLines(t, filepath.Join(curate, folder.DecisionsFile))); diff != "" {
		t.Errorf("decisions (-up +curate):\n%s", diff)
	}
	for _, line := range readLines(t, filepath.Join(curate, folder.CuratedFile)) {
		if !strings.Contains(strings.Join(lines, "\n"), line) {
			t.Errorf("a chosen line is not one of the input: %s", line)
		}
	}
}

func TestCurateRefusesBeforeItStarts(t *testing.T) {
	dir := t.TempDir()
	scores, lists := filepath.Join(dir, "scores.jsonl"), filepath.Join(dir, "lists.jsonl")
	write(t, scores, []byte(spaced(1)))
	write(t, lists, []byte(`{"id": "a", "styles": ["s"], "scores": [1, 2]}`))
	policy := filepath.Join(dir, "policy.yaml")
	write(t, policy, []byte("capabilities: [stem knowlege]\nbudgets: {ratio: 0.3}\n"))
	out := filepath.Join(dir, "out")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"nothing":  {nil, []string{"--scores", "--samples", "--out"}},
		"policy":   {[]string{"--scores", scores, "--policy", policy, "--out", out}, []string{policy + ":1", `"stem knowledge"`, policy + ":2", `"budget"`}},
		"lists":    {[]string{"--scores", lists, "--out", out}, []string{"capabilities", "--bundle"}},
		"no file":  {[]string{"--scores", filepath.Join(dir, "none"), "--out", out}, []string{"none"}},
		"a folder": {[]string{"--samples", dir, "--scores", scores, "--out", out}, []string{dir, "regular file"}},
		"no room":  {[]string{"--scores", scores, "--out", filepath.Join(scores, "below")}, []string{"--out", "scores.jsonl"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cream(t, append([]string{"curate"}, c.args...)...)
			if err == nil {
				t.Fatal("it ran")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if left, err := os.ReadDir(out); err == nil && len(left) > 0 {
				t.Errorf("it wrote %v", left)
			}
		})
	}
}
