package selection

import "slices"

// drawControl returns the k candidates with the smallest lots, smallest
// first: a uniform random sample that does not depend on the order of
// arrival. Candidates that are out are not drawn.
func drawControl(p *pack, out bitset, seed uint64, k uint64) []uint32 {
	const classes = 1 << 16
	seed += controlSalt
	// The first pass counts lots by their upper bits, the second puts those
	// up to the k-th near their places, and only neighbours are sorted.
	counts := make([]uint32, classes+1)
	for i := range p.n {
		if !out.has(i) {
			counts[lot(seed, p.id(i))>>48+1]++
		}
	}
	last := 0
	for last < classes && uint64(counts[last]) < k {
		last++
		counts[last] += counts[last-1]
	}
	// counts[c] is now where class c begins, for c < last.
	drawn := make([]tied, counts[last])
	next := slices.Clone(counts[:last])
	for i := range p.n {
		if out.has(i) {
			continue
		}
		lot := lot(seed, p.id(i))
		if c := int(lot >> 48); c < last {
			drawn[next[c]] = tied{lot: lot, candidate: i}
			next[c]++
		}
	}
	for c := range last {
		slices.SortFunc(drawn[counts[c]:counts[c+1]], p.compareTied)
	}
	candidates := make([]uint32, min(k, uint64(len(drawn))))
	for i := range candidates {
		candidates[i] = drawn[i].candidate
	}
	return candidates
}
