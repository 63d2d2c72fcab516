package selection

import (
	"fmt"
	"math/bits"
)

// A count budget of B can take nothing past the B-th of a bin: for the one at
// rank r to be taken, the r-1 before it have to be, and there are B picks in
// all. So of a window that has grown large it is enough to keep, for every
// capability and bin, the first candidates in the bin's order, and of the
// others what bin sizes, the dedup of ids and the summary need: 36 bytes and
// a place in a table.
//
// What is kept may go: another record of its id may come to stand, or an
// earlier window, closing later than this one was compacted, may choose its
// id. The next in order would have to take its place, and may be among those
// dropped. Therefore 2B are kept, not B, and every one that goes is counted:
// the picks are exact as long as no more than B have gone. An earlier window
// cannot choose more than B. Beyond that the summary says that the picks are
// approximate; no smaller state could do better, for a stream that takes back
// all its best candidates makes any of the others the best.
//
// The control is a bin of its own in this, ordered by lots.

// compactFrom is how many candidates a window of a count budget keeps whole
// before any is dropped: about 20 MB.
const compactFrom = 1 << 17

// maxCompactColumns is how many capabilities a dropped candidate has bits for;
// with more of them nothing is dropped.
const maxCompactColumns = 64

// dropped is what is left of the candidates that were not kept.
type dropped struct {
	hash    []uint64 // of the id; two ids with one hash of 64 bits count as one
	content []uint64
	place   []uint64
	above   []uint64 // bit c: it scores above the threshold for capability c
	kind    []uint32
	gone    bitset // another record of the id has come to stand
	alive   int64
	table   table
}

// find returns the number of the dropped record that stands for an id.
func (d *dropped) find(hash uint64) (uint32, bool) {
	return d.table.find(hash, func(i uint32) bool { return d.hash[i] == hash && !d.gone.has(i) })
}

func (d *dropped) add(hash, content, place, above uint64, kind uint32) {
	i := uint32(len(d.hash))
	d.hash = append(d.hash, hash)
	d.content = append(d.content, content)
	d.place = append(d.place, place)
	d.above = append(d.above, above)
	d.kind = append(d.kind, kind)
	if i%64 == 0 {
		d.gone = append(d.gone, 0)
	}
	d.alive++
	if d.table.full() {
		d.table.split()
		for j, h := range d.hash[:i] {
			d.table.put(h, uint32(j))
		}
	}
	d.table.put(hash, i)
}

// remove forgets a dropped record for another one of its id.
func (d *dropped) remove(i uint32) {
	d.gone.set(i)
	d.alive--
}

// each calls f for every dropped record that stands.
func (d *dropped) each(f func(i uint32)) {
	for i := range d.hash {
		if !d.gone.has(uint32(i)) {
			f(uint32(i))
		}
	}
}

// compactIfLarge drops what a count budget cannot take, where there is enough
// of it.
func (w *window) compactIfLarge() {
	p := w.pack
	budget, bounded := w.rules.bounded()
	if !bounded || p.n < w.compactAt || p.columns > maxCompactColumns {
		return
	}
	ch := newChooser(w.rules, p)
	for i := range w.gone {
		ch.crossOut(i)
	}
	crossed := ch.crossOutChosen(w.history)
	ch.measure()
	keep := newBitset(p.n)
	depths := make([]uint64, len(ch.layout.all))
	for b := range depths {
		depths[b] = 2 * budget
	}
	for column := range p.columns {
		for _, r := range ch.gather(column, depths, 1) {
			entries := ch.entries[r.start:r.end]
			for _, e := range entries[:min(len(entries), int(2*budget))] {
				keep.set(e.candidate())
			}
		}
	}
	if w.rules.policy.Control {
		for _, i := range drawControl(p, ch.out, w.rules.policy.Seed, min(2*budget, uint64(p.n))) {
			keep.set(i)
		}
	}
	kept := keep.count()
	if kept > p.n/4*3 {
		w.compactAt = 2 * p.n // not worth it yet
		return
	}
	if w.dropped == nil {
		w.dropped = &dropped{}
	} else {
		w.holes += crossed
	}
	w.pack = newPack(p.columns, p.kinds.fields)
	w.pack.kinds = p.kinds
	for i := range p.n {
		if keep.has(i) {
			w.pack.copyFrom(p, i, w.rules.thresholds)
			continue
		}
		if _, gone := w.gone[i]; gone {
			continue
		}
		var above uint64
		for column := range p.columns {
			if p.score(column, i) > w.rules.thresholds[column] {
				above |= 1 << column
			}
		}
		w.dropped.add(p.idHash(i), p.content(i), p.place(i), above, p.kind(i))
	}
	w.gone = nil
	w.compactAt = max(w.rules.compactFrom, 2*kept)
}

// countDropped puts the dropped candidates into the sizes of the bins, and
// returns how many of them an earlier window chose.
func (ch *chooser) countDropped(d *dropped, h history) (earlier int64) {
	if d == nil {
		return 0
	}
	d.each(func(i uint32) {
		if h.has(d.hash[i]) {
			earlier++
			return
		}
		for above := d.above[i]; above != 0; above &= above - 1 {
			column := bits.TrailingZeros64(above)
			ch.seen[column]++
			for _, b := range ch.layout.of(d.kind[i]) {
				ch.sizes[int(b)*ch.pack.columns+column]++
			}
		}
	})
	return earlier
}

// approximate says why the picks may not be exact, or "".
func (w *window) approximate() string {
	budget, _ := w.rules.bounded()
	if w.dropped == nil || w.holes <= int64(budget) {
		return ""
	}
	return fmt.Sprintf("%d candidates that were kept were replaced or chosen by earlier windows, and %d had been dropped: a better one may be among them",
		w.holes, w.dropped.alive)
}
