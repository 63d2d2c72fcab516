package selection

import (
	"cmp"
	"math/bits"
	"slices"
)

// chooser runs the method over a window's candidates.
type chooser struct {
	rules  *rules
	pack   *pack
	layout layout
	out    bitset // candidates that are not in the running
	taken  bitset // those chosen, and those passed over for good
	// arrived are those that were taken on arrival: they stand.
	arrived bitset

	budget, left uint64 // the window's, and what is left of it, in its unit
	round        int
	mean         uint64            // cost of a candidate; 0: not worked out yet
	nowhere      int               // the bin that is none: see among; or -1
	passed       int64             // candidates passed over because they cost more than was left
	limits       *limiter          // nil where there are none
	sameAs       map[uint32]uint32 // candidates that are the same as one that stands

	seen     []int64  // by capability: candidates, taken or not
	sizes    []uint32 // by bin and capability: candidates, taken or not
	live     []uint32 // by bin and capability: candidates not taken, but for
	deducted []int    // by capability: how many of the picks live is without
	picks    []pick
	cutoffs  []float32 // by bin and capability: the last score taken
	stops    []stop    // by bin and capability: why the last visit ended

	frontier *cutoffs // of what was dropped; nil: nothing was
	reached  bool     // a turn may have reached past it

	classes classes
	leads   []lead   // by capability
	found   []found  // scratch of fetch
	entries []entry  // scratch of gather
	next    []uint32 // scratch of sort
	spread  []entry  // scratch of sortEntries
	near    []uint32 // and this
	byKind  []uint32 // scratch of recount
	given   []ranked // scratch of first
	ties    []tied   // scratch of breakTies
}

// pick is a Pick, packed.
type pick struct {
	candidate, bin, rank uint32
	capability, round    uint16
}

type bitset []uint64

func newBitset(n uint32) bitset    { return make(bitset, (uint64(n)+63)/64) }
func (b bitset) has(i uint32) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b bitset) set(i uint32)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) count() (n uint32) {
	for _, word := range b {
		n += uint32(bits.OnesCount64(word))
	}
	return n
}

func newChooser(r *rules, p *pack) *chooser {
	l := p.kinds.layout(r.policy.Bins)
	cells := len(l.all) * p.columns
	return &chooser{
		rules: r, pack: p, layout: l,
		out: newBitset(p.n), taken: newBitset(p.n),
		nowhere: -1,
		seen:    make([]int64, p.columns),
		sizes:   make([]uint32, cells), live: make([]uint32, cells),
		cutoffs: make([]float32, cells), stops: make([]stop, cells),
		deducted: make([]int, p.columns),
		classes:  newClasses(&l), leads: make([]lead, p.columns),
	}
}

// run fills the budget: the minimums first, and then by rounds of all.
func (ch *chooser) run(budget uint64) {
	ch.budget, ch.left = budget, budget
	if ch.rules.policy.Method != MMSSR {
		ch.runBaseline()
		return
	}
	if !ch.rules.keepCost {
		ch.picks = make([]pick, 0, min(budget, uint64(ch.pack.n)))
	}
	if len(ch.rules.policy.Limits) > 0 {
		ch.limits = newLimiter(ch.rules, ch.pack, budget)
		ch.seeToMinimums()
	}
	all := make([]int, ch.pack.columns)
	for c := range all {
		all[c] = c
	}
	ch.play(all, ch.left, ch.rules.keepCost)
}

// measure counts candidates by capability and bin, those dropped included.
func (ch *chooser) measure(d *dropped) {
	for kind := range ch.pack.kinds.all {
		ch.addKind(uint32(kind), ch.pack.tallyOf(uint32(kind))[1:])
		if d != nil {
			ch.addKind(uint32(kind), d.tallyOf(uint32(kind))[1:])
		}
	}
	if d != nil {
		ch.frontier = &d.frontier
	}
	copy(ch.live, ch.sizes)
}

// addKind adds candidates of a kind, as many for each capability as above
// says, to the sizes of its bins.
func (ch *chooser) addKind(kind uint32, above []uint32) {
	for column, n := range above {
		ch.seen[column] += int64(n)
	}
	for _, b := range ch.layout.of(kind) {
		row := ch.sizes[int(b)*len(above):][:len(above)]
		for column, n := range above {
			row[column] += n
		}
	}
}

// play runs rounds until so much more is chosen, in samples or in the
// budget's unit. In a round each capability in turn takes its share of what
// was wanted when the round began, and never more than still is; one without
// candidates is dropped.
func (ch *chooser) play(capabilities []int, want uint64, byCost bool) {
	playing := slices.Clone(capabilities)
	for want > 0 && ch.left > 0 && len(playing) > 0 {
		ch.round++
		var weights uint64
		for _, c := range playing {
			weights += ch.rules.weights[c]
		}
		share, chosen, passed := want, len(ch.picks), ch.passed
		playing = slices.DeleteFunc(playing, func(c int) bool {
			if want == 0 || ch.left == 0 {
				return false
			}
			order := ch.smallestFirst(c)
			if len(order) == 0 || ch.limits.isClosed(c) {
				return true
			}
			quota := min(max(mulDiv(share, ch.rules.weights[c], weights), 1), want)
			if byCost || ch.limits != nil || ch.rules.keepCost {
				want -= min(ch.turnByOne(c, order, quota, byCost), want)
			} else {
				want -= ch.turn(c, order, quota)
			}
			return false
		})
		if len(ch.picks) == chosen {
			ch.round-- // a round is one that chose something
			if ch.passed == passed {
				break // what the bins still count was dropped: see compact.go
			}
		}
	}
}

// deduct brings the capability's live up to date.
func (ch *chooser) deduct(column int) {
	fresh := ch.picks[ch.deducted[column]:]
	ch.deducted[column] = len(ch.picks)
	if len(fresh) > len(ch.picks)/8 {
		ch.recount(column)
		return
	}
	for _, p := range fresh {
		if int(p.capability) != column && ch.pack.score(column, p.candidate) > ch.rules.thresholds[column] {
			ch.decrease(column, p.candidate)
		}
	}
}

// recount does the same by going through all that is taken in the order of
// memory, which is quicker than in the order of choosing.
func (ch *chooser) recount(column int) {
	p, threshold := ch.pack, ch.rules.thresholds[column]
	ch.byKind = slices.Grow(ch.byKind[:0], len(p.kinds.all))[:len(p.kinds.all)]
	taken := ch.byKind
	clear(taken)
	for g, page := range p.pages {
		scores := p.column(g, column)
		for w, word := range ch.taken[g*pageSize/64:][:(len(scores)+63)/64] {
			for ; word != 0; word &= word - 1 {
				i := w*64 + bits.TrailingZeros64(word)
				n := uint32(0)
				if scores[i] > threshold {
					n = 1
				}
				taken[page.kind[i]] += n
			}
		}
	}
	for at := column; at < len(ch.live); at += p.columns {
		ch.live[at] = ch.sizes[at]
	}
	for kind, n := range taken {
		if n > 0 {
			for _, b := range ch.layout.of(uint32(kind)) {
				ch.live[int(b)*p.columns+column] -= n
			}
		}
	}
}

// decrease takes a candidate out of all of its bins.
func (ch *chooser) decrease(column int, i uint32) {
	for _, b := range ch.layout.of(ch.pack.kind(i)) {
		ch.live[int(b)*ch.pack.columns+column]--
	}
}

// smallestFirst returns the bins in which the capability has candidates, from
// the smallest to the largest, ties by name.
func (ch *chooser) smallestFirst(column int) []uint32 {
	ch.deduct(column)
	var order []uint32
	for b := range ch.layout.all {
		if ch.live[b*ch.pack.columns+column] > 0 && b != ch.nowhere && !ch.isShut(b) {
			order = append(order, uint32(b))
		}
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return cmp.Or(
			cmp.Compare(ch.live[int(a)*ch.pack.columns+column], ch.live[int(b)*ch.pack.columns+column]),
			cmp.Compare(ch.layout.all[a].byName, ch.layout.all[b].byName),
		)
	})
	return order
}

// turn lets a capability take its quota from the bins, in order, and returns
// how many it took. What a bin cannot give of its part, the next ones owe.
func (ch *chooser) turn(column int, order []uint32, quota uint64) (took uint64) {
	part := max(quota/uint64(len(order)), 1)
	var debt uint64
	slack := ch.rules.slack
	for i, b := range order {
		if took == quota {
			break
		}
		left := uint64(ch.live[int(b)*ch.pack.columns+column])
		want := min(part+debt, left, quota-took)
		debt = max(part+debt, left) - left
		if want == 0 {
			continue
		}
		need := demand{bins: order[i:], want: want, part: part, debt: debt, quota: quota - took, slack: &slack}
		given := ch.first(column, need)
		ch.reached = ch.reached || ch.beyond(column, b, given, want)
		for _, f := range given {
			ch.take(column, b, f)
			took++
		}
		if len(given) > 0 {
			ch.cutoffs[int(b)*ch.pack.columns+column] = ch.pack.score(column, given[len(given)-1].candidate)
			ch.stop(column, b, took == quota)
		}
	}
	return took
}

// stop says why a capability took no more from a bin.
type stop uint8

const (
	notVisited stop = iota // every turn had ended before the bin
	atPart                 // the bin had given its part
	atTurnsEnd             // the capability had its quota
)

func (ch *chooser) stop(column int, b uint32, turnEnded bool) {
	why := atPart
	if turnEnded {
		why = atTurnsEnd
	}
	ch.stops[int(b)*ch.pack.columns+column] = why
}

// take puts a candidate among the picks and out of the capability's bins.
func (ch *chooser) take(column int, b uint32, f ranked) {
	ch.taken.set(f.candidate)
	ch.picks = append(ch.picks, pick{
		candidate: f.candidate, bin: b, rank: f.rank, capability: uint16(column), round: uint16(ch.round),
	})
	ch.left -= uint64(ch.cost(f.candidate))
	ch.decrease(column, f.candidate)
}

// remove takes a candidate that is not chosen out of all of its bins.
func (ch *chooser) remove(i uint32) {
	ch.taken.set(i)
	for column := range ch.pack.columns {
		if ch.pack.score(column, i) > ch.rules.thresholds[column] {
			ch.decrease(column, i)
		}
	}
}

// cost returns what a candidate takes of the budget.
func (ch *chooser) cost(i uint32) uint32 {
	if !ch.rules.keepCost {
		return 1
	}
	return ch.pack.extras.cost[i]
}
