package main

import (
	"time"

	"github.com/spf13/cobra"

	"cream/stream/console"
	"cream/stream/selector"
)

func newSelect() *cobra.Command {
	var s stageFlags
	var policyFile, bundleFolder string
	cmd := &cobra.Command{
		Use:   "select",
		Short: "Run the selector: scores in, selections out",
		Long: `select gathers scores in event-time windows and publishes, when a window
closes, what the policy chooses of it. One selector of a group works; further
ones stand by and take over where it fails. It keeps no state of its own: a
new one reads what it needs back from the topics.`,
		Args: cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		b, err := loadBundle(bundleFolder)
		if err != nil {
			return err
		}
		policy, err := selectPolicy(policyFile, b.Capabilities)
		if err != nil {
			return err
		}
		return s.run(cmd, func(env stageEnv) (stage, error) {
			made, err := selector.New(selector.Options{
				Cluster: env.cluster, Topics: env.topics, Group: env.groups.Select, ScoreGroup: env.groups.Score,
				TransactionalID: env.groups.Select,
				Policy:          policy, Capabilities: b.Capabilities,
				Codec: env.codec, Now: time.Now, Metrics: env.metrics,
				Measures: selector.NewMeasures(env.registry), Logger: env.logger,
			})
			if err != nil {
				return stage{}, err
			}
			return stage{
				name: selector.Stage, group: env.groups.Select, topic: env.topics.Scores,
				run: made.Run, ready: made.Ready, held: made.Held,
				count: func(status *console.Status) {
					status.Selected, status.Control, status.Dead, status.Windows = made.Counts()
					status.Styles, status.Capabilities = made.Coverage()
					status.WindowEnd = made.NextEnd()
				},
				about: []console.About{{Name: "policy", Value: policy.Version()}},
			}, nil
		})
	}
	s.bind(cmd)
	s.kafka.bindPolicyName(cmd)
	cmd.Flags().StringVar(&policyFile, "policy", "", "policy file (default: 30 % of every ten minutes; cream policy default prints it)")
	bindBundle(cmd, &bundleFolder)
	return cmd
}
