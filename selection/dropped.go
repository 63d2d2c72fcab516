package selection

import (
	"math"
	"math/bits"
)

// dropped is what a window knows of the candidates that it did not keep.
type dropped struct {
	ids   *forgotten
	tally []uint32 // as a pack's
	width int      // of a kind's part of it
	alive int64

	// behind says from where on candidates are dropped now, frontier from
	// where on any was.
	behind, frontier cutoffs
	// inFirst has the lowest scores that lie before behind where a bin's style
	// is a sample's first.
	inFirst []float32
	layout  layout // of the kinds that there were when behind was set

	// unsure counts records of which it cannot be said whether they stand:
	// see replace.
	unsure int64
}

// cutoffs has, for each bin and capability, the last candidate that was kept,
// and for the control the last lot.
type cutoffs struct {
	keys    []uint64 // entry.key of place and score; none: nothing is dropped
	lots    []uint64
	control uint64
}

const none = math.MaxUint64

func newCutoffs(cells int) cutoffs {
	c := cutoffs{keys: make([]uint64, cells), lots: make([]uint64, cells), control: none}
	for i := range c.keys {
		c.keys[i], c.lots[i] = none, none
	}
	return c
}

// orderOf orders a bin's candidates but for ties.
func orderOf(place int, score float32) uint64 {
	return uint64(place)<<32 | uint64(descending(score))
}

// past reports whether a candidate lies behind the last that was kept.
func (c *cutoffs) past(cell int, key, lot uint64) bool {
	if cell >= len(c.keys) {
		return false
	}
	return key > c.keys[cell] || key == c.keys[cell] && lot > c.lots[cell]
}

// inFirst returns for each cell the lowest score that is not past its cutoff in
// the first place, but for ties.
func (c *cutoffs) inFirst() []float32 {
	scores := make([]float32, len(c.keys))
	for cell, key := range c.keys {
		scores[cell] = float32(math.Inf(-1))
		if key>>32 == 0 {
			scores[cell] = ascending(uint32(key))
		}
	}
	return scores
}

// advance lowers cutoffs to others where these come first.
func (c *cutoffs) advance(to cutoffs) {
	for len(c.keys) < len(to.keys) {
		c.keys, c.lots = append(c.keys, none), append(c.lots, none)
	}
	for cell, key := range to.keys {
		if key < c.keys[cell] || key == c.keys[cell] && to.lots[cell] < c.lots[cell] {
			c.keys[cell], c.lots[cell] = key, to.lots[cell]
		}
	}
	c.control = min(c.control, to.control)
}

func newDropped(columns int) *dropped {
	return &dropped{ids: newForgotten(columns), width: 1 + columns, frontier: newCutoffs(0)}
}

// needless returns what is to be remembered of a record that lies behind what
// is kept wherever it belongs, and false for one that does not.
func (d *dropped) needless(c *Candidate, kind uint32, hash uint64, r *rules) (record, bool) {
	if int(kind) >= len(d.layout.start)-1 || kind >= forgettableKinds {
		return record{}, false
	}
	if r.policy.Control && lotOf(r.policy.Seed+controlSalt, hash) <= d.behind.control {
		return record{}, false
	}
	bins := d.layout.of(kind)
	// Bit by capability: it scores above the threshold, and as far as what is
	// kept, or tied with the last.
	var above, near uint64
	inFirst := d.inFirst[int(bins[0])*len(r.columns):][:len(r.columns)]
	for column, at := range r.columns {
		score := c.Scores[at]
		isAbove, isNear := uint64(0), uint64(0)
		if score > r.thresholds[column] { // no branch: it would be taken at random
			isAbove = 1
		}
		if score >= inFirst[column] {
			isNear = 1
		}
		above |= isAbove << column
		near |= isNear << column
	}
	lot, kept := lotOf(r.policy.Seed, hash), false
	for place, b := range bins {
		cell := int(b) * len(r.columns)
		if place > 0 {
			near = 0
			keys := d.behind.keys[cell:][:len(r.columns)]
			for column, at := range r.columns {
				isNear := uint64(0)
				if orderOf(place, c.Scores[at]) <= keys[column] {
					isNear = 1
				}
				near |= isNear << column
			}
		}
		for near &= above; near != 0; near &= near - 1 {
			column := bits.TrailingZeros64(near)
			key := orderOf(place, c.Scores[r.columns[column]])
			kept = kept || !d.behind.past(cell+column, key, lot)
		}
	}
	return record{content: shortOf(contentPrefix(c)), kind: kind, above: above}, !kept
}

// shortOf is what is remembered of a content hash.
func shortOf(content uint64) uint16 { return uint16(content >> (64 - forgottenBits)) }

// add takes a record of an id that none was dropped of.
func (d *dropped) add(at spot, r record) {
	d.ids.put(at, r)
	d.alive++
	d.count(r, 1)
}

// count adds a record to the tally, or takes it out with -1.
func (d *dropped) count(r record, by int) {
	d.tallyOf(r.kind)[0] += uint32(by)
	d.countAbove(r, by)
}

func (d *dropped) countAbove(r record, by int) {
	tally := d.tallyOf(r.kind)[1:]
	for above := r.above; above != 0; above &= above - 1 {
		tally[bits.TrailingZeros64(above)] += uint32(by)
	}
}

func (d *dropped) tallyOf(kind uint32) []uint32 {
	for len(d.tally) < int(kind+1)*d.width {
		d.tally = append(d.tally, 0)
	}
	return d.tally[int(kind)*d.width:][:d.width]
}

// keep notes that an id has its record in the pack.
func (d *dropped) keep(at spot) { d.ids.put(at, record{kind: packedKind}) }

// replace decides between a dropped record and another one of its id, and
// returns whether the other is to go into the pack.
//
// Of the dropped one's content hash 10 bits are left. Where these are equal
// the contents nearly always are: a record that was produced, or scored,
// twice. Then both are of the same bins, and it does not matter which stands.
// Where it may matter, in one of 1024 of those that differ, or because one
// content was scored twice with different results, the first stays, and the
// summary says that the picks are approximate.
func (d *dropped) replace(at spot, c *Candidate, kind uint32, r *rules) bool {
	have := d.ids.at(at)
	is, needless := d.needless(c, kind, at.hash, r)
	content := shortOf(contentPrefix(c))
	switch {
	case content > have.content:
		return false
	case content == have.content:
		if !needless || is != have {
			d.unsure++
		}
		return false
	}
	d.count(have, -1)
	if needless {
		d.ids.put(at, is)
		d.count(is, 1)
		return false
	}
	d.alive--
	d.keep(at)
	return true
}

// withdraw lets go of a dropped record, and tells whether there was one.
func (d *dropped) withdraw(hash uint64) bool {
	at := d.ids.find(hash)
	if !at.found {
		return false
	}
	have := d.ids.at(at)
	if have.kind >= forgettableKinds {
		return false
	}
	d.count(have, -1)
	d.alive--
	d.ids.put(at, record{kind: goneKind})
	return true
}

// crossOut takes the records that an earlier window chose out of the running,
// and returns how many they are.
func (d *dropped) crossOut(h history) (earlier int64) {
	if d == nil || h.isEmpty() {
		return 0
	}
	d.ids.each(func(hash uint64, r record) {
		if h.has(hash) {
			earlier++
			d.countAbove(r, -1)
		}
	})
	return earlier
}
