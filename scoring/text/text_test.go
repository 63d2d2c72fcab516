package text

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"cream/schemas"
)

// vocabularyFile is the starter bundle's.
const vocabularyFile = "../bundles/starter/vocab.txt"

func starter(t testing.TB) *WordPiece {
	t.Helper()
	file, err := os.Open(vocabularyFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := NewWordPiece(file)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestReference compares with what the training's Python code, on Hugging
// Face's tokenizers, says of the same texts.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		FeatureNames []string `json:"feature_names"`
		Cases        []struct {
			Text        string
			QuestionIDs []int64 `json:"question_ids"`
			AnswerIDs   []int64 `json:"answer_ids"`
			Features    []float64
			Answer      string
			Turns       int
			Pictures    int
		}
	}
	if err := json.Unmarshal(text, &reference); err != nil {
		t.Fatal(err)
	}
	w := starter(t)
	features, err := NewFeatures(reference.FeatureNames)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range reference.Cases {
		ids := w.Encode(Cut(c.Text))
		if got := w.Fit(ids, []int{16, 32, 64}); !slices.Equal(got, c.QuestionIDs) {
			t.Errorf("%.60q as a question:\n got %v\nwant %v", c.Text, got, c.QuestionIDs)
		}
		if got := w.Fit(ids, []int{16, 32}); !slices.Equal(got, c.AnswerIDs) {
			t.Errorf("%.60q as an answer:\n got %v\nwant %v", c.Text, got, c.AnswerIDs)
		}
		got := features.Compute(nil, c.Text, c.Answer, c.Turns, c.Pictures)
		for i, want := range c.Features {
			if math.Abs(float64(got[i])-want) > 1e-6*max(1, math.Abs(want)) {
				t.Errorf("%.60q, %.60q: %s is %v, want %v", c.Text, c.Answer, reference.FeatureNames[i], got[i], want)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	question, answer := Texts([]schemas.Turn{
		{Role: schemas.RoleSystem, Text: "Be kind."},
		{Role: schemas.RoleUser, Text: " <image>\n<image>"},
		{Role: schemas.RoleUser, Text: "<image>\nWhat is it? "},
		{Role: schemas.RoleAssistant, Text: " A cat."},
		{Role: schemas.RoleUser, Text: "And <image>here?"},
		{Role: schemas.RoleAssistant, Text: "A dog."},
	})
	if question != "What is it?\nAnd here?" || answer != "A cat.\nA dog." {
		t.Errorf("got %q and %q", question, answer)
	}
}

func TestCutKeepsBothEnds(t *testing.T) {
	long := "é" + strings.Repeat("x", 3*keepCharacters) + "ü"
	got := Cut(long)
	if want := "é" + strings.Repeat("x", 2*keepCharacters-2) + "ü"; got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

func TestUnknownFeature(t *testing.T) {
	if _, err := NewFeatures([]string{"log_turns", "colour"}); err == nil || !strings.Contains(err.Error(), `"colour"`) {
		t.Errorf("got %v", err)
	}
}

func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "a b", "图片 \x00\u200b", "[CLS] [MASK]", "\xff\xfe", strings.Repeat("a", 300)} {
		f.Add(s)
	}
	w := starter(f)
	f.Fuzz(func(t *testing.T, s string) {
		ids := w.Encode(Cut(s))
		for _, id := range ids {
			if id < 0 || id >= int64(len(w.vocabulary)) {
				t.Fatalf("id %d is not in the vocabulary", id)
			}
		}
		if n := len(w.Fit(ids, []int{16, 32})); n != 16 && n != 32 {
			t.Fatalf("%d ids", n)
		}
	})
}
