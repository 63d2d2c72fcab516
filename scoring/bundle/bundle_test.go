package bundle

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"cream/scoring/bundles/starter"
)

func TestStarterLoads(t *testing.T) {
	b, err := Load(starter.Files, "starter")
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Capabilities) != 14 || len(b.Styles) != 9 || len(b.Graph()) == 0 || len(b.Vocabulary()) == 0 {
		t.Errorf("%d capabilities, %d styles, %d bytes of graph", len(b.Capabilities), len(b.Styles), len(b.Graph()))
	}
}

// changed is the starter with its manifest edited.
func changed(t *testing.T, old, new string) fs.FS {
	t.Helper()
	text, err := fs.ReadFile(starter.Files, ManifestFile)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("the manifest has no %q", old)
	}
	vocabulary, err := fs.ReadFile(starter.Files, "vocab.txt")
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{
		ManifestFile: {Data: []byte(strings.Replace(string(text), old, new, 1))},
		"model.onnx": {Data: []byte("damaged")},
		"vocab.txt":  {Data: vocabulary},
	}
}

func TestMistakesSayWhereAndWhat(t *testing.T) {
	for _, c := range []struct{ old, new, where, what string }{
		{"format: 1", "format: 7", "manifest.yaml:1", "expected 1"},
		{"truncation: head-tail", "truncation: tail", "manifest.yaml:", "expected head-tail"},
		{"style_threshold: 0.5", "style_treshold: 0.5", "style_treshold", "unknown field"},
		{"- humanities", "- stem_knowledge", "manifest.yaml:", "stands twice"},
		{"resize: squash", "resize: fit", "manifest.yaml:", "inputs.pictures.resize: \"fit\" is not known; expected squash"},
		{"model: model.onnx", "model: other.onnx", "model", "not among files"},
		{"name: starter", "name: starter", "model.onnx", "the file is damaged"},
		{"score_range:\n- 0", "score_range:\n- nine", "score_range", ""},
	} {
		_, err := Load(changed(t, c.old, c.new), "b")
		if err == nil || !strings.Contains(err.Error(), c.where) || !strings.Contains(err.Error(), c.what) {
			t.Errorf("%q: got %v, want it to name %q and say %q", c.new, err, c.where, c.what)
		}
	}
	if _, err := Load(fstest.MapFS{}, "b"); err == nil || !strings.Contains(err.Error(), "manifest.yaml") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestLinesOfEveryDepth(t *testing.T) {
	text := "a: 1\nb:\n  c: 2\n  d:\n    e:\n      f: 3\n  g:\n    - h: 4\ni: 5\n"
	want := map[string]int{"a": 1, "b": 2, "b.c": 3, "b.d": 4, "b.d.e": 5, "b.d.e.f": 6, "b.g": 7, "i": 9}
	if got := lines([]byte(text)); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := lines([]byte("a: [")); len(got) != 0 {
		t.Errorf("of what is no YAML: got %v", got)
	}
}

func FuzzManifest(f *testing.F) {
	text, err := fs.ReadFile(starter.Files, ManifestFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		if m, err := parseManifest("m", text); err == nil && len(m.Capabilities) == 0 {
			t.Error("a manifest without capabilities was taken: " + fmt.Sprint(m))
		}
	})
}
