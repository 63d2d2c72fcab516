package selection

import (
	"cmp"

	"github.com/cespare/xxhash/v2"
)

// window is an open window.
type window struct {
	rules      *rules
	start, end int64
	history    history
	records    int64
	lowest     []int64 // by partition: the lowest offset seen, or -1
	pack       *pack

	// What follows is of compact.go.
	compactAt uint32
	dropped   *dropped // nil as long as nothing was dropped
	holes     int64    // since then: kept candidates that are none any more
}

func newWindow(r *rules, start, end int64, h history) *window {
	return &window{
		rules: r, start: start, end: end,
		history:   h,
		pack:      newPack(len(r.columns)),
		compactAt: r.compactFrom,
	}
}

// add takes a valid candidate. Of several with one id stands the one with the
// lowest content hash, and of equal ones the first by partition and offset.
func (w *window) add(c *Candidate) (Outcome, error) {
	hash := xxhash.Sum64String(c.ID)
	w.pack.table.warm(hash)
	kind := w.pack.kinds.of(c.Source, c.Styles)
	before := func(content, place uint64) bool {
		return cmp.Or(cmp.Compare(contentPrefix(c), content), cmp.Compare(placeOf(c), place)) < 0
	}
	if i, found := w.pack.find(hash, c.ID); found {
		w.see(c)
		if before(w.pack.content(i), w.pack.place(i)) {
			w.pack.replace(i, c, kind, w.rules)
			if w.dropped != nil {
				w.holes++
			}
		}
		return Duplicate, nil
	}
	if w.dropped != nil {
		if i, found := w.dropped.find(hash); found {
			w.see(c)
			if before(w.dropped.content[i], w.dropped.place[i]) {
				w.dropped.remove(i)
				w.pack.append(c, hash, kind, w.rules)
			}
			return Duplicate, nil
		}
	}
	if w.distinct() == maxCount {
		return None, ErrFull
	}
	w.see(c)
	w.pack.append(c, hash, kind, w.rules)
	w.compactIfLarge()
	return Accepted, nil
}

// see takes note of a record.
func (w *window) see(c *Candidate) {
	w.records++
	for int(c.Partition) >= len(w.lowest) {
		w.lowest = append(w.lowest, -1)
	}
	if have := w.lowest[c.Partition]; have < 0 || c.Offset < have {
		w.lowest[c.Partition] = c.Offset
	}
}

// distinct returns how many ids the window has.
func (w *window) distinct() int64 {
	n := int64(w.pack.n)
	if w.dropped != nil {
		n += w.dropped.alive
	}
	return n
}

// close chooses. The window is of no further use.
func (w *window) close() *ClosedWindow {
	p := w.pack
	p.table = table{} // nobody looks up an id any more
	ch := newChooser(w.rules, p)
	earlier := ch.crossOut(w.history)
	w.holes += earlier
	earlier += ch.countDropped(w.dropped, w.history)
	ch.measure()
	budget := w.rules.policy.Budget.Of(uint64(w.distinct()))
	rounds := ch.run(budget)
	c := &closedState{rules: w.rules, pack: p, layout: ch.layout, chosen: ch.picks, cutoffs: ch.cutoffs}
	if w.rules.policy.Control {
		c.control = drawControl(p, ch.out, w.rules.policy.Seed, uint64(len(c.chosen)))
	}
	return &ClosedWindow{window: c, Summary: w.summary(ch, c, budget, earlier, rounds)}
}
