package selection

import (
	"math"
	"slices"
)

// Emission is when a window's picks leave.
type Emission string

// The emissions.
const (
	// OnClose chooses when the window closes: exact.
	OnClose Emission = "on-close"
	// OnArrival takes or leaves each sample as it comes, by cutoffs learnt from
	// the windows before, and fills what is left of the budget at the close.
	OnArrival Emission = "on-arrival"
)

// What a window takes on arrival follows from a property of the method: a bin
// gives its candidates in order, so what a capability and all others took is a
// prefix of the bin. A window's choice is therefore the union, over all
// capabilities and bins, of the candidates up to the bin's last pick: of its
// cutoffs. Those of the windows before, as quantiles of the scores then, are
// the cutoffs for the next one, as quantiles of the scores now: a drift of all
// scores moves neither the choice nor its rate. See learn.go.
//
// The rate is kept by a controller: what a window may have spent by now, less
// what it has, moves all cutoffs up or down alike. It never takes more than
// the window would have as its budget if it closed now.

// arrivals is what an open window has taken.
type arrivals struct {
	taken bitset
	picks []arrival
	told  int // how many of the picks the memory has been told of
	spent uint64
	tally map[string]*bound
	// Until there are cutoffs, the window learns from itself: next at so many
	// candidates.
	learnAt uint32
	costs   uint64 // of all candidates together
	// latest is the highest event time of a candidate.
	latest int64
	// Before a restart these had been taken, and records below the positions
	// decided on.
	again     map[uint64]Chosen
	positions map[int32]int64
	news      []uint64 // by bin that the cutoffs do not know: how many came
}

// came counts one more of a bin that the cutoffs do not know.
func (a *arrivals) came(b uint32) uint64 {
	for int(b) >= len(a.news) {
		a.news = append(a.news, 0)
	}
	a.news[b]++
	return a.news[b]
}

// arrival is a candidate that was taken, the capability and place of the style
// that it was taken for, and the cutoff of then.
type arrival struct {
	candidate uint32
	column    uint16
	place     uint16
	cutoff    float32
}

const (
	learnFirst = 1 << 8  // candidates from which a window learns from itself at first
	learnLast  = 1 << 15 // and at most
)

func newArrivals(r *rules) *arrivals {
	a := &arrivals{learnAt: learnFirst}
	if len(r.policy.Limits) > 0 {
		a.tally = make(map[string]*bound)
	}
	return a
}

// allowed returns how much of its budget a window may have spent by now: with
// a ratio what it could spend if it closed now, else the part of its time that
// has passed.
func (w *window) allowed() uint64 {
	own := w.rules.policy.Budget.of(uint64(w.distinct()), w.rules.policy.Window.Size)
	if w.rules.policy.Budget.Ratio.IsZero() {
		passed := uint64(w.arrived.latest-w.start) + 1
		own = mulDiv(own, passed, uint64(w.end-w.start))
	}
	return own
}

// arrive decides on a candidate, which has just been added; a pick is what was
// taken. hash is that of its id.
func (w *window) arrive(c *Candidate, hash uint64) *Pick {
	a, l, i := w.arrived, w.learnt, w.pack.n-1
	if string(w.pack.id(i)) != c.ID { // it was withdrawn before, and had its number
		i, _ = w.pack.find(hash, c.ID)
	}
	a.latest = max(a.latest, c.EventTime)
	cost := uint64(w.rules.cost(c))
	a.costs += cost
	l.observe(c, w.pack.n)
	if int(i)/64 >= len(a.taken) {
		a.taken = append(a.taken, 0)
	}
	if !l.known && w.pack.n >= a.learnAt {
		w.learnFromItself(l)
	}
	l.refreshIfDue(w)
	if again, ok := a.again[hash]; ok {
		w.retake(i, again)
		return nil
	}
	if c.Offset < a.positions[c.Partition] {
		return nil // it had been left
	}
	bins := l.binsOf(w.pack, w.pack.kind(i))
	column, place, ok := l.best(c, bins, w)
	if !ok {
		return nil
	}
	if a.spent+cost > w.allowed() || w.history.has(hash) || w.history.looksAtContent() && w.history.hasContent(w.pack.hashes(i)) || !w.admitNow(c, column, place, cost) {
		return nil
	}
	cut := l.cutoffs[int(bins[place])*l.columns+column].score
	w.take(arrival{candidate: i, column: uint16(column), place: uint16(place), cutoff: cut}, cost)
	kinds := &w.pack.kinds
	kind := kinds.all[w.pack.kind(i)]
	p := &Pick{
		ID: c.ID, Source: kinds.sources.names[kind.source], Styles: kinds.styleNames[kind.list], Style: kinds.styleNames[kind.list][place],
		Capability: w.rules.names[column], Score: c.Scores[w.rules.columns[column]], Cutoff: cut,
		Order: len(a.picks), OnArrival: true, Cost: cost,
		EventTime: c.EventTime, Partition: c.Partition, SampleOffset: c.SampleOffset, Content: contentPrefix(c),
	}
	w.pack.extras.sample(p, i)
	return p
}

// take counts a candidate as taken.
func (w *window) take(t arrival, cost uint64) {
	a := w.arrived
	a.spent += cost
	a.taken.set(t.candidate)
	a.picks = append(a.picks, t)
}

// tell tells the memory of what was taken since it was told last, so that no
// other window takes it. As long as there is no other window, that can wait:
// it costs as much as deciding.
func (w *window) tell() {
	if w.arrived == nil {
		return
	}
	for _, t := range w.arrived.picks[w.arrived.told:] {
		w.history.memory.add(w.pack.hashes(t.candidate), w.end)
	}
	w.arrived.told = len(w.arrived.picks)
}

// goOn counts what was taken before a restart: at once, though the candidates
// come again one by one.
func (w *window) goOn(again map[uint64]Chosen) {
	w.arrived.again = again
	for _, c := range again {
		cost := max(c.Cost, 1)
		w.arrived.spent += cost
		if w.arrived.tally != nil {
			for _, b := range w.countsOf(c.Capability, c.Style, c.Source) {
				b.samples++
				b.spent += cost
			}
		}
	}
}

// retake takes a candidate as it was taken, and counted, before a restart.
func (w *window) retake(i uint32, as Chosen) {
	t := arrival{candidate: i, cutoff: as.Cutoff}
	t.column = uint16(max(slices.Index(w.rules.names, as.Capability), 0))
	if slices.Contains(w.rules.policy.Bins.keys(), "style") {
		list := w.pack.kinds.styleNames[w.pack.kinds.all[w.pack.kind(i)].list]
		t.place = uint16(max(slices.Index(list, as.Style), 0))
	}
	w.take(t, 0)
}

// admitNow tells whether the limits allow to take a candidate, and counts it.
// Parts of the budget are of what may have been spent by now, and what is
// missing to the minimums is kept back for them.
func (w *window) admitNow(c *Candidate, column, place int, cost uint64) bool {
	a, policy := w.arrived, &w.rules.policy
	if a.tally == nil {
		return true
	}
	budget := w.allowed()
	counts := w.countsOf(w.rules.names[column], c.Styles[min(place, len(c.Styles)-1)], c.Source)
	missing := uint64(0)
	for _, b := range counts {
		if b.limit == nil || b.limit.Max == nil {
			continue
		}
		if m := b.limit.Max; m.Share.IsZero() && b.samples+1 > m.Count || !m.Share.IsZero() && b.spent+cost > m.Share.FloorOf(budget) {
			return false
		}
	}
	for k := range policy.Limits {
		limit := &policy.Limits[k]
		if limit.Min.isZero() {
			continue
		}
		b := a.tally[limit.Of+" "+limit.Name]
		if b == nil {
			b = &bound{limit: limit}
		}
		want, have, byCost := b.minimum(budget)
		mean := uint64(1) // of a sample, where samples are counted and tokens spent
		if !byCost {
			mean = max(a.costs/uint64(w.pack.n), 1)
		}
		if counts[0] == b || counts[1] == b || counts[2] == b {
			if byCost {
				have += cost
			} else {
				have++
			}
		}
		missing += (max(want, have) - have) * mean
	}
	if a.spent+cost+missing > budget {
		return false
	}
	w.tallyUp(c, column, place, cost)
	return true
}

// tallyUp counts a pick against the limits.
func (w *window) tallyUp(c *Candidate, column, place int, cost uint64) {
	if w.arrived.tally == nil {
		return
	}
	for _, b := range w.countsOf(w.rules.names[column], c.Styles[min(place, len(c.Styles)-1)], c.Source) {
		b.samples++
		b.spent += cost
	}
}

// countsOf returns what a pick counts against.
func (w *window) countsOf(capability, style, source string) (counts [3]*bound) {
	for k, o := range [...]struct{ kind, name string }{{ofCapability, capability}, {ofStyle, style}, {ofSource, source}} {
		key := o.kind + " " + o.name
		b := w.arrived.tally[key]
		if b == nil {
			b = &bound{limit: w.rules.policy.limit(o.kind, o.name)}
			w.arrived.tally[key] = b
		}
		counts[k] = b
	}
	return counts
}

// learnFromItself takes the exact choice of what the window has so far for a
// first idea of the cutoffs.
func (w *window) learnFromItself(l *learnt) {
	w.arrived.learnAt *= 2
	if w.arrived.learnAt > learnLast {
		w.arrived.learnAt = math.MaxUint32
	}
	ch := newChooser(w.rules, w.pack)
	ch.measure(nil)
	ch.run(w.allowed())
	l.forget()
	l.learn(ch)
}

// completed puts what was taken on arrival before the exact choice's picks
// that were not, in their order, as far as the budget reaches.
func (w *window) completed(ch *chooser, budget uint64) (picks []pick, spent uint64) {
	a := w.arrived
	picks = make([]pick, 0, len(ch.picks))
	for _, t := range a.picks {
		bins := ch.layout.of(w.pack.kind(t.candidate))
		picks = append(picks, pick{candidate: t.candidate, bin: bins[t.place], capability: t.column})
	}
	spent = a.spent
	limits := ch.limits
	if limits != nil {
		ch.limits = newLimiter(w.rules, w.pack, budget)
		for _, p := range picks {
			ch.admit(int(p.capability), p.bin, p.candidate, uint64(ch.cost(p.candidate)))
		}
	}
	for _, p := range ch.picks {
		cost := uint64(ch.cost(p.candidate))
		if a.taken.has(p.candidate) || spent+cost > budget || !ch.admit(int(p.capability), p.bin, p.candidate, cost) {
			continue
		}
		picks = append(picks, p)
		spent += cost
	}
	return picks, spent
}

// takeBack lets go of a candidate that was taken and is withdrawn.
func (w *window) takeBack(i uint32) {
	a := w.arrived
	k := slices.IndexFunc(a.picks, func(t arrival) bool { return t.candidate == i })
	if k < 0 {
		return
	}
	t, kind := a.picks[k], w.pack.kinds.all[w.pack.kind(i)]
	cost := uint64(1)
	if w.rules.keepCost {
		cost = uint64(w.pack.extras.cost[i])
	}
	a.taken[i/64] &^= 1 << (i % 64)
	a.picks = slices.Delete(a.picks, k, k+1)
	a.told = len(a.picks)
	a.spent -= cost
	if a.tally != nil {
		for _, b := range w.countsOf(w.rules.names[t.column], w.pack.kinds.styleNames[kind.list][t.place], w.pack.kinds.sources.names[kind.source]) {
			b.samples--
			b.spent -= cost
		}
	}
}
