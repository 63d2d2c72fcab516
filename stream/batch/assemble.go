package batch

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"cream/stream/folder"
)

// A Parquet file holds a row as values by column, each with a repetition level
// (at which repeated field on its path it repeats) and a definition level (how
// many of the optional and repeated fields on its path are there). Put
// together as in "Dremel: Interactive Analysis of Web-Scale Datasets" (2010).

// node is a column or a group of columns.
type node struct {
	name     string
	optional bool
	repeated bool
	kind     nodeKind
	fields   []*node
	columns  []int // of the leaves below it
	leaf     appender
}

// appender writes a value as JSON behind b.
type appender func(b []byte, v parquet.Value) []byte

type nodeKind int

const (
	aLeaf nodeKind = iota
	anObject
	aList // its one field is repeated: the elements
	aMap  // its one field is repeated: key and value
)

func newNode(c *parquet.Column) *node {
	n := &node{name: c.Name(), optional: c.Optional(), repeated: c.Repeated()}
	if c.Leaf() {
		n.columns, n.leaf = []int{c.Index()}, writerOf(c)
		return n
	}
	for _, child := range c.Columns() {
		f := newNode(child)
		n.fields = append(n.fields, f)
		n.columns = append(n.columns, f.columns...)
	}
	n.kind = anObject
	if logical := c.Type().LogicalType(); logical != nil && len(n.fields) == 1 && n.fields[0].repeated {
		switch inner := n.fields[0]; logical.Value.(type) {
		case *format.ListType:
			n.kind = aList
		case *format.MapType:
			if len(inner.fields) == 2 && inner.fields[0].kind == aLeaf {
				n.kind = aMap
			}
		}
	}
	return n
}

// head returns the next value of the first column below n.
func (t *table) head(n *node) (parquet.Value, bool) {
	if len(n.columns) == 0 || len(t.values[n.columns[0]]) == 0 {
		return parquet.Value{}, false
	}
	return t.values[n.columns[0]][0], true
}

// pass takes the value that says in each column below n that nothing is there.
func (t *table) pass(n *node) {
	for _, c := range n.columns {
		if len(t.values[c]) > 0 {
			t.values[c] = t.values[c][1:]
		}
	}
}

// appendNode writes n, whose parent is there at the given levels.
func (t *table) appendNode(b []byte, n *node, repetition, definition int) []byte {
	switch {
	case n.repeated: // without a list around it: old files have such
		b = append(b, '[')
		t.repeat(n, repetition, definition, func(i, repetition, definition int) {
			if i > 0 {
				b = append(b, ',')
			}
			b = t.appendContent(b, n, repetition, definition)
		})
		return append(b, ']')
	case n.optional:
		definition++
		if v, ok := t.head(n); !ok || v.DefinitionLevel() < definition {
			t.pass(n)
			return append(b, "null"...)
		}
	}
	return t.appendContent(b, n, repetition, definition)
}

// repeat calls each for every element of a repeated node.
func (t *table) repeat(n *node, repetition, definition int, each func(i, repetition, definition int)) {
	repetition, definition = repetition+1, definition+1
	if v, ok := t.head(n); !ok || v.DefinitionLevel() < definition {
		t.pass(n)
		return
	}
	for i := 0; ; i++ {
		each(i, repetition, definition)
		if v, ok := t.head(n); !ok || v.RepetitionLevel() < repetition {
			return
		}
	}
}

// appendContent writes n, which is there.
func (t *table) appendContent(b []byte, n *node, repetition, definition int) []byte {
	switch n.kind {
	case aLeaf:
		v, _ := t.head(n)
		t.pass(n)
		return n.leaf(b, v)
	case aList:
		b = append(b, '[')
		inner := n.fields[0]
		t.repeat(inner, repetition, definition, func(i, repetition, definition int) {
			if i > 0 {
				b = append(b, ',')
			}
			if len(inner.fields) == 1 {
				b = t.appendNode(b, inner.fields[0], repetition, definition)
			} else {
				b = t.appendContent(b, inner, repetition, definition)
			}
		})
		return append(b, ']')
	case aMap:
		b = append(b, '{')
		inner := n.fields[0]
		t.repeat(inner, repetition, definition, func(i, repetition, definition int) {
			if i > 0 {
				b = append(b, ',')
			}
			name := t.appendNode(nil, inner.fields[0], repetition, definition)
			if len(name) == 0 || name[0] != '"' { // a number, say
				name = folder.AppendText(nil, string(name))
			}
			b = append(append(b, name...), ':')
			b = t.appendNode(b, inner.fields[1], repetition, definition)
		})
		return append(b, '}')
	}
	b = append(b, '{')
	for i, f := range n.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(folder.AppendText(b, f.name), ':')
		b = t.appendNode(b, f, repetition, definition)
	}
	return append(b, '}')
}

// writerOf returns how a column's values are written as JSON: times in ms
// since 1970, hashes and bytes that are no text in hex, and what JSON cannot
// hold as a string that says so.
func writerOf(c *parquet.Column) appender {
	hash := strings.HasSuffix(c.Name(), "_hash")
	var logical format.LogicalTypeValue
	if l := c.Type().LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *format.TimestampType:
		if c.Type().Kind() == parquet.Int64 {
			unit := l.Unit.Value.Duration()
			return func(b []byte, v parquet.Value) []byte {
				return strconv.AppendInt(b, floorDiv(v.Int64(), int64(time.Millisecond/unit)), 10)
			}
		}
	case *format.DecimalType:
		return func(b []byte, v parquet.Value) []byte { return decimal(b, v, int(l.Scale)) }
	case *format.IntType:
		if !l.IsSigned && !hash {
			return func(b []byte, v parquet.Value) []byte {
				if v.Kind() == parquet.Int32 {
					return strconv.AppendUint(b, uint64(v.Uint32()), 10)
				}
				return strconv.AppendUint(b, v.Uint64(), 10)
			}
		}
	}
	_, text := logical.(*format.StringType)
	return func(b []byte, v parquet.Value) []byte {
		switch v.Kind() {
		case parquet.Boolean:
			return strconv.AppendBool(b, v.Boolean())
		case parquet.Int32:
			return strconv.AppendInt(b, int64(v.Int32()), 10)
		case parquet.Int64:
			if hash {
				return fmt.Appendf(b, `"%016x"`, v.Uint64())
			}
			return strconv.AppendInt(b, v.Int64(), 10)
		case parquet.Float:
			return number(b, float64(v.Float()), 32)
		case parquet.Double:
			return number(b, v.Double(), 64)
		case parquet.ByteArray, parquet.FixedLenByteArray:
			bytes := v.ByteArray()
			if text || !hash && utf8.Valid(bytes) {
				return folder.AppendText(b, string(bytes))
			}
			return folder.AppendText(b, hex.EncodeToString(bytes))
		}
		return folder.AppendText(b, v.String())
	}
}

func number(b []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Appendf(b, `"%v"`, v)
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits)
}

// decimal writes an unscaled whole number with its decimal places.
func decimal(b []byte, v parquet.Value, scale int) []byte {
	n := new(big.Int)
	switch v.Kind() {
	case parquet.Int32:
		n.SetInt64(int64(v.Int32()))
	case parquet.Int64:
		n.SetInt64(v.Int64())
	default: // two's complement, the highest byte first
		bytes := v.ByteArray()
		if n.SetBytes(bytes); len(bytes) > 0 && bytes[0] > 127 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(bytes))))
		}
	}
	return fmt.Appendf(b, "%se-%d", n, scale)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
