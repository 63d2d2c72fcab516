package selection

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// log is a topic of three partitions that a machine reads from, in whatever
// interleaving of the partitions.
type log map[int32][]Candidate

// TestRestart: a machine that is thrown away at any moment and made again
// from LowestNeeded, ClosedThrough, the positions and the chosen ids arrives
// at the same windows, and calls nothing late that was settled.
func TestRestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		if rapid.Bool().Draw(t, "rich") {
			p.enrich(t)
		}
		p.policy.Window.Size = time.Second
		p.policy.Window.Lateness = 0
		p.policy.Budget.Carry = rapid.Bool().Draw(t, "carry")
		l := make(log)
		for _, c := range p.records {
			c.Offset = int64(len(l[c.Partition]))
			l[c.Partition] = append(l[c.Partition], c)
		}
		order := rapid.SliceOfN(rapid.Int32Range(0, 2), 0, 3*len(p.records)).Draw(t, "order")
		crashes := rapid.SliceOfN(rapid.IntRange(0, len(order)), 0, 4).Draw(t, "crashes")

		want, wantLate := readLog(t, p, l, order, nil)
		got, gotLate := readLog(t, p, l, order, crashes)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("windows (-without crash +with):\n%s", diff)
		}
		if diff := cmp.Diff(wantLate, gotLate); diff != "" {
			t.Fatalf("late ids (-without crash +with):\n%s", diff)
		}
	})
}

// readLog reads the log, a record of the next partition in order at a time,
// and then the rest. At the steps in crashes it commits and starts over from
// what it committed.
func readLog(t *rapid.T, p pool, l log, order []int32, crashes []int) (windows []result, late []string) {
	m := mustNew(rt{t: t}, p.options())
	at := map[int32]int64{0: 0, 1: 0, 2: 0}
	marks := NewWatermarks(0, []int32{0, 1, 2})
	var chosen []Chosen
	read := func(partition int32) {
		if at[partition] == int64(len(l[partition])) {
			return
		}
		c := l[partition][at[partition]]
		at[partition]++
		marks.Observe(partition, c.EventTime)
		switch mustStep(rt{t: t}, m, &c).Outcome {
		case Late:
			late = append(late, fmt.Sprint(partition, "/", c.Offset))
		case Settled:
			if len(crashes) == 0 {
				t.Fatalf("settled without a restart")
			}
		}
		if reached, ok := marks.Time(); ok {
			for _, r := range resultsOf(mustStep(rt{t: t}, m, Watermark{Time: reached}).Closed) {
				windows = append(windows, r)
				for _, pick := range r.Picks {
					chosen = append(chosen, pick.Chosen(r.Summary.End))
				}
			}
		}
	}
	for i, partition := range order {
		if slices.Contains(crashes, i) {
			position := maps.Clone(at)
			for partition, offset := range m.LowestNeeded() {
				at[partition] = offset
			}
			o := p.options()
			o.ClosedThrough, o.Positions, o.Chosen = m.ClosedThrough(), position, slices.Values(chosen)
			o.Carried, o.CarriedUnit = m.Carried()
			m = mustNew(rt{t: t}, o)
			marks = NewWatermarks(0, []int32{0, 1, 2})
			for again := range position { // up to where it was
				for at[again] < position[again] {
					read(again)
				}
			}
		}
		read(partition)
	}
	for partition := range int32(3) {
		for at[partition] < int64(len(l[partition])) {
			read(partition)
		}
	}
	return append(windows, resultsOf(mustStep(rt{t: t}, m, Close{}).Closed)...), late
}
