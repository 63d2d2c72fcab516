package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"github.com/twmb/franz-go/plugin/kprom"
	"github.com/twmb/franz-go/plugin/kslog"
)

// Cluster tells how to reach the brokers.
type Cluster struct {
	Brokers []string // host:port of one or more brokers, to begin with
	TLS     bool     // speak TLS, with the system's roots
	SASL    SASL
	Logger  *slog.Logger // nil: the clients do not log
	// Registerer takes each client's metrics (kprom's, under cream_kafka_,
	// with its client_id); nil: none.
	Registerer prometheus.Registerer
}

// SASL is how to log in; the zero value does not.
type SASL struct {
	Mechanism      string // "", plain, scram-sha-256 or scram-sha-512
	User, Password string
}

// Options returns the client options that every stage starts from.
func (c Cluster) Options(clientID string) ([]kgo.Opt, error) {
	if len(c.Brokers) == 0 {
		return nil, errors.New("no brokers: set kafka.brokers to host:port of at least one")
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(clientID),
	}
	if c.Registerer != nil {
		opts = append(opts, kgo.WithHooks(kprom.NewMetrics("cream", kprom.Subsystem("kafka"),
			kprom.Registerer(replacing{c.Registerer}), kprom.WithClientLabel(), kprom.BrokerLabels())))
	}
	if c.Logger != nil {
		// The client's own warnings matter; what it does in between does not.
		opts = append(opts, kgo.WithLogger(kslog.New(c.Logger)))
	}
	if c.TLS {
		opts = append(opts, kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	switch c.SASL.Mechanism {
	case "":
	case "plain":
		opts = append(opts, kgo.SASL(plain.Auth{User: c.SASL.User, Pass: c.SASL.Password}.AsMechanism()))
	case "scram-sha-256":
		opts = append(opts, kgo.SASL(scram.Auth{User: c.SASL.User, Pass: c.SASL.Password}.AsSha256Mechanism()))
	case "scram-sha-512":
		opts = append(opts, kgo.SASL(scram.Auth{User: c.SASL.User, Pass: c.SASL.Password}.AsSha512Mechanism()))
	default:
		return nil, fmt.Errorf("unknown SASL mechanism %q: plain, scram-sha-256 or scram-sha-512 is expected", c.SASL.Mechanism)
	}
	return opts, nil
}

// NewClient returns a client with the cluster's options and more.
func (c Cluster) NewClient(clientID string, more ...kgo.Opt) (*kgo.Client, error) {
	opts, err := c.Options(clientID)
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(opts, more...)...)
	if err != nil {
		return nil, fmt.Errorf("make the Kafka client %s: %w", clientID, err)
	}
	return client, nil
}

// replacing lets the metrics of a new client take the place of those of the
// one that had its id before: a stage that begins anew makes a new client.
type replacing struct{ prometheus.Registerer }

func (r replacing) MustRegister(collectors ...prometheus.Collector) {
	for _, c := range collectors {
		err := r.Register(c)
		var had prometheus.AlreadyRegisteredError
		if errors.As(err, &had) {
			r.Unregister(had.ExistingCollector)
			err = r.Register(c)
		}
		if err != nil {
			panic(err) // what MustRegister promises
		}
	}
}
