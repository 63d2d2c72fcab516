package selection

import (
	"cmp"
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
		same += ch.standBest(p.content, func(_, _ uint32) bool { return true })
	}
	if d.Near {
		same += ch.standBest(
			func(i uint32) uint64 { return p.extras.text[i] },
			func(a, b uint32) bool {
				return p.extras.text[a] != unknownText && alike(p.extras.picture[a], p.extras.picture[b], d.Distance)
			},
		)
	}
	return same
}

// standBest crosses out, among the candidates of one bucket, those for which a
// better one stands that is the same.
func (ch *chooser) standBest(bucket func(uint32) uint64, isSame func(a, b uint32) bool) (crossed int64) {
	type entry struct {
		bucket    uint64
		candidate uint32
	}
	var all []entry
	for i := range ch.pack.n {
		if !ch.out.has(i) {
			all = append(all, entry{bucket(i), i})
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
		for _, e := range all[start:end] {
			members = append(members, e.candidate)
		}
		ch.bestFirst(members)
		for _, i := range members {
			k := slices.IndexFunc(standing, func(s uint32) bool { return isSame(s, i) })
			if k < 0 {
				standing = append(standing, i)
				continue
			}
			ch.crossOut(i)
			if ch.sameAs == nil {
				ch.sameAs = make(map[uint32]uint32)
			}
			ch.sameAs[i] = standing[k]
			crossed++
		}
	}
	return crossed
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
