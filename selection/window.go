package selection

import "cmp"

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
	learnt     *learnt             // likewise: of the windows before

	// What follows is of compact.go.
	compactAt uint32
	dropped   *dropped // nil as long as nothing was dropped
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

// expect says that a record of an id is about to be added.
func (w *window) expect(hash uint64) {
	if w.dropped != nil {
		w.dropped.ids.expect(hash)
	} else {
		w.pack.table.expect(hash)
	}
}

// add takes a valid candidate. Of several with one id stands the one with the
// lowest content hash, and of equal ones the first by partition and offset.
// hash is that of its id.
func (w *window) add(c *Candidate, hash uint64) (Outcome, error) {
	if w.dropped != nil {
		return w.addAfterDropping(c, hash)
	}
	p := w.pack
	// Most candidates are new, so they are written while what expect asked for
	// is on its way. But a kind is not added for one that may not stay.
	kind, known := p.kinds.find(c)
	if known {
		p.stage(c, kind, w.rules)
	}
	i, found := p.find(hash, c.ID)
	full := !found && w.distinct() == maxCount
	if known && (found || full) {
		p.unstage(c, w.rules)
	}
	switch {
	case found:
		return w.addAgain(c, i), nil
	case full:
		return None, ErrFull
	}
	w.see(c)
	if !known {
		p.stage(c, p.kinds.of(c), w.rules)
	}
	p.commit(hash)
	w.compactIfLarge()
	return Accepted, nil
}

// addAgain takes another record of an id that is in the pack.
func (w *window) addAgain(c *Candidate, i uint32) Outcome {
	w.see(c)
	if _, gone := w.gone[i]; gone {
		delete(w.gone, i)
		w.withdrawn--
		w.pack.set(i, c, w.rules)
		return Accepted
	}
	first := cmp.Or(cmp.Compare(contentPrefix(c), w.pack.content(i)), cmp.Compare(placeOf(c), w.pack.place(i))) < 0
	if first && !w.isTaken(i) { // one that is taken stands as it was published
		w.pack.replace(i, c, w.rules)
	}
	return Duplicate
}

// addAfterDropping takes a candidate where some have been dropped.
func (w *window) addAfterDropping(c *Candidate, hash uint64) (Outcome, error) {
	d := w.dropped
	// As in add, most of what there is to do is done before the search.
	kind, known := w.pack.kinds.find(c)
	var r record
	needless := false
	if known {
		r, needless = d.needless(c, kind, hash, w.rules)
	}
	at := d.ids.find(hash)
	var before uint32 // the kind that the id is remembered with
	if at.found {
		before = d.ids.at(at).kind
	}
	switch {
	case at.found && before == packedKind:
		if i, ok := w.pack.find(hash, c.ID); ok {
			return w.addAgain(c, i), nil
		}
		w.see(c) // an id with the hash of another: they count as one
		return Duplicate, nil
	case at.found && before != goneKind:
		w.see(c)
		if !d.replace(at, c, w.pack.kinds.of(c), w.rules) {
			return Duplicate, nil
		}
		w.pack.append(c, hash, w.rules)
		w.compactIfLarge()
		return Duplicate, nil
	case w.distinct() == maxCount:
		return None, ErrFull
	}
	w.see(c)
	if before == goneKind {
		w.withdrawn--
	}
	if needless {
		d.add(at, r)
		return Accepted, nil
	}
	d.keep(at)
	w.pack.append(c, hash, w.rules)
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
		w.pack.retire(i, w.rules)
		if w.arrived != nil {
			w.takeBack(i)
		}
		w.withdrawn++
		return true
	}
	if w.dropped != nil && w.dropped.withdraw(hash) {
		w.withdrawn++
		return true
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
func (w *window) close(carried uint64) *ClosedWindow {
	p, policy := w.pack, &w.rules.policy
	p.table = table{} // nobody looks up an id any more
	ch := newChooser(w.rules, p)
	if w.arrived != nil {
		ch.arrived = w.arrived.taken
	}
	for i := range w.gone {
		ch.out.set(i)
	}
	earlier := ch.crossOutChosen(w.history) + w.dropped.crossOut(w.history)
	same := ch.crossOutSame()
	ch.measure(w.dropped)
	own := policy.Budget.of(uint64(w.distinct()), policy.Window.Size)
	ch.run(own + carried)
	c := &closedState{rules: w.rules, pack: p, layout: ch.layout, chosen: ch.picks, cutoffs: ch.cutoffs, ch: ch, gone: w.gone}
	spent := own + carried - ch.left
	if w.arrived != nil {
		w.learnt.learn(ch)
		w.learnt.release(p)
		c.exact = ch.picks
		c.arrived = w.arrived.picks
		c.chosen, spent = w.completed(ch, own+carried)
	}
	if policy.Control {
		c.control = drawControl(p, ch.out, policy.Seed, uint64(len(c.chosen)))
	}
	s := w.summary(ch, c)
	s.Budget, s.Spent = int64(own+carried), int64(spent)
	s.CarriedIn, s.CarriedOut = int64(carried), int64(policy.Budget.carried(carried, own, min(spent, own+carried)))
	s.Earlier, s.Same = earlier, same
	if w.arrived != nil {
		c.compare(&s)
	}
	s.Shortfall = ch.shortfall(&s)
	ch.leads, ch.entries, ch.found, ch.ties = nil, nil, nil, nil
	return &ClosedWindow{window: c, Summary: s}
}
