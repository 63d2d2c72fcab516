package ingester_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/schemas"
	"cream/stream/ingester"
)

func open(t *testing.T, content string) *ingester.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "samples")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := ingester.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func elements(t *testing.T, source ingester.Source) (out []ingester.Element) {
	t.Helper()
	for {
		e, err := source.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
}

func TestFileTellsItsKind(t *testing.T) {
	const a, b = `{"id":"a","collected_at":5,"conversations":[]}`, `{"id":7,"messages":[]}`
	want := []ingester.Element{
		{Key: []byte("a"), Value: []byte(a), EventTime: 5, Size: int64(len(a))},
		{Key: []byte("7"), Value: []byte(b), EventTime: schemas.NoTime, Size: int64(len(b))},
	}
	for name, content := range map[string]string{
		"array":                         "[" + a + ",\n" + b + "]\n",
		"array behind white space":      " \r\n\t[" + a + "," + b + "]",
		"array behind a BOM":            "\uFEFF[" + a + "," + b + "]",
		"lines":                         a + "\n" + b + "\n",
		"lines of Windows":              a + "\r\n" + b + "\r\n",
		"lines behind a BOM":            "\uFEFF" + a + "\n" + b,
		"lines with empty ones between": "\n" + a + "\n\n" + b + "\n\n",
	} {
		file := open(t, content)
		if diff := cmp.Diff(want, elements(t, file)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := file.Fraction(); got != 1 {
			t.Errorf("%s: at its end the file is read to %v", name, got)
		}
	}
}

func TestFileWithoutElements(t *testing.T) {
	for _, content := range []string{"", "\uFEFF", " \n\n", "[]", " [ ]\n"} {
		if got := elements(t, open(t, content)); got != nil {
			t.Errorf("%q: %v", content, got)
		}
	}
}

// What cannot be read is passed on as it is, without a key: the scorer says
// what is wrong with it.
func TestFilePassesMistakesOn(t *testing.T) {
	const broken = `{"id": "a", "conversations": [`
	want := []ingester.Element{{Value: []byte(broken), EventTime: schemas.NoTime, Size: int64(len(broken))}}
	if diff := cmp.Diff(want, elements(t, open(t, broken+"\n"))); diff != "" {
		t.Error(diff)
	}
}

func TestFileSkip(t *testing.T) {
	file := open(t, "[1, 2, 3]")
	if err := file.Skip(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if e, err := file.Next(t.Context()); err != nil || string(e.Value) != "3" {
		t.Errorf("behind two elements: %q, %v", e.Value, err)
	}
	if err := open(t, "1\n2\n").Skip(t.Context(), 3); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("3 of 2 elements were passed over: %v; want to hear that it is another file", err)
	}
}

func TestFileStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := open(t, "[1, 2, 3]")
	if _, err := file.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Next: %v", err)
	}
	if err := file.Skip(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Skip: %v", err)
	}
}

func TestFileThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	if _, err := ingester.OpenFile(dir); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := ingester.OpenFile(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
