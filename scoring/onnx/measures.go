package onnx

import "github.com/prometheus/client_golang/prometheus"

// measures are the scorer's metrics.
type measures struct {
	session prometheus.Counter
	samples prometheus.Counter
	batch   prometheus.Histogram
	prepare prometheus.Histogram
}

func newMeasures(reg prometheus.Registerer) *measures {
	m := &measures{
		session: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cream_score_session_seconds_total",
			Help: "Time in which the model's session ran: its rate is the share of the time that the device works.",
		}),
		samples: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cream_score_samples_total", Help: "Samples that went through the model.",
		}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cream_score_batch_samples", Help: "Samples of a batch.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 8),
		}),
		prepare: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cream_score_prepare_duration_seconds", Help: "Time to load, decode and tokenize a sample.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	reg.MustRegister(m.session, m.samples, m.batch, m.prepare)
	return m
}
