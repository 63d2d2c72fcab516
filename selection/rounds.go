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

	counted []int    // capabilities that have had a turn: live is kept for them
	live    []uint32 // by bin and capability: candidates not taken
	seen    []int64  // by capability: candidates, taken or not
	picks   []pick
	cutoffs []float32 // by bin and capability: the last score taken

	classes classes
	leads   []lead   // by capability
	entries []entry  // scratch of fill
	found   []ranked // scratch of first
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
func (b bitset) bit(i uint32) uint32 { return uint32(b[i/64] >> (i % 64) & 1) }

func newChooser(r *rules, p *pack) *chooser {
	l := p.kinds.layout(r.policy.Bins)
	cells := len(l.all) * p.columns
	return &chooser{
		rules: r, pack: p, layout: l,
		out: newBitset(p.n), taken: newBitset(p.n),
		seen: make([]int64, p.columns),
		live: make([]uint32, cells), cutoffs: make([]float32, cells),
		classes: newClasses(&l), leads: make([]lead, p.columns),
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
		for column := range p.columns {
			p.scores[i/pageSize][column*pageSize+int(i%pageSize)] = float32(math.Inf(-1))
		}
	}
	return earlier
}

// run fills the budget in rounds and returns how many it took. In a round
// each capability in turn takes its share of what remained when the round
// began, and never more than remains; one without candidates is dropped.
func (ch *chooser) run(budget uint64) (rounds int) {
	remaining := budget
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

// count counts the capability's candidates, from now on kept up to date.
func (ch *chooser) count(column int) {
	if slices.Contains(ch.counted, column) {
		return
	}
	ch.classify(column)
	for b := range ch.layout.all {
		ch.live[b*ch.pack.columns+column] += ch.classes.live(b)
		ch.seen[column] += ch.classes.inFirstPlace(b)
	}
	ch.counted = append(ch.counted, column)
}

// smallestFirst returns the bins in which the capability has candidates, from
// the smallest to the largest, ties by name.
func (ch *chooser) smallestFirst(column int) []uint32 {
	ch.count(column)
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
		for _, f := range ch.first(column, need) {
			ch.take(column, b, f, round)
			took++
		}
	}
	return took
}

// take puts a candidate among the picks and out of all of its bins.
func (ch *chooser) take(column int, b uint32, f ranked, round int) {
	p, threshold := ch.pack, ch.rules.policy.Threshold
	ch.taken.set(f.candidate)
	ch.classes.of = nobody
	ch.picks = append(ch.picks, pick{
		candidate: f.candidate, bin: b, rank: f.rank, capability: uint16(column), round: uint16(round),
	})
	ch.cutoffs[int(b)*p.columns+column] = p.score(column, f.candidate)
	for _, in := range ch.layout.of(p.kind(f.candidate)) {
		row := ch.live[int(in)*p.columns:][:p.columns]
		for _, c := range ch.counted {
			if p.score(c, f.candidate) > threshold {
				row[c]--
			}
		}
	}
}
