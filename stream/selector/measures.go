package selector

import (
	"github.com/prometheus/client_golang/prometheus"

	"cream/schemas"
)

// Measures are the selector's metrics: what windows saw and chose.
type Measures struct {
	windows   prometheus.Counter
	shortfall prometheus.Counter
	styles    *prometheus.CounterVec
	abilities *prometheus.CounterVec
	distinct  *prometheus.GaugeVec
	watermark prometheus.Gauge
	open      prometheus.Gauge

	seen, chosen *distinct
}

// NewMeasures registers them.
func NewMeasures(reg prometheus.Registerer) *Measures {
	m := &Measures{
		windows: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cream_windows_closed_total", Help: "Windows closed and published.",
		}),
		shortfall: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cream_window_shortfall_samples_total", Help: "What budgets allowed and windows could not spend: samples, or the tokens or bytes of the budget.",
		}),
		styles: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cream_style_samples_total", Help: "Samples of closed windows by style, seen and chosen.",
		}, []string{"style", "role"}),
		abilities: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cream_capability_samples_total", Help: "Samples of closed windows by capability: scored above the threshold (seen), and chosen for it.",
		}, []string{"capability", "role"}),
		distinct: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cream_distinct", Help: "Estimated number of different samples, sources and contents in the windows closed by this process, seen and chosen (HyperLogLog, standard error about 0.8 %).",
		}, []string{"of", "role"}),
		watermark: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cream_watermark_timestamp_seconds", Help: "Event time that the selector has reached.",
		}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cream_open_window_samples", Help: "Candidates held in open windows.",
		}),
		seen: newDistinct(), chosen: newDistinct(),
	}
	reg.MustRegister(m.windows, m.shortfall, m.styles, m.abilities, m.distinct, m.watermark, m.open)
	return m
}

// window counts a window that has been committed.
func (m *Measures) window(o *outcome) error {
	m.windows.Inc()
	m.shortfall.Add(float64(max(0, o.window.Budget-o.window.Spent)))
	count := func(vec *prometheus.CounterVec, counts map[string]schemas.Count) {
		for name, c := range counts {
			vec.WithLabelValues(name, "seen").Add(float64(c.Seen))
			vec.WithLabelValues(name, "chosen").Add(float64(c.Chosen))
		}
	}
	count(m.styles, o.window.Styles)
	count(m.abilities, o.window.Capabilities)
	for role, pair := range map[string][2]*distinct{"seen": {m.seen, o.seen}, "chosen": {m.chosen, o.chosen}} {
		all := pair[0]
		if err := all.merge(pair[1]); err != nil {
			return err
		}
		m.distinct.WithLabelValues("samples", role).Set(float64(all.samples.Estimate()))
		m.distinct.WithLabelValues("sources", role).Set(float64(all.sources.Estimate()))
		m.distinct.WithLabelValues("contents", role).Set(float64(all.contents.Estimate()))
	}
	return nil
}
