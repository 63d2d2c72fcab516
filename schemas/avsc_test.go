package schemas_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// required are the fields without which a record means nothing: no default
// could stand in for them.
var required = map[string]bool{
	"Sample.id": true, "Score.id": true, "Selection.id": true,
	"Window.window_start": true, "Window.window_end": true,
}

func TestEveryFieldIsToldAndHasADefault(t *testing.T) {
	files, err := filepath.Glob("*.avsc")
	if err != nil || len(files) != 4 {
		t.Fatalf("%d schemas, %v; want 4", len(files), err)
	}
	missing, seen := maps.Clone(required), 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var schema any
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		seen += checkFields(t, schema, missing)
	}
	for field := range missing {
		t.Errorf("%s is not a field of any schema", field)
	}
	if seen < 60 {
		t.Errorf("only %d fields were found: does the walk see them all?", seen)
	}
}

// checkFields walks a schema and returns how many fields it has seen. It
// strikes those that it has seen from missing.
func checkFields(t *testing.T, schema any, missing map[string]bool) (seen int) {
	switch s := schema.(type) {
	case []any:
		for _, inner := range s {
			seen += checkFields(t, inner, missing)
		}
	case map[string]any:
		if s["type"] == "record" && s["doc"] == nil {
			t.Errorf("record %s has no doc", s["name"])
		}
		fields, _ := s["fields"].([]any)
		for _, f := range fields {
			field := f.(map[string]any)
			name := s["name"].(string) + "." + field["name"].(string)
			if doc, _ := field["doc"].(string); doc == "" {
				t.Errorf("%s has no doc", name)
			}
			_, hasDefault := field["default"]
			if hasDefault == required[name] {
				t.Errorf("%s: default %v, required %v", name, hasDefault, required[name])
			}
			delete(missing, name)
			seen += 1 + checkFields(t, field["type"], missing)
		}
		for _, inner := range []string{"type", "items", "values"} {
			if _, nested := s[inner].(string); !nested && s[inner] != nil {
				seen += checkFields(t, s[inner], missing)
			}
		}
	}
	return seen
}
