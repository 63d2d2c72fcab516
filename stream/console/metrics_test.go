package console_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/stream/console"
	"cream/stream/kafka"
	"cream/stream/selector"
)

// TestMetricsAreLinted scrapes the stages' metrics and checks their names and
// help texts by Prometheus's rules.
func TestMetricsAreLinted(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics := kafka.NewMetrics(registry)
	metrics.Transaction("score", true, time.Second)
	metrics.Published("score", []*kgo.Record{{Topic: "dead-letter", Headers: []kgo.RecordHeader{{Key: kafka.HeaderErrorReason, Value: []byte("invalid-json")}}}})
	selector.NewMeasures(registry)

	c, err := console.New(console.Options{
		Address: "127.0.0.1:0", Gatherer: registry, Logger: slog.New(slog.DiscardHandler),
		Status:  func(context.Context) (console.Status, error) { return console.Status{}, nil },
		Picture: func(context.Context, schemas.Image) ([]byte, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body := w.Body.String()
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "cream_") {
			t.Errorf("a metric under a strange name: %s", line)
		}
	}
	for _, want := range []string{`cream_dead_letters_total{reason="invalid-json",stage="score"} 1`, "cream_windows_closed_total 0"} {
		if !strings.Contains(body, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
