package selection

import "slices"

// extras are the columns of a pack that only some policies ask for, by
// candidate. One that is not asked for has no elements.
type extras struct {
	cost    []uint32 // in tokens or bytes
	length  []uint32 // of the answers, in tokens
	picture []uint64 // perceptual hash
	text    []uint64 // hash of the normalised text
}

func (e *extras) set(i uint32, c *Candidate, r *rules) {
	if r.keepCost {
		put(&e.cost, i, r.cost(c))
	}
	if r.keepLength {
		put(&e.length, i, uint32(c.AnswerTokens))
	}
	if r.keepNear {
		put(&e.picture, i, c.PictureHash)
		put(&e.text, i, c.TextHash)
	}
}

// sample adds to a Pick what is kept for it.
func (e *extras) sample(p *Pick, i uint32) {
	if len(e.text) > 0 {
		p.PictureHash, p.TextHash = e.picture[i], e.text[i]
	}
}

// candidate sets what is kept of a candidate's costs.
func (e *extras) candidate(c *Candidate, i uint32, r *rules) {
	switch {
	case !r.keepCost:
	case r.policy.Budget.Tokens > 0:
		c.Tokens = int64(e.cost[i])
	default:
		c.Bytes = int64(e.cost[i])
	}
	if r.keepLength {
		c.AnswerTokens = int64(e.length[i])
	}
}

// put sets an element that is there or is the next.
func put[T any](column *[]T, i uint32, v T) {
	if int(i) < len(*column) {
		(*column)[i] = v
		return
	}
	if len(*column) == cap(*column) {
		// By an eighth, not by the double: a window may hold millions.
		*column = slices.Grow(*column, 64+len(*column)/8)
	}
	*column = append(*column, v)
}
