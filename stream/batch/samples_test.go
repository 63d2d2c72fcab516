package batch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/schemas"
	"cream/scoring"
	"cream/selection"
	"cream/stream/batch"
	"cream/stream/folder"
)

// Of samples and scores the curated lines are the samples', whichever of the
// two has more; what lacks the other is told.
func TestSamplesWithScores(t *testing.T) {
	sample := func(id, said string) string {
		return fmt.Sprintf(`{"id": %q,  "conversations": [{"from": "human", "value": %q}]}`, id, said)
	}
	samples := []string{sample("a", "1"), sample("b", "2"), `{"id": "broken"`, sample("c", "3"), sample("twice", "4"), sample("twice", "5"), `{"id": "silent"}`}
	scores := []string{line("twice", 3, 3), line("b", 5, 5), line("lost", 4, 4), line("a", 1, 1), "broken", line("b", 5, 5)}
	for _, form := range []string{"lines", "array"} {
		text := strings.Join(samples, "\n")
		if form == "array" {
			text = "[" + strings.Join(samples[:2], ",") + "," + strings.Join(samples[3:6], ",") + "]"
		}
		dir, summary := runOptions(t, batch.Options{
			Scores: pack(t, "gzip", strings.Join(scores, "\n")), Samples: pack(t, "zstd", text),
			Policy: all(t), Capabilities: []string{"x", "y"},
		})
		curated := readLines(t, dir, folder.CuratedFile)
		if len(curated) != 3 || summary.Selected != 3 || summary.Duplicates != 1 {
			t.Fatalf("%s: %d chosen, %+v", form, len(curated), summary)
		}
		for i, want := range [][]string{samples[:1], samples[1:2], samples[4:6]} { // of the last two one stands
			if !slices.ContainsFunc(want, func(w string) bool { return asGiven(t, form, w) == curated[i] }) {
				t.Errorf("%s: %q is chosen, want %q", form, curated[i], want)
			}
		}
		want := map[string]int64{"invalid-json": 2, "sample-missing": 1, "score-missing": 1, "conversation-missing": 1}
		if form == "array" {
			want = map[string]int64{"invalid-json": 1, "sample-missing": 1, "score-missing": 1}
		}
		if diff := cmp.Diff(want, summary.Reasons); diff != "" {
			t.Errorf("%s: %s", form, diff)
		}
		if summary.Samples != summary.Scored+summary.Dead {
			t.Errorf("%s: %+v", form, summary)
		}
	}
}

// asGiven is a sample's line: as it stands in lines, compact in an array.
func asGiven(t *testing.T, form, sample string) string {
	t.Helper()
	line := bytes.NewBufferString(sample)
	if form == "array" {
		line.Reset()
		if err := json.Compact(line, []byte(sample)); err != nil {
			t.Fatal(err)
		}
	}
	return line.String() + "\n"
}

// all chooses everything.
func all(t *testing.T) selection.Policy {
	t.Helper()
	p, err := selection.ParsePolicy("policy.yaml", []byte("budget: {ratio: 1}"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// byLength scores a sample by the length of its first turn.
type byLength struct{ broken bool }

func (byLength) Vocabulary() scoring.Vocabulary {
	return scoring.Vocabulary{Model: "length", Version: "2", Capabilities: []string{"x", "y"}, Styles: []string{"s"}}
}

func (b byLength) Score(_ context.Context, samples []*schemas.Sample) ([]scoring.Result, error) {
	if b.broken {
		return nil, errors.New("the device is gone")
	}
	out := make([]scoring.Result, len(samples))
	for i, s := range samples {
		said := s.Conversation[0].Text
		if said == "refuse" {
			out[i].Err = &scoring.InputError{Reason: "image-missing", Err: errors.New("there is none")}
			continue
		}
		out[i].Rating = scoring.Rating{Scores: []float32{float32(len(said)), 1}, Styles: []string{"s"}, Tokens: 3, PictureBytes: 10}
	}
	return out, nil
}

func TestSamplesAlone(t *testing.T) {
	samples := []string{
		`{"id": "a", "conversations": [{"from": "human", "value": "x"}], "n": 1}`,
		`{"id": "dated", "collected_at": "1970-01-01T00:00:02Z", "conversations": [{"from": "human", "value": "yy"}]}`,
		`{"id": "refused", "conversations": [{"from": "human", "value": "refuse"}]}`,
		`{"id": "cut"`,
	}
	o := batch.Options{Samples: write(t, "samples.jsonl", samples...), Scorer: byLength{}, Policy: all(t), Capabilities: []string{"x", "y"}}
	dir, summary := runOptions(t, o)
	if diff := cmp.Diff(strings.Join(samples[:2], "\n")+"\n", read(t, dir, folder.CuratedFile)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int64{"image-missing": 1, "invalid-json": 1}, summary.Reasons); diff != "" {
		t.Error(diff)
	}
	lines := readLines(t, dir, folder.ScoresFile)
	for i, want := range []string{`"scores":{"x":1,"y":1},"content_hash":"`, `"scores":{"x":2,"y":1},"event_time":2000,"content_hash":"`} {
		if !strings.Contains(lines[i], want) || !strings.Contains(lines[i], `"tokens":3`) || !strings.Contains(lines[i], `"text_hash":"`) || !strings.Contains(lines[i], `"bundle":"length","bundle_version":"2"`) {
			t.Errorf("%s has no %s", lines[i], want)
		}
	}
	o.Scorer = byLength{broken: true}
	if _, err := try(t, o); err == nil || !strings.Contains(err.Error(), "the device is gone") {
		t.Errorf("a scorer that fails: %v", err)
	}
}

// The real samples and the scores that a judge gave to a part of them.
func TestRealSamplesWithScores(t *testing.T) {
	shared := os.Getenv("CREAM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	pool := filepath.Join(shared, "pool")
	ratings, err := os.ReadFile(filepath.Join(pool, "ratings.jsonl"))
	if err != nil {
		t.Skipf("no real samples: set CREAM_SHARED to the folder that has pool/: %v", err)
	}
	var scores []string
	for text := range strings.Lines(string(ratings)) {
		var rated struct {
			ID      string
			Ratings []struct {
				Scores json.RawMessage
				Styles json.RawMessage
			}
		}
		if err := json.Unmarshal([]byte(text), &rated); err != nil {
			t.Fatal(err)
		}
		r := rated.Ratings[0]
		scores = append(scores, fmt.Sprintf(`{"id": %q, "styles": %s, "scores": %s}`, rated.ID, r.Styles, r.Scores))
	}
	samples := filepath.Join(pool, "samples.jsonl")
	given := make(map[string]bool)
	text, err := os.ReadFile(samples)
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		given[l] = true
	}
	path := write(t, "scores.jsonl", scores...)
	first, _, err := batch.Names(path)
	if err != nil {
		t.Fatal(err)
	}
	dir, summary := runOptions(t, batch.Options{Scores: path, Samples: samples, Policy: selection.DefaultPolicy(), Capabilities: first})
	n := int64(len(scores))
	if summary.Scored != n || summary.Selected != n*3/10 || summary.Reasons["score-missing"] != summary.Dead || summary.Dead != int64(len(given))-n {
		t.Errorf("of %d scores and %d samples: %+v", n, len(given), summary)
	}
	for _, name := range []string{folder.CuratedFile, folder.ControlFile} {
		lines := readLines(t, dir, name)
		for _, l := range lines {
			if !given[l] {
				t.Errorf("%s: not as given: %.200s", name, l)
			}
			delete(given, l)
		}
		if int64(len(lines)) != summary.Selected {
			t.Errorf("%s has %d lines, want %d", name, len(lines), summary.Selected)
		}
		for _, l := range lines {
			given[l] = true
		}
	}
}
