package selection

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/goccy/go-yaml/ast"
)

// Filter names samples. As what a policy requires, a sample has to be named by
// every condition that is set; as what it excludes, by any one.
type Filter struct {
	Sources []string
	Styles  []string // the sample has one of them, in whatever place
	// Metadata has, by field, the values that count.
	Metadata map[string][]string
	IDs      *List // of sample ids
	Contents *List // of SHA-256 content hashes in hex
}

func (f Filter) isEmpty() bool {
	return len(f.Sources) == 0 && len(f.Styles) == 0 && len(f.Metadata) == 0 && f.IDs == nil && f.Contents == nil
}

// admits tells whether every condition names the candidate.
func (f *Filter) admits(c *Candidate) bool {
	if len(f.Sources) > 0 && !slices.Contains(f.Sources, c.Source) ||
		len(f.Styles) > 0 && !slices.ContainsFunc(c.Styles, f.hasStyle) ||
		f.IDs != nil && !f.IDs.has(xxhash.Sum64String(c.ID)) ||
		f.Contents != nil && !f.Contents.has(contentPrefix(c)) {
		return false
	}
	for field, values := range f.Metadata {
		if !slices.Contains(values, c.Metadata[field]) {
			return false
		}
	}
	return true
}

// names tells whether some condition names the candidate.
func (f *Filter) names(c *Candidate) bool {
	if slices.Contains(f.Sources, c.Source) ||
		len(f.Styles) > 0 && slices.ContainsFunc(c.Styles, f.hasStyle) ||
		f.IDs != nil && f.IDs.has(xxhash.Sum64String(c.ID)) ||
		f.Contents != nil && f.Contents.has(contentPrefix(c)) {
		return true
	}
	for field, values := range f.Metadata {
		if value, ok := c.Metadata[field]; ok && slices.Contains(values, value) {
			return true
		}
	}
	return false
}

func (f *Filter) hasStyle(s string) bool { return slices.Contains(f.Styles, s) }

// List is a file of ids or content hashes, a line each. Of an entry 64 bits
// are kept: of an id its hash, of a content hash the first. So an id that is
// not listed is taken for one that is with a probability of 2^-64 for each
// entry; one that is listed is always found.
type List struct {
	File   string // as the policy names it
	Digest string // the SHA-256 of the file's bytes, 12 hex digits: part of the policy's version
	hashes []uint64
}

// NewIDs reads a list of ids from a file's content. Empty lines are none.
func NewIDs(file string, content []byte) *List {
	l, _ := newList(file, content, func(line string) (uint64, error) { return xxhash.Sum64String(line), nil })
	return l
}

// NewContents reads a list of SHA-256 hashes, 64 hex digits each.
func NewContents(file string, content []byte) (*List, error) {
	return newList(file, content, func(line string) (uint64, error) {
		hash, err := decodeHash(line)
		return hash, err
	})
}

func (l *List) has(hash uint64) bool {
	_, found := slices.BinarySearch(l.hashes, hash)
	return found
}

// Len returns how many different entries the list has.
func (l *List) Len() int { return len(l.hashes) }

func newList(file string, content []byte, hash func(string) (uint64, error)) (*List, error) {
	l := &List{File: file, Digest: digest(content)}
	var errs []error
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(content), "\ufeff")) { // Windows editors begin with it
		number++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		h, err := hash(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, number, err))
			if len(errs) == 10 {
				break
			}
			continue
		}
		l.hashes = append(l.hashes, h)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.Sort(l.hashes)
	l.hashes = slices.Compact(l.hashes)
	return l, nil
}

func (p Policy) checkFilter(key string, f Filter) (errs []error) {
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	check := func(what string, values []string) {
		for i, v := range values {
			if v == "" && !strings.HasPrefix(what, metadataPrefix) {
				add("%s.%s: entry %d is empty: expected a name", key, what, i+1)
			}
			if slices.Contains(values[:i], v) {
				add("%s.%s: %q is listed twice", key, what, v)
			}
		}
	}
	check("source", f.Sources)
	check("style", f.Styles)
	for _, field := range slices.Sorted(maps.Keys(f.Metadata)) {
		check(metadataPrefix+field, f.Metadata[field])
		if field == "" || len(f.Metadata[field]) == 0 {
			add("%s.metadata.%s: expected a field with at least one value", key, field)
		}
	}
	return errs
}

// yaml writes a filter under its key; with digests what a file says counts,
// without them its name.
func (f Filter) yaml(key string, digests bool) string {
	if f.isEmpty() {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:\n", key)
	list := func(indent, name string, values []string) {
		quoted := make([]string, len(values))
		for i, v := range slices.Sorted(slices.Values(values)) {
			quoted[i] = scalar(v)
		}
		if len(values) > 0 {
			fmt.Fprintf(&b, "%s%s: [%s]\n", indent, name, strings.Join(quoted, ", "))
		}
	}
	list("  ", "source", f.Sources)
	list("  ", "style", f.Styles)
	if len(f.Metadata) > 0 {
		b.WriteString("  metadata:\n")
		for _, field := range slices.Sorted(maps.Keys(f.Metadata)) {
			list("    ", scalar(field), f.Metadata[field])
		}
	}
	file := func(name string, l *List) {
		if l == nil {
			return
		}
		if digests {
			fmt.Fprintf(&b, "  %s: sha256 %s\n", name, l.Digest)
		} else {
			fmt.Fprintf(&b, "  %s: %s\n", name, scalar(l.File))
		}
	}
	file("ids", f.IDs)
	file("content", f.Contents)
	return b.String()
}

// filter returns the reader of require or exclude.
func (r *policyReader) filter(key string, f *Filter) func(ast.Node) {
	list := func(what string, to *[]string) func(ast.Node) {
		return func(n ast.Node) { *to = r.texts(n, key+"."+what) }
	}
	return func(n ast.Node) {
		*f = Filter{}
		r.mapping(n, key, map[string]func(ast.Node){
			"source": list("source", &f.Sources),
			"style":  list("style", &f.Styles),
			"metadata": func(n ast.Node) {
				values, ok := pairs(n)
				if !ok {
					r.fail(n, "%s.metadata is %s: expected field: [value, …] pairs", key, describe(n))
					return
				}
				f.Metadata = make(map[string][]string)
				for _, pair := range values {
					f.Metadata[keyOf(pair)] = r.texts(pair.Value, key+".metadata."+keyOf(pair))
				}
			},
			"ids": func(n ast.Node) {
				if file, content, ok := r.file(n, key+".ids", "a file of sample ids, one a line"); ok {
					f.IDs = NewIDs(file, content)
				}
			},
			"content": func(n ast.Node) {
				file, content, ok := r.file(n, key+".content", "a file of content hashes, one a line")
				if !ok {
					return
				}
				l, err := NewContents(file, content)
				if err != nil {
					r.fail(n, "%s.content: %v", key, err)
				}
				f.Contents = l
			},
		})
	}
}

// file reads a file that the policy names.
func (r *policyReader) file(n ast.Node, what, expected string) (name string, content []byte, ok bool) {
	before := len(r.errs)
	if name = r.text(n, what, expected); len(r.errs) > before {
		return "", nil, false
	}
	if r.readFile == nil {
		r.fail(n, "%s names the file %s, and files cannot be read here: expected a policy without one", what, name)
		return "", nil, false
	}
	name, content, err := r.readFile(name)
	if err != nil {
		r.fail(n, "%s: %v", what, err)
		return "", nil, false
	}
	return name, content, true
}

// texts reads one text or a list of them.
func (r *policyReader) texts(n ast.Node, what string) []string {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return []string{r.value(n, what)}
	}
	var all []string
	for _, item := range list.Values {
		all = append(all, r.value(item, what))
	}
	return all
}

// value reads a text; a number or a truth value is taken as it is written.
func (r *policyReader) value(n ast.Node, what string) string {
	switch n.Type() {
	case ast.IntegerType, ast.FloatType, ast.BoolType:
		return rawText(n)
	}
	return r.text(n, what, "a text or a list of texts")
}
