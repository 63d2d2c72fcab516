package selection

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// pack holds a window's candidates by number, from 0, in columns without
// pointers: the garbage collector has nothing to look at in them, and a turn
// reads one capability's scores and nothing else. With n capabilities and ids
// of k bytes a candidate takes 44 + 4n + k bytes, and 7 to 13 in the table.
type pack struct {
	n       uint32
	columns int // capabilities selected for
	pages   []*page
	scores  [][]float32 // of each page, a column for each capability
	ids     [][]byte    // chunks; an id lies within one
	// low and high bound each capability's scores: no score is outside.
	low, high []float32
	extras    extras
	table     table
	kinds     kinds
}

const pageSize = 512

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
	smallestChunk = 1 << 12
	largestChunk  = 1 << 20
)

func newPack(columns int, fields []string) *pack {
	return &pack{
		columns: columns,
		low:     make([]float32, columns),
		high:    make([]float32, columns),
		kinds:   newKinds(fields),
	}
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
func (p *pack) append(c *Candidate, hash uint64, r *rules) {
	i := p.next(hash, c.ID)
	p.set(i, c, r)
}

// next makes room for a candidate and keeps its id.
func (p *pack) next(hash uint64, id string) uint32 {
	if p.table.full() {
		p.table.grow()
		for i := range p.n {
			p.table.put(p.idHash(i), i)
		}
	}
	i := p.n
	if i%pageSize == 0 {
		p.pages = append(p.pages, new(page))
		p.scores = append(p.scores, make([]float32, p.columns*pageSize))
	}
	p.pages[i/pageSize].id[i%pageSize] = p.keepID(id)
	p.table.put(hash, i)
	p.n++
	return i
}

// set overwrites candidate i with another record of the same id.
func (p *pack) set(i uint32, c *Candidate, r *rules) {
	g, at := p.pages[i/pageSize], i%pageSize
	g.content[at] = contentPrefix(c)
	g.time[at] = c.EventTime
	g.place[at] = placeOf(c)
	g.sample[at] = c.SampleOffset
	g.kind[at] = p.kinds.of(c)
	p.extras.set(i, c, r)
	row := p.scores[i/pageSize][at:]
	for column, score := range r.columns {
		s := c.Scores[score]
		row[column*pageSize] = s
		if s < p.low[column] {
			p.low[column] = s
		}
		if s > p.high[column] {
			p.high[column] = s
		}
	}
}

// copyFrom adds candidate j of another pack with the same kinds.
func (p *pack) copyFrom(o *pack, j uint32) {
	id := o.id(j)
	i := p.next(xxhash.Sum64(id), string(id))
	g, at := p.pages[i/pageSize], i%pageSize
	from, k := o.pages[j/pageSize], j%pageSize
	g.content[at], g.time[at], g.place[at] = from.content[k], from.time[k], from.place[k]
	g.sample[at], g.kind[at] = from.sample[k], from.kind[k]
	for column := range p.columns {
		p.scores[i/pageSize][column*pageSize+int(at)] = o.score(column, j)
	}
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

// column returns page g's scores for a capability.
func (p *pack) column(g, column int) []float32 {
	return p.scores[g][column*pageSize:][:p.inPage(g)]
}

// inPage returns how many candidates page g holds.
func (p *pack) inPage(g int) int { return min(int(p.n)-g*pageSize, pageSize) }
