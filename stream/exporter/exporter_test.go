package exporter_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"cream/schemas"
	"cream/selection"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/exporter"
	"cream/stream/folder"
	"cream/stream/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func export(t *testing.T, f *embeddedtest.Flow, dir string) (*folder.Summary, error) {
	t.Helper()
	return exporter.Export(t.Context(), exporter.Options{Reader: f.Reader, Topics: f.Topics, Codec: f.Codec, Dir: dir,
		Policy: selection.DefaultPolicy(), Capabilities: []string{"humanities"}})
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func put(t *testing.T, f *embeddedtest.Flow, topic string, values ...string) {
	t.Helper()
	for _, v := range values {
		f.Publish(t, &kgo.Record{Topic: topic, Value: []byte(v)})
	}
}

// encoded encodes each value by the codec's method for it.
func encoded[T any](t *testing.T, encode func(*T) ([]byte, error), values ...T) (out []string) {
	t.Helper()
	for _, v := range values {
		value, err := encode(&v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(value))
	}
	return out
}

func letter(f *embeddedtest.Flow, stage, reason, key, value string, headers ...kgo.RecordHeader) *kgo.Record {
	return kafka.DeadLetter(f.Topics.DeadLetter, stage, reason, errors.New("<"+reason+">"),
		&kgo.Record{Key: []byte(key), Value: []byte(value), Headers: headers})
}

// flow publishes what a run might leave.
func flow(t *testing.T) *embeddedtest.Flow {
	f := embeddedtest.Start(t)
	const a, b = `{"id": "a",  "text": "<b>ä☃"}`, `{"id":"b"}`
	put(t, f, f.Topics.Samples, a, b, a, "broken", "\xff")
	put(t, f, f.Topics.Curated, b, a)
	put(t, f, f.Topics.Control, a)
	put(t, f, f.Topics.Scores, encoded(t, f.Codec.EncodeScore,
		schemas.Score{ID: "a", Source: "web", Styles: []string{"yes/no", "<x>"}, Scores: map[string]float32{"humanities": 4.1}},
		schemas.Score{ID: "b", Styles: []string{"yes/no"}},
		schemas.Score{ID: "a", Styles: []string{"yes/no"}})...)
	put(t, f, f.Topics.Selections, encoded(t, f.Codec.EncodeSelection,
		schemas.Selection{Role: schemas.RoleCurated, ID: "late", WindowStart: 10, WindowEnd: 20, Order: 1},
		schemas.Selection{Role: schemas.RoleCurated, ID: "second", WindowEnd: 10, Order: 2},
		schemas.Selection{Role: schemas.RoleControl, ID: "control", WindowEnd: 10, Order: 1},
		schemas.Selection{Role: schemas.RoleCurated, ID: "first", WindowEnd: 10, Order: 1, Capability: "humanities",
			Style: "yes/no", Source: "web", Score: 4.1, Rank: 2, Cutoff: 0.5, Round: 3})...)
	put(t, f, f.Topics.Windows, encoded(t, f.Codec.EncodeWindow,
		schemas.Window{End: 10, Shortfall: "few", Styles: map[string]schemas.Count{"yes/no": {Seen: 2, Chosen: 1}}},
		schemas.Window{Start: 10, End: 20, Styles: map[string]schemas.Count{"yes/no": {Seen: 3, Chosen: 2}, "other": {Seen: 1}},
			Capabilities: map[string]schemas.Count{"humanities": {Seen: 4, Chosen: 3}}})...)
	f.Publish(t,
		letter(f, "score", "invalid-json", "", "broken", kafka.NumberHeader(kafka.HeaderInput, 3)),
		letter(f, "score", "invalid-utf8", "", "\xff", kafka.NumberHeader(kafka.HeaderInput, 4)),
		letter(f, "ingest", "sample-too-large", "", "", kafka.NumberHeader(kafka.HeaderInput, 5)),
		letter(f, "select", "late", "a", "x"),
		letter(f, "harvest", "payload-deleted", "b", "y"))
	return f
}

func TestExportedFiles(t *testing.T) {
	f := flow(t)
	dir := filepath.Join(t.TempDir(), "made", "by it")
	summary, err := export(t, f, dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		folder.CuratedFile: "{\"id\":\"b\"}\n{\"id\": \"a\",  \"text\": \"<b>ä☃\"}\n",
		folder.ControlFile: "{\"id\": \"a\",  \"text\": \"<b>ä☃\"}\n",
		folder.ScoresFile: `{"id":"a","source":"web","styles":["yes/no","<x>"],"scores":{"humanities":4.1}}
{"id":"b","source":"","styles":["yes/no"],"scores":{}}
{"id":"a","source":"","styles":["yes/no"],"scores":{}}
`,
		folder.DecisionsFile: `{"id":"first","window_start":0,"window_end":10,"capability":"humanities","style":"yes/no","source":"web","score":4.1,"rank":2,"cutoff":0.5,"round":3}
{"id":"second","window_start":0,"window_end":10,"capability":"","style":"","source":"","score":0,"rank":0,"cutoff":0,"round":0}
{"id":"late","window_start":10,"window_end":20,"capability":"","style":"","source":"","score":0,"rank":0,"cutoff":0,"round":0}
`,
		folder.DeadLetterFile: `{"reason":"invalid-json","error":"<invalid-json>","stage":"score","input":3,"original":"broken"}
{"reason":"invalid-utf8","error":"<invalid-utf8>","stage":"score","input":4,"original_base64":"/w=="}
{"reason":"sample-too-large","error":"<sample-too-large>","stage":"ingest","input":5,"original":""}
{"reason":"late","error":"<late>","stage":"select","id":"a","original":"x"}
{"reason":"payload-deleted","error":"<payload-deleted>","stage":"harvest","id":"b","original":"y"}
`,
	} {
		if diff := cmp.Diff(want, read(t, dir, name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	want := &folder.Summary{
		Samples: 6, Scored: 3, Duplicates: 1, Selected: 2, Control: 1, Dead: 3, Late: 1, Windows: 2, Shortfalls: []string{"few"},
		Reasons:      map[string]int64{"invalid-json": 1, "invalid-utf8": 1, "sample-too-large": 1, "late": 1, "payload-deleted": 1},
		Styles:       map[string]schemas.Count{"yes/no": {Seen: 5, Chosen: 3}, "other": {Seen: 1}},
		Capabilities: map[string]schemas.Count{"humanities": {Seen: 4, Chosen: 3}},
	}
	if diff := cmp.Diff(want, summary); diff != "" {
		t.Error(diff)
	}
	if summary.Scored+summary.Dead != summary.Samples {
		t.Errorf("%d scored and %d dead are not the %d samples", summary.Scored, summary.Dead, summary.Samples)
	}
	var written folder.Summary
	if err := json.Unmarshal([]byte(read(t, dir, folder.SummaryFile)), &written); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, &written); diff != "" {
		t.Errorf("%s: %s", folder.SummaryFile, diff)
	}
}

// An export that fails leaves the files of the one before, and nothing half
// written beside them; the next one replaces them.
func TestFilesAreWholeOrNotThere(t *testing.T) {
	f := flow(t)
	dir := t.TempDir()
	if _, err := export(t, f, dir); err != nil {
		t.Fatal(err)
	}
	scores, summary := read(t, dir, folder.ScoresFile), read(t, dir, folder.SummaryFile)
	before := names(t, dir)
	put(t, f, f.Topics.Scores, "no Avro")
	if _, err := export(t, f, dir); err == nil {
		t.Fatal("a score that cannot be read was exported")
	}
	if read(t, dir, folder.ScoresFile) != scores || read(t, dir, folder.SummaryFile) != summary {
		t.Error("the files of the export before were changed")
	}
	if diff := cmp.Diff(before, names(t, dir)); diff != "" {
		t.Errorf("the folder holds something else: %s", diff)
	}
	f.Delete(t, f.Topics.Scores, 0, 4)
	put(t, f, f.Topics.Scores, encoded(t, f.Codec.EncodeScore, schemas.Score{ID: "c", Styles: []string{"yes/no"}})...)
	if s, err := export(t, f, dir); err != nil || s.Scored != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if got, want := read(t, dir, folder.ScoresFile), "{\"id\":\"c\",\"source\":\"\",\"styles\":[\"yes/no\"],\"scores\":{}}\n"; got != want {
		t.Errorf("scores are %s", got)
	}
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

// A sample whose JSON was written over several lines is still one line.
func TestEachSampleIsALine(t *testing.T) {
	f := embeddedtest.Start(t)
	put(t, f, f.Topics.Curated, "{\n  \"id\": \"a\",\r\n  \"text\": \"x  y\"\n}\n", `{"id":"b"}`)
	dir := t.TempDir()
	if _, err := export(t, f, dir); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, dir, folder.CuratedFile), "{\"id\":\"a\",\"text\":\"x  y\"}\n{\"id\":\"b\"}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExportOfNothing(t *testing.T) {
	f := embeddedtest.Start(t)
	dir := t.TempDir()
	summary, err := export(t, f, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := &folder.Summary{Reasons: map[string]int64{}, Styles: map[string]schemas.Count{}, Capabilities: map[string]schemas.Count{}}
	if diff := cmp.Diff(want, summary); diff != "" {
		t.Error(diff)
	}
	if got := len(names(t, dir)); got != 8 {
		t.Errorf("%d files, want 8", got)
	}
}
