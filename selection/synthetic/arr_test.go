package synthetic

import (
	"runtime"
	"testing"

	"cream/selection"
)

func BenchmarkArrival(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	pool := NewPool(Shape{Seed: 1, Capabilities: 14, Styles: 9, Sources: 80})
	p := selection.DefaultPolicy()
	p.Emission = selection.OnArrival
	for b.Loop() {
		m, err := Measure(pool, 1_000_000, p)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(m.Candidates)/m.Step.Seconds(), "decisions/s")
		b.ReportMetric(m.Close.Seconds(), "close-s")
	}
}
