package selection

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// chooser runs the method over a window's candidates.
type chooser struct {
	rules  *rules
	pack   *pack
	layout layout
	out    bitset // candidates that an earlier window chose
	taken  bitset

	seen     []int64  // by capability: candidates, taken or not
	sizes    []uint32 // by bin and capability: candidates, taken or not
	live     []uint32 // by bin and capability: candidates not taken, but for
	deducted []int    // by capability: how many of the picks live is without
	picks    []pick
	cutoffs  []float32 // by bin and capability: the last score taken

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
		seen:  make([]int64, p.columns),
		sizes: make([]uint32, cells), live: make([]uint32, cells), cutoffs: make([]float32, cells),
		deducted: make([]int, p.columns),
		classes:  newClasses(&l), leads: make([]lead, p.columns),
	}
}

// crossOut takes the candidates that an earlier window chose out of the
// running, and returns how many they are. They score nothing from now on.
func (ch *chooser) crossOut(h history) (earlier int64) {
	if len(h.chosen) == 0 {
		return 0
	}
	p := ch.pack
	for i := range p.n {
		if !h.has(p.idHash(i)) {
			continue
		}
		earlier++
		ch.out.set(i)
		p.uncount(i, ch.rules.policy.Threshold)
		for column := range p.columns {
			p.scores[i/pageSize][column*pageSize+int(i%pageSize)] = float32(math.Inf(-1))
		}
	}
	return earlier
}

// measure counts candidates by capability and bin.
func (ch *chooser) measure() {
	columns := ch.pack.columns
	for kind := range ch.pack.kinds.all {
		ch.addKind(uint32(kind), ch.pack.tallyOf(uint32(kind))[1:])
	}
	for column := range columns {
		ch.deducted[column] = 0
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

// run fills the budget in rounds and returns how many it took. In a round
// each capability in turn takes its share of what remained when the round
// began, and never more than remains; one without candidates is dropped.
func (ch *chooser) run(budget uint64) (rounds int) {
	remaining := budget
	ch.picks = make([]pick, 0, min(budget, uint64(ch.pack.n)))
	playing := make([]int, ch.pack.columns)
	for c := range playing {
		playing[c] = c
	}
	for remaining > 0 && len(playing) > 0 {
		rounds++
		var weights uint64
		for _, c := range playing {
			weights += ch.rules.weights[c]
		}
		share := remaining
		playing = slices.DeleteFunc(playing, func(c int) bool {
			if remaining == 0 {
				return false
			}
			order := ch.smallestFirst(c)
			if len(order) == 0 {
				return true
			}
			quota := max(mulDiv(share, ch.rules.weights[c], weights), 1)
			remaining -= ch.turn(c, order, min(quota, remaining), rounds)
			return false
		})
		if remaining == share {
			break // what the bins still count was dropped: see compact.go
		}
	}
	return rounds
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
		if int(p.capability) != column && ch.pack.score(column, p.candidate) > ch.rules.policy.Threshold {
			ch.decrease(column, p.candidate)
		}
	}
}

// recount does the same by going through all that is taken in the order of
// memory, which is quicker than in the order of choosing.
func (ch *chooser) recount(column int) {
	p, threshold := ch.pack, ch.rules.policy.Threshold
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
		if ch.live[b*ch.pack.columns+column] > 0 {
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
func (ch *chooser) turn(column int, order []uint32, quota uint64, round int) (took uint64) {
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
		for _, f := range given {
			ch.take(column, b, f, round)
			took++
		}
		if len(given) > 0 {
			ch.cutoffs[int(b)*ch.pack.columns+column] = ch.pack.score(column, given[len(given)-1].candidate)
		}
	}
	return took
}

// take puts a candidate among the picks and out of the capability's bins.
func (ch *chooser) take(column int, b uint32, f ranked, round int) {
	ch.taken.set(f.candidate)
	ch.picks = append(ch.picks, pick{
		candidate: f.candidate, bin: b, rank: f.rank, capability: uint16(column), round: uint16(round),
	})
	ch.decrease(column, f.candidate)
}
