package selection

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// lead holds, during a turn, the first candidates of the bins that the turn
// is going to take from. It is filled by two passes over the capability's
// column: the first counts the candidates of each bin by place and score, in
// classes fine enough to tell about where each bin has given enough; the
// second fetches those up to there. Only they are sorted.
type lead struct {
	slots   []int32 // by bin: its place in runs, or -1
	runs    []run
	entries []entry
	classes []class
	ranked  []ranked // scratch of first
	ties    []tied   // scratch of inOrder
	slack   uint64
}

// run is a bin's part of entries.
type run struct {
	start, end int
	last       int    // the last class fetched
	depth      uint64 // how many not taken it is to hold at least
	sorted     bool
	whole      bool // it holds all the bin has
}

// class counts the candidates of a bin that have their style in one place and
// a score within one step.
type class struct{ live, all uint32 }

// entry is a candidate of a bin: key ascends with the place of the style and
// descends with the score.
type entry struct {
	key       uint64
	candidate uint32
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
}

const (
	maxClasses = 1 << 18 // over all bins: 2 MB
	maxSteps   = 64      // of score, for a bin and place
	leastSlack = 16
)

// begin starts a turn.
func (l *lead) begin() {
	for i := range l.slots {
		l.slots[i] = -1
	}
	l.slack = leastSlack
}

// first returns the first need.want candidates of need.bins[0] that are not
// taken. The result is valid until the next call.
func (ch *chooser) first(column int, need demand) []ranked {
	l, b := &ch.lead, need.bins[0]
	for {
		if len(l.slots) > 0 && l.slots[b] >= 0 {
			r := &l.runs[l.slots[b]]
			if !r.sorted {
				ch.inOrder(l.entries[r.start:r.end])
				r.sorted = true
			}
			l.ranked = l.ranked[:0]
			for i, e := range l.entries[r.start:r.end] {
				if uint64(len(l.ranked)) == need.want {
					break
				}
				if !ch.taken.has(e.candidate) {
					l.ranked = append(l.ranked, ranked{candidate: e.candidate, rank: uint32(i + 1)})
				}
			}
			if uint64(len(l.ranked)) == need.want || r.whole {
				return l.ranked
			}
			// Bins before this one took of its first: reach deeper.
			l.slack *= 4
		}
		ch.fill(column, need)
	}
}

// fill fetches what the turn is going to want of need.bins and some more.
func (ch *chooser) fill(column int, need demand) {
	l := &ch.lead
	if l.slots == nil {
		l.slots = make([]int32, len(ch.layout.all))
	}
	for i := range l.slots {
		l.slots[i] = -1
	}
	l.runs = l.runs[:0]
	want, debt, quota := need.want, need.debt, need.quota
	for i, b := range need.bins {
		left := uint64(ch.live[int(b)*ch.pack.columns+column])
		if i > 0 {
			want = min(need.part+debt, left, quota)
			debt = max(need.part+debt, left) - left
		}
		if want > 0 {
			l.slots[b] = int32(len(l.runs))
			l.runs = append(l.runs, run{depth: min(want+want/8+l.slack, left)})
		}
		if quota -= want; quota == 0 {
			break
		}
	}

	steps := min(max(maxClasses/(len(l.runs)*ch.layout.places), 1), maxSteps)
	perRun := steps * ch.layout.places
	l.classes = slices.Grow(l.classes[:0], len(l.runs)*perRun)[:len(l.runs)*perRun]
	clear(l.classes)
	high := float64(ch.high[column])
	scale := 0.0
	if span := high - float64(ch.low[column]); span > 0 {
		scale = float64(steps) / span
	}
	// Rounding is monotonic, so a higher score is never in a later class.
	classOf := func(place int, score float32) int {
		return place*steps + min(int((high-float64(score))*scale), steps-1)
	}

	ch.eachIn(column, func(slot int32, place int, score float32, i uint32) {
		c := &l.classes[int(slot)*perRun+classOf(place, score)]
		c.all++
		c.live += 1 - ch.taken.bit(i)
	})
	total := 0
	for s := range l.runs {
		r := &l.runs[s]
		r.start, r.end = total, total
		var live uint64
		of := l.classes[s*perRun:][:perRun]
		for r.last = 0; r.last < perRun; r.last++ {
			live += uint64(of[r.last].live)
			total += int(of[r.last].all)
			if live >= r.depth {
				break
			}
		}
		r.whole = !slices.ContainsFunc(of[min(r.last+1, perRun):], func(c class) bool { return c.live > 0 })
	}
	l.entries = slices.Grow(l.entries[:0], total)[:total]
	ch.eachIn(column, func(slot int32, place int, score float32, i uint32) {
		r := &l.runs[slot]
		if classOf(place, score) <= r.last {
			l.entries[r.end] = entry{key: orderKey(place, score), candidate: i}
			r.end++
		}
	})
}

// eachIn calls f for the capability's candidates, taken or not, in every bin
// that has a slot.
func (ch *chooser) eachIn(column int, f func(slot int32, place int, score float32, i uint32)) {
	p, threshold := ch.pack, ch.rules.policy.Threshold
	for g, page := range p.pages {
		n := p.inPage(g)
		kinds := page.kind[:n]
		for i, score := range p.scores[g][column*pageSize:][:n] {
			if score <= threshold {
				continue
			}
			for place, b := range ch.layout.of(kinds[i]) {
				if slot := ch.lead.slots[b]; slot >= 0 {
					f(slot, place, score, uint32(g*pageSize+i))
				}
			}
		}
	}
}

// orderKey ascends with place, and within a place as the score descends.
func orderKey(place int, score float32) uint64 {
	bits := math.Float32bits(score + 0) // -0 is 0
	if bits>>31 == 0 {
		bits ^= 1<<31 - 1 // non-negative: the greater, the smaller
	}
	return uint64(place)<<32 | uint64(bits)
}

// tied is a candidate among others with the same place and score.
type tied struct {
	lot       uint64
	candidate uint32
}

// inOrder sorts entries of a bin into the total order.
func (ch *chooser) inOrder(entries []entry) {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	for start := 0; start < len(entries); {
		end := start + 1
		for end < len(entries) && entries[end].key == entries[start].key {
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
	ties := ch.lead.ties[:0]
	for _, e := range entries {
		ties = append(ties, tied{lot: lot(ch.rules.policy.Seed, p.id(e.candidate)), candidate: e.candidate})
	}
	slices.SortFunc(ties, p.compareTied)
	for i, t := range ties {
		entries[i].candidate = t.candidate
	}
	ch.lead.ties = ties
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
