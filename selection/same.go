package selection

import (
	"cmp"
	"iter"
	"math"
	"slices"
)

// hashes returns what tells whether a candidate is the same as another.
func (p *pack) hashes(i uint32) hashes {
	h := hashes{id: p.idHash(i), content: p.content(i)}
	if len(p.extras.text) > 0 {
		h.picture, h.text = p.extras.picture[i], p.extras.text[i]
	}
	return h
}

// crossOut takes a candidate out of the running: it scores nothing from now
// on, and is not drawn for the control.
func (ch *chooser) crossOut(i uint32) {
	ch.out.set(i)
	ch.pack.uncount(i, ch.rules.thresholds)
	for column := range ch.pack.columns {
		ch.pack.scores[i/pageSize][column*pageSize+int(i%pageSize)] = float32(math.Inf(-1))
	}
}

// crossOutChosen crosses out the candidates that an earlier window chose, by
// their id or as the same, and returns how many they are.
func (ch *chooser) crossOutChosen(h history) (earlier int64) {
	if h.isEmpty() {
		return 0
	}
	p, content := ch.pack, h.looksAtContent()
	for i := range p.n {
		if !ch.out.has(i) && (ch.arrived == nil || !ch.arrived.has(i)) && (h.has(p.idHash(i)) || content && h.hasContent(p.hashes(i))) {
			earlier++
			ch.crossOut(i)
		}
	}
	return earlier
}

// crossOutSame crosses out all but the best of the candidates that are the
// same by the policy's dedup, and returns how many they are. From the best
// down, each stands that is not the same as a better one that stands; so the
// answer does not depend on the order of arrival, though to be alike is not
// transitive.
func (ch *chooser) crossOutSame() (same int64) {
	d, p := ch.rules.policy.Dedup, ch.pack
	if d.Content {
		same += ch.standBest(func(i uint32) uint64 { return max(p.content(i), 1) }, nil, func(_, _ uint32) bool { return true })
	}
	if d.Near {
		same += ch.standBest(
			func(i uint32) uint64 { return p.extras.text[i] },
			func(i uint32) iter.Seq[uint64] { return bands(p.extras.picture[i], d.Distance) },
			func(a, b uint32) bool { return alike(p.extras.picture[a], p.extras.picture[b], d.Distance) },
		)
	}
	return same
}

// noBucket is the bucket of candidates that are the same as no other.
const noBucket = unknownText

// standBest crosses out, among the candidates of one bucket, those for which a
// better one stands that is the same. Candidates that are the same have one of
// their keys in common; nil: there are no keys, all of a bucket are compared.
func (ch *chooser) standBest(bucket func(uint32) uint64, keys func(uint32) iter.Seq[uint64], isSame func(a, b uint32) bool) (crossed int64) {
	type entry struct {
		bucket    uint64
		candidate uint32
	}
	var all []entry
	for i := range ch.pack.n {
		if b := bucket(i); !ch.out.has(i) && b != noBucket {
			all = append(all, entry{b, i})
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.bucket, b.bucket) })
	var members, standing []uint32
	for start, end := 0, 0; start < len(all); start = end {
		for end = start; end < len(all) && all[end].bucket == all[start].bucket; end++ {
		}
		if end-start == 1 {
			continue
		}
		members, standing = members[:0], standing[:0]
		byKey := make(map[uint64][]uint32)
		for _, e := range all[start:end] {
			members = append(members, e.candidate)
		}
		ch.bestFirst(members)
		for _, i := range members {
			by, found := first(standing, i, isSame)
			if keys != nil {
				for key := range keys(i) {
					if by, found = first(byKey[key], i, isSame); found {
						break
					}
				}
			}
			if found {
				ch.crossOut(i)
				if ch.sameAs == nil {
					ch.sameAs = make(map[uint32]uint32)
				}
				ch.sameAs[i] = by
				crossed++
				continue
			}
			if keys == nil {
				standing = append(standing, i)
				continue
			}
			for key := range keys(i) {
				byKey[key] = append(byKey[key], i)
			}
		}
	}
	return crossed
}

// first returns the first of those that stand that is the same as a candidate.
func first(standing []uint32, i uint32, isSame func(a, b uint32) bool) (uint32, bool) {
	for _, s := range standing {
		if isSame(s, i) {
			return s, true
		}
	}
	return 0, false
}

// bands yields the parts of a perceptual hash, one more than the bits that may
// differ: two that differ in no more have one of these in common.
func bands(hash uint64, distance uint8) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		n := min(int(distance)+1, 64)
		for k := range n {
			from, to := 64*k/n, 64*(k+1)/n
			part := hash >> from & (1<<(to-from) - 1)
			if !yield(mix(part ^ mix(uint64(k)))) {
				return
			}
		}
	}
}

// bestFirst sorts candidates by their sum of scores over the capabilities
// selected for, descending, and then as ties are broken in a bin.
func (ch *chooser) bestFirst(candidates []uint32) {
	ranked := make([]struct {
		sum float64
		tied
	}, len(candidates))
	for k, i := range candidates {
		ranked[k].sum = ch.pack.sum(i)
		ranked[k].tied = tied{lot: lot(ch.rules.policy.Seed, ch.pack.id(i)), candidate: i}
	}
	slices.SortFunc(ranked, func(a, b struct {
		sum float64
		tied
	}) int {
		return cmp.Or(cmp.Compare(b.sum, a.sum), ch.pack.compareTied(a.tied, b.tied))
	})
	for k := range ranked {
		candidates[k] = ranked[k].candidate
	}
}

// sum returns a candidate's scores for the capabilities selected for,
// together. The order of adding is fixed, so the result is.
func (p *pack) sum(i uint32) (sum float64) {
	for column := range p.columns {
		sum += float64(p.score(column, i))
	}
	return sum
}
