package compare_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"cream/schemas"
	"cream/scoring/media"
	"cream/selection"
	"cream/stream/compare"
	"cream/stream/explain"
	"cream/stream/folder"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// decision is a sample that a folder chose.
type decision struct {
	id, capability, style, source string
	score                         float32
	start                         int64
}

// leave writes a folder. Every sample of the input scores 1 and 3.
func leave(t *testing.T, decisions []decision, input, curated []string) string {
	t.Helper()
	dir := t.TempDir()
	w, err := folder.NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) *folder.File {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	lines, scores, windows := file(folder.DecisionsFile), file(folder.ScoresFile), file(folder.WindowsFile)
	starts := make(map[int64]bool)
	for _, d := range decisions {
		if err := lines.Line(folder.Decision{
			ID: d.id, Capability: d.capability, Style: d.style, Source: d.source, Score: d.score, Rank: 1, Cutoff: d.score, Round: 1,
			WindowStart: d.start, WindowEnd: d.start + 1000,
		}); err != nil {
			t.Fatal(err)
		}
		starts[d.start] = true
	}
	for start := range starts {
		if err := windows.Line(folder.WindowOf(&schemas.Window{Start: start, End: start + 1000, Policy: "p"})); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range input {
		l := folder.ScoreLine{ID: id, Source: "web", Styles: []string{"yes/no"}, Scores: folder.Scores{{Name: "x", Value: 1}, {Name: "y", Value: 3}}}
		if err := scores.Value(l.Append(nil)); err != nil {
			t.Fatal(err)
		}
	}
	file(folder.DeadLetterFile)
	samples := file(folder.CuratedFile)
	for _, line := range curated {
		if err := samples.Value([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Policy(selection.DefaultPolicy()); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(folder.NewSummary()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func folders(t *testing.T, a, b string) *compare.Result {
	t.Helper()
	r, err := compare.Folders(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNumbers(t *testing.T) {
	input := []string{"a", "b", "c", "d", "e"}
	a := leave(t, []decision{{"a", "x", "s", "web", 2, 0}, {"b", "x", "s", "web", 4, 0}, {"c", "y", "t", "web", 3, 1000}}, input, nil)
	b := leave(t, []decision{{"b", "y", "s", "web", 1, 0}, {"c", "y", "t", "web", 3, 1000}, {"d", "y", "s", "books", 2, 1000}}, append(input, "f"), nil)
	r := folders(t, a, b)
	overlap := func(both, a, b int, jaccard float64) compare.Overlap { return compare.Overlap{both, a, b, jaccard} }
	for name, c := range map[string][2]any{
		"chosen":       {overlap(2, 1, 1, 0.5), r.Chosen},
		"moved":        {1, r.Moved},
		"inputs":       {overlap(5, 0, 1, 5.0/6), r.Inputs},
		"capabilities": {[]compare.Row{{"y", 1, 3}, {"x", 2, 0}}, r.Capabilities},
		"styles":       {[]compare.Row{{"s", 2, 2}, {"t", 1, 1}}, r.Styles},
		"sources":      {[]compare.Row{{"web", 3, 2}, {"books", 0, 1}}, r.Sources},
		"scores":       {[]float64{3, 2, 2, 2}, []float64{r.A.Score, r.A.AllScores, r.B.Score, r.B.AllScores}},
		"windows":      {[]compare.Window{{0, 1000, overlap(1, 1, 0, 0.5)}, {1000, 2000, overlap(1, 0, 1, 0.5)}}, r.Windows},
		"differing":    {"The inputs differ: 5 samples are in both, 0 only in A's and 1 only in B's.", r.Differing()},
	} {
		if diff := cmp.Diff(c[0], c[1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	var text bytes.Buffer
	if err := r.Write(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 in both (1 of them for another capability or style), 1 only in A, 1 only in B; Jaccard 0.500\n", "x           2  0  -2\n", "1970-01-01T00:00:01Z to 1970-01-01T00:00:02Z  1     0       1       0.500\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, text.String())
		}
	}
	if same := folders(t, a, a); same.Chosen.Jaccard != 1 || same.Moved != 0 || same.Differing() != "" {
		t.Errorf("a folder and itself: %+v", same)
	}
	other := leave(t, nil, []string{"z"}, nil)
	if r := folders(t, a, other); r.Chosen.Jaccard != 0 || !strings.Contains(r.Differing(), "different inputs") {
		t.Errorf("%+v %q", r.Chosen, r.Differing())
	}
	if _, err := compare.Folders(a, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no complete selection") {
		t.Errorf("a folder that is none: %v", err)
	}
}

// What is shown is spread over what it was chosen for: of 100 for x and 3 for
// y, four are two of each.
func TestShownIsSpread(t *testing.T) {
	var all []decision
	for i := range 100 {
		all = append(all, decision{fmt.Sprint("x", i), "x", "s", "web", float32(i), 0})
	}
	for i := range 3 {
		all = append(all, decision{fmt.Sprint("y", i), "y", "s", "web", float32(i), 0})
	}
	r := folders(t, leave(t, all, nil, nil), leave(t, nil, nil, nil))
	onlyA, onlyB := r.Shown(4)
	var got []string
	for _, s := range onlyA {
		got = append(got, s.ID)
	}
	if diff := cmp.Diff([]string{"x99", "x98", "y2", "y1"}, got); diff != "" || len(onlyB) != 0 {
		t.Errorf("%s, and %d of B", diff, len(onlyB))
	}
	if all, _ := r.Shown(1000); len(all) != 103 {
		t.Errorf("%d are shown of 103", len(all))
	}
	if none, _ := r.Shown(0); len(none) != 0 {
		t.Errorf("%d are shown of none", len(none))
	}
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		p.Set(i%width, i/width, color.RGBA{200, uint8(i), 30, 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// page writes a page of two folders, with pictures from a folder.
func page(t *testing.T, r *compare.Result, root, samples string) string {
	t.Helper()
	loader, err := media.NewLoader(root, media.Limits{Bytes: 1 << 20, Pixels: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer loader.Close()
	var out bytes.Buffer
	err = r.WritePage(&out, compare.PageOptions{
		Limit: 10, Loader: loader, Samples: samples,
		Explain: func(_ string, ids []string) (*explain.Report, error) {
			report := &explain.Report{}
			for _, id := range ids {
				report.Accounts = append(report.Accounts, explain.Account{ID: id, Outcome: explain.Late})
			}
			return report, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const evil = `<script>alert(1)</script>"'><img src=http://evil.example/x onerror=alert(2)>`

func sample(id, question string, images string) string {
	return fmt.Sprintf(`{"id": %q, "conversations": [{"from": "human", "value": %q}, {"from": "gpt", "value": "It is so."}]%s}`, id, question, images)
}

func TestThePageIsOfOnePiece(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "p.png"), picture(t, 800, 600), 0o644); err != nil {
		t.Fatal(err)
	}
	inline := "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture(t, 20, 10))
	a := leave(t, []decision{{evil, evil, evil, evil, 2, 0}, {"inline", "x", "s", "web", 1, 0}, {"path", "x", "s", "web", 1, 0}, {"bomb", "x", "s", "web", 1, 0}},
		[]string{evil, "inline", "path"}, []string{
			sample(evil, evil, ""), sample("inline", "<image>\nWhat?", `, "image": "`+inline+`"`),
			sample("path", "Which?", `, "image": ["p.png", "../out.png", "http://remote.example/x.png"]`),
			sample("bomb", strings.Repeat("long ", 100), `, "image": "data:image/png;base64,`+base64.StdEncoding.EncodeToString(picture(t, 2000, 1000))+`"`),
		})
	samples := filepath.Join(t.TempDir(), "samples.jsonl")
	if err := os.WriteFile(samples, []byte(sample("only b", "From the file?", "")), 0o644); err != nil {
		t.Fatal(err)
	}
	b := leave(t, []decision{{"only b", "y", "s", "web", 1, 0}, {"lost", "y", "s", "web", 1, 0}}, []string{evil, "path"}, []string{
		`{"id": "only b", "styles": ["s"], "scores": {"x": 1}}`})
	html := page(t, folders(t, a, b), root, samples)

	if strings.Contains(html, "<script>alert") || strings.Contains(html, "<img src=http") || strings.Count(html, "<script") != 1 {
		t.Error("a sample's text is not escaped")
	}
	if n := len(regexp.MustCompile(`<img src="data:image/jpeg;base64,([A-Za-z0-9/=]|&#43;)+"`).FindAllString(html, -1)); n != 2 || strings.Count(html, "<img") != 2 {
		t.Errorf("%d small pictures among %d, want 2", n, strings.Count(html, "<img"))
	}
	for _, outside := range []string{"<link rel=\"stylesheet\"", "src=\"http", "href=\"http", "url(", "@import", " style=", "onerror=\"", "fetch("} {
		if strings.Contains(html, outside) {
			t.Errorf("the page has %s", outside)
		}
	}
	for _, want := range []string{
		`width="320" height="240"`, `width="20" height="10"`, "What?", "From the file?", "late</p>", "not in the input",
		"the folder has its scores alone", "2000 × 1000 pixels", "http is not fetched", "long …",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestPageOptions(t *testing.T) {
	r := folders(t, leave(t, nil, nil, nil), leave(t, nil, nil, nil))
	err := r.WritePage(&bytes.Buffer{}, compare.PageOptions{Limit: -1})
	if err == nil || !strings.Contains(err.Error(), "-1") || !strings.Contains(err.Error(), "Loader") {
		t.Errorf("it says %v", err)
	}
}
