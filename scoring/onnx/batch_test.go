package onnx

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"cream/schemas"
	"cream/scoring"
)

// mixed returns samples of several shapes: none, one or two pictures, short
// and long texts, many of each, so that batches of a shape fill up.
func mixed(t testing.TB) []*schemas.Sample {
	t.Helper()
	var out []*schemas.Sample
	for i := range 32 {
		s := sample(
			fmt.Sprintf("Question %d: ", i)+strings.Repeat("how many squares are there? ", i%4*3),
			strings.Repeat("There are seven of them. ", 1+i%2*3),
		)
		for n := range i % 3 {
			s.Images = append(s.Images, schemas.Image{Data: photo(t, i+n)})
		}
		out = append(out, s)
	}
	return out
}

// TestBatchesDoNotMatter scores samples alone, together, in other orders and
// for several callers at once: the same to the last bit. A delivery again, or
// another partition beside it, must not move a sample over a threshold.
func TestBatchesDoNotMatter(t *testing.T) {
	s := open(t, options(t))
	samples := mixed(t)
	alone := make(map[string]scoring.Rating)
	for _, sample := range samples {
		alone[sample.ID] = score(t, s, sample)[0]
	}
	same := func(t *testing.T, samples []*schemas.Sample) {
		t.Helper()
		results, err := s.Score(t.Context(), samples)
		if err != nil {
			t.Error(err)
			return
		}
		for i, r := range results {
			want := alone[samples[i].ID]
			if r.Err != nil || !slices.Equal(r.Rating.Scores, want.Scores) || !slices.Equal(r.Rating.Styles, want.Styles) {
				t.Errorf("%q, %d of %d: got %v %v %v, alone %v %v", samples[i].ID, i+1, len(samples), r.Rating.Scores, r.Rating.Styles, r.Err, want.Scores, want.Styles)
			}
		}
	}
	t.Run("together", func(t *testing.T) { same(t, samples) })
	t.Run("in reverse", func(t *testing.T) {
		reversed := slices.Clone(samples)
		slices.Reverse(reversed)
		same(t, reversed)
	})
	t.Run("at once", func(t *testing.T) {
		var callers sync.WaitGroup
		for caller := range 4 {
			callers.Go(func() {
				random := rand.New(rand.NewPCG(1, uint64(caller)))
				shuffled := slices.Clone(samples)
				random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				for call := range slices.Chunk(shuffled, 1+caller*3) {
					same(t, call)
				}
			})
		}
		callers.Wait()
	})
}
