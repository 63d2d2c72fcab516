package selection

import "math"

// classes counts a capability's candidates in every bin by the place of the
// style and by score, in steps fine enough to tell about where a bin has given
// enough. They are numbered by bin, place and, descending, score; the first
// place, which most picks come from, has finer steps than the others.
//
// Of a large window only a sample is counted. What that says about a bin may
// be wrong: then too few of it are fetched, which shows, or too many, which
// takes time; the picks are the same.
type classes struct {
	counts      []uint32 // not taken
	perBin      int
	every       int // one in so many is counted
	high, scale float64
	first       []uint32  // by kind: the first class in the bin of its first style
	later       []uint32  // parallel to layout.bins: the first class of bin and place
	limit       []int64   // by bin: the last class to fetch
	bound       []float32 // by kind: no score below is within a limit
}

const (
	// steps are those of the first place; a later one has steps>>coarser.
	steps   = 64
	coarser = 3
	// A window of more than wholePages is sampled.
	wholePages  = 64
	sampleEvery = 8
)

func newClasses(l *layout) classes {
	kinds := len(l.start) - 1
	c := classes{
		perBin: steps + max(l.places-1, 0)*(steps>>coarser),
		limit:  make([]int64, len(l.all)),
		first:  make([]uint32, kinds),
		later:  make([]uint32, len(l.bins)),
		bound:  make([]float32, kinds),
	}
	c.counts = make([]uint32, len(l.all)*c.perBin)
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

// step returns the step of a score. It is monotonic: a higher score is never
// in a later step.
func (c *classes) step(score float32) uint32 {
	return uint32(min(max((c.high-float64(score))*c.scale, 0), steps-1))
}

// classify counts the capability's candidates, one in so many. Its loops, and
// fetch's, run over all candidates for every capability: they gather the few
// that a branch is for, so that no branch is taken at random.
func (ch *chooser) classify(column, every int) {
	c, start, threshold := &ch.classes, ch.layout.start, ch.rules.thresholds[column]
	c.every = every
	ch.span(column)
	clear(c.counts)
	var above [pageSize]uint16
	for g, page := range ch.pack.pages {
		scores, from := ch.sample(g, column)
		n := uint(0)
		for i, score := range scores {
			above[n%pageSize] = uint16(from + i)
			if score > threshold {
				n++
			}
		}
		for _, i := range above[:n] {
			if ch.taken.has(uint32(g*pageSize) + uint32(i)) {
				continue
			}
			kind, step := page.kind[i%pageSize], c.step(scores[int(i)-from])
			c.counts[c.first[kind]+step]++
			for _, class := range c.later[start[kind]+1 : start[kind+1]] {
				c.counts[class+step>>coarser]++
			}
		}
	}
}

// sample returns the part of a page's scores that is counted and where it
// begins.
func (ch *chooser) sample(g, column int) (scores []float32, from int) {
	scores = ch.pack.column(g, column)
	if ch.classes.every == 1 {
		return scores, 0
	}
	const part = pageSize / sampleEvery
	from = g * 5 % sampleEvery * part
	return scores[min(from, len(scores)):min(from+part, len(scores))], from
}

// span sets what steps go by from the scores that are counted, or some of
// them: those outside are in the first and the last step.
func (ch *chooser) span(column int) {
	c, threshold := &ch.classes, ch.rules.thresholds[column]
	low, high := float32(math.Inf(1)), threshold
	for g := 0; g < len(ch.pack.pages); g += c.every {
		scores, _ := ch.sample(g, column)
		for _, s := range scores {
			high = max(high, s)
			if s > threshold {
				low = min(low, s)
			}
		}
	}
	c.high, c.scale = float64(high), 0
	if span := float64(high) - float64(low); span > 0 {
		c.scale = steps / span
	}
}

// reach returns the class of a bin up to which there are depth candidates that
// are not taken, out of live, and whether nothing is beyond.
func (c *classes) reach(b int, depth, live uint64) (last int64, whole bool) {
	first, end := b*c.perBin, (b+1)*c.perBin
	if depth == 0 {
		return int64(first) - 1, false
	}
	if c.every > 1 {
		if depth >= live/2 {
			return int64(end) - 1, true
		}
		// A count in a sample is about a square root off.
		depth /= uint64(c.every)
		depth += uint64(math.Sqrt(float64(depth))) + 1
	}
	var n uint64
	for class := first; class < end; class++ {
		if n >= depth {
			return int64(class) - 1, false
		}
		n += uint64(c.counts[class])
	}
	return int64(end) - 1, true
}

// boundScores sets bound from the limits.
func (c *classes) boundScores(l *layout, threshold float32) {
	above := math.Nextafter32(threshold, float32(math.Inf(1)))
	for kind := range c.bound {
		within := uint32(0) // steps
		for place, b := range l.of(uint32(kind)) {
			first := int64(c.later[int(l.start[kind])+place])
			if c.limit[b] < first {
				continue
			}
			last := uint32(min(c.limit[b]-first+1, steps))
			if place > 0 {
				last = min(last<<coarser, steps)
			}
			within = max(within, last)
		}
		switch {
		case within == 0:
			c.bound[kind] = float32(math.Inf(1))
		case within == steps || c.scale == 0:
			c.bound[kind] = above
		default:
			// A step further, so that no rounding matters: step is asked, too.
			c.bound[kind] = max(float32(c.high-float64(within+1)/c.scale), above)
		}
	}
}
