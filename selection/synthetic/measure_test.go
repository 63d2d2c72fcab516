package synthetic

import (
	"runtime"
	"testing"

	"cream/selection"
)

func TestMeasure(t *testing.T) {
	m, err := Measure(NewPool(Shape{Seed: 1, Capabilities: 14, Styles: 9, Sources: 80}), 20_000, selection.DefaultPolicy())
	if err != nil {
		t.Fatal(err)
	}
	if m.Selected != 6000 {
		t.Errorf("selected %d of 20000, want 6000", m.Selected)
	}
}

// BenchmarkSelect is the pool of the paper's size: 2.6 million candidates, 14
// capabilities, 720 bins.
func BenchmarkSelect(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	pool := NewPool(Shape{Seed: 1, Capabilities: 14, Styles: 9, Sources: 80})
	for b.Loop() {
		m, err := Measure(pool, 2_600_000, selection.DefaultPolicy())
		if err != nil {
			b.Fatal(err)
		}
		n := float64(m.Candidates)
		b.ReportMetric(m.PerSecond(), "candidates/s")
		b.ReportMetric(m.Step.Seconds(), "step-s")
		b.ReportMetric(m.Close.Seconds(), "close-s")
		b.ReportMetric(m.Picks.Seconds(), "picks-s")
		b.ReportMetric(m.Floor.Seconds(), "floor-s")
		b.ReportMetric(float64(m.OpenBytes)/n, "open-B/candidate")
		b.ReportMetric(float64(m.ClosedBytes)/n, "closed-B/candidate")
	}
}
