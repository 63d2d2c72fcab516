package synthetic

import (
	"runtime"
	"testing"

	"cream/selection"
)

// BenchmarkArrival is of taking or leaving at once, BenchmarkCount of a small
// state.
func BenchmarkArrival(b *testing.B) {
	policy := selection.DefaultPolicy()
	policy.Emission = selection.OnArrival
	benchmark(b, policy)
}

func BenchmarkCount(b *testing.B) {
	policy := selection.DefaultPolicy()
	policy.Budget = selection.Budget{Count: 1000}
	benchmark(b, policy)
}

func benchmark(b *testing.B, policy selection.Policy) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	pool := NewPool(Shape{Seed: 1, Capabilities: 14, Styles: 9, Sources: 80})
	for b.Loop() {
		m, err := Measure(pool, 2_600_000, policy)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(m.PerSecond(), "candidates/s")
		b.ReportMetric(float64(m.Candidates)/m.Step.Seconds(), "steps/s")
	}
}
