package selection

import (
	"math"
	"slices"
)

// drawControl returns the k candidates with the smallest lots, smallest
// first: a uniform random sample that does not depend on the order of
// arrival. Candidates that are out are not drawn.
func drawControl(p *pack, out bitset, seed uint64, k uint64) []uint32 {
	n := uint64(p.n - out.count())
	k = min(k, n)
	if k == 0 {
		return nil
	}
	// Lots are evenly distributed: few more than k are below the k/n-th part
	// of all numbers and some standard deviations, if ever less.
	most := float64(k) + 6*math.Sqrt(float64(k)) + 16
	var drawn []tied
	limit := uint64(math.MaxUint64)
	for ; ; most *= 2 {
		limit = math.MaxUint64
		if most < float64(n) {
			limit = uint64(most/float64(n)*(1<<63)) * 2
		}
		if drawn = lotsUpTo(p, out, seed+controlSalt, limit, int(min(most, float64(n)))); uint64(len(drawn)) >= k {
			break
		}
	}
	drawn = sortLots(p, drawn, limit)
	candidates := make([]uint32, k)
	for i := range candidates {
		candidates[i] = drawn[i].candidate
	}
	return candidates
}

// lotsUpTo returns the candidates whose lots are up to a limit, which are
// about n.
func lotsUpTo(p *pack, out bitset, seed, limit uint64, n int) []tied {
	drawn := make([]tied, 0, n)
	for i := range p.n {
		if lot := lot(seed, p.id(i)); lot <= limit && !out.has(i) {
			drawn = append(drawn, tied{lot: lot, candidate: i})
		}
	}
	return drawn
}

// sortLots sorts lots that are evenly distributed up to a limit: each goes
// near its place at once, and only neighbours are compared.
func sortLots(p *pack, drawn []tied, limit uint64) []tied {
	classes := len(drawn)/8 + 1
	width := limit / uint64(classes)
	class := func(t tied) int { return min(int(t.lot/width), classes-1) }
	next := make([]uint32, classes+1) // by class: where the next goes
	for _, t := range drawn {
		next[class(t)+1]++
	}
	for c := range classes {
		next[c+1] += next[c]
	}
	sorted := make([]tied, len(drawn))
	for _, t := range drawn {
		to := &next[class(t)]
		sorted[*to] = t
		*to++
	}
	start := uint32(0)
	for _, end := range next[:classes] {
		slices.SortFunc(sorted[start:end], p.compareTied)
		start = end
	}
	return sorted
}
