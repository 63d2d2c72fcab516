package selection

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
)

// The baselines fill the budget from one order over all of a window's
// candidates; thresholds do not count. A pick's capability is that of its
// highest score, its style the first of the sample, and its rank the place in
// the order.

// randomSalt sets the random baselines' draw apart from other uses of a seed.
const randomSalt = 0x72616e646f6d // "random"

// runBaseline chooses by the policy's method.
func (ch *chooser) runBaseline() {
	ch.round = 1
	var all []uint32
	for i := range ch.pack.n {
		if !ch.out.has(i) {
			all = append(all, i)
		}
	}
	switch ch.rules.policy.Method {
	case Random:
		ch.shuffle(all)
	case StyleRandom:
		ch.shuffle(all)
		all = ch.oneOfEachStyle(all)
	case TopScore:
		ch.bestFirst(all)
	case Length:
		ch.shuffle(all) // among equals
		slices.SortStableFunc(all, func(a, b uint32) int {
			return cmp.Compare(ch.pack.extras.length[b], ch.pack.extras.length[a])
		})
	case ScoreDiversity:
		ch.bestFirst(all)
		all = ch.spreadOut(all)
	}
	for rank, i := range all {
		if ch.left == 0 {
			break
		}
		if uint64(ch.cost(i)) > ch.left {
			ch.passed++
			continue
		}
		column, bins := ch.bestCapability(i), ch.layout.of(ch.pack.kind(i))
		ch.take(column, bins[0], ranked{candidate: i, rank: uint32(rank + 1)})
	}
}

// bestCapability returns the capability that a candidate scores highest for,
// the first of equals.
func (ch *chooser) bestCapability(i uint32) (best int) {
	for column := range ch.pack.columns {
		if ch.pack.score(column, i) > ch.pack.score(best, i) {
			best = column
		}
	}
	return best
}

// shuffle puts candidates into the order of lots that the seed draws.
func (ch *chooser) shuffle(candidates []uint32) {
	ties := make([]tied, len(candidates))
	for k, i := range candidates {
		ties[k] = tied{lot: lot(ch.rules.policy.Seed+randomSalt, ch.pack.id(i)), candidate: i}
	}
	slices.SortFunc(ties, ch.pack.compareTied)
	for k, t := range ties {
		candidates[k] = t.candidate
	}
}

// oneOfEachStyle deals candidates out by their first style: the first of each
// style, by name, then the second of each, and so on.
func (ch *chooser) oneOfEachStyle(candidates []uint32) []uint32 {
	kinds := &ch.pack.kinds
	byStyle := make([][]uint32, len(kinds.styles.names))
	for _, i := range candidates {
		style := kinds.firstStyle(ch.pack.kind(i))
		byStyle[style] = append(byStyle[style], i)
	}
	order := make([]int, len(byStyle))
	for s := range order {
		order[s] = s
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(kinds.styles.names[a], kinds.styles.names[b]) })
	dealt := candidates[:0:0]
	for turn := 0; len(dealt) < len(candidates); turn++ {
		for _, s := range order {
			if turn < len(byStyle[s]) {
				dealt = append(dealt, byStyle[s][turn])
			}
		}
	}
	return dealt
}

// spreadOut orders candidates, given best first, so that each next one has the
// highest sum of scores divided by one more than the number of its bin before
// it. A candidate's bin is that of its first style. Of equals the one whose
// bin is first by name comes first.
func (ch *chooser) spreadOut(candidates []uint32) []uint32 {
	queues := make(map[uint32]*queue)
	var all binQueues
	for _, i := range candidates {
		b := ch.layout.of(ch.pack.kind(i))[0]
		if queues[b] == nil {
			queues[b] = &queue{name: ch.layout.all[b].byName}
			all = append(all, queues[b])
		}
		queues[b].candidates = append(queues[b].candidates, i)
	}
	for _, q := range all {
		q.value = ch.pack.sum(q.candidates[0])
	}
	heap.Init(&all)
	spread := candidates[:0:0]
	for len(all) > 0 {
		q := all[0]
		spread = append(spread, q.candidates[0])
		q.candidates, q.given = q.candidates[1:], q.given+1
		if len(q.candidates) == 0 {
			heap.Pop(&all)
			continue
		}
		q.value = ch.pack.sum(q.candidates[0]) / float64(1+q.given)
		heap.Fix(&all, 0)
	}
	return spread
}

// queue is what is left of a bin, best first.
type queue struct {
	candidates []uint32
	given      int
	value      float64 // of the first
	name       int     // place of the bin by name
}

// binQueues is a heap, the highest value first.
type binQueues []*queue

func (q binQueues) Len() int { return len(q) }
func (q binQueues) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[j].value, q[i].value), cmp.Compare(q[i].name, q[j].name)) < 0
}
func (q binQueues) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *binQueues) Push(x any)   { *q = append(*q, x.(*queue)) }
func (q *binQueues) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
