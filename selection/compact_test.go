package selection

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestCompact: a machine that drops what it can as early as it can gives the
// same as one that keeps all, or says that it may not.
func TestCompact(t *testing.T) {
	var dropped, exact, approximate int
	rapid.Check(t, func(t *rapid.T) {
		p := drawPool(t)
		p.policy.Budget = Budget{Count: rapid.Uint64Range(1, 8).Draw(t, "budget")}
		if rapid.Bool().Draw(t, "windows") {
			p.policy.Window.Size = 2 * time.Second
		}
		want := stepAll(rt{t: t}, mustNew(rt{t: t}, p.options()), p.records)

		m := mustNew(rt{t: t}, p.options())
		m.rules.compactFrom = rapid.Uint32Range(1, 40).Draw(t, "compact from")
		if rapid.Bool().Draw(t, "kept to less than twice the budget") {
			m.rules.keptPlaces = 0
			m.rules.safety = rapid.Uint64Range(0, 4).Draw(t, "safety")
		}
		for i := range p.records {
			mustStep(rt{t: t}, m, &p.records[i])
		}
		for _, w := range m.open {
			if w.dropped != nil {
				dropped++
			}
		}
		got := resultsOf(mustStep(rt{t: t}, m, Close{}).Closed)
		for i := range got {
			if got[i].Summary.Approximate != "" {
				approximate++
				return // and windows after it know other ids to be chosen
			}
			exact++
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatalf("window %d (-all kept +compacted):\n%s", i, diff)
			}
		}
	})
	t.Logf("%d windows dropped candidates; %d were exact, %d approximate", dropped, exact, approximate)
	if dropped == 0 || exact == 0 {
		t.Error("one of these did not happen: the test is not testing")
	}
}

// TestCompactSaysThatItIsApproximate: where more was taken back than was kept
// in reserve, the summary says so, and else not.
func TestCompactSaysThatItIsApproximate(t *testing.T) {
	for _, tt := range []struct {
		name            string
		again           []int // of 40 that score less and less, which get a second record that scores nothing
		hash            byte
		chosen          int64
		wantApproximate bool
	}{
		{"as many as kept in reserve", []int{0, 1}, 1, 2, false},
		{"one more", []int{0, 1, 2}, 1, 1, true},
		{"some that had been dropped", []int{10, 30}, 1, 2, false},
		{"one that had been dropped, with the same content", []int{10}, 9, 2, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := DefaultPolicy()
			p.Budget = Budget{Count: 2}
			p.Control = false
			m := mustNew(t, Options{Policy: p, Capabilities: []string{"a"}})
			m.rules.compactFrom = 20
			add := func(i int, score float32, hash byte) {
				mustStep(t, m, &Candidate{
					ID: fmt.Sprint(i), Source: "s", Styles: []string{"x"}, Scores: []float32{score},
					ContentHash: [32]byte{hash}, Offset: int64(i), SampleOffset: int64(i),
				})
			}
			for i := range 40 {
				add(i, float32(40-i), 9)
			}
			for _, i := range tt.again {
				add(i, 0, tt.hash)
			}
			s := mustStep(t, m, Close{}).Closed[0].Summary
			if s.Selected != tt.chosen || (s.Approximate != "") != tt.wantApproximate {
				t.Errorf("%d were chosen, approximate: %q", s.Selected, s.Approximate)
			}
		})
	}
}

// TestCompactBounds: what a window of a count budget holds does not grow with
// what is dropped by more than its share.
func TestCompactBounds(t *testing.T) {
	p := DefaultPolicy()
	p.Budget = Budget{Count: 10}
	m := mustNew(t, Options{Policy: p, Capabilities: []string{"a", "b"}})
	m.rules.compactFrom = 1000
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 20_000 {
		mustStep(t, m, &Candidate{
			ID: fmt.Sprint(i), Source: "s", Styles: []string{"x", "y"}[i%2 : i%2+1],
			Scores: []float32{rng.Float32(), rng.Float32()},
		})
	}
	w := m.open[EndOfTime]
	if w.pack.n > 1000 {
		t.Errorf("%d candidates kept of 20000, want no more than 1000", w.pack.n)
	}
	s := mustStep(t, m, Close{}).Closed[0].Summary
	if s.Candidates != 20_000 || s.Selected != 10 || s.Control != 10 || s.Approximate != "" {
		t.Errorf("candidates %d, selected %d, control %d, approximate %q; want 20000, 10, 10, exact",
			s.Candidates, s.Selected, s.Control, s.Approximate)
	}
}

// TestDroppedBytes: an id of a candidate that was dropped takes no more than
// 16 bytes, whatever the room its table has left.
func TestDroppedBytes(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	f := newForgotten(14)
	const few, step = 150_000, 30_000
	n := uint64(0)
	before := int64(0)
	for target := uint64(few); target <= 1_000_000; target += step {
		for ; n < target; n++ {
			f.put(f.find(mix(n)), record{kind: uint32(n % 5000), above: n & 0x3fff})
		}
		if before == 0 {
			before = heap()
			continue
		}
		if each := float64(heap()-before) / float64(n-few); n >= 3*few && each > 16 {
			t.Errorf("after the first, %d ids take %.1f bytes each, want no more than 16", n-few, each)
		}
	}
	runtime.KeepAlive(f)
}

// TestForgotten compares a forgotten with a map.
func TestForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, maxCompactColumns).Draw(t, "columns")
		f, want := newForgotten(columns), make(map[uint64]record)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "hashes"), 0))
		// Few upper bits, so that shards fill, and now and then few lower
		// ones, so that places are pushed on.
		shift := rapid.SampledFrom([]int{0, 20, 50}).Draw(t, "shift")
		for range rapid.IntRange(0, 2000).Draw(t, "n") {
			hash := rng.Uint64()>>14<<14>>shift>>10 | rng.Uint64()%3<<62 | 1
			r := record{
				content: uint16(rng.Uint32() % (1 << forgottenBits)),
				kind:    rng.Uint32() % forgettableKinds,
				above:   rng.Uint64() >> (64 - columns),
			}
			want[hash] = r
			f.put(f.find(hash), r)
		}
		got := make(map[uint64]record)
		f.each(func(hash uint64, r record) { got[hash] = r })
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(record{})); diff != "" {
			t.Fatalf("each (-want +got):\n%s", diff)
		}
		for hash, r := range want {
			if at := f.find(hash); !at.found || f.at(at) != r {
				t.Fatalf("find %x: %v", hash, at.found)
			}
			if _, ok := want[hash^1<<40]; f.find(hash^1<<40).found && !ok {
				t.Fatalf("found %x, which was not put", hash^1<<40)
			}
		}
	})
}
