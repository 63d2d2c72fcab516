package selection

import "fmt"

// A count budget of B can take nothing past the B-th of a bin: for the one at
// rank r to be taken, the r-1 before it have to be, and there are B picks in
// all. So of a window that has grown large it is enough to keep, for every
// capability and bin, the first candidates in the bin's order, and of the
// others what bin sizes, the dedup of ids and the summary need: see
// forgotten.go. Once it is known how far is kept, a candidate that comes and
// lies behind wherever it belongs is never packed at all.
//
// What is kept may go: another record of its id may come to stand, or an
// earlier window, closing later than this one was compacted, may choose its
// id. The next in order would have to take its place, and may be among those
// dropped. Therefore 2B are kept, not B: the picks are exact as long as no
// more than B have gone. An earlier window cannot choose more than B.
//
// Where 2B for every capability and bin would be more than a window should
// hold, fewer are kept: at least four times as many as the deepest bin would have to
// give if the window closed now. With hundreds of bins a budget of a thousand
// takes one or two from a bin, not a thousand.
//
// Either way nothing is taken on trust. Sizes of bins count what was dropped,
// and all that comes before the first that was dropped of a bin is known. So
// if no turn takes from behind there, each took what it would have taken with
// everything kept. Where one does, the summary says that the picks are
// approximate; no smaller state could do better, for a stream that takes back
// all its best candidates makes any of the others the best.
//
// The control is a bin of its own in this, ordered by lots.

const (
	// compactFrom is how many candidates a window of a count budget keeps
	// whole before any is dropped: about 18 MB.
	compactFrom = 1 << 17
	// keptPlaces is how many places of bins, of all capabilities, are kept
	// before fewer than 2B of each are.
	keptPlaces = 1 << 17
	// safety is how many times the depth needed is kept.
	safety = 4
)

// maxCompactColumns is how many capabilities a dropped candidate has bits for;
// with more of them nothing is dropped.
const maxCompactColumns = 64

// compactIfLarge drops what a count budget cannot take, where there is enough
// of it.
func (w *window) compactIfLarge() {
	p := w.pack
	if p.n < w.compactAt {
		return
	}
	budget, bounded := w.rules.bounded()
	if !bounded || p.columns > maxCompactColumns {
		return
	}
	ch := newChooser(w.rules, p)
	for i := range w.gone {
		ch.out.set(i)
	}
	ch.crossOutChosen(w.history)
	ch.measure(w.dropped)
	keep, behind := ch.worthKeeping(w.depth(ch), budget)
	kept := keep.count()
	if kept > p.n/4*3 {
		w.compactAt = 2 * p.n // not worth it yet
		return
	}
	first := w.dropped == nil
	if first {
		w.dropped = newDropped(p.columns)
	}
	d := w.dropped
	d.behind, d.inFirst, d.layout = behind, behind.inFirst(), ch.layout
	d.frontier.advance(behind)
	w.pack = newPack(p.columns, p.kinds.fields)
	w.pack.kinds = p.kinds
	for i := range p.n {
		_, gone := w.gone[i]
		switch {
		case gone:
			if !first {
				d.ids.put(d.ids.find(p.idHash(i)), record{kind: goneKind})
			}
		case !keep.has(i):
			d.add(d.ids.find(p.idHash(i)), p.record(i, w.rules.thresholds))
		default:
			hash := w.pack.copyFrom(p, i, w.rules.thresholds)
			if first { // else it is noted already
				d.keep(d.ids.find(hash))
			}
		}
	}
	w.gone = nil
	w.compactAt = max(w.rules.compactFrom, 2*kept)
}

// depth returns how many candidates to keep of every bin and capability.
func (w *window) depth(ch *chooser) uint64 {
	budget, _ := w.rules.bounded()
	all, cells := 2*budget, uint64(len(ch.sizes))
	if cells == 0 || all <= w.rules.keptPlaces/cells {
		return all
	}
	trial := newChooser(w.rules, w.pack)
	trial.measure(w.dropped)
	trial.run(budget)
	deepest := uint64(0)
	for _, p := range trial.picks {
		deepest = max(deepest, uint64(p.rank))
	}
	return min(all, max(w.rules.keptPlaces/cells, w.rules.safety*deepest, 1))
}

// worthKeeping returns which candidates to keep: the first of every bin for
// every capability, as many as depth says, and the first of the control. It
// returns the last of each, too, where there are more.
func (ch *chooser) worthKeeping(depth, budget uint64) (bitset, cutoffs) {
	p, seed := ch.pack, ch.rules.policy.Seed
	keep, behind := newBitset(p.n), newCutoffs(len(ch.sizes))
	depths := make([]uint64, len(ch.layout.all))
	for b := range depths {
		depths[b] = depth
	}
	for column := range p.columns {
		for b, r := range ch.gather(column, depths, 1) {
			entries := ch.entries[r.start:r.end]
			if uint64(len(entries)) >= depth {
				entries = entries[:depth]
				last := entries[depth-1].candidate()
				cell := b*p.columns + column
				behind.keys[cell] = ch.keyIn(uint32(b), column, last)
				behind.lots[cell] = lot(seed, p.id(last))
			}
			for _, e := range entries {
				keep.set(e.candidate())
			}
		}
	}
	if ch.rules.policy.Control {
		drawn := drawControl(p, ch.out, seed, 2*budget)
		for _, i := range drawn {
			keep.set(i)
		}
		if uint64(len(drawn)) == 2*budget {
			behind.control = lot(seed+controlSalt, p.id(drawn[len(drawn)-1]))
		}
	} else {
		behind.control = 0
	}
	for i := range p.n {
		if p.kind(i) >= forgettableKinds {
			keep.set(i)
		}
	}
	return keep, behind
}

// keyIn orders a candidate of a bin but for ties.
func (ch *chooser) keyIn(b uint32, column int, i uint32) uint64 {
	for place, in := range ch.layout.of(ch.pack.kind(i)) {
		if in == b {
			return orderOf(place, ch.pack.score(column, i))
		}
	}
	return none
}

// record is what is remembered of a candidate that is dropped.
func (p *pack) record(i uint32, thresholds []float32) record {
	r := record{content: shortOf(p.content(i)), kind: p.kind(i)}
	for column := range p.columns {
		if p.score(column, i) > thresholds[column] {
			r.above |= 1 << column
		}
	}
	return r
}

// beyond reports whether a turn that wanted so many of a bin was given some
// that may have had a dropped one before them, or too few.
func (ch *chooser) beyond(column int, b uint32, given []ranked, want uint64) bool {
	if ch.frontier == nil {
		return false
	}
	if uint64(len(given)) < want {
		return true
	}
	last, cell := given[len(given)-1].candidate, int(b)*ch.pack.columns+column
	return ch.frontier.past(cell, ch.keyIn(b, column, last), lot(ch.rules.policy.Seed, ch.pack.id(last)))
}

// approximate says why the picks may not be exact, or "".
func (w *window) approximate(ch *chooser, control []uint32) string {
	d := w.dropped
	if d == nil {
		return ""
	}
	reached := ch.reached
	if n := len(control); w.rules.policy.Control {
		reached = reached || n < len(ch.picks) ||
			n > 0 && lot(w.rules.policy.Seed+controlSalt, w.pack.id(control[n-1])) > d.frontier.control
	}
	switch {
	case reached:
		return fmt.Sprintf("so many of the candidates that were kept were replaced, or chosen by earlier windows, or taken, that a better one may be among the %d that had been dropped", d.alive)
	case d.unsure > 0:
		return fmt.Sprintf("%d records came for ids whose first record had been dropped, with perhaps the same content but another score: which of the two stands is not known", d.unsure)
	}
	return ""
}
