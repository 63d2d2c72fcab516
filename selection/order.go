package selection

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// lead holds the first candidates of the bins that a capability takes from,
// as far as they were not taken when it was filled. classify tells up to which
// class of a bin that is, a second pass fetches those, and only they are
// sorted. A lead serves the capability's later turns, too, as long as enough
// is left in it.
type lead struct {
	runs   []run // by bin
	ranked []ranked
}

// run is a bin's part of a lead; of those before start all are taken.
type run struct {
	start, end int
	whole      bool // it holds all of the bin that were not taken
}

// entry is a candidate of a bin and place: its score, descending, above its
// number.
type entry uint64

func (e entry) candidate() uint32 { return uint32(e) }
func (e entry) score() uint32     { return uint32(e >> 32) }

// found is an entry and where it was found to belong.
type found struct {
	slot  uint32 // a bin and a place in it
	entry entry
}

// ranked is a candidate with its rank in a bin.
type ranked struct{ candidate, rank uint32 }

// demand is what a turn still wants: from bins[0] now, and, by the sizes of
// the bins as they are, from the others.
type demand struct {
	bins       []uint32
	want       uint64 // from bins[0]
	part, debt uint64 // the part of each later bin, and what they owe
	quota      uint64 // from all
	// slack is how many more to fetch of a bin: those before it may take of
	// its first, and what is left serves a later turn.
	slack *uint64
}

const leastSlack = 32

// first returns the first need.want candidates of need.bins[0] that are not
// taken. The result is valid until the next call.
func (ch *chooser) first(column int, need demand) []ranked {
	l, b := &ch.leads[column], need.bins[0]
	if l.runs == nil {
		ch.fill(column, need)
	}
	for {
		r := &l.runs[b]
		for r.start < r.end && ch.taken.has(l.ranked[r.start].candidate) {
			r.start++
		}
		ch.given = ch.given[:0]
		for _, f := range l.ranked[r.start:r.end] {
			if uint64(len(ch.given)) == need.want {
				break
			}
			if !ch.taken.has(f.candidate) {
				ch.given = append(ch.given, f)
			}
		}
		if uint64(len(ch.given)) == need.want || r.whole {
			return ch.given
		}
		*need.slack = 4**need.slack + 1
		ch.fill(column, need)
	}
}

// fill fetches what the turn is going to want of need.bins, and some more.
// Bins that the lead has enough of keep what they have.
func (ch *chooser) fill(column int, need demand) {
	l := &ch.leads[column]
	old := *l
	if old.runs == nil {
		old.runs = make([]run, len(ch.layout.all))
	}
	depths := make([]uint64, len(ch.layout.all))
	debt, quota := need.debt, need.quota
	for i, b := range need.bins {
		want := need.want
		if i > 0 {
			left := uint64(ch.live[int(b)*ch.pack.columns+column])
			want = min(need.part+debt, left, quota)
			debt = max(need.part+debt, left) - left
		}
		quota -= want
		if want > 0 && !ch.enough(&old, old.runs[b], want) {
			depths[b] = want + want/2 + *need.slack
		}
	}
	every := 1
	if len(ch.pack.pages) > wholePages {
		every = sampleEvery
	}
	runs := ch.gather(column, depths, every)

	l.ranked = make([]ranked, 0, len(ch.entries)+len(old.ranked))
	for b := range runs {
		r := &runs[b]
		entries := ch.entries[r.start:r.end]
		r.start = len(l.ranked)
		for i, e := range entries {
			if !ch.taken.has(e.candidate()) {
				l.ranked = append(l.ranked, ranked{candidate: e.candidate(), rank: uint32(i + 1)})
			}
		}
		if depths[b] == 0 {
			r.whole = old.runs[b].whole
			l.ranked = append(l.ranked, old.ranked[old.runs[b].start:old.runs[b].end]...)
		}
		r.end = len(l.ranked)
	}
	l.runs = runs
}

// enough reports whether a run has as many that are not taken as wanted, or
// all there are.
func (ch *chooser) enough(l *lead, r run, want uint64) bool {
	if r.whole {
		return true
	}
	var n uint64
	for _, f := range l.ranked[r.start:r.end] {
		if n == want {
			break
		}
		if !ch.taken.has(f.candidate) {
			n++
		}
	}
	return n == want
}

// gather puts the first candidates of every bin in order, about as many that
// are not taken as its depth says, and those taken among them, into entries,
// and returns the run of each bin there. Where every is 1, they are not fewer.
func (ch *chooser) gather(column int, depths []uint64, every int) []run {
	ch.classify(column, every)
	c := &ch.classes
	runs := make([]run, len(depths))
	for b, depth := range depths {
		c.limit[b], runs[b].whole = c.reach(b, depth, uint64(ch.live[b*ch.pack.columns+column]))
	}
	c.boundScores(&ch.layout, ch.rules.thresholds[column])
	ch.fetch(column)
	ch.sort(runs)
	return runs
}

// fetch finds the candidates of each bin up to its limit, taken or not.
func (ch *chooser) fetch(column int) {
	c, start, places := &ch.classes, ch.layout.start, uint32(ch.layout.places)
	ch.found = ch.found[:0]
	bound := c.bound
	var within [pageSize]uint16
	for g, page := range ch.pack.pages {
		scores := ch.pack.column(g, column)
		kinds := page.kind[:len(scores)]
		n := uint(0)
		for i, score := range scores {
			within[n%pageSize] = uint16(i)
			if score >= bound[kinds[i]] {
				n++
			}
		}
		for _, i := range within[:n] {
			kind, score := kinds[i], scores[i]
			step := c.step(score)
			e := entry(descending(score))<<32 | entry(g*pageSize) + entry(i)
			for place, b := range ch.layout.of(kind) {
				class := c.later[int(start[kind])+place]
				if place == 0 {
					class += step
				} else {
					class += step >> coarser
				}
				if int64(class) <= c.limit[b] {
					ch.found = append(ch.found, found{slot: b*places + uint32(place), entry: e})
				}
			}
		}
	}
}

// sort puts what was found into entries, bin by bin, each in its order, and
// sets the runs.
func (ch *chooser) sort(runs []run) {
	places := ch.layout.places
	ch.next = slices.Grow(ch.next[:0], len(runs)*places+1)[:len(runs)*places+1]
	next := ch.next // by slot: where the next entry goes
	clear(next)
	for _, f := range ch.found {
		next[f.slot+1]++
	}
	for slot := range len(next) - 1 {
		next[slot+1] += next[slot]
	}
	ch.entries = slices.Grow(ch.entries[:0], len(ch.found))[:len(ch.found)]
	for _, f := range ch.found {
		ch.entries[next[f.slot]] = f.entry
		next[f.slot]++
	}
	at := 0
	for b := range runs {
		runs[b].start = at
		for _, end := range next[b*places:][:places] {
			ch.inOrder(ch.entries[at:end])
			at = int(end)
		}
		runs[b].end = at
	}
}

// descending maps a score to a number that ascends as the score descends.
func descending(score float32) uint32 {
	bits := math.Float32bits(score + 0) // -0 is 0
	if bits>>31 == 0 {
		bits ^= 1<<31 - 1
	}
	return bits
}

// ascending is the score of a number of descending.
func ascending(bits uint32) float32 {
	if bits>>31 == 0 {
		bits ^= 1<<31 - 1
	}
	return math.Float32frombits(bits)
}

// tied is a candidate among others with the same place and score.
type tied struct {
	lot       uint64
	candidate uint32
}

// inOrder sorts entries of a bin and place into the total order.
func (ch *chooser) inOrder(entries []entry) {
	ch.sortEntries(entries)
	for start := 0; start < len(entries); {
		end := start + 1
		for end < len(entries) && entries[end].score() == entries[start].score() {
			end++
		}
		if end-start > 1 {
			ch.breakTies(entries[start:end])
		}
		start = end
	}
}

// sortEntries sorts by score. Scores lie fairly evenly between the lowest and
// the highest, so each entry goes near its place at once, and only neighbours
// are compared.
func (ch *chooser) sortEntries(entries []entry) {
	const few, crowd = 24, 16
	n := len(entries)
	if n <= few {
		slices.Sort(entries)
		return
	}
	low, high := entries[0], entries[0]
	for _, e := range entries {
		low, high = min(low, e), max(high, e)
	}
	span := uint64(high.score()-low.score()) + 1
	ch.near = slices.Grow(ch.near[:0], n+1)[:n+1]
	near := ch.near // by part of the span: where the next entry goes
	clear(near)
	for _, e := range entries {
		near[uint64(e.score()-low.score())*uint64(n)/span+1]++
	}
	for i := range n {
		near[i+1] += near[i]
	}
	ch.spread = append(ch.spread[:0], entries...)
	for _, e := range ch.spread {
		to := &near[uint64(e.score()-low.score())*uint64(n)/span]
		entries[*to] = e
		*to++
	}
	start := uint32(0)
	for _, end := range near[:n] {
		if end-start > crowd {
			slices.Sort(entries[start:end])
		}
		start = end
	}
	for i := 1; i < n; i++ {
		e, j := entries[i], i
		for ; j > 0 && entries[j-1] > e; j-- {
			entries[j] = entries[j-1]
		}
		entries[j] = e
	}
}

func (ch *chooser) breakTies(entries []entry) {
	p := ch.pack
	ties := ch.ties[:0]
	for _, e := range entries {
		i := e.candidate()
		ties = append(ties, tied{lot: lot(ch.rules.policy.Seed, p.id(i)), candidate: i})
	}
	slices.SortFunc(ties, p.compareTied)
	for i, t := range ties {
		entries[i] = entries[i]>>32<<32 | entry(t.candidate)
	}
	ch.ties = ties
}

// compareTied orders by lot, content hash, id.
func (p *pack) compareTied(a, b tied) int {
	if a.lot != b.lot {
		return cmp.Compare(a.lot, b.lot)
	}
	return cmp.Or(
		cmp.Compare(p.content(a.candidate), p.content(b.candidate)),
		bytes.Compare(p.id(a.candidate), p.id(b.candidate)),
	)
}
