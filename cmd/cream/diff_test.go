package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cream/stream/compare"
)

func TestDiff(t *testing.T) {
	a := curated(t)
	b := t.TempDir()
	if _, err := cream(t, "curate", "--scores", filepath.Join(a, "scores.jsonl"), "--method", "random", "--out", b); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "page.html")
	printed, err := cream(t, "diff", a, b, "--out", page)
	if err != nil || !strings.Contains(printed, "only in A") || !strings.HasSuffix(printed, "written to "+page+"\n") {
		t.Errorf("%q, %v", printed, err)
	}
	html, err := os.ReadFile(page)
	if err != nil || !strings.HasPrefix(string(html), "<!doctype html>") || !strings.Contains(string(html), "not chosen: nearest for") {
		t.Errorf("%v: %s", err, html[:min(len(html), 400)])
	}
	left, err := os.ReadDir(filepath.Dir(page))
	if err != nil || len(left) != 1 {
		t.Errorf("%v %v", left, err)
	}
	printed, err = cream(t, "diff", a, b, "--json")
	var r compare.Result
	if err != nil || json.Unmarshal([]byte(printed), &r) != nil || r.A.Selected != 4 || r.B.Selected != 6 || r.Inputs.Both != 20 {
		t.Errorf("%q, %v", printed, err)
	}
}

func TestDiffRefuses(t *testing.T) {
	a := curated(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"one folder": {[]string{a}, "arg"},
		"no folder":  {[]string{a, filepath.Join(a, "none")}, "no complete selection"},
		"no room":    {[]string{a, a, "--out", filepath.Join(a, "none", "page.html")}, "--out"},
		"no samples": {[]string{a, a, "--samples", "x.jsonl"}, "--samples goes with --out"},
		"pictures":   {[]string{a, a, "--out", filepath.Join(a, "page.html"), "--media-root", filepath.Join(a, "none")}, "pictures' folder"},
		"a limit":    {[]string{a, a, "--limit", "-1"}, "--limit"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := cream(t, append([]string{"diff"}, c.args...)...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}
