package folder

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cream/selection"
)

// Files of a folder.
const (
	CuratedFile    = "curated.jsonl"
	ControlFile    = "control.jsonl"
	DecisionsFile  = "decisions.jsonl"
	ScoresFile     = "scores.jsonl"
	DeadLetterFile = "dead-letter.jsonl"
	WindowsFile    = "windows.jsonl"
	PolicyFile     = "policy.yaml"
	SummaryFile    = "summary.json"
)

// Writer writes the files of a folder. Until Commit the folder shows what it
// held before; Close without a Commit leaves it so.
type Writer struct {
	dir   string
	files []*File
}

// NewWriter makes the folder where it is not there.
func NewWriter(dir string) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	return &Writer{dir: dir}, nil
}

// File is a file of a folder, not yet under its name.
type File struct {
	*bufio.Writer
	file *os.File
	name string
}

// Create begins a file. Each name is for one file.
func (w *Writer) Create(name string) (*File, error) {
	file, err := os.CreateTemp(w.dir, name+".*")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", filepath.Join(w.dir, name), err)
	}
	f := &File{Writer: bufio.NewWriterSize(file, 1<<18), file: file, name: name}
	w.files = append(w.files, f)
	return f, nil
}

// Line writes a value as a line of JSON.
func (f *File) Line(value any) error {
	out := json.NewEncoder(f)
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	return nil
}

// Value writes a sample as a line, as it is; but one whose JSON spans lines is
// made one.
func (f *File) Value(value []byte) error {
	if bytes.IndexByte(value, '\n') >= 0 {
		var line bytes.Buffer
		if json.Compact(&line, value) == nil {
			value = line.Bytes()
		}
	}
	if _, err := f.Write(value); err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	return f.WriteByte('\n')
}

// Policy writes policy.yaml.
func (w *Writer) Policy(p selection.Policy) error {
	f, err := w.Create(PolicyFile)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "# version %s\n%s", p.Version(), p.YAML())
	return err
}

// Commit writes summary.json and gives all files their names, replacing those
// that the folder held. A summary that was there goes first: a folder that is
// half replaced, by a crash, has none.
func (w *Writer) Commit(s *Summary) error {
	summary, err := w.Create(SummaryFile)
	if err != nil {
		return err
	}
	out := json.NewEncoder(summary)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(s); err != nil {
		return fmt.Errorf("write %s: %w", SummaryFile, err)
	}
	for _, f := range w.files {
		if err := f.finish(); err != nil {
			return fmt.Errorf("write %s: %w", filepath.Join(w.dir, f.name), err)
		}
	}
	if err := os.Remove(filepath.Join(w.dir, SummaryFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace %s: %w", SummaryFile, err)
	}
	for _, f := range w.files {
		if err := os.Rename(f.file.Name(), filepath.Join(w.dir, f.name)); err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	w.files = nil
	return nil
}

func (f *File) finish() error {
	return errors.Join(f.Flush(), f.file.Chmod(0o644), f.file.Close())
}

// Close removes what was not committed.
func (w *Writer) Close() error {
	var errs []error
	for _, f := range w.files {
		if err := f.file.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
			errs = append(errs, err)
		}
		if err := os.Remove(f.file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	w.files = nil
	return errors.Join(errs...)
}
