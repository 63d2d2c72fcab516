package online

import (
	"fmt"
	"os"
	"testing"

	"cream/selection"
	"cream/selection/synthetic"
)

func TestTry(t *testing.T) {
	if os.Getenv("TRY") == "" {
		t.Skip()
	}
	pool := synthetic.NewPool(synthetic.Shape{Seed: 1, Capabilities: 14, Styles: 9, Sources: 12})
	for _, s := range Synthetic(pool) {
		for _, w := range []int{1000, 10000} {
			c, err := Compare(Options{Stream: s, Candidates: 20 * w, Window: w, Policy: selection.DefaultPolicy()})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Printf("%-12s %6d  arr/close score %.3f cov %.3f  on-arrival %.3f budget %d/%d | close/whole %.3f cov %.3f | rnd/close %.3f cov %.3f | %.0f ns\n", s.Name, w,
				c.Arrival.Score/c.Close.Score, float64(c.Arrival.Covered)/float64(c.Close.Covered), float64(c.Arrival.OnArrival)/float64(c.Arrival.Selected), c.Arrival.Selected, c.Close.Selected,
				c.Close.Score/c.Whole.Score, float64(c.Close.WholeCovered)/float64(c.Whole.WholeCovered),
				c.Random.Score/c.Close.Score, float64(c.Random.Covered)/float64(c.Close.Covered), float64(c.Arrival.Decisions)/float64(20*w))
		}
	}
}
