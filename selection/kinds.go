package selection

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// kinds numbers the pairs of a source and a style list that a window has
// seen. All candidates of a kind lie in the same bins, in the same places.
type kinds struct {
	sources, styles numbering
	lists           numbering  // of style numbers, 4 bytes each
	styleLists      [][]uint32 // by list: the styles, each once
	styleNames      [][]string // by list
	all             []kind
	found           []uint32 // by hash, then the next free: a kind + 1, or 0
	key             []byte   // scratch
}

type kind struct {
	source, list uint32
	hash         uint64 // of the names
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

// of returns the number of a kind.
func (k *kinds) of(source string, styles []string) uint32 {
	hash := xxhash.Sum64String(source)
	for _, s := range styles {
		hash = mix(hash ^ xxhash.Sum64String(s))
	}
	if 2*len(k.all) >= len(k.found) {
		k.grow()
	}
	for at := int(hash & uint64(len(k.found)-1)); ; at = (at + 1) & (len(k.found) - 1) {
		i := k.found[at]
		if i == 0 {
			k.found[at] = k.add(source, styles, hash) + 1
			return k.found[at] - 1
		}
		if k.all[i-1].hash == hash && k.is(i-1, source, styles) {
			return i - 1
		}
	}
}

// grow makes the room for the kinds to be found in fourfold.
func (k *kinds) grow() {
	k.found = make([]uint32, max(16, 4*len(k.found)))
	for i, kind := range k.all {
		at := int(kind.hash & uint64(len(k.found)-1))
		for k.found[at] != 0 {
			at = (at + 1) & (len(k.found) - 1)
		}
		k.found[at] = uint32(i) + 1
	}
}

func (k *kinds) add(source string, styles []string, hash uint64) uint32 {
	k.all = append(k.all, kind{source: k.sources.of(source), list: k.list(styles), hash: hash})
	return uint32(len(k.all) - 1)
}

func (k *kinds) is(i uint32, source string, styles []string) bool {
	kind := k.all[i]
	return k.sources.names[kind.source] == source && slices.Equal(k.styleNames[kind.list], styles)
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

// bin is one of those that candidates are laid into.
type bin struct {
	style, source uint32
	// byName is its place among the bins by name, "style+source" or "style",
	// ascending in bytes.
	byName int
}

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
	numbers := make(map[bin]uint32)
	for _, kind := range k.all {
		l.start = append(l.start, uint32(len(l.bins)))
		list := k.styleLists[kind.list]
		l.places = max(l.places, len(list))
		for _, style := range list {
			b := bin{style: style}
			if by == ByStyleAndSource {
				b.source = kind.source
			}
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

	type named struct {
		name, style string // two pairs can have one name: a+b, c and a, b+c
		bin         int
	}
	names := make([]named, len(l.all))
	for i, b := range l.all {
		style := k.styles.names[b.style]
		names[i] = named{name: style, style: style, bin: i}
		if by == ByStyleAndSource {
			names[i].name += "+" + k.sources.names[b.source]
		}
	}
	slices.SortFunc(names, func(a, b named) int {
		if a.name != b.name {
			return strings.Compare(a.name, b.name)
		}
		return strings.Compare(a.style, b.style)
	})
	for place, n := range names {
		l.all[n.bin].byName = place
	}
	return l
}

func (l *layout) of(kind uint32) []uint32 { return l.bins[l.start[kind]:l.start[kind+1]] }
