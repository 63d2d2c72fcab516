package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"golang.org/x/sync/errgroup"

	"cream/schemas"
	"cream/stream/console"
	"cream/stream/kafka"
)

// stageFlags are the settings of every command that runs one stage.
type stageFlags struct {
	kafka    kafkaFlags
	listen   string
	instance string
}

func (s *stageFlags) bind(cmd *cobra.Command) {
	s.kafka.bind(cmd)
	cmd.Flags().StringVar(&s.listen, "listen", "", "address for /metrics, /healthz, /readyz and the page, such as 127.0.0.1:8081; empty for none")
}

// bindInstance is for the stages of which several work at a time.
func (s *stageFlags) bindInstance(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.instance, "instance", instance(), "name of this process among those of the stage (default: host and process); one that stays the same over restarts makes them quicker")
}

// stageEnv is what a stage is made from.
type stageEnv struct {
	cluster  kafka.Cluster
	topics   kafka.Topics
	groups   kafka.Groups
	instance string
	codec    *schemas.Codec
	metrics  *kafka.Metrics
	registry *prometheus.Registry
	logger   *slog.Logger
}

// stage is a stage that has been put together.
type stage struct {
	name  string
	group string
	topic string // that the group reads
	run   func(context.Context) error
	ready func() error
	count func(*console.Status)
	held  func() int64 // records that it has read and not committed; nil: none
	about []console.About
}

// run checks the topics, makes the stage and runs it, with the console beside
// it, until ctx ends.
func (s *stageFlags) run(cmd *cobra.Command, build func(stageEnv) (stage, error)) error {
	ctx := cmd.Context()
	logger, err := newLogger(cmd)
	if err != nil {
		return err
	}
	registry := newRegistry()
	topics, groups, err := s.kafka.topics()
	if err != nil {
		return fmt.Errorf("--policy-name: %w", err)
	}
	env := stageEnv{
		cluster: s.kafka.cluster(logger, registry), instance: s.instance,
		topics: topics, groups: groups,
		metrics: kafka.NewMetrics(registry), registry: registry, logger: logger,
	}
	client, err := env.cluster.NewClient("cream-admin")
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	if err := env.topics.Check(ctx, admin); err != nil {
		return err
	}
	if env.codec, err = newCodec(ctx, s.kafka.registry, env.topics); err != nil {
		return err
	}
	made, err := build(env)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	if s.listen != "" {
		page, err := console.New(console.Options{
			Address: s.listen, Gatherer: registry, Logger: logger,
			Checks: []console.Check{{Name: made.name, Ready: made.ready}},
			Status: func(ctx context.Context) (console.Status, error) {
				status := console.Status{About: made.about}
				made.count(&status)
				lag, err := kafka.Lag(ctx, admin, made.group)
				if made.held != nil {
					lag = max(0, lag-made.held())
				}
				status.Lag = []console.Lag{{Stage: made.name, Records: lag}}
				return status, err
			},
			Picture: noPictures,
		})
		if err != nil {
			return err
		}
		group.Go(func() error { return page.Run(ctx) })
		group.Go(func() error {
			return page.Follow(ctx, console.Followed{Cluster: env.cluster, Topics: env.topics, Codec: env.codec})
		})
	}
	group.Go(func() error { return made.run(ctx) })
	logger.Info("stage runs", "stage", made.name, "brokers", s.kafka.brokers, "reads", made.topic)
	return group.Wait()
}

// noPictures is for a stage that has no folder of pictures: the page shows
// those that are inline.
func noPictures(_ context.Context, image schemas.Image) ([]byte, error) {
	if image.Data == nil {
		return nil, errors.New("the picture is named by its path, and this stage has no folder of pictures")
	}
	return image.Data, nil
}

// newRegistry returns a registry with the process's own metrics.
func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}
