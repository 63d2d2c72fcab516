package onnx

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cream/schemas"
)

// arrival is a prepared sample that comes at a time.
type arrival struct {
	at    time.Duration
	shape int // the question's length
	id    string
}

func (a arrival) job() *job {
	return &job{sample: &schemas.Sample{ID: a.id}, prepared: &prepared{question: make([]int64, a.shape)}}
}

// gathered runs gather on a synthetic clock: the session takes batches from
// busy on, and what comes in ends at closed. It returns each batch with the
// time at which it went out.
func gathered(t *testing.T, size int, linger time.Duration, arrivals []arrival, busy, closed time.Duration) (out []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		until := func(at time.Duration) { time.Sleep(at - time.Since(began)) }
		ready, batches := make(chan *job), make(chan []*job)
		go gather(ready, batches, size, linger)
		go func() {
			for _, a := range arrivals {
				until(a.at)
				ready <- a.job()
			}
			until(closed)
			close(ready)
		}()
		until(busy)
		synctest.Wait() // what arrives at this very time is there
		for batch := range batches {
			var ids []string
			for _, j := range batch {
				ids = append(ids, j.sample.ID)
			}
			out = append(out, fmt.Sprintf("%v %s", time.Since(began), strings.Join(ids, " ")))
		}
	})
	return out
}

func TestGather(t *testing.T) {
	const second, end = time.Second, time.Hour
	for name, c := range map[string]struct {
		size         int
		linger       time.Duration
		arrivals     []arrival
		busy, closed time.Duration
		want         []string
	}{
		"a full batch goes out at once": {
			2, 5 * second, []arrival{{0, 16, "a1"}, {second, 16, "a2"}}, 0, end,
			[]string{"1s a1 a2"},
		},
		"a lone sample waits for linger": {
			2, 5 * second, []arrival{{second, 16, "a1"}}, 0, end,
			[]string{"6s a1"},
		},
		"without linger it does not wait": {
			2, 0, []arrival{{second, 16, "a1"}, {2 * second, 16, "a2"}}, 0, end,
			[]string{"1s a1", "2s a2"},
		},
		"shapes are kept apart": {
			2, 5 * second, []arrival{{0, 16, "a1"}, {second, 32, "b1"}, {2 * second, 16, "a2"}, {3 * second, 32, "b2"}}, 0, end,
			[]string{"2s a1 a2", "3s b1 b2"},
		},
		"linger counts from a shape's oldest": {
			3, 5 * second, []arrival{{0, 16, "a1"}, {4 * second, 16, "a2"}, {6 * second, 16, "a3"}}, 0, end,
			[]string{"5s a1 a2", "11s a3"},
		},
		"the oldest shape goes out first": {
			3, second, []arrival{{0, 32, "b1"}, {1, 16, "a1"}, {2, 64, "c1"}, {3, 16, "a2"}}, 10 * second, end,
			[]string{"10s b1", "10s a1 a2", "10s c1"},
		},
		"a full batch goes before one that has waited": {
			2, second, []arrival{{0, 16, "a1"}, {5 * second, 32, "b1"}, {6 * second, 32, "b2"}}, 10 * second, end,
			[]string{"10s b1 b2", "10s a1"},
		},
		"a batch grows while the session is busy": {
			3, second, []arrival{{0, 16, "a1"}, {5 * second, 16, "a2"}}, 10 * second, end,
			[]string{"10s a1 a2"},
		},
		"and into several": {
			2, second, []arrival{{0, 16, "a1"}, {1, 16, "a2"}, {2, 16, "a3"}, {3, 16, "a4"}, {4, 16, "a5"}}, 10 * second, end,
			[]string{"10s a1 a2", "10s a3 a4", "10s a5"},
		},
		"all goes out at the end": {
			2, end, []arrival{{0, 32, "b1"}, {1, 16, "a1"}, {2, 16, "a2"}}, 2 * second, second,
			[]string{"2s a1 a2", "2s b1"},
		},
		"nothing comes": {2, second, nil, 0, second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := gathered(t, c.size, c.linger, c.arrivals, c.busy, c.closed)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestGatherLosesNothing: every sample goes out once, in batches of one shape
// that are not too large.
func TestGatherLosesNothing(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		size := 1 + random.IntN(5)
		var arrivals []arrival
		at := time.Duration(0)
		for i := range random.IntN(60) {
			at += time.Duration(random.IntN(2000)) * time.Millisecond
			shape := 16 << random.IntN(3)
			arrivals = append(arrivals, arrival{at, shape, fmt.Sprintf("%d/%d", shape, i)})
		}
		linger := time.Duration(random.IntN(3)) * time.Second
		seen := make(map[string]bool)
		for _, batch := range gathered(t, size, linger, arrivals, at/2, at) {
			ids := strings.Fields(batch)[1:]
			if len(ids) > size {
				t.Fatalf("seed %d: %q is of more than %d", seed, batch, size)
			}
			for _, id := range ids {
				if shape, _, _ := strings.Cut(id, "/"); !strings.HasPrefix(ids[0], shape+"/") || seen[id] {
					t.Fatalf("seed %d: %q mixes shapes, or %s came before", seed, batch, id)
				}
				seen[id] = true
			}
		}
		if len(seen) != len(arrivals) {
			t.Fatalf("seed %d: %d of %d went out", seed, len(seen), len(arrivals))
		}
	}
}
