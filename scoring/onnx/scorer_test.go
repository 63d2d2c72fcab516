package onnx

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"cream/schemas"
	"cream/scoring"
	"cream/scoring/bundle"
	"cream/scoring/bundles/starter"
	"cream/scoring/media"
)

// TestMain sees that the tests, which all close their scorers, leave no
// goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// library returns ONNX Runtime's. A test that needs it is skipped where it is
// not, but not in CI, which must run them all.
func library(t testing.TB) string {
	t.Helper()
	path, err := FindLibrary("")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}

// options are for the starter bundle on the CPU, with pictures inline.
func options(t testing.TB) Options {
	t.Helper()
	path := library(t)
	b, err := bundle.Load(starter.Files, "starter")
	if err != nil {
		t.Fatal(err)
	}
	loader, err := media.NewLoader("", media.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { loader.Close() })
	return Options{
		Bundle: b, Library: path, Provider: CPU, Threads: 2, MaxBatch: 8, Workers: 2,
		Loader: loader, Registerer: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	}
}

func open(t testing.TB, opts Options) *Scorer {
	t.Helper()
	s, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// parityCase is a sample and what ONNX Runtime in Python says of it.
type parityCase struct {
	Question, Answer string
	Pictures         []struct{ PNG string }
	Scores           []float64
	Styles           []float64
}

func parityCases(t testing.TB) []parityCase {
	t.Helper()
	data, err := os.ReadFile("../bundles/starter/testdata/parity.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []parityCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("parity.json has no case")
	}
	return file.Cases
}

func (c parityCase) sample(t testing.TB) *schemas.Sample {
	t.Helper()
	s := sample(c.Question, c.Answer)
	for _, p := range c.Pictures {
		data, err := base64.StdEncoding.DecodeString(p.PNG)
		if err != nil {
			t.Fatal(err)
		}
		s.Images = append(s.Images, schemas.Image{Data: data})
	}
	return s
}

func sample(question, answer string, images ...schemas.Image) *schemas.Sample {
	return &schemas.Sample{
		ID: question, Images: images,
		Conversation: []schemas.Turn{{Role: schemas.RoleUser, Text: question}, {Role: schemas.RoleAssistant, Text: answer}},
	}
}

// score is Score where nothing may fail.
func score(t testing.TB, s scoring.Scorer, samples ...*schemas.Sample) []scoring.Rating {
	t.Helper()
	results, err := s.Score(t.Context(), samples)
	if err != nil {
		t.Fatal(err)
	}
	ratings := make([]scoring.Rating, len(results))
	for i, r := range results {
		if r.Err != nil {
			t.Fatalf("sample %q: %v", samples[i].ID, r.Err)
		}
		ratings[i] = r.Rating
	}
	return ratings
}

// tolerance is for what another processor may do: with wider or narrower
// vectors ONNX Runtime adds up in another order, which moves a score by about
// a part in 100,000. Any fault of ours (a token, a pixel, a feature) moves it
// by more than ten times this.
const tolerance = 1e-4

// TestParity compares with ONNX Runtime in Python, from the text and the PNG
// to the scores.
func TestParity(t *testing.T) {
	s := open(t, options(t))
	v := s.Vocabulary()
	for _, c := range parityCases(t) {
		got := score(t, s, c.sample(t))[0]
		for i, want := range c.Scores {
			if math.Abs(float64(got.Scores[i])-want) > tolerance {
				t.Errorf("%.40q: %s is %v, want %v", c.Question, v.Capabilities[i], got.Scores[i], want)
			}
		}
		if want := stylesOf(c.Styles, v.Styles, s.opts.Bundle.StyleThreshold); !slices.Equal(got.Styles, want) {
			t.Errorf("%.40q: styles are %q, want %q", c.Question, got.Styles, want)
		}
		if got.Tokens == 0 || (got.PictureBytes > 0) != (len(c.Pictures) > 0) {
			t.Errorf("%.40q: %d tokens and %d bytes of pictures", c.Question, got.Tokens, got.PictureBytes)
		}
	}
}

// stylesOf returns the styles at or above the threshold, or else the most probable.
func stylesOf(probabilities []float64, names []string, threshold float32) []string {
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		if probabilities[x] > probabilities[y] {
			return -1
		}
		return 1
	})
	out := []string{names[order[0]]}
	for _, i := range order[1:] {
		if probabilities[i] >= float64(threshold) {
			out = append(out, names[i])
		}
	}
	return out
}
