package selection

import (
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"
)

// pack holds a window's candidates by number, from 0, in columns without
// pointers: the garbage collector has nothing to look at in them, and a turn
// reads one capability's scores and the kinds and nothing else. With n
// capabilities and ids of k bytes a candidate takes 32 + 4n + k bytes, and 7
// to 8 in the table; ids of several lengths, 4 more.
type pack struct {
	n       uint32
	columns int // capabilities selected for
	pages   []*page
	scores  [][]float32 // of each page, a column for each capability
	ids     []ids       // of each page
	extras  extras
	table   table
	kinds   kinds
	// tally has, for each kind, how many candidates are of it, and then how
	// many of these score above the threshold for each capability.
	tally []uint32
}

const pageSize = 512

type page struct {
	rows     [pageSize]row
	timeHigh [pageSize]uint32 // upper 32 of the event time's 48 bits
	kind     [pageSize]uint32
}

// row is what else is needed of a candidate that is picked.
type row struct {
	content uint64 // first 8 bytes of the content hash
	place   uint64 // partition<<48 | offset of the score record
	sample  uint64 // offset of the sample<<16 | lower 16 bits of the event time
}

func newPack(columns int, fields []string) *pack {
	return &pack{columns: columns, kinds: newKinds(fields)}
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
	p.stage(c, p.kinds.of(c), r)
	p.commit(hash)
}

// stage writes a candidate as the next one, and counts it: commit is to follow,
// or unstage.
func (p *pack) stage(c *Candidate, kind uint32, r *rules) {
	p.makeRoom()
	p.ids[p.n/pageSize].append(c.ID)
	p.write(p.n, c, kind, r)
}

// unstage takes back what stage has written.
func (p *pack) unstage(c *Candidate, r *rules) {
	p.ids[p.n/pageSize].drop(len(c.ID))
	p.uncountAll(p.n, r.thresholds)
}

// makeRoom makes room for the next candidate.
func (p *pack) makeRoom() {
	if int(p.n/pageSize) == len(p.pages) {
		p.nextPage()
	}
}

// commit gives the candidate that is staged its number.
func (p *pack) commit(hash uint64) {
	if p.table.full() {
		p.table.split()
		for i := range p.n {
			p.table.put(p.idHash(i), i)
		}
	}
	p.table.put(hash, p.n)
	p.n++
}

// nextPage adds a page with room for as many bytes of ids as the last has.
func (p *pack) nextPage() {
	size := firstIDs
	if last := len(p.ids) - 1; last >= 0 {
		size = p.ids[last].trim()
	}
	p.pages = append(p.pages, new(page))
	p.scores = append(p.scores, make([]float32, p.columns*pageSize))
	p.ids = append(p.ids, ids{text: make([]byte, 0, size)})
}

// replace overwrites candidate i with another record of the same id.
func (p *pack) replace(i uint32, c *Candidate, r *rules) {
	p.uncountAll(i, r.thresholds)
	p.set(i, c, r)
}

// retire makes candidate i one that scores nothing and is not counted. Another
// record of its id may be set in its place.
func (p *pack) retire(i uint32, r *rules) {
	p.uncountAll(i, r.thresholds)
	for column := range p.columns {
		p.scores[i/pageSize][column*pageSize+int(i%pageSize)] = float32(math.Inf(-1))
	}
}

// set writes candidate i, but for its id, and counts it.
func (p *pack) set(i uint32, c *Candidate, r *rules) { p.write(i, c, p.kinds.of(c), r) }

// write does, where the kind is known.
func (p *pack) write(i uint32, c *Candidate, kind uint32, r *rules) {
	g, at := p.pages[i/pageSize], i%pageSize
	row := &g.rows[at]
	row.content = contentPrefix(c)
	row.place = placeOf(c)
	row.sample = uint64(c.SampleOffset)<<16 | uint64(c.EventTime)&0xffff
	g.timeHigh[at] = uint32(c.EventTime >> 16)
	g.kind[at] = kind
	p.extras.set(i, c, r)
	tally := p.tallyOf(kind)
	tally[0]++
	scores := p.scores[i/pageSize][at:]
	for column, score := range r.columns {
		s := c.Scores[score]
		scores[column*pageSize] = s
		n := uint32(0)
		if s > r.thresholds[column] { // no branch: it would be taken at random
			n = 1
		}
		tally[1+column] += n
	}
}

// tallyOf returns a kind's part of the tally.
func (p *pack) tallyOf(kind uint32) []uint32 {
	width := 1 + p.columns
	for len(p.tally) < len(p.kinds.all)*width {
		p.tally = append(p.tally, 0)
	}
	return p.tally[int(kind)*width:][:width]
}

// uncount takes what candidate i scores out of the tally.
func (p *pack) uncount(i uint32, thresholds []float32) {
	tally := p.tallyOf(p.kind(i))
	for column := range p.columns {
		if p.score(column, i) > thresholds[column] {
			tally[1+column]--
		}
	}
}

// uncountAll takes candidate i out of the tally.
func (p *pack) uncountAll(i uint32, thresholds []float32) {
	p.uncount(i, thresholds)
	p.tallyOf(p.kind(i))[0]--
}

// copyFrom adds candidate j of another pack with the same kinds, and returns
// the hash of its id.
func (p *pack) copyFrom(o *pack, j uint32, thresholds []float32) uint64 {
	id := o.id(j)
	hash := xxhash.Sum64(id)
	p.makeRoom()
	i := p.n
	p.ids[i/pageSize].appendBytes(id)
	p.commit(hash)
	g, at := p.pages[i/pageSize], i%pageSize
	from, k := o.pages[j/pageSize], j%pageSize
	g.rows[at], g.timeHigh[at], g.kind[at] = from.rows[k], from.timeHigh[k], from.kind[k]
	tally := p.tallyOf(g.kind[at])
	tally[0]++
	for column := range p.columns {
		s := o.score(column, j)
		p.scores[i/pageSize][column*pageSize+int(at)] = s
		if s > thresholds[column] {
			tally[1+column]++
		}
	}
	return hash
}

// id returns the bytes of an id, which are not to be written to.
func (p *pack) id(i uint32) []byte { return p.ids[i/pageSize].at(int(i % pageSize)) }

func (p *pack) time(i uint32) int64 {
	g, at := p.pages[i/pageSize], i%pageSize
	return int64(g.timeHigh[at])<<16 | int64(g.rows[at].sample&0xffff)
}

func (p *pack) row(i uint32) *row       { return &p.pages[i/pageSize].rows[i%pageSize] }
func (p *pack) idHash(i uint32) uint64  { return xxhash.Sum64(p.id(i)) }
func (p *pack) content(i uint32) uint64 { return p.row(i).content }
func (p *pack) place(i uint32) uint64   { return p.row(i).place }
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
