package online

import (
	"math/rand/v2"
	"slices"
	"strings"

	"cream/selection"
	"cream/selection/synthetic"
)

// Stream makes the candidates of a stream by number: of the same number
// always the same. Fill leaves the event time to the measurement.
type Stream struct {
	Name string
	// What is peculiar to it.
	About        string
	Capabilities []string
	Fill         func(i, of int, c *selection.Candidate)
}

// Synthetic returns the streams of generated candidates: one that stays as it
// is, one that drifts, one that jumps, and one with bursts from one source.
func Synthetic(pool *synthetic.Pool) []Stream {
	names := pool.Capabilities()
	plain := func(i int, c *selection.Candidate) { pool.Fill(uint64(i), c) }
	return []Stream{
		{"stationary", "nothing changes", names, func(i, _ int, c *selection.Candidate) { plain(i, c) }},
		{"drift", "all scores rise by a half over the stream, each capability at a pace of its own", names,
			func(i, of int, c *selection.Candidate) {
				plain(i, c)
				for k := range c.Scores {
					c.Scores[k] *= 1 + float32(i)/float32(of)*float32(k+1)/float32(2*len(c.Scores))
				}
			}},
		{"jump", "halfway scores fall to two thirds, and half of the samples come from sources not seen before", names,
			func(i, of int, c *selection.Candidate) {
				plain(i, c)
				if i < of/2 {
					return
				}
				for k := range c.Scores {
					c.Scores[k] *= 2. / 3
				}
				if i%2 == 0 {
					c.Source = "new " + c.Source
				}
			}},
		{"bursts", "one sample in three comes in runs of 500 from one source, a poor one", names,
			func(i, _ int, c *selection.Candidate) {
				plain(i, c)
				if burst := i / 500; burst%3 == 0 {
					c.Source = "burst " + string(rune('a'+burst/3%4))
					c.Styles = c.Styles[:1]
					for k := range c.Scores {
						c.Scores[k] *= 0.8
					}
				}
			}},
	}
}

// Repeated returns the streams of a pool's candidates over and over, with new
// ids: shuffled anew each time, and ordered by source.
func Repeated(capabilities []string, pool []selection.Candidate) []Stream {
	fill := func(order func(round int) []int) func(i, of int, c *selection.Candidate) {
		var at int
		var current []int
		at = -1
		return func(i, _ int, c *selection.Candidate) {
			if round := i / len(pool); round != at {
				at, current = round, order(round)
			}
			s := &pool[current[i%len(pool)]]
			scores, styles := append(c.Scores[:0], s.Scores...), append(c.Styles[:0], s.Styles...)
			*c = *s
			c.Scores, c.Styles, c.ID = scores, styles, numbered(s.ID, i)
		}
	}
	shuffled := func(round int) []int { return rand.New(rand.NewPCG(1, uint64(round))).Perm(len(pool)) }
	bySource := func(int) []int {
		order := make([]int, len(pool))
		for k := range order {
			order[k] = k
		}
		slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(pool[a].Source, pool[b].Source) })
		return order
	}
	return []Stream{
		{"pool, shuffled", "a pool's samples over and over, in a new order each time", capabilities, fill(shuffled)},
		{"pool, by source", "a pool's samples over and over, one source after the other", capabilities, fill(bySource)},
	}
}

func numbered(id string, i int) string {
	const digits = "0123456789"
	b := append([]byte(id), '#')
	for ; i > 0; i /= 10 {
		b = append(b, digits[i%10])
	}
	return string(b)
}
