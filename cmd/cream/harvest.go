package main

import (
	"github.com/spf13/cobra"

	"cream/stream/console"
	"cream/stream/harvester"
)

func newHarvest() *cobra.Command {
	var s stageFlags
	var maxPoll int
	cmd := &cobra.Command{
		Use:   "harvest",
		Short: "Run the harvester: selections in, curated samples out",
		Long: `harvest reads the chosen samples back and publishes their bytes, unchanged,
to curated (and the random twin's to control), with the decision in headers.`,
		Args: cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.run(cmd, func(env stageEnv) (stage, error) {
			made, err := harvester.New(harvester.Options{
				Cluster: env.cluster, Topics: env.topics, Group: env.groups.Harvest, Instance: env.instance,
				MaxPoll: maxPoll, Codec: env.codec, Metrics: env.metrics, Logger: env.logger,
			})
			if err != nil {
				return stage{}, err
			}
			return stage{
				name: harvester.Stage, group: env.groups.Harvest, topic: env.topics.Selections,
				run: made.Run, ready: made.Ready,
				count: func(status *console.Status) {
					status.Selected, status.Control, status.Dead = made.Counts()
				},
			}, nil
		})
	}
	s.bind(cmd)
	s.kafka.bindPolicyName(cmd)
	s.bindInstance(cmd)
	cmd.Flags().IntVar(&maxPoll, "harvest-max-poll", 64, "selections of one transaction; their samples are in memory together")
	return cmd
}
