package explain_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"cream/selection"
	"cream/stream/batch"
	"cream/stream/explain"
	"cream/stream/folder"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func capabilities() []string { return []string{"humanities", "stem", "counting", "reading"} }

// pool is n score lines with ties, several styles, ids and contents that come
// again, texts that are alike, and three windows of a minute.
func pool(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 7))
	var lines []string
	for i := range n {
		id := i
		if r.IntN(20) == 0 {
			id = r.IntN(i + 1)
		}
		styles := []string{"yes/no", "coordinate", "multi-choice", "short"}
		r.Shuffle(len(styles), func(i, j int) { styles[i], styles[j] = styles[j], styles[i] })
		styles = styles[:1+r.IntN(3)]
		content := fnv.New64a()
		fmt.Fprint(content, r.IntN(n))
		l := folder.ScoreLine{
			ID: fmt.Sprintf("s%05d", id), Source: fmt.Sprint("source ", r.IntN(4)), Styles: styles,
			EventTime: int64(r.IntN(3))*60_000 + int64(r.IntN(60_000)), Tokens: int64(1 + r.IntN(90)),
			ContentHash: content.Sum(make([]byte, 0, 8)), TextHash: uint64(1 + r.IntN(n/2)), PictureHash: uint64(r.IntN(8)),
			Metadata: map[string]string{"lot": fmt.Sprint(r.IntN(3))}, Bundle: "b", BundleVersion: fmt.Sprint(1 + r.IntN(8)/7),
		}
		for _, name := range capabilities() {
			l.Scores = append(l.Scores, folder.NamedScore{Name: name, Value: float32(r.IntN(40)) / 8})
		}
		lines = append(lines, string(l.Append(nil)))
	}
	return append(lines, `{"id": "broken", "styles": []}`, `{"id": "unfinished`)
}

// curate leaves a folder of a pool by a policy.
func curate(t *testing.T, lines []string, policy string) (string, selection.Policy) {
	t.Helper()
	return curateBy(t, lines, policy, capabilities())
}

func curateBy(t *testing.T, lines []string, policy string, names []string) (string, selection.Policy) {
	t.Helper()
	p, err := selection.ParsePolicy("policy.yaml", []byte(policy), names, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	scores := filepath.Join(dir, "in.jsonl")
	if err := os.WriteFile(scores, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	b, err := batch.New(batch.Options{Scores: scores, Policy: p, Capabilities: names, Workers: 2, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dir, p
}

func inquire(t *testing.T, dir string, p selection.Policy, ids ...string) *explain.Report {
	t.Helper()
	return inquireBy(t, dir, p, capabilities(), ids...)
}

func inquireBy(t *testing.T, dir string, p selection.Policy, names []string, ids ...string) *explain.Report {
	t.Helper()
	r, err := explain.Folder(t.Context(), explain.FolderOptions{Dir: dir, Policy: p, Capabilities: names, IDs: ids, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read[T any](t *testing.T, all func(string) func(func(T, error) bool), dir string) (out []T) {
	t.Helper()
	for v, err := range all(dir) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// Of every id of a pool, whatever the policy, the account is what the folder
// says: chosen by the same capability, style, rank and cutoff, in the same
// window and order, or not chosen.
func TestEveryAccountIsWhatWasDecided(t *testing.T) {
	windowed := "\nwindow: {size: 1m}\n"
	for name, policy := range map[string]string{
		"ratio":      "budget: {ratio: 0.2}",
		"windows":    "budget: {ratio: 0.2}" + windowed,
		"count":      "budget: {count: 150}" + windowed,
		"thresholds": "budget: {ratio: 0.4}\nthreshold: {stem: 3.5, \"*\": 1}" + windowed,
		"weights":    "budget: {count: 300}\ncapabilities: {stem: 3, reading: 1}\nbins: style" + windowed,
		"limits":     "budget: {ratio: 0.3}\nlimits: {style: {yes/no: {max: 10%}}, source: {\"*\": {max: 30%}}, capability: {counting: {min: 40}}}" + windowed,
		"tokens":     "budget: {tokens: 9000}" + windowed,
		"filters":    "budget: {ratio: 0.3}\nrequire: {metadata: {lot: [0, 1]}}\nexclude: {source: [source 2]}\nbundles: [b 1]" + windowed,
		"dedup":      "budget: {ratio: 0.3}\ndedup: {content: true, near: 1}" + windowed,
		"carry":      "budget: {count: 400, carry: true}\nthreshold: 4" + windowed,
		"arrival":    "budget: {ratio: 0.3}\nemission: on-arrival" + windowed,
		"baseline":   "budget: {ratio: 0.3}\nmethod: score-diversity" + windowed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, p := curate(t, pool(uint64(len(name)), 3000), policy)
			lines := read(t, scores, dir)
			all := read(t, decisions, dir)
			order, published := make(map[int64]int), make(map[string][]folder.Decision)
			places := make(map[string]int)
			for _, d := range all {
				order[d.WindowEnd]++
				published[d.ID] = append(published[d.ID], d)
				places[fmt.Sprint(d.ID, d.WindowEnd)] = order[d.WindowEnd]
			}
			var ids []string
			for _, l := range lines {
				if !slices.Contains(ids, l.ID) {
					ids = append(ids, l.ID)
				}
			}
			r := inquire(t, dir, p, append(ids, "broken", "unfinished", "never seen")...)
			if len(r.Differences) > 0 {
				t.Fatalf("the re-run differs: %q", r.Differences)
			}
			if r.Unknown != 2 || r.Nameless != 1 {
				t.Errorf("%d are not known and %d dead letters nameless", r.Unknown, r.Nameless)
			}
			seen := make(map[explain.Outcome]int)
			for _, a := range r.Accounts[:len(ids)] {
				seen[a.Outcome]++
				var got []folder.Decision
				for _, w := range a.Windows {
					if w.Differs != "" {
						t.Fatalf("%s: %s", a.ID, w.Differs)
					}
					if w.Decision != nil {
						got = append(got, *w.Decision)
						checkChosen(t, &a, &w, p.Emission)
						if w.Order != places[fmt.Sprint(a.ID, w.End)] {
							t.Fatalf("%s is explained as number %d of the window", a.ID, w.Order)
						}
					}
					for _, s := range w.Standings {
						if s.Missed != nil && *s.Missed != s.Last.Score-s.Score || s.Why == "" != (w.Decision != nil && s.Capability == w.Decision.Capability && s.Style == w.Decision.Style) {
							t.Fatalf("%s: %+v", a.ID, s)
						}
					}
				}
				if diff := cmp.Diff(published[a.ID], got); diff != "" {
					t.Fatalf("%s (-published +explained):\n%s", a.ID, diff)
				}
				if (a.Outcome == explain.Chosen) != (len(got) > 0) || a.Outcome == explain.Unknown {
					t.Fatalf("%s, chosen %d times, is explained as %s", a.ID, len(got), a.Outcome)
				}
			}
			t.Log(seen)
		})
	}
}

// checkChosen compares a decision with the standing that it was chosen by.
func checkChosen(t *testing.T, a *explain.Account, w *explain.Window, emission selection.Emission) {
	t.Helper()
	if len(w.Standings) == 0 {
		return // a baseline
	}
	i := slices.IndexFunc(w.Standings, func(s explain.Standing) bool { return s.Why == "" })
	if i < 0 {
		t.Fatalf("%s is chosen by no standing", a.ID)
	}
	s, d := w.Standings[i], w.Decision
	if s.Rank != int(d.Rank) && !d.OnArrival || s.Score != d.Score || emission == selection.OnClose && s.Last.Score != d.Cutoff {
		t.Fatalf("%s: decision %+v, standing %+v", a.ID, d, s)
	}
}

// account returns the account of a single id.
func account(t *testing.T, dir string, p selection.Policy, id string) explain.Account {
	t.Helper()
	return inquire(t, dir, p, id).Accounts[0]
}

// scored is a line of a sample of one style.
func scored(id string, humanities float32, more string) string {
	return fmt.Sprintf(`{"id": %q, "source": "web", "styles": ["yes/no"], "scores": {"humanities": %v, "stem": 0, "counting": 0, "reading": 0}%s}`, id, humanities, more)
}

func TestAccounts(t *testing.T) {
	dir, p := curate(t, []string{
		scored("best", 5, ""), scored("second", 4, ""), scored("third", 3.5, ""), scored("none", 0, ""),
		scored("draft", 5, `, "metadata": {"draft": true}`), scored("other", 5, `, "bundle": "old"`),
		scored("copy", 4, `, "content_hash": "0102030405060708"`), scored("copied", 5, `, "content_hash": "0102030405060708"`),
		`{"id": "dead"}`, scored("third", 3.5, ""),
		scored("best", 5, `, "event_time": 90000`), scored("copy again", 4, `, "content_hash": "0102030405060708", "event_time": 90000`),
	}, "window: {size: 1m}\nbudget: {count: 3}\nexclude: {metadata: {draft: true}}\nbundles: [\" \"]\ndedup: {content: true}")
	for id, want := range map[string]struct {
		outcome explain.Outcome
		says    []string
	}{
		"best":       {explain.Chosen, []string{"chosen for humanities, style yes/no", "score 5", "chosen by an earlier window", "2 scores came"}},
		"second":     {explain.Chosen, []string{"rank 3 of 4; score 4, cutoff 4"}},
		"third":      {explain.NotChosen, []string{"MISSED BY", "0.5", "second (3)", "4 of 4", "2 scores came"}},
		"none":       {explain.NotChosen, []string{"not above the threshold 0"}},
		"draft":      {explain.Filtered, []string{`its metadata draft "true" is among those that the policy excludes`}},
		"other":      {explain.OtherBundle, []string{"old  scored it"}},
		"copy":       {explain.Same, []string{"copied is the same and stands for it; it is chosen"}},
		"copy again": {explain.Earlier, []string{"1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z chose copied, which is the same"}},
		"dead":       {explain.Dead, []string{"dead letter of curate, line 9: style-missing: sample"}},
		"nobody":     {explain.Unknown, []string{"there is no score, no decision and no dead letter"}},
	} {
		t.Run(id, func(t *testing.T) {
			a := account(t, dir, p, id)
			if a.Outcome != want.outcome {
				t.Errorf("%s, want %s", a.Outcome, want.outcome)
			}
			var text strings.Builder
			if err := a.Write(&text, false); err != nil {
				t.Fatal(err)
			}
			for _, says := range want.says {
				if !strings.Contains(text.String(), says) {
					t.Errorf("it does not say %q:\n%s", says, text.String())
				}
			}
		})
	}
}

// What comes to a window after the same was taken on arrival is the same as
// that, and not of an earlier window.
func TestTheSameAsOneThatWasTakenOnArrival(t *testing.T) {
	lines := pool(5, 1000)
	p := "budget: {ratio: 0.5}\nemission: on-arrival\ndedup: {content: true}"
	dir, policy := curate(t, lines[:1000], p)
	arrived := make(map[string]bool)
	for _, d := range read(t, decisions, dir) {
		arrived[d.ID] = d.OnArrival
	}
	found := 0
	for _, l := range read(t, scores, dir) {
		a := account(t, dir, policy, l.ID)
		if a.Outcome == explain.Earlier || a.Outcome == explain.Same && a.Windows[0].Other == nil {
			t.Fatalf("there is one window, and %s is explained as %+v", l.ID, a)
		}
		if a.Outcome == explain.Same && arrived[a.Windows[0].Other.ID] {
			found++
		}
		if found == 3 {
			return
		}
	}
	t.Errorf("%d are the same as what was taken on arrival", found)
}

// Where the folder says something else than its scores and its policy come to,
// the folder has the last word, and the report says that they differ.
func TestTheFolderHasTheLastWord(t *testing.T) {
	dir, _ := curate(t, []string{scored("best", 5, ""), scored("second", 4, "")}, "budget: {count: 1}")
	p := selection.DefaultPolicy()
	p.Budget = selection.Budget{Count: 2}
	r := inquire(t, dir, p, "best", "second")
	if a := r.Accounts[1]; a.Outcome != explain.NotChosen || !strings.Contains(a.Windows[0].Differs, "the re-run chooses it for humanities") {
		t.Errorf("%+v", a)
	}
	if len(r.Differences) != 1 || !strings.Contains(r.Differences[0], "another policy chose") {
		t.Errorf("%q", r.Differences)
	}
}

func TestOnlyACompleteFolderIsExplained(t *testing.T) {
	dir, p := curate(t, []string{scored("best", 5, "")}, "")
	if err := os.Remove(filepath.Join(dir, folder.SummaryFile)); err != nil {
		t.Fatal(err)
	}
	_, err := explain.Folder(t.Context(), explain.FolderOptions{Dir: dir, Policy: p, Capabilities: capabilities(), IDs: []string{"best"}, Workers: 1})
	if err == nil || !strings.Contains(err.Error(), "no complete selection") {
		t.Errorf("it says %v", err)
	}
}
