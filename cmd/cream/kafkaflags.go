package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"cream/schemas"
	"cream/stream/kafka"
)

// kafkaFlags are the settings of every command that talks to brokers.
type kafkaFlags struct {
	brokers               []string
	tls                   bool
	mechanism, user, pass string
	prefix                string
	registry              string
	policyName            string
}

func (k *kafkaFlags) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&k.brokers, "kafka-brokers", []string{"127.0.0.1:9092"}, "host:port of one or more brokers")
	f.BoolVar(&k.tls, "kafka-tls", false, "speak TLS to the brokers")
	f.StringVar(&k.mechanism, "kafka-sasl-mechanism", "", "plain, scram-sha-256 or scram-sha-512")
	f.StringVar(&k.user, "kafka-sasl-user", "", "user to log in as")
	f.StringVar(&k.pass, "kafka-sasl-password", "", "password; better set as CREAM_KAFKA_SASL_PASSWORD")
	bindTopics(cmd, &k.prefix, &k.registry)
}

// bindPolicyName is for the commands whose topics are one policy's.
func (k *kafkaFlags) bindPolicyName(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.policyName, "policy-name", "", "name of one of several policies over the same scores: its topics are selections.NAME, curated.NAME, control.NAME and windows.NAME")
}

// topics returns the topics and the groups that are settled on.
func (k *kafkaFlags) topics() (kafka.Topics, kafka.Groups, error) {
	return kafka.DefaultTopics(k.prefix).ForPolicy(k.policyName), kafka.DefaultGroups(k.prefix).ForPolicy(k.policyName),
		kafka.CheckPolicyName(k.policyName)
}

// bindTopics binds what also the embedded broker's commands need.
func bindTopics(cmd *cobra.Command, prefix, registry *string) {
	cmd.Flags().StringVar(prefix, "topics-prefix", "", "put before the names of all topics")
	cmd.Flags().StringVar(registry, "registry-url", "", "Schema Registry; without one, Avro travels in its single-object encoding")
}

func (k *kafkaFlags) cluster(logger *slog.Logger, reg prometheus.Registerer) kafka.Cluster {
	return kafka.Cluster{
		Brokers: k.brokers, TLS: k.tls,
		SASL:   kafka.SASL{Mechanism: k.mechanism, User: k.user, Password: k.pass},
		Logger: logger, Registerer: reg,
	}
}

// flow is the topics of a flow that a command only reads.
type flow struct {
	cluster kafka.Cluster
	client  *kgo.Client
	topics  kafka.Topics
	codec   *schemas.Codec
}

// open connects to the brokers and makes sure that the topics are there. The
// caller closes the client.
func (k *kafkaFlags) open(cmd *cobra.Command, clientID string) (*flow, error) {
	logger, err := newLogger(cmd)
	if err != nil {
		return nil, err
	}
	topics, _, err := k.topics()
	if err != nil {
		return nil, fmt.Errorf("--policy-name: %w", err)
	}
	cluster := k.cluster(logger, nil)
	client, err := cluster.NewClient(clientID)
	if err != nil {
		return nil, err
	}
	f := &flow{cluster: cluster, client: client, topics: topics}
	if err = f.topics.Check(cmd.Context(), kadm.NewClient(client)); err == nil {
		f.codec, err = newCodec(cmd.Context(), k.registry, f.topics)
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	return f, nil
}

// newCodec returns the codec for the topics: the Confluent format where a
// registry is named.
func newCodec(ctx context.Context, registry string, topics kafka.Topics) (*schemas.Codec, error) {
	if registry == "" {
		return schemas.NewCodec()
	}
	client, err := sr.NewClient(sr.URLs(registry))
	if err != nil {
		return nil, fmt.Errorf("schema registry %s: %w", registry, err)
	}
	return schemas.NewRegistryCodec(ctx, client, schemas.Subjects{
		Sample: topics.Samples + "-value", Score: topics.Scores + "-value",
		Selection: topics.Selections + "-value", Window: topics.Windows + "-value",
	})
}

// instance names this process among the scorers of a group.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}
