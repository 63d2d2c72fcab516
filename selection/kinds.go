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
	lists           numbering         // of style numbers, 4 bytes each
	styleLists      [][]uint32        // by list: the styles, each once
	styleNames      [][]string        // by list
	pairs           map[uint64]uint32 // source<<32 | list → kind
	all             []kind
	recent          []uint32 // by hash of the names: a kind + 1, or 0; nil for few
	asked           int      // candidates, until there is recent
	key             []byte   // scratch
}

type kind struct{ source, list uint32 }

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

// recentKinds is how many kinds are found without asking for their names, once
// a window has so many candidates that this is worth its 32 KB.
const (
	recentKinds = 1 << 13
	recentFrom  = 1 << 12
)

func newKinds() kinds { return kinds{pairs: make(map[uint64]uint32)} }

func (k *kinds) of(source string, styles []string) uint32 {
	if k.recent == nil {
		if k.asked++; k.asked == recentFrom {
			k.recent = make([]uint32, recentKinds)
		}
		return k.lookUp(source, styles)
	}
	hash := xxhash.Sum64String(source)
	for _, s := range styles {
		hash = mix(hash ^ xxhash.Sum64String(s))
	}
	recent := &k.recent[hash%recentKinds]
	if *recent > 0 && k.is(*recent-1, source, styles) {
		return *recent - 1
	}
	i := k.lookUp(source, styles)
	*recent = i + 1
	return i
}

func (k *kinds) lookUp(source string, styles []string) uint32 {
	pair := uint64(k.sources.of(source))<<32 | uint64(k.list(styles))
	i, ok := k.pairs[pair]
	if !ok {
		i = uint32(len(k.all))
		k.all = append(k.all, kind{source: uint32(pair >> 32), list: uint32(pair)})
		k.pairs[pair] = i
	}
	return i
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
