package selection

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// kinds numbers the combinations of a source, a style list and, where bins are
// by metadata, its values that a window has seen. All candidates of a kind lie
// in the same bins, in the same places.
type kinds struct {
	fields          []string // of metadata, that bins are by
	sources, styles numbering
	values          numbering  // of the fields, each with its length before it
	valueNames      [][]string // by values
	lists           numbering  // of style numbers, 4 bytes each
	styleLists      [][]uint32 // by list: the styles, each once
	styleNames      [][]string // by list
	all             []kind
	found           []uint32 // by hash, then the next free: a kind + 1, or 0
	key             []byte   // scratch
}

type kind struct {
	source, list, values uint32
	hash                 uint64 // of the names
}

// numbering gives names numbers, in order of appearance.
type numbering struct {
	numbers map[string]uint32
	names   []string
}

func (n *numbering) of(name string) uint32 {
	i, ok := n.numbers[name]
	if !ok {
		i = n.add(name)
	}
	return i
}

func (n *numbering) add(name string) uint32 {
	if n.numbers == nil {
		n.numbers = make(map[string]uint32)
	}
	// The name may be a part of something large that the caller lets go.
	name = string([]byte(name))
	i := uint32(len(n.names))
	n.numbers[name] = i
	n.names = append(n.names, name)
	return i
}

func newKinds(fields []string) kinds { return kinds{fields: fields} }

// of returns the number of a candidate's kind.
func (k *kinds) of(c *Candidate) uint32 {
	i, known := k.find(c)
	if !known {
		i = k.add(c)
	}
	return i
}

// hash is that of all that makes the kind of a candidate.
func (k *kinds) hash(c *Candidate) uint64 {
	hash := xxhash.Sum64String(c.Source)
	for _, s := range c.Styles {
		hash = mix(hash ^ xxhash.Sum64String(s))
	}
	for _, field := range k.fields {
		hash = mix(hash ^ xxhash.Sum64String(c.Metadata[field]))
	}
	return hash
}

// find returns the number of a candidate's kind, and false where it has none.
func (k *kinds) find(c *Candidate) (uint32, bool) {
	hash, last := k.hash(c), len(k.found)-1
	for at := int(hash) & last; last > 0 && k.found[at] != 0; at = (at + 1) & last {
		i := k.found[at] - 1
		if k.all[i].hash == hash && k.is(i, c) {
			return i, true
		}
	}
	return 0, false
}

// grow makes the room for the kinds to be found in fourfold.
func (k *kinds) grow() {
	k.found = make([]uint32, max(16, 4*len(k.found)))
	for i := range k.all {
		k.note(uint32(i))
	}
}

// note lets a kind be found.
func (k *kinds) note(i uint32) {
	last := len(k.found) - 1
	at := int(k.all[i].hash) & last
	for k.found[at] != 0 {
		at = (at + 1) & last
	}
	k.found[at] = i + 1
}

// add numbers a kind that is not there yet.
func (k *kinds) add(c *Candidate) uint32 {
	if 2*len(k.all) >= len(k.found) {
		k.grow()
	}
	i := uint32(len(k.all))
	k.all = append(k.all, kind{source: k.sources.of(c.Source), list: k.list(c.Styles), values: k.valuesOf(c), hash: k.hash(c)})
	k.note(i)
	return i
}

func (k *kinds) is(i uint32, c *Candidate) bool {
	kind := k.all[i]
	if k.sources.names[kind.source] != c.Source || !slices.Equal(k.styleNames[kind.list], c.Styles) {
		return false
	}
	for f, field := range k.fields {
		if k.valueNames[kind.values][f] != c.Metadata[field] {
			return false
		}
	}
	return true
}

// valuesOf numbers the values of the fields; a field that is not there is
// empty.
func (k *kinds) valuesOf(c *Candidate) uint32 {
	if len(k.fields) == 0 {
		return 0
	}
	k.key = k.key[:0]
	for _, field := range k.fields {
		k.key = binary.LittleEndian.AppendUint32(k.key, uint32(len(c.Metadata[field])))
		k.key = append(k.key, c.Metadata[field]...)
	}
	i, ok := k.values.numbers[string(k.key)]
	if !ok {
		i = k.values.add(string(k.key))
		var names []string
		for _, field := range k.fields {
			names = append(names, strings.Clone(c.Metadata[field]))
		}
		k.valueNames = append(k.valueNames, names)
	}
	return i
}

// list numbers a style list. A style that is listed twice counts where it
// stands first.
func (k *kinds) list(styles []string) uint32 {
	k.key = k.key[:0]
	for _, s := range styles {
		k.key = binary.LittleEndian.AppendUint32(k.key, k.styles.of(s))
	}
	i, ok := k.lists.numbers[string(k.key)]
	if ok {
		return i
	}
	i = k.lists.add(string(k.key))
	var list []uint32
	var names []string
	for _, s := range styles {
		if n := k.styles.of(s); !slices.Contains(list, n) {
			list = append(list, n)
			names = append(names, k.styles.names[n])
		}
	}
	k.styleLists = append(k.styleLists, list)
	k.styleNames = append(k.styleNames, names)
	return i
}

// example returns a candidate of a kind, as far as that says what it is.
func (k *kinds) example(kind uint32) *Candidate {
	is := k.all[kind]
	c := &Candidate{Source: k.sources.names[is.source], Styles: k.styleNames[is.list]}
	if len(k.fields) > 0 {
		c.Metadata = make(map[string]string, len(k.fields))
		for f, field := range k.fields {
			c.Metadata[field] = k.valueNames[is.values][f]
		}
	}
	return c
}

// firstStyle returns the style that candidates of a kind list first.
func (k *kinds) firstStyle(kind uint32) uint32 { return k.styleLists[k.all[kind].list][0] }

// styleOf returns the style that a candidate of a kind is chosen for from a
// bin: the bin's or, where bins are not by style, the first of the sample.
func (k *kinds) styleOf(kind uint32, b bin) uint32 {
	if b.style == notBy {
		return k.firstStyle(kind)
	}
	return b.style
}

// bin is one of those that candidates are laid into. What bins are not by is
// notBy.
type bin struct {
	style, source, values uint32
	// byName is its place among the bins by name, ascending in bytes.
	byName int
}

const notBy = math.MaxUint32

// layout says in which bins each kind lies: bins[start[k]:start[k+1]] are
// those of kind k, in the places of its style list.
type layout struct {
	all    []bin
	start  []uint32
	bins   []uint32
	places int // the longest style list
}

func (k *kinds) layout(by Bins) layout {
	var l layout
	keys := by.keys()
	byStyle, bySource := slices.Contains(keys, "style"), slices.Contains(keys, "source")
	numbers := make(map[bin]uint32)
	for _, kind := range k.all {
		l.start = append(l.start, uint32(len(l.bins)))
		b := bin{style: notBy, source: notBy, values: notBy}
		if bySource {
			b.source = kind.source
		}
		if len(k.fields) > 0 {
			b.values = kind.values
		}
		list := k.styleLists[kind.list]
		if !byStyle {
			list = []uint32{notBy}
		}
		l.places = max(l.places, len(list))
		for _, style := range list {
			b.style = style
			n, ok := numbers[b]
			if !ok {
				n = uint32(len(l.all))
				numbers[b] = n
				l.all = append(l.all, b)
			}
			l.bins = append(l.bins, n)
		}
	}
	l.start = append(l.start, uint32(len(l.bins)))
	k.nameBins(l.all, keys)
	return l
}

// nameBins sets the bins' places by name. Two bins can have one name: a+b, c
// and a, b+c; then the parts decide, in their order.
func (k *kinds) nameBins(bins []bin, keys []string) {
	type named struct {
		name  string
		parts []string
		bin   int
	}
	names := make([]named, len(bins))
	for i, b := range bins {
		parts := k.parts(b, keys)
		names[i] = named{name: strings.Join(parts, "+"), parts: parts, bin: i}
	}
	slices.SortFunc(names, func(a, b named) int {
		return cmp.Or(strings.Compare(a.name, b.name), slices.Compare(a.parts, b.parts))
	})
	for place, n := range names {
		bins[n.bin].byName = place
	}
}

// parts returns what a bin's name is made of.
func (k *kinds) parts(b bin, keys []string) (parts []string) {
	field := 0
	for _, key := range keys {
		switch key {
		case "style":
			parts = append(parts, k.styles.names[b.style])
		case "source":
			parts = append(parts, k.sources.names[b.source])
		default:
			parts = append(parts, k.valueNames[b.values][field])
			field++
		}
	}
	return parts
}

func (l *layout) of(kind uint32) []uint32 { return l.bins[l.start[kind]:l.start[kind+1]] }
