package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/schemas"
)

var update = flag.Bool("update", false, "write the golden files")

func generate(t *testing.T, seed int64, n int) []*Sample {
	t.Helper()
	g, err := New(Options{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]*Sample, n)
	for i := range out {
		if out[i], err = g.Next(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestSameSeedSameSamples(t *testing.T) {
	a, b := generate(t, 7, 40), generate(t, 7, 40)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two generators of one seed differ:\n%s", diff)
	}
	if cmp.Equal(a[0].Turns, generate(t, 8, 1)[0].Turns) && cmp.Equal(a[1].Turns, generate(t, 8, 2)[1].Turns) {
		t.Error("another seed gives the same samples")
	}
}

func TestSkip(t *testing.T) {
	want := generate(t, 3, 30)[29]
	g, err := New(Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	g.Skip(20)
	g.Skip(9)
	got, err := g.Next()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the sample after Skip(29) is not the thirtieth:\n%s", diff)
	}
}

func TestVariety(t *testing.T) {
	const n = 400
	styles, sources, forms, flaws, ids := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}, map[string]bool{}
	textOnly := 0
	for _, s := range generate(t, 1, n) {
		styles[s.Style]++
		sources[s.Source]++
		forms[s.Form]++
		flaws[s.Flaw]++
		ids[s.ID] = true
		if len(s.Pictures) == 0 {
			textOnly++
		}
	}
	if len(ids) != n {
		t.Errorf("%d ids for %d samples", len(ids), n)
	}
	for _, style := range Styles() {
		if styles[style] < n/12 {
			t.Errorf("style %q has %d of %d samples", style, styles[style], n)
		}
	}
	for _, source := range []string{"synth_shapes", "synth_charts", "synth_documents", "synth_scenes", "synth_maps", "synth_text"} {
		if sources[source] < n/30 {
			t.Errorf("source %q has %d of %d samples", source, sources[source], n)
		}
	}
	for _, form := range []string{FormSingle, FormMultiTurn, FormFewShot} {
		if forms[form] < n/60 {
			t.Errorf("form %q has %d of %d samples", form, forms[form], n)
		}
	}
	for flaw := range flawShares() {
		if flaws[flaw] < n/50 {
			t.Errorf("flaw %q has %d of %d samples", flaw, flaws[flaw], n)
		}
	}
	if flaws[FlawNone] < n/2 || textOnly == 0 {
		t.Errorf("%d of %d samples are flawless, %d have no picture", flaws[FlawNone], n, textOnly)
	}
}

func TestPicturesDecode(t *testing.T) {
	for _, s := range generate(t, 2, 200) {
		markers := 0
		for _, turn := range s.Turns {
			markers += strings.Count(turn.Text, "<image>")
		}
		if markers != len(s.Pictures) {
			t.Errorf("%s: %d pictures, but %d markers", s.ID, len(s.Pictures), markers)
		}
		for _, p := range s.Pictures {
			img, format, err := image.Decode(bytes.NewReader(p.Data))
			if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
			if want := strings.TrimPrefix(filepath.Ext(p.Name), "."); !strings.HasPrefix(format, want[:1]) {
				t.Errorf("%s is %s", p.Name, format)
			}
			if len(p.Data) > 40_000 {
				t.Errorf("%s: %d bytes", p.Name, len(p.Data))
			}
			if blank := single(img); blank != (s.Flaw == FlawBlank) {
				t.Errorf("%s: blank is %v, flaw is %s", p.Name, blank, s.Flaw)
			}
		}
	}
}

// single tells whether a picture has nothing but one colour.
func single(img image.Image) bool {
	first := img.At(0, 0)
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if img.At(x, y) != first {
				return false
			}
		}
	}
	return true
}

func TestFlawsLowerQuality(t *testing.T) {
	best := 0.0 // of the spoilt ones
	worst := 1.0
	for _, s := range generate(t, 4, 300) {
		if s.Flaw == FlawNone {
			worst = min(worst, s.Quality)
		} else {
			best = max(best, s.Quality)
		}
	}
	if best >= worst {
		t.Errorf("a spoilt sample has quality %v, a sound one %v", best, worst)
	}
}

func TestGolden(t *testing.T) {
	var got bytes.Buffer
	for _, s := range generate(t, 1, 40) {
		line, err := s.LLaVA()
		if err != nil {
			t.Fatal(err)
		}
		got.Write(append(line, '\n'))
	}
	const file = "testdata/samples.jsonl"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the stream of seed 1 has changed (write it with -update):\n%s", diff)
	}
}

// Both ways of writing a sample say the same.
func TestWriteEqualsSchema(t *testing.T) {
	const n = 60
	dir := t.TempDir()
	g, err := New(Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Write(context.Background(), dir, n); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "samples.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	if len(lines) != n {
		t.Fatalf("%d lines, want %d", len(lines), n)
	}
	for i, s := range generate(t, 5, n) {
		if !json.Valid(lines[i]) {
			t.Fatalf("line %d is not JSON", i)
		}
		read, err := schemas.ParseSample(lines[i])
		if err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
		for k, im := range read.Images {
			if read.Images[k].Data, err = os.ReadFile(filepath.Join(dir, im.URI)); err != nil {
				t.Fatal(err)
			}
			read.Images[k].URI = ""
		}
		if diff := cmp.Diff(s.Schema(), read); diff != "" {
			t.Errorf("line %d (written, read):\n%s", i, diff)
		}
	}
}

func TestWriteStops(t *testing.T) {
	g, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.Write(ctx, t.TempDir(), 1); err == nil {
		t.Error("Write went on after its context had ended")
	}
}

func TestStylesAreDistinct(t *testing.T) {
	if s := slices.Compact(slices.Sorted(slices.Values(Styles()))); len(s) != 9 {
		t.Errorf("%d styles", len(s))
	}
}

func BenchmarkNext(b *testing.B) {
	g, err := New(Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := g.Next(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}
