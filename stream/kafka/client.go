package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

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
		kgo.DisableClientMetrics(), // ours go to Prometheus, not to the brokers
	}
	if c.Registerer != nil {
		opts = append(opts, kgo.WithHooks(kprom.NewMetrics("cream", kprom.Subsystem("kafka"),
			kprom.Registerer(replacing{c.Registerer}), kprom.WithClientLabel(), kprom.BrokerLabels())))
	}
	if c.Logger != nil {
		opts = append(opts, kgo.WithLogger(kslog.New(slog.New(warnings{c.Logger.Handler()}))))
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

// Timing of a group's members: the group notices one that died within the
// session timeout, and those alive hear of a rebalance at their heartbeat.
const (
	sessionTimeout    = 6 * time.Second
	heartbeatInterval = time.Second
)

// Member returns the options of every member of a consumer group: it reads
// what is committed, from the beginning where its group is new, and publishes
// in transactions.
func Member(group, topic, transactionalID string, timeout time.Duration) []kgo.Opt {
	return append(Transactional(transactionalID, timeout),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(PollWait),
		kgo.SessionTimeout(sessionTimeout),
		kgo.HeartbeatInterval(heartbeatInterval),
	)
}

// Transactional returns the options of every client that publishes.
func Transactional(id string, timeout time.Duration) []kgo.Opt {
	return []kgo.Opt{
		kgo.TransactionalID(id),
		kgo.TransactionTimeout(timeout),
		kgo.ProducerBatchMaxBytes(MaxMessageBytes),
		kgo.BrokerMaxWriteBytes(2 * MaxMessageBytes),
	}
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

// warnings lets through what an operator should know of a client; what it
// does all day is not that.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}
