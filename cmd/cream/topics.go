package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"

	"cream/stream/kafka"
)

func newTopics() *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Make the topics of the flow"}
	cmd.AddCommand(newTopicsCreate())
	return cmd
}

func newTopicsCreate() *cobra.Command {
	var k kafkaFlags
	var layout kafka.Layout
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make the topics that are not there yet",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := newLogger(cmd)
			if err != nil {
				return err
			}
			client, err := k.cluster(logger, nil).NewClient("cream-topics")
			if err != nil {
				return err
			}
			defer client.Close()
			largest := fmt.Sprint(kafka.MaxMessageBytes)
			layout.Configs = map[string]*string{"max.message.bytes": &largest}
			topics, _, err := k.topics()
			if err != nil {
				return fmt.Errorf("--policy-name: %w", err)
			}
			made, err := topics.Create(cmd.Context(), kadm.NewClient(client), layout)
			for _, name := range made {
				fmt.Fprintln(cmd.OutOrStdout(), "made", name)
			}
			if err == nil && len(made) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "all topics are there already")
			}
			return err
		},
	}
	k.bind(cmd)
	k.bindPolicyName(cmd)
	cmd.Flags().Int32Var(&layout.Partitions, "partitions", 12, "partitions of samples and of scores, the same for both")
	cmd.Flags().Int32Var(&layout.OutputPartitions, "output-partitions", 3, "partitions of every other topic")
	cmd.Flags().Int16Var(&layout.Replication, "replication", -1, "replicas of each partition; -1 leaves it to the broker")
	return cmd
}
