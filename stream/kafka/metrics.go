package kafka

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Metrics count the transactions and the records of all stages of a process.
type Metrics struct {
	transactions *prometheus.CounterVec
	seconds      *prometheus.HistogramVec
	records      *prometheus.CounterVec
	dead         *prometheus.CounterVec
	unread       *prometheus.CounterVec
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		transactions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cream_transactions_total",
			Help: "Transactions ended, by stage and by result: committed or aborted.",
		}, []string{"stage", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "cream_transaction_duration_seconds",
			Help:    "Time from a transaction's begin to its end.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		}, []string{"stage"}),
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cream_records_published_total",
			Help: "Records published in committed transactions, by stage and topic.",
		}, []string{"stage", "topic"}),
		dead: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cream_dead_letters_total",
			Help: "Dead letters published, by stage and reason.",
		}, []string{"stage", "reason"}),
		unread: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cream_records_deleted_unread_total",
			Help: "Offsets that retention deleted before a stage had read them, as found when a session began.",
		}, []string{"stage", "topic"}),
	}
	reg.MustRegister(m.transactions, m.seconds, m.records, m.dead, m.unread)
	return m
}

// Transaction counts a transaction that has ended.
func (m *Metrics) Transaction(stage string, committed bool, took time.Duration) {
	result := "aborted"
	if committed {
		result = "committed"
	}
	m.transactions.WithLabelValues(stage, result).Inc()
	m.seconds.WithLabelValues(stage).Observe(took.Seconds())
}

// Unread counts offsets that were deleted before the stage had read them.
func (m *Metrics) Unread(stage, topic string, offsets int64) {
	m.unread.WithLabelValues(stage, topic).Add(float64(offsets))
}

// Published counts the records of a committed transaction.
func (m *Metrics) Published(stage string, records []*kgo.Record) {
	for _, r := range records {
		m.records.WithLabelValues(stage, r.Topic).Inc()
		if reason, ok := Header(r, HeaderErrorReason); ok {
			m.dead.WithLabelValues(stage, reason).Inc()
		}
	}
}
