package batch

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"

	"cream/stream/folder"
)

// parquetRows is how many rows are taken from a file at a time.
const parquetRows = 64

// openParquet reads a file's rows as JSON objects, their keys in the order of
// the columns. A column "scores.x" is the score x, like a field x of a group
// "scores".
func (r *rows) openParquet(size int64) (err error) {
	defer broken(&err)
	file, err := parquet.OpenFile(r.file, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return err
	}
	var read atomic.Int64
	r.read = func() float64 { return float64(read.Load()) / float64(max(1, file.NumRows())) }
	in := &groupReader{groups: file.RowGroups(), buffer: make([]parquet.Row, parquetRows)}
	r.close = in.Close
	table := newTable(file.Root())
	r.next = func() (_ row, err error) {
		defer broken(&err)
		values, err := in.next()
		if err != nil {
			return row{}, err
		}
		read.Add(1)
		value := table.append(nil, values)
		return row{value: value, size: int64(len(value))}, nil
	}
	return nil
}

// broken makes an error of a panic: that is how the library takes some files
// that are damaged.
func broken(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("a Parquet file that cannot be read: %v", p)
	}
}

// groupReader reads the rows of a file's row groups.
type groupReader struct {
	groups []parquet.RowGroup
	open   parquet.Rows // of the group before groups; nil: none
	buffer []parquet.Row
	rest   []parquet.Row // of the buffer, not yet handed out
	ended  bool          // open has
}

// next returns a row. It is good until the next call.
func (g *groupReader) next() (parquet.Row, error) {
	for len(g.rest) == 0 {
		if g.ended || g.open == nil {
			if err := g.Close(); err != nil {
				return nil, err
			}
			if len(g.groups) == 0 {
				return nil, io.EOF
			}
			g.open, g.ended = g.groups[0].Rows(), false
			g.groups = g.groups[1:]
		}
		n, err := g.open.ReadRows(g.buffer)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		g.ended = err != nil
		g.rest = g.buffer[:n]
	}
	row := g.rest[0]
	g.rest = g.rest[1:]
	return row, nil
}

// Close closes what is open of the file's rows.
func (g *groupReader) Close() error {
	if g.open == nil {
		return nil
	}
	err := g.open.Close()
	g.open = nil
	return err
}

// table is what a file's columns become: the keys of an object.
type table struct {
	keys   []key
	values [][]parquet.Value // of the row at hand, by column: what is not yet taken
}

// key is a column or, where it has parts, an object of several.
type key struct {
	name  string
	node  *node
	parts []key
}

const scorePrefix = "scores."

func newTable(root *parquet.Column) *table {
	t := &table{values: make([][]parquet.Value, leaves(root))}
	scores := -1
	for _, column := range root.Columns() {
		name, nested := strings.CutPrefix(column.Name(), scorePrefix)
		k := key{name: name, node: newNode(column)}
		switch {
		case !nested:
			t.keys = append(t.keys, k)
		case scores < 0:
			scores = len(t.keys)
			t.keys = append(t.keys, key{name: "scores", parts: []key{k}})
		default:
			t.keys[scores].parts = append(t.keys[scores].parts, k)
		}
	}
	return t
}

func leaves(c *parquet.Column) int {
	if c.Leaf() {
		return 1
	}
	n := 0
	for _, child := range c.Columns() {
		n += leaves(child)
	}
	return n
}

// append writes a row as JSON behind b.
func (t *table) append(b []byte, values parquet.Row) []byte {
	for i := range t.values {
		t.values[i] = nil
	}
	values.Range(func(column int, values []parquet.Value) bool {
		t.values[column] = values
		return true
	})
	return t.appendKeys(b, t.keys)
}

func (t *table) appendKeys(b []byte, keys []key) []byte {
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(folder.AppendText(b, k.name), ':')
		if k.node == nil {
			b = t.appendKeys(b, k.parts)
		} else {
			b = t.appendNode(b, k.node, 0, 0)
		}
	}
	return append(b, '}')
}
