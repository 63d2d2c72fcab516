package explain_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/selection"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/explain"
	"cream/stream/folder"
)

// Of every id the account is what the folder says, and what a single window over
// all comes to; of those that were replaced, what each window of a machine did.
func TestEveryAccountOfAReservoir(t *testing.T) {
	for name, policy := range map[string]string{
		"count":      "budget: {count: 150}",
		"few":        "budget: {count: 2}",
		"thresholds": "budget: {count: 300}\nthreshold: {stem: 3.5, \"*\": 1}",
		"weights":    "budget: {count: 300}\ncapabilities: {stem: 3, reading: 1}\nbins: style",
		"filters":    "budget: {count: 200}\nrequire: {metadata: {lot: [0, 1]}}\nexclude: {source: [source 2]}\nbundles: [b 1]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkReservoir(t, pool(uint64(len(name)), 1500), policy, capabilities(), "20s")
		})
	}
	t.Run("without a size", func(t *testing.T) {
		dir, p := curate(t, pool(3, 500), "budget: {count: 40}\ncontrol: false\nwindow: {type: global}")
		for _, d := range read(t, decisions, dir) {
			if a := account(t, dir, p, d.ID); a.Outcome != explain.Chosen || a.Windows[0].Differs != "" {
				t.Errorf("%+v", a)
			}
		}
	})
}

// The same of real samples that judges have rated, in whole numbers: nearly all
// scores are tied.
func TestEveryAccountOfAReservoirOfRatedSamples(t *testing.T) {
	shared := os.Getenv("CREAM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	file, err := os.Open(filepath.Join(shared, "pool", "ratings.jsonl"))
	if err != nil {
		t.Skipf("no rated samples: set CREAM_SHARED to the folder that has pool/: %v", err)
	}
	defer file.Close()
	var lines, names []string
	for in := bufio.NewScanner(file); in.Scan(); {
		var rated struct {
			ID      string
			Ratings []struct {
				Scores map[string]float32
				Styles []string
			}
		}
		if err := json.Unmarshal(in.Bytes(), &rated); err != nil {
			t.Fatal(err)
		}
		source, _, _ := strings.Cut(rated.ID, "_")
		l := folder.ScoreLine{ID: rated.ID, Source: source, Styles: rated.Ratings[0].Styles, EventTime: int64(len(lines)) * 100}
		if names == nil {
			for name := range rated.Ratings[0].Scores {
				names = append(names, name)
			}
			slices.Sort(names)
		}
		for _, name := range names {
			l.Scores = append(l.Scores, folder.NamedScore{Name: name, Value: rated.Ratings[0].Scores[name]})
		}
		lines = append(lines, string(l.Append(nil)))
	}
	checkReservoir(t, lines, "budget: {count: 300}", names, "10s")
}

func decisions(dir string) func(func(folder.Decision, error) bool) { return folder.ReadDecisions(dir) }

func scores(dir string) func(func(folder.ScoreLine, error) bool) { return folder.ReadScores(dir) }

func checkReservoir(t *testing.T, lines []string, policy string, names []string, size string) {
	t.Helper()
	policy += "\ncontrol: false\n"
	dir, p := curateBy(t, lines, policy+"window: {type: global, size: "+size+"}", names)
	whole, _ := curateBy(t, lines, policy, names)
	published, now := make(map[string]folder.Decision), make(map[string]folder.Decision)
	order := make(map[string]int)
	for _, d := range read(t, decisions, dir) {
		published[d.ID] = d
	}
	for i, d := range read(t, decisions, whole) {
		now[d.ID], order[d.ID] = d, i+1
	}
	var ids []string
	m, err := selection.New(selection.Options{Policy: p, Capabilities: names})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range read(t, scores, dir) {
		if !slices.Contains(ids, l.ID) {
			ids = append(ids, l.ID)
		}
		c := selection.Candidate{ID: l.ID, Source: l.Source, Styles: l.Styles, EventTime: l.EventTime, Metadata: l.Metadata, Bundle: l.Bundle + " " + l.BundleVersion}
		copy(c.ContentHash[:], l.ContentHash)
		for _, s := range l.Scores {
			c.Scores = append(c.Scores, s.Value)
		}
		if _, err := m.Step(&c); err != nil {
			t.Fatal(err)
		}
	}
	effects, err := m.Step(selection.Close{})
	if err != nil {
		t.Fatal(err)
	}
	replaced := make(map[string]string)
	for _, w := range effects.Closed {
		for pick := range w.Picks() {
			replaced[pick.Replaces] = fmt.Sprint(pick.ID, " ", w.Summary.End)
		}
	}

	r := inquireBy(t, dir, p, names, append(ids, "never seen")...)
	if len(r.Differences) > 0 || r.Unknown != 1 {
		t.Fatalf("the re-run differs: %q; %d are not known", r.Differences, r.Unknown)
	}
	seen := make(map[explain.Outcome]int)
	for _, a := range r.Accounts[:len(ids)] {
		seen[a.Outcome]++
		if len(a.Windows) != 1 || a.Windows[0].Differs != "" {
			t.Fatalf("%+v", a)
		}
		w := a.Windows[0]
		d, member := published[a.ID]
		if member != (a.Outcome == explain.Chosen) {
			t.Fatalf("%s, a member: %t, is explained as %s", a.ID, member, a.Outcome)
		}
		_, left := replaced[a.ID]
		switch {
		case member:
			if diff := cmp.Diff(&d, w.Decision); diff != "" {
				t.Fatalf("%s (-published +explained):\n%s", a.ID, diff)
			}
			was := now[a.ID]
			at := slices.IndexFunc(w.Standings, func(s explain.Standing) bool { return s.Why == "" })
			s := w.Standings[at]
			if s.Capability != was.Capability || s.Style != was.Style || s.Rank != int(was.Rank) || s.Last.Score != was.Cutoff || w.Order != order[a.ID] {
				t.Fatalf("%s is chosen as number %d by %+v, one window over all chooses it as %+v", a.ID, w.Order, s, was)
			}
		case a.Outcome == explain.Replaced != left:
			t.Fatalf("%s, replaced: %t, is explained as %s", a.ID, left, a.Outcome)
		case left:
			if got := fmt.Sprint(w.Other.ID, " ", w.Other.WindowEnd); got != replaced[a.ID] || w.Decision == nil || w.Decision.ID != a.ID {
				t.Fatalf("%s was replaced by %s, explained as replaced by %s, decision %+v", a.ID, replaced[a.ID], got, w.Decision)
			}
			if _, stays := published[w.Other.ID]; stays != w.Other.Chosen {
				t.Fatalf("%s: %+v", a.ID, w.Other)
			}
		}
		if !member && a.Outcome != explain.Filtered && a.Outcome != explain.OtherBundle && len(w.Standings) == 0 {
			t.Fatalf("%s has no standings: %+v", a.ID, a)
		}
	}
	t.Log(seen)
	if seen[explain.Replaced] == 0 || seen[explain.NotChosen] == 0 {
		t.Errorf("there is nothing to explain: %v", seen)
	}
}

// What is written of a member, of one that was replaced, of one that never was.
func TestAccountsOfAReservoir(t *testing.T) {
	dir, p := curate(t, []string{
		scored("first", 3, ""), scored("never", 1, ""),
		scored("better", 4, `, "event_time": 20000`),
		scored("best", 5, `, "event_time": 40000`), scored("draft", 5, `, "metadata": {"draft": true}`), `{"id": "dead"}`,
	}, "window: {type: global, size: 20s}\nbudget: {count: 1}\ncontrol: false\nexclude: {metadata: {draft: true}}")
	const third = "1970-01-01T00:00:40Z to 1970-01-01T00:01:00Z"
	for id, want := range map[string]struct {
		outcome explain.Outcome
		says    []string
		brief   string
	}{
		"best": {explain.Chosen, []string{
			"in the reservoir, as the window " + third + " left it", "chosen for humanities, style yes/no: rank 1 of 4; score 5, cutoff 5; number 1 of the reservoir",
			"the window " + third + " took it in, in the place of better, for humanities, style yes/no: rank 1",
		}, "chosen: for humanities in yes/no"},
		"better": {explain.Replaced, []string{
			"the window 1970-01-01T00:00:20Z to 1970-01-01T00:00:40Z took it in, in the place of first, for humanities", "the window " + third + " took best in for it\n",
			"best (1)", "2 of 4",
		}, "replaced: by best"},
		"first": {explain.Replaced, []string{"took better in for it, which is there no more either", "best (1)", "3 of 4", "MISSED BY"}, "replaced: by better"},
		"never": {explain.NotChosen, []string{"MISSED BY", "best (1)", "4 of 4"},
			"not chosen: nearest for humanities in yes/no, score 1, 4 below the cutoff; rank 4 of 4, and best the last taken, rank 1"},
		"draft": {explain.Filtered, []string{`its metadata draft "true" is among those that the policy excludes`}, ""},
		"dead":  {explain.Dead, []string{"dead letter of curate, line 6: style-missing"}, ""},
	} {
		a := account(t, dir, p, id)
		if a.Outcome != want.outcome {
			t.Errorf("%s: %s, want %s", id, a.Outcome, want.outcome)
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
		if got := a.Brief(); want.brief != "" && got != want.brief {
			t.Errorf("%s in brief: %s", id, got)
		}
	}

	// Another policy would have it otherwise: the folder has the last word.
	p.Budget.Count = 2
	r := inquire(t, dir, p, "best", "better", "never")
	if a := r.Accounts[1]; a.Outcome == explain.Chosen || !strings.Contains(a.Windows[0].Differs, "the re-run chooses it for humanities") {
		t.Errorf("%+v", a)
	}
	if len(r.Differences) != 1 || !strings.Contains(r.Differences[0], "it has 1 members, the re-run's 2, 1 of them alike: another policy chose") {
		t.Errorf("%q", r.Differences)
	}
}

// As the last window left it: what came after waits, be it late or not, and what
// was withdrawn after has left no place for another yet.
func TestTopicsOfAReservoir(t *testing.T) {
	f := embeddedtest.Start(t)
	p := tenSeconds(selection.OnClose)
	p.Window.Global, p.Control = true, false
	p.Budget = selection.Budget{Count: 12}
	stop := running(t, f, p)
	defer stop()
	part := func(i int) int32 { return int32(i % embeddedtest.Partitions) }
	f.Publish(t, score(t, f, 0, "retracted", 1000), withdrawal(f, 0, "retracted"))
	var ids []string
	partition := make(map[string]int32)
	publish := func(n int) {
		for i := len(ids); i < n; i++ {
			ids = append(ids, fmt.Sprintf("s%04d", i))
			partition[ids[i]] = part(i)
			f.Publish(t, score(t, f, part(i), ids[i], int64(100*i)))
		}
	}
	members, successors := make(map[string]folder.Decision), make(map[string]string)
	follow := func() (records int) {
		clear(members)
		for _, r := range f.All(t, f.Topics.Selections) {
			records++
			if r.Value == nil {
				delete(members, string(r.Key))
				continue
			}
			s, err := f.Codec.DecodeSelection(t.Context(), r.Value)
			if err != nil {
				t.Fatal(err)
			}
			members[s.ID] = folder.DecisionOf(s)
			successors[s.Replaces] = s.ID
		}
		return records
	}
	ofFirst := func() string { // a member of partition 0
		for _, id := range slices.Sorted(maps.Keys(members)) {
			if partition[id] == 0 {
				return id
			}
		}
		t.Fatal("no member is of partition 0")
		return ""
	}

	publish(230)
	f.Await(t, f.Topics.Windows, 2)
	follow()
	filled := ofFirst()
	f.Publish(t, withdrawal(f, 0, filled))
	publish(330)
	f.Await(t, f.Topics.Windows, 3)
	records := follow()
	left := ofFirst()
	since := []*kgo.Record{score(t, f, 0, "late", 5000), withdrawal(f, 0, left)}
	for _, r := range since {
		r.Timestamp = time.Now().Add(time.Minute) // surely after the window
	}
	f.Publish(t, since...)
	f.Await(t, f.Topics.Selections, records+1)
	stop()
	follow()

	r, err := explain.Topics(t.Context(), explain.TopicsOptions{
		Reader: f.Reader, Topics: f.Topics, Codec: f.Codec, Policy: selection.DefaultPolicy(), Guessed: true, Capabilities: capabilities(),
		Find: func(_ context.Context, version string) (selection.Policy, bool, error) {
			return p, version == p.Version(), nil
		},
		IDs: append(ids, "late", "retracted", "nobody"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Differences) > 0 || r.Unknown != 1 {
		t.Errorf("the re-run differs: %q; %d are not known", r.Differences, r.Unknown)
	}
	var order []int
	replaced := 0
	for _, a := range r.Accounts {
		d, member := members[a.ID]
		successor, was := successors[a.ID]
		switch {
		case a.ID == "nobody":
			continue
		case a.ID == "retracted":
			if a.Outcome != explain.Withdrawn || len(a.Windows) > 0 {
				t.Errorf("%+v", a)
			}
			continue
		case a.ID == filled, a.ID == left:
			if a.Outcome != explain.Withdrawn || len(a.Windows) != 1 || a.Windows[0].Decision == nil {
				t.Fatalf("%+v", a)
			}
			if a.ID == left {
				order = append(order, a.Windows[0].Order)
			}
		case a.ID == "late", a.ID >= "s0300" && a.ID < "t":
			if w := a.Windows[0]; a.Outcome != explain.Open || w.Start != 30_000 || !strings.HasPrefix(w.Differs, "if it closed now: ") {
				t.Errorf("%+v", a)
			}
			continue
		case member:
			w := a.Windows[0]
			order = append(order, w.Order)
			if diff := cmp.Diff(&d, w.Decision); a.Outcome != explain.Chosen || diff != "" {
				t.Errorf("%s is a member, explained as %s (-published +explained):\n%s", a.ID, a.Outcome, diff)
			}
			if chosen := slices.DeleteFunc(w.Standings, func(s explain.Standing) bool { return s.Why != "" }); len(chosen) != 1 {
				t.Errorf("%s is a member by %d standings", a.ID, len(chosen))
			}
		case was:
			replaced++
			if w := a.Windows[0]; a.Outcome != explain.Replaced || w.Other.ID != successor || w.Decision == nil {
				t.Errorf("%s was replaced by %s, explained as %+v", a.ID, successor, a)
			}
		case a.Outcome != explain.NotChosen:
			t.Errorf("%s is explained as %s", a.ID, a.Outcome)
		}
		if len(a.Windows) != 1 || a.Windows[0].Differs != "" || len(a.Windows[0].Standings) == 0 && a.Outcome != explain.Withdrawn {
			t.Errorf("%+v", a)
		}
	}
	slices.Sort(order)
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; !slices.Equal(want, order) || replaced == 0 {
		t.Errorf("the members are numbers %d; %d were replaced", order, replaced)
	}

	// Retention takes what some of the members were chosen by.
	for p := range int32(embeddedtest.Partitions) {
		f.Delete(t, f.Topics.Scores, p, 50)
	}
	r = ofTopics(t, f, p, ids...)
	for _, a := range r.Accounts {
		if _, member := members[a.ID]; member != (a.Outcome == explain.Chosen) {
			t.Errorf("%s, a member: %t, is explained as %s", a.ID, member, a.Outcome)
		}
	}
	if len(r.Differences) != 1 || !strings.Contains(r.Differences[0], "some of its scores may be gone") {
		t.Errorf("%q", r.Differences)
	}
}
