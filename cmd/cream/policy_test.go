package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cream/selection"
)

func TestPolicyCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, file, []byte("budget: {count: 50}\n"))
	p := selection.DefaultPolicy()
	p.Budget = selection.Budget{Count: 50}
	full := "# version " + p.Version() + "\n" + p.YAML()
	for command, want := range map[string]string{
		"hash":  p.Version() + "\n",
		"print": full,
		"check": full + "\n# The small state is enough: of a window of more than 131072 candidates the first 100 of every bin are kept for each capability.\n",
	} {
		if got, err := cream(t, "policy", command, file); err != nil || got != want {
			t.Errorf("policy %s prints %q, %v; want %q", command, got, err, want)
		}
	}
	// What check prints is a policy, and the same one.
	checked, err := cream(t, "policy", "check", file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, []byte(checked))
	if got, err := cream(t, "policy", "hash", file); err != nil || got != p.Version()+"\n" {
		t.Errorf("%q, %v", got, err)
	}
	write(t, file, []byte("budget: {ratio: 0.2}\n"))
	if got, err := cream(t, "policy", "check", file); err != nil || !strings.HasSuffix(got, "\n# A window keeps all its candidates until it closes: a budget.ratio is of how many there will be.\n") {
		t.Errorf("%q, %v", got, err)
	}
	for _, command := range []string{"check", "print", "hash"} {
		if _, err := cream(t, "policy", command, filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "read the policy") {
			t.Errorf("policy %s of no file: %v", command, err)
		}
	}
}

// TestPolicyCheckDoubts: what may be right is told beside the policy.
func TestPolicyCheckDoubts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	for text, want := range map[string]string{
		"limits: {style: {yes-no: {max: 20%}}}\nrequire: {style: comparison}\n": "warning: limits.style: the bundle names no style \"yes-no\": did you mean \"yes/no\"?\n",
		"limits:\n  style: {comparison: {min: 60%}, yes/no: {min: 50%}}\n":      "warning: limits.style: the minimums come to 110% of the budget: expected 100% or less together\n",
	} {
		write(t, file, []byte(text))
		var stdout, stderr strings.Builder
		root := newRoot()
		root.SetArgs([]string{"policy", "check", file})
		root.SetOut(&stdout)
		root.SetErr(&stderr)
		err := root.ExecuteContext(t.Context())
		if err != nil || stderr.String() != want || !strings.HasPrefix(stdout.String(), "# version ") {
			t.Errorf("%v; it warns %q, want %q, and prints %q", err, stderr.String(), want, stdout.String())
		}
	}
}

func TestCurateByAnotherMethod(t *testing.T) {
	scores := filepath.Join(curated(t), "scores.jsonl")
	out := t.TempDir()
	if _, err := cream(t, "curate", "--scores", scores, "--method", "top-score", "--out", out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "policy.yaml"))
	if err != nil || !strings.Contains(string(text), "\nmethod: top-score\n") {
		t.Errorf("%v:\n%s", err, text)
	}
	if _, err := cream(t, "curate", "--scores", scores, "--method", "best", "--out", out); err == nil || !strings.Contains(err.Error(), "--method best: expected one of mmssr, random") {
		t.Errorf("it says %v", err)
	}
}
