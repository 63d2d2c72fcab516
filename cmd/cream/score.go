package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"cream/stream/console"
	"cream/stream/scorer"
)

func newScore() *cobra.Command {
	var s stageFlags
	var model scorerFlags
	cmd := &cobra.Command{
		Use:   "score",
		Short: "Run the scorer: samples in, scores out",
		Long: `score reads the topic samples, has the model rate each sample, and publishes
its score, or a dead letter with the reason, in the transaction that commits
what it has read. Run as many as there are devices; they share the partitions.`,
		Args: cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b, err := loadBundle(model.bundle)
		if err != nil {
			return err
		}
		return s.run(cmd, func(env stageEnv) (stage, error) {
			rater, release, err := model.openModel(b, model.mediaRoot, env.registry, env.logger)
			if err != nil {
				return stage{}, err
			}
			made, err := scorer.New(scorer.Options{
				Cluster: env.cluster, Topics: env.topics, Group: env.groups.Score, Instance: env.instance,
				Sessions: model.sessions, MaxPoll: model.maxPoll, MaxAhead: model.maxAhead,
				Codec: env.codec, Scorer: rater, Now: time.Now, Metrics: env.metrics, Logger: env.logger,
			})
			if err != nil {
				return stage{}, errors.Join(err, release())
			}
			v := rater.Vocabulary()
			return stage{
				name: scorer.Stage, group: env.groups.Score, topic: env.topics.Samples,
				run: func(ctx context.Context) error { return errors.Join(made.Run(ctx), release()) }, ready: made.Ready,
				count: func(status *console.Status) {
					status.Scored, status.Dead = made.Counts()
					status.Samples = status.Scored + status.Dead
				},
				about: []console.About{{Name: "bundle", Value: fmt.Sprintf("%s %s on %s", v.Model, v.Version, rater.Provider())}},
			}, nil
		})
	}
	s.bind(cmd)
	s.bindInstance(cmd)
	model.bind(cmd)
	return cmd
}
