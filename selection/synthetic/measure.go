package synthetic

import (
	"fmt"
	"runtime"
	"time"

	"github.com/cespare/xxhash/v2"

	"cream/selection"
)

// Measurement is what it took to select from a pool.
type Measurement struct {
	Candidates int
	Selected   int64
	// Step is the time of all Step calls with a candidate and Close of the one
	// that closes the window, which makes the choice. Picks is the time of
	// reading the picks one by one. Making the candidates is not timed.
	Step, Close, Picks time.Duration
	// Floor is the time of no more than hashing each candidate's id and
	// copying its id, names' hashes, scores and numbers to flat memory: what
	// no selection that keeps its candidates goes below.
	Floor time.Duration
	// OpenBytes is the live heap that the open window holds after the last
	// Step, ClosedBytes what the closed window holds while its picks are read:
	// after a garbage collection, less what was there before.
	OpenBytes, ClosedBytes int64
}

// PerSecond is candidates a second, from the first Step to the last pick.
func (m Measurement) PerSecond() float64 {
	return float64(m.Candidates) / (m.Step + m.Close + m.Picks).Seconds()
}

// batch is how many candidates are made at a time, outside of the timing: few
// enough that they are still in the cache when they are stepped, as one that
// has just been decoded would be.
const batch = 256

// Measure selects from the first n candidates of a pool, in one window over
// all of them. Set GOMAXPROCS to 1 for the figure of one core, the garbage
// collector's work included.
func Measure(p *Pool, n int, policy selection.Policy) (Measurement, error) {
	policy.Window.Size = 0
	machine, err := selection.New(selection.Options{Policy: policy, Capabilities: p.Capabilities()})
	if err != nil {
		return Measurement{}, err
	}
	m := Measurement{Candidates: n}
	candidates := make([]selection.Candidate, batch)
	p.each(candidates, min(n, batch), func([]selection.Candidate) {}) // grows the slices
	before := liveHeap()
	p.each(candidates, n, func(made []selection.Candidate) {
		start := time.Now()
		for i := range made {
			if _, e := machine.Step(&made[i]); e != nil {
				err = e
			}
		}
		m.Step += time.Since(start)
	})
	if err != nil {
		return Measurement{}, fmt.Errorf("step the candidates: %w", err)
	}
	m.OpenBytes = liveHeap() - before

	start := time.Now()
	effects, err := machine.Step(selection.Close{})
	if err != nil {
		return Measurement{}, fmt.Errorf("close the window: %w", err)
	}
	m.Close = time.Since(start)
	if len(effects.Closed) != 1 {
		return Measurement{}, fmt.Errorf("%d windows closed; expected 1", len(effects.Closed))
	}
	start = time.Now()
	for range effects.Closed[0].Picks() {
		m.Selected++
	}
	m.Picks = time.Since(start)
	m.ClosedBytes = liveHeap() - before
	runtime.KeepAlive(effects)

	m.Floor = p.floor(candidates, n)
	runtime.KeepAlive(candidates)
	return m, nil
}

// each makes the first n candidates, a batch at a time.
func (p *Pool) each(candidates []selection.Candidate, n int, do func([]selection.Candidate)) {
	for i := 0; i < n; i += len(candidates) {
		made := candidates[:min(len(candidates), n-i)]
		for j := range made {
			p.Fill(uint64(i+j), &made[j])
		}
		do(made)
	}
}

// floor hashes and copies the first n candidates and returns the time of it.
func (p *Pool) floor(candidates []selection.Candidate, n int) (spent time.Duration) {
	ids := make([]byte, 0, 36*n)
	scores := make([]float32, 0, len(p.names)*n)
	numbers := make([]uint64, 0, 6*n)
	p.each(candidates, n, func(made []selection.Candidate) {
		start := time.Now()
		for i := range made {
			c := &made[i]
			ids = append(ids, c.ID...)
			scores = append(scores, c.Scores...)
			numbers = append(numbers, xxhash.Sum64String(c.ID), xxhash.Sum64String(c.Source),
				xxhash.Sum64String(c.Styles[0]), uint64(c.EventTime), uint64(c.Offset), uint64(c.SampleOffset))
		}
		spent += time.Since(start)
	})
	return spent
}

func liveHeap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
