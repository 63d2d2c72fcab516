package folder_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cream/schemas"
	"cream/stream/folder"
)

var anyText = rapid.String()

var scoreLines = rapid.Custom(func(t *rapid.T) folder.ScoreLine {
	l := folder.ScoreLine{
		ID: anyText.Filter(func(s string) bool { return s != "" }).Draw(t, "id"), Source: anyText.Draw(t, "source"),
		Styles:      rapid.SliceOfN(anyText.Filter(func(s string) bool { return s != "" }), 1, 3).Draw(t, "styles"),
		EventTime:   rapid.Int64Range(0, 253402300799999).Draw(t, "time"),
		ContentHash: rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(t, "content hash"),
		PictureHash: rapid.Uint64().Draw(t, "picture hash"), TextHash: rapid.Uint64().Draw(t, "text hash"),
		Tokens: rapid.Int64Min(0).Draw(t, "tokens"), Bytes: rapid.Int64Min(0).Draw(t, "bytes"),
		Bundle: anyText.Draw(t, "bundle"), BundleVersion: anyText.Draw(t, "version"),
	}
	if m := rapid.MapOfN(anyText, anyText, 0, 3).Draw(t, "metadata"); len(m) > 0 {
		l.Metadata = m
	}
	names := rapid.SliceOfNDistinct(anyText.Filter(func(s string) bool { return s != "" }), 1, 4, rapid.ID).Draw(t, "names")
	for _, n := range names {
		l.Scores = append(l.Scores, folder.NamedScore{Name: n, Value: rapid.Float32().Draw(t, "score")})
	}
	return l
})

func TestScoreLinesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := scoreLines.Draw(t, "line")
		text := want.Append(nil)
		if !json.Valid(text) {
			t.Fatalf("no JSON: %s", text)
		}
		got, err := folder.ParseScoreLine(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	})
}

func TestScoreLineOf(t *testing.T) {
	l := folder.ScoreLineOf(&schemas.Score{ID: "a", Styles: []string{"s"}, Scores: map[string]float32{"z": 1, "y": 2, "b": 3, "a": 4}}, []string{"y", "missing", "z"})
	if diff := cmp.Diff(`{"id":"a","source":"","styles":["s"],"scores":{"y":2,"z":1,"a":4,"b":3}}`, string(l.Append(nil))); diff != "" {
		t.Error(diff)
	}
}

func TestScoresOfOneName(t *testing.T) {
	l, err := folder.ParseScoreLine([]byte(`{"id": 1.50, "styles": ["s"], "scores": { "a\u0062" : 1 , "c":-2e-3,"ab": 3 }, "event_time": "2001-09-09T01:46:40.5+00:00"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := folder.ScoreLine{ID: "1.50", Source: "unknown", Styles: []string{"s"}, Scores: folder.Scores{{Name: "ab", Value: 3}, {Name: "c", Value: -2e-3}}, EventTime: 1000000000500}
	if diff := cmp.Diff(want, l); diff != "" {
		t.Error(diff)
	}
}

// What is read as a score line is written as one that says the same; what is
// not has a reason.
func FuzzScoreLine(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := folder.ParseScoreLine(text)
		if err != nil {
			var format *schemas.FormatError
			if !errors.As(err, &format) || format.Reason == "" {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		if l.Scores[0].Name == "" {
			for i := range l.Scores {
				l.Scores[i].Name = string(rune('a' + i))
			}
		}
		written := l.Append(nil)
		again, err := folder.ParseScoreLine(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if diff := cmp.Diff(string(written), string(again.Append(nil))); diff != "" {
			t.Errorf("it is not what it was: %s", diff)
		}
	})
}
