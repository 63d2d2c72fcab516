package selection

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestOnArrivalRestart: what was published stands through restarts, whatever is
// read again before what, and through withdrawals; no window publishes more
// than its budget, and none of what it published twice.
func TestOnArrivalRestart(t *testing.T) {
	var restarts, withdrawals int
	rapid.Check(t, func(t *rapid.T) {
		const size, partitions = 400, 2
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "stream"), 1))
		policy := DefaultPolicy()
		policy.Control = false
		policy.Emission, policy.Window.Size = OnArrival, size*time.Millisecond
		budget := uint64(20 + rng.IntN(150))
		policy.Budget = Budget{Count: budget}
		if rng.IntN(2) == 0 {
			policy.Budget = Budget{Tokens: 5 * budget}
		}
		options := Options{Policy: policy, Capabilities: []string{"a", "b"}}
		m := mustNew(rt{t: t}, options)

		var logs [partitions][]Event       // what lies in each partition
		var read [partitions]int           // how far it has been read
		published := make(map[string]Pick) // and not withdrawn
		var log []Chosen                   // what was published, in order
		withdrawn := make(map[int64]uint64)
		spent := make(map[int64]uint64) // by window
		publish := func(p Pick, end int64) {
			if _, ok := published[p.ID]; ok {
				t.Fatalf("%s is published twice", p.ID)
			}
			published[p.ID] = p
			log = append(log, p.Chosen(end))
			spent[end] += p.Cost
		}
		close := func(e Event) {
			for _, w := range mustStep(rt{t: t}, m, e).Closed {
				for p := range w.Picks() {
					if !p.OnArrival {
						publish(p, w.Summary.End)
					}
				}
			}
		}
		step := func(partition int) {
			e := logs[partition][read[partition]]
			read[partition]++
			if c, ok := e.(*Candidate); ok {
				if p := mustStep(rt{t: t}, m, c).Taken; p != nil {
					if p.ID != c.ID {
						t.Fatalf("%s came, and %s was taken", c.ID, p.ID)
					}
					publish(*p, m.WindowEnd(c.EventTime))
				}
				return
			}
			mustStep(rt{t: t}, m, e)
		}
		positions := func() map[int32]int64 {
			at := make(map[int32]int64)
			for p := range partitions {
				at[int32(p)] = int64(read[p])
			}
			return at
		}
		for i := range 3 * size {
			partition := rng.IntN(partitions)
			at := int64(len(logs[partition]))
			if i > 0 && rng.IntN(60) == 0 { // one of this partition is taken back
				withdrawals++
				for _, e := range slices.Backward(logs[partition]) {
					c, ok := e.(*Candidate)
					if !ok {
						continue
					}
					logs[partition] = append(logs[partition], Withdraw{ID: c.ID, Partition: int32(partition), Offset: at})
					if p, ok := published[c.ID]; ok {
						withdrawn[m.WindowEnd(c.EventTime)] += p.Cost
						delete(published, c.ID)
						log = append(log, Chosen{ID: c.ID, Withdrawn: true})
					}
					break
				}
			} else {
				logs[partition] = append(logs[partition], &Candidate{
					ID: fmt.Sprint("id-", i), Source: fmt.Sprint("s", rng.IntN(3)), Styles: []string{fmt.Sprint("t", rng.IntN(3))},
					Scores: []float32{5 * rng.Float32(), 5 * rng.Float32()}, EventTime: int64(i), Tokens: int64(rng.IntN(10)),
					Partition: int32(partition), Offset: at, SampleOffset: at,
				})
			}
			if read[partition] < len(logs[partition]) {
				step(partition)
			}
			close(Watermark{Time: int64(i) - 50})
			if rng.IntN(150) > 0 {
				continue
			}
			restarts++
			o := options
			o.ClosedThrough, o.Positions, o.Chosen = m.ClosedThrough(), positions(), slices.Values(slices.Clone(log))
			for p, offset := range m.LowestNeeded() {
				read[p] = int(offset)
			}
			m = mustNew(rt{t: t}, o)
			// The partitions are read again one after the other.
			for _, p := range rng.Perm(partitions) {
				for read[p] < len(logs[p]) {
					step(p)
				}
			}
		}
		close(Close{})
		for end, have := range spent {
			if most := policy.Budget.of(0, 0); have > most+withdrawn[end] {
				t.Fatalf("the window that ends at %d published %d of %d, %d withdrawn", end, have, most, withdrawn[end])
			}
		}
	})
	t.Logf("%d restarts, %d withdrawals", restarts, withdrawals)
	if restarts == 0 || withdrawals == 0 {
		t.Error("one of these did not happen: the test is not testing")
	}
}
