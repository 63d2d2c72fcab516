package compare

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"cream/scoring/media"
	"cream/stream/console"
	"cream/stream/explain"
	"cream/stream/folder"
)

//go:embed assets/page.html
var pageText string

//go:embed assets/compare.css
var styleSheet string

//go:embed assets/filter.js
var filterScript string

// PageOptions of a page.
type PageOptions struct {
	Limit int // samples of each side, at most
	// Samples is a file that has the samples of both; "" where their own
	// curated.jsonl have them.
	Samples string
	Loader  *media.Loader
	// Explain returns a folder's accounts of ids.
	Explain func(dir string, ids []string) (*explain.Report, error)
}

// Check returns every mistake in the options.
func (o PageOptions) Check() error {
	var errs []error
	if o.Limit < 0 {
		errs = append(errs, fmt.Errorf("compare: a limit of %d samples: it must not be negative", o.Limit))
	}
	if o.Loader == nil || o.Explain == nil {
		errs = append(errs, errors.New("compare: Loader and Explain must be set"))
	}
	return errors.Join(errs...)
}

// view is what the template shows.
type view struct {
	*Result
	Style     template.CSS
	Script    template.JS
	StyleSum  string // SHA-256, as a Content-Security-Policy has it
	ScriptSum string
	Tables    []table
	Sides     []shownSide
	Choices   []choice
}

type table struct {
	Title string
	Rows  []Row
	Rest  []Row // that differ less
	Most  int64 // the length of a full bar
}

// bar is a row and the length of a full bar.
type bar struct {
	Row
	Most int64
}

type shownSide struct {
	Name, Other string
	Of          Side
	All         int // samples that only it chose
	Shown       []*Shown
}

// choice is what the page can be filtered by.
type choice struct {
	Name   string
	Values []string
}

// tableRows is how many rows of a table are seen at once.
const tableRows = 14

// WritePage writes the page: one file of HTML that asks for nothing else.
func (r *Result) WritePage(out io.Writer, o PageOptions) error {
	if err := o.Check(); err != nil {
		return err
	}
	page, err := template.New("page").Funcs(console.Words()).Funcs(template.FuncMap{
		"wide": func(n int) int64 { return int64(n) }, "narrow": func(n int32) int { return int(n) },
		"row": func(r Row, most int64) bar { return bar{r, most} }, "span": spanText,
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	onlyA, onlyB := r.Shown(o.Limit)
	if err := r.fill(onlyA, onlyB, o); err != nil {
		return err
	}
	style := console.Style() + styleSheet
	v := view{
		Result: r, Style: template.CSS(style), Script: template.JS(filterScript), StyleSum: sum(style), ScriptSum: sum(filterScript),
		Tables: []table{newTable("By capability", r.Capabilities), newTable("By style", r.Styles), newTable("By source", r.Sources)},
		Sides: []shownSide{
			{"A", "B", r.A, r.Chosen.OnlyA, onlyA},
			{"B", "A", r.B, r.Chosen.OnlyB, onlyB},
		},
		Choices: choices(slices.Concat(onlyA, onlyB)),
	}
	if err := page.Execute(out, v); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// fill gets what the page shows of the samples, beside the decisions.
func (r *Result) fill(onlyA, onlyB []*Shown, o PageOptions) error {
	err := explainBy(onlyA, r.inB, func(ids []string) (*explain.Report, error) { return o.Explain(r.B.Folder, ids) })
	if err == nil {
		err = explainBy(onlyB, r.inA, func(ids []string) (*explain.Report, error) { return o.Explain(r.A.Folder, ids) })
	}
	if err != nil {
		return err
	}
	for _, from := range []struct {
		file  string
		shown []*Shown
	}{
		{filepath.Join(r.A.Folder, folder.CuratedFile), onlyA},
		{filepath.Join(r.B.Folder, folder.CuratedFile), onlyB},
		{o.Samples, slices.Concat(onlyA, onlyB)},
	} {
		if from.file == "" {
			continue
		}
		if err := fill(from.file, from.shown, o.Loader); err != nil {
			return err
		}
	}
	for _, s := range slices.Concat(onlyA, onlyB) {
		if s.Question == "" && s.Answer == "" && s.Pictures == nil && s.Missing == "" {
			s.Missing = "the folder has its scores alone: name the file of samples with --samples"
		}
	}
	return nil
}

func newTable(title string, rows []Row) table {
	t := table{Title: title, Rows: rows, Most: 1}
	for _, row := range rows {
		t.Most = max(t.Most, int64(row.A), int64(row.B))
	}
	if len(rows) > tableRows+2 {
		t.Rows, t.Rest = rows[:tableRows], rows[tableRows:]
	}
	return t
}

func choices(shown []*Shown) []choice {
	all := []choice{{Name: "capability"}, {Name: "style"}, {Name: "source"}}
	for i, of := range []func(*Shown) string{
		func(s *Shown) string { return s.Capability }, func(s *Shown) string { return s.Style }, func(s *Shown) string { return s.Source },
	} {
		values := make(map[string]bool)
		for _, s := range shown {
			values[of(s)] = true
		}
		all[i].Values = slices.Sorted(maps.Keys(values))
	}
	return all
}

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
}
