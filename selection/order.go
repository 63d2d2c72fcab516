package selection

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// classes counts a capability's candidates in every bin by the place of the
// style and by score, in steps fine enough to tell about where a bin has given
// enough. They are numbered by bin, place and, descending, score; the first
// place, which most picks come from, has finer steps than the others.
type classes struct {
	of     int      // the capability they are of, as things are; or nobody
	counts []uint64 // all<<32 | not taken
	perBin int
	first  []uint32 // by kind: the first class in the bin of its first style
	later  []uint32 // parallel to layout.bins: the first class of bin and place
	limit  []int64  // by bin: the last class to fetch; scratch of fill
	within []uint32 // by kind: the steps that can be within a limit; scratch of fetch
}

const (
	nobody = -1
	// steps are those of the first place; a later one has steps>>coarser.
	steps   = 64
	coarser = 3
)

func newClasses(l *layout) classes {
	kinds := len(l.start) - 1
	c := classes{
		of:     nobody,
		perBin: steps + max(l.places-1, 0)*(steps>>coarser),
		limit:  make([]int64, len(l.all)),
		first:  make([]uint32, kinds),
		later:  make([]uint32, len(l.bins)),
		within: make([]uint32, kinds),
	}
	c.counts = make([]uint64, len(l.all)*c.perBin)
	for k := range kinds {
		for place, b := range l.of(uint32(k)) {
			class := int(b) * c.perBin
			if place == 0 {
				c.first[k] = uint32(class)
			} else {
				class += steps + (place-1)*(steps>>coarser)
			}
			c.later[int(l.start[k])+place] = uint32(class)
		}
	}
	return c
}

func (c *classes) bin(b int) []uint64 { return c.counts[b*c.perBin:][:c.perBin] }

// live returns how many of a bin are not taken.
func (c *classes) live(b int) (n uint32) {
	for _, count := range c.bin(b) {
		n += uint32(count)
	}
	return n
}

// inFirstPlace returns how many of a bin, taken or not, list its style first.
func (c *classes) inFirstPlace(b int) (n int64) {
	for _, count := range c.bin(b)[:steps] {
		n += int64(count >> 32)
	}
	return n
}

// scale says what to multiply a score's distance from the highest by to get
// its step. Rounding is monotonic: a higher score is never in a later step.
func (ch *chooser) scale(column int) (high, scale float64) {
	high = float64(ch.pack.high[column])
	low := max(ch.pack.low[column], ch.rules.thresholds[column])
	if span := high - float64(low); span > 0 {
		scale = steps / span
	}
	return high, scale
}

func stepOf(score float32, high, scale float64) uint32 {
	return min(uint32((high-float64(score))*scale), steps-1)
}

// classify counts the capability's candidates. Its loops, and fetch's, run
// over all candidates for every capability: they gather the few that a branch
// is for, so that no branch is taken at random.
func (ch *chooser) classify(column int) {
	c, start := &ch.classes, ch.layout.start
	clear(c.counts)
	c.of = column
	high, scale := ch.scale(column)
	var above, several [pageSize]uint16
	for g, page := range ch.pack.pages {
		scores := ch.pack.column(g, column)
		taken := ch.taken[g*pageSize/64:]
		more := 0
		for _, i := range ch.above(column, scores, &above) {
			kind := page.kind[i%pageSize]
			count := 1<<32 | uint64(1-taken.bit(uint32(i)))
			c.counts[c.first[kind]+stepOf(scores[i], high, scale)] += count
			several[more%pageSize] = i
			if start[kind+1]-start[kind] > 1 {
				more++
			}
		}
		for _, i := range several[:more] {
			kind := page.kind[i%pageSize]
			count := 1<<32 | uint64(1-taken.bit(uint32(i)))
			step := stepOf(scores[i], high, scale) >> coarser
			for _, class := range c.later[start[kind]+1 : start[kind+1]] {
				c.counts[class+step] += count
			}
		}
	}
}

// above returns which of a page's scores are above the threshold.
func (ch *chooser) above(column int, scores []float32, found *[pageSize]uint16) []uint16 {
	n, threshold := uint(0), ch.rules.thresholds[column]
	for i, score := range scores {
		found[n%pageSize] = uint16(i)
		if score > threshold {
			n++
		}
	}
	return found[:n]
}

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

// entry is a candidate of a bin.
type entry struct {
	place     uint32
	score     uint32 // ascends as the score descends
	candidate uint32
}

func (e entry) key() uint64 { return uint64(e.place)<<32 | uint64(e.score) }

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
		ch.found = ch.found[:0]
		for _, f := range l.ranked[r.start:r.end] {
			if uint64(len(ch.found)) == need.want {
				break
			}
			if !ch.taken.has(f.candidate) {
				ch.found = append(ch.found, f)
			}
		}
		if uint64(len(ch.found)) == need.want || r.whole {
			return ch.found
		}
		*need.slack = 4**need.slack + 1
		ch.fill(column, need)
	}
}

// fill fetches what the turn is going to want of need.bins, and some more of
// every bin.
func (ch *chooser) fill(column int, need demand) {
	depths := make([]uint64, len(ch.layout.all))
	depths[need.bins[0]] = need.want
	debt, quota := need.debt, need.quota-need.want
	for _, b := range need.bins[1:] {
		left := uint64(ch.live[int(b)*ch.pack.columns+column])
		depths[b] = min(need.part+debt, left, quota)
		debt = max(need.part+debt, left) - left
		quota -= depths[b]
	}
	for b, want := range depths {
		depths[b] = want + want/2 + *need.slack
	}
	runs := ch.gather(column, depths)

	l := &ch.leads[column]
	l.ranked = l.ranked[:0]
	for b := range runs {
		r := &runs[b]
		entries := ch.entries[r.start:r.end]
		ch.inOrder(entries)
		r.start = len(l.ranked)
		for i, e := range entries {
			if !ch.taken.has(e.candidate) {
				l.ranked = append(l.ranked, ranked{candidate: e.candidate, rank: uint32(i + 1)})
			}
		}
		r.end = len(l.ranked)
	}
	l.runs = runs
}

// gather puts the first candidates of every bin, at least as many that are not
// taken as its depth says, and those taken among them, into entries, and
// returns the run of each bin there. The runs are not sorted.
func (ch *chooser) gather(column int, depths []uint64) []run {
	c := &ch.classes
	if c.of != column {
		ch.classify(column)
	}
	runs := make([]run, len(depths))
	total := 0
	for b, depth := range depths {
		last, size, whole := c.reach(b, depth)
		c.limit[b] = last
		runs[b] = run{start: total, end: total, whole: whole}
		total += size
	}
	ch.entries = slices.Grow(ch.entries[:0], total)[:total]
	ch.fetch(column, runs)
	return runs
}

// reach returns the class of a bin up to which there are depth candidates that
// are not taken, how many there are in all up to there, and whether it is the
// last class that has any.
func (c *classes) reach(b int, depth uint64) (last int64, size int, whole bool) {
	var live uint64
	last = int64(b*c.perBin) - 1
	whole = true
	for i, count := range c.bin(b) {
		if live >= depth && uint32(count) > 0 {
			whole = false
			break
		}
		if live < depth {
			live += uint64(uint32(count))
			size += int(count >> 32)
			last = int64(b*c.perBin + i)
		}
	}
	return last, size, whole
}

// fetch puts the candidates of each bin up to its limit, taken or not, into
// the bin's run of entries.
func (ch *chooser) fetch(column int, runs []run) {
	c, start := &ch.classes, ch.layout.start
	c.boundSteps(&ch.layout)
	high, scale := ch.scale(column)
	var above, within [pageSize]uint16
	for g, page := range ch.pack.pages {
		scores := ch.pack.column(g, column)
		n := 0
		for _, i := range ch.above(column, scores, &above) {
			within[n%pageSize] = i
			if stepOf(scores[i], high, scale) < c.within[page.kind[i%pageSize]] {
				n++
			}
		}
		for _, i := range within[:n] {
			kind, score := page.kind[i%pageSize], scores[i]
			step := stepOf(score, high, scale)
			for place, b := range ch.layout.of(kind) {
				class := c.later[int(start[kind])+place]
				if place == 0 {
					class += step
				} else {
					class += step >> coarser
				}
				if int64(class) <= c.limit[b] {
					r := &runs[b]
					ch.entries[r.end] = entry{place: uint32(place), score: descending(score), candidate: uint32(g*pageSize) + uint32(i)}
					r.end++
				}
			}
		}
	}
}

// boundSteps sets within from the limits.
func (c *classes) boundSteps(l *layout) {
	for kind := range c.within {
		c.within[kind] = 0
		for place, b := range l.of(uint32(kind)) {
			first := int64(c.later[int(l.start[kind])+place])
			if c.limit[b] < first {
				continue
			}
			bound := uint32(min(c.limit[b]-first+1, steps))
			if place > 0 {
				bound = min(bound<<coarser, steps)
			}
			c.within[kind] = max(c.within[kind], bound)
		}
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

// tied is a candidate among others with the same place and score.
type tied struct {
	lot       uint64
	candidate uint32
}

// inOrder sorts entries of a bin into the total order.
func (ch *chooser) inOrder(entries []entry) {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key(), b.key()) })
	for start := 0; start < len(entries); {
		end := start + 1
		for end < len(entries) && entries[end].key() == entries[start].key() {
			end++
		}
		if end-start > 1 {
			ch.breakTies(entries[start:end])
		}
		start = end
	}
}

func (ch *chooser) breakTies(entries []entry) {
	p := ch.pack
	ties := ch.ties[:0]
	for _, e := range entries {
		ties = append(ties, tied{lot: lot(ch.rules.policy.Seed, p.id(e.candidate)), candidate: e.candidate})
	}
	slices.SortFunc(ties, p.compareTied)
	for i, t := range ties {
		entries[i].candidate = t.candidate
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
