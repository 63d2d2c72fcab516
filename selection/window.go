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
	filtered   int64   // of records, those that the policy does not judge
	setAside   int64   // and those of other bundles
	withdrawn  int64   // ids that were there, and were taken back
	lowest     []int64 // by partition: the lowest offset seen, or -1
	pack       *pack
	gone       map[uint32]struct{} // candidates that were withdrawn
	arrived    *arrivals           // nil where picks leave when the window closes

	// What follows is of compact.go.
	compactAt uint32
	dropped   *dropped // nil as long as nothing was dropped
	holes     int64    // since then: kept candidates that are none any more
}

func newWindow(r *rules, start, end int64, h history) *window {
	w := &window{
		rules: r, start: start, end: end,
		history:   h,
		pack:      newPack(len(r.columns), r.fields),
		compactAt: r.compactFrom,
	}
	if r.policy.Emission == OnArrival {
		w.arrived = newArrivals(r)
	}
	return w
}

// add takes a valid candidate. Of several with one id stands the one with the
// lowest content hash, and of equal ones the first by partition and offset.
func (w *window) add(c *Candidate) (Outcome, error) {
	hash := xxhash.Sum64String(c.ID)
	w.pack.table.warm(hash)
	kind := w.pack.kinds.of(c)
	before := func(content, place uint64) bool {
		return cmp.Or(cmp.Compare(contentPrefix(c), content), cmp.Compare(placeOf(c), place)) < 0
	}
	if i, found := w.pack.find(hash, c.ID); found {
		w.see(c)
		if _, gone := w.gone[i]; gone {
			delete(w.gone, i)
			w.withdrawn--
			w.pack.replace(i, c, kind, w.rules)
			return Accepted, nil
		}
		if w.isTaken(i) {
			return Duplicate, nil // as it was published
		}
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

// isTaken tells whether a candidate was taken on arrival.
func (w *window) isTaken(i uint32) bool { return w.arrived != nil && w.arrived.taken.has(i) }

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

// withdraw lets go of a sample, and tells whether it was there.
func (w *window) withdraw(hash uint64, id string) bool {
	if i, found := w.pack.find(hash, id); found {
		if _, gone := w.gone[i]; gone {
			return false
		}
		if w.gone == nil {
			w.gone = make(map[uint32]struct{})
		}
		w.gone[i] = struct{}{}
		if w.arrived != nil {
			cost := uint64(1)
			if w.rules.keepCost {
				cost = uint64(w.pack.extras.cost[i])
			}
			w.arrived.takeBack(i, cost)
		}
		w.withdrawn++
		if w.dropped != nil {
			w.holes++
		}
		return true
	}
	if w.dropped != nil {
		if i, found := w.dropped.find(hash); found {
			w.dropped.remove(i)
			w.withdrawn++
			return true
		}
	}
	return false
}

// distinct returns how many ids the window has.
func (w *window) distinct() int64 {
	n := int64(w.pack.n) - int64(len(w.gone))
	if w.dropped != nil {
		n += w.dropped.alive
	}
	return n
}

// close chooses, with what the window before hands on; on arrival it completes
// what was chosen, and hands its exact choice to what is learnt. The window is
// of no further use.
func (w *window) close(carried uint64, l *learnt) *ClosedWindow {
	p, policy := w.pack, &w.rules.policy
	p.table = table{} // nobody looks up an id any more
	ch := newChooser(w.rules, p)
	if w.arrived != nil {
		ch.arrived = w.arrived.taken
	}
	for i := range w.gone {
		ch.crossOut(i)
		p.tallyOf(p.kind(i))[0]--
	}
	earlier := ch.crossOutChosen(w.history)
	w.holes += earlier
	earlier += ch.countDropped(w.dropped, w.history)
	same := ch.crossOutSame()
	ch.measure()
	own := policy.Budget.of(uint64(w.distinct()), policy.Window.Size)
	if w.arrived != nil {
		own = max(own, w.arrived.spent) // what was withdrawn may have counted for it
	}
	ch.run(own + carried)
	c := &closedState{rules: w.rules, pack: p, layout: ch.layout, chosen: ch.picks, cutoffs: ch.cutoffs, ch: ch, gone: w.gone}
	spent := own + carried - ch.left
	if w.arrived != nil {
		l.learn(ch)
		l.release(p)
		c.exact = ch.picks
		c.arrived = w.arrived.picks
		c.chosen, spent = w.completed(ch, own+carried)
	}
	if policy.Control {
		c.control = drawControl(p, ch.out, policy.Seed, uint64(len(c.chosen)))
	}
	s := w.summary(ch, c)
	s.Budget, s.Spent = int64(own+carried), int64(spent)
	s.CarriedIn, s.CarriedOut = int64(carried), int64(policy.Budget.carried(carried, own, spent))
	s.Earlier, s.Same = earlier, same
	if w.arrived != nil {
		c.compare(&s)
	}
	s.Shortfall = ch.shortfall(&s)
	ch.leads, ch.entries, ch.found, ch.ties = nil, nil, nil, nil
	return &ClosedWindow{window: c, Summary: s}
}
