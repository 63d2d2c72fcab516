package selection

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// pack holds a window's candidates by number, from 0, in columns without
// pointers: the garbage collector has nothing to look at in them, and a turn
// reads one capability's scores and nothing else. With n capabilities and ids
// of k bytes a candidate takes 44 + 4n + k bytes, and 11 to 21 in the table.
type pack struct {
	n       uint32
	columns int // capabilities selected for
	pages   []*page
	scores  [][]float32 // of each page, a column for each capability
	ids     [][]byte    // chunks; an id lies within one
	table   table
	kinds   kinds
}

const pageSize = 1024

type page struct {
	id      [pageSize]uint64 // chunk<<40 | offset<<16 | length
	content [pageSize]uint64 // first 8 bytes of the content hash
	time    [pageSize]int64
	place   [pageSize]uint64 // partition<<48 | offset of the score record
	sample  [pageSize]int64  // offset of the sample
	kind    [pageSize]uint32
}

// The id chunks double from the smallest to the largest size.
const (
	smallestChunk = 1 << 14
	largestChunk  = 1 << 20
)

func newPack(columns int) *pack {
	return &pack{columns: columns, kinds: newKinds()}
}

// contentPrefix is what is kept of a content hash.
func contentPrefix(c *Candidate) uint64 { return binary.BigEndian.Uint64(c.ContentHash[:8]) }

// placeOf orders score records by partition, then offset.
func placeOf(c *Candidate) uint64 { return uint64(c.Partition)<<48 | uint64(c.Offset) }

// find returns the number of the candidate with the id.
func (p *pack) find(hash uint64, id string) (uint32, bool) {
	return p.table.find(hash, func(i uint32) bool { return string(p.id(i)) == id })
}

// append adds a candidate whose id is not there yet.
func (p *pack) append(c *Candidate, hash uint64, r *rules) uint32 {
	i := p.n
	if i%pageSize == 0 {
		p.pages = append(p.pages, new(page))
		p.scores = append(p.scores, make([]float32, p.columns*pageSize))
	}
	p.pages[i/pageSize].id[i%pageSize] = p.keepID(c.ID)
	p.n++
	p.set(i, c, r)
	p.table.insert(hash, i)
	return i
}

// set overwrites candidate i with another record of the same id.
func (p *pack) set(i uint32, c *Candidate, r *rules) {
	g, at := p.pages[i/pageSize], i%pageSize
	g.content[at] = contentPrefix(c)
	g.time[at] = c.EventTime
	g.place[at] = placeOf(c)
	g.sample[at] = c.SampleOffset
	g.kind[at] = p.kinds.of(c.Source, c.Styles)
	row := p.scores[i/pageSize][at:]
	for column, score := range r.columns {
		row[column*pageSize] = c.Scores[score]
	}
}

// copyFrom adds candidate j of another pack with the same kinds.
func (p *pack) copyFrom(o *pack, j uint32) {
	i := p.n
	if i%pageSize == 0 {
		p.pages = append(p.pages, new(page))
		p.scores = append(p.scores, make([]float32, p.columns*pageSize))
	}
	id := o.id(j)
	g, at := p.pages[i/pageSize], i%pageSize
	from, k := o.pages[j/pageSize], j%pageSize
	g.id[at] = p.keepID(string(id))
	g.content[at], g.time[at], g.place[at] = from.content[k], from.time[k], from.place[k]
	g.sample[at], g.kind[at] = from.sample[k], from.kind[k]
	for column := range p.columns {
		p.scores[i/pageSize][column*pageSize+int(at)] = o.score(column, j)
	}
	p.n++
	p.table.insert(xxhash.Sum64(id), i)
}

func (p *pack) keepID(id string) uint64 {
	last := len(p.ids) - 1
	if last < 0 || cap(p.ids[last])-len(p.ids[last]) < len(id) {
		size := smallestChunk
		if last >= 0 {
			size = min(2*cap(p.ids[last]), largestChunk)
		}
		p.ids = append(p.ids, make([]byte, 0, max(size, len(id))))
		last++
	}
	offset := len(p.ids[last])
	p.ids[last] = append(p.ids[last], id...)
	return uint64(last)<<40 | uint64(offset)<<16 | uint64(len(id))
}

// id returns the bytes of an id, which are not to be written to.
func (p *pack) id(i uint32) []byte {
	at := p.pages[i/pageSize].id[i%pageSize]
	offset := at >> 16 & (1<<24 - 1)
	return p.ids[at>>40][offset : offset+at&(1<<16-1)]
}

func (p *pack) idHash(i uint32) uint64  { return xxhash.Sum64(p.id(i)) }
func (p *pack) content(i uint32) uint64 { return p.pages[i/pageSize].content[i%pageSize] }
func (p *pack) place(i uint32) uint64   { return p.pages[i/pageSize].place[i%pageSize] }
func (p *pack) kind(i uint32) uint32    { return p.pages[i/pageSize].kind[i%pageSize] }

func (p *pack) score(column int, i uint32) float32 {
	return p.scores[i/pageSize][column*pageSize+int(i%pageSize)]
}

// inPage returns how many candidates page g holds.
func (p *pack) inPage(g int) int { return min(int(p.n)-g*pageSize, pageSize) }

// table finds numbers by the hashes of their ids: open addressing with linear
// probing. A slot is 0 or hash<<32 | number+1, so that it moves when the table
// grows, and is passed over when another's, without a look at an id.
type table struct {
	slots []uint64
	used  int
}

func (t *table) find(hash uint64, same func(uint32) bool) (uint32, bool) {
	if t.used == 0 {
		return 0, false
	}
	tag, mask := hash>>32, uint64(len(t.slots)-1)
	for at := tag & mask; t.slots[at] != 0; at = (at + 1) & mask {
		if slot := t.slots[at]; slot>>32 == tag && same(uint32(slot)-1) {
			return uint32(slot) - 1, true
		}
	}
	return 0, false
}

func (t *table) insert(hash uint64, i uint32) {
	if 4*(t.used+1) > 3*len(t.slots) {
		old := t.slots
		t.slots = make([]uint64, max(1024, 2*len(old)))
		for _, slot := range old {
			if slot != 0 {
				t.put(slot)
			}
		}
	}
	t.put(hash>>32<<32 | uint64(i+1))
	t.used++
}

func (t *table) put(slot uint64) {
	mask := uint64(len(t.slots) - 1)
	at := slot >> 32 & mask
	for t.slots[at] != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = slot
}
