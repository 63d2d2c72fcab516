package folder_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/schemas"
	"cream/selection"
	"cream/stream/folder"
)

func writer(t *testing.T, dir string) *folder.Writer {
	t.Helper()
	w, err := folder.NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func create(t *testing.T, w *folder.Writer, name string) *folder.File {
	t.Helper()
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestLinesComeBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	w := writer(t, dir)
	decisions := []folder.Decision{
		folder.DecisionOf(&schemas.Selection{ID: "<a>", WindowEnd: 10, Capability: "c", Style: "s", Source: "w", Score: 4.1, Rank: 2, Cutoff: 0.5, Round: 3}),
		{ID: "b"},
	}
	window := &schemas.Window{End: 10, Policy: "p", Samples: 4, Budget: 2, Selected: 1, Shortfall: "few", Approximate: "perhaps",
		Styles: map[string]schemas.Count{"s": {Seen: 4, Chosen: 1}}, Capabilities: map[string]schemas.Count{"c": {Seen: 3, Chosen: 1}}}
	number := int64(0)
	letters := []folder.DeadLetter{{Reason: "r", Error: "e", Stage: "x", Input: &number, Line: 1}, {Reason: "r"}}
	letters[0].SetOriginal([]byte("ä"))
	letters[1].SetOriginal([]byte("\xff"))
	f := create(t, w, folder.DecisionsFile)
	for _, d := range decisions {
		if err := f.Line(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := create(t, w, folder.WindowsFile).Line(folder.WindowOf(window)); err != nil {
		t.Fatal(err)
	}
	f = create(t, w, folder.DeadLetterFile)
	for _, l := range letters {
		if err := f.Line(l); err != nil {
			t.Fatal(err)
		}
	}
	sum := folder.NewSummary()
	sum.AddWindow(window, false)
	sum.AddWindow(window, false)
	if err := errors.Join(w.Policy(selection.DefaultPolicy()), w.Commit(sum)); err != nil {
		t.Fatal(err)
	}
	check(t, decisions, collect(t, folder.ReadDecisions(dir)))
	check(t, []folder.Window{folder.WindowOf(window)}, collect(t, folder.ReadWindows(dir)))
	check(t, letters, collect(t, folder.ReadDeadLetters(dir)))
	got, err := folder.ReadSummary(dir)
	if err != nil {
		t.Fatal(err)
	}
	check(t, sum, got)
	if sum.Windows != 2 || sum.Styles["s"].Seen != 8 || len(sum.Shortfalls) != 2 || len(sum.Approximate) != 2 {
		t.Errorf("summary: %+v", sum)
	}
	text, err := os.ReadFile(filepath.Join(dir, folder.PolicyFile))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := selection.ParsePolicy(folder.PolicyFile, text, nil, nil)
	if err != nil || policy.Version() != selection.DefaultPolicy().Version() || !strings.Contains(string(text), policy.Version()) {
		t.Errorf("%v: %s", err, text)
	}
}

func check[T any](t *testing.T, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func collect[T any](t *testing.T, lines func(func(T, error) bool)) (all []T) {
	t.Helper()
	for l, err := range lines {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// Until Commit a folder shows what it held, and Close leaves nothing behind.
func TestWholeOrNot(t *testing.T) {
	dir := t.TempDir()
	w := writer(t, dir)
	if err := create(t, w, folder.CuratedFile).Value([]byte("{\n\"id\": 1}")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(folder.NewSummary()); err != nil {
		t.Fatal(err)
	}
	want := []string{folder.CuratedFile, folder.SummaryFile}
	check(t, want, names(t, dir))
	second := writer(t, dir)
	if err := create(t, second, folder.CuratedFile).Value([]byte("other")); err != nil {
		t.Fatal(err)
	}
	create(t, second, folder.ControlFile)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	check(t, want, names(t, dir))
	text, err := os.ReadFile(filepath.Join(dir, folder.CuratedFile))
	if string(text) != "{\"id\":1}\n" || err != nil {
		t.Errorf("%s, %v", text, err)
	}
}

func TestFoldersThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := folder.ReadSummary(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), dir) {
		t.Errorf("without a summary: %v", err)
	}
	for _, err := range folder.ReadDecisions(dir) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without decisions: %v", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, folder.ScoresFile), []byte(`{"id":"a","styles":["s"],"scores":{"x":1}}`+"\n{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	var errs []error
	for l, err := range folder.ReadScores(dir) {
		if errs = append(errs, err); err == nil && l.ID != "a" {
			t.Errorf("read %+v", l)
		}
	}
	if len(errs) != 2 || errs[0] != nil || errs[1] == nil || !strings.Contains(errs[1].Error(), folder.ScoresFile+":2") {
		t.Errorf("read: %v", errs)
	}
}
