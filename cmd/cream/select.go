package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"cream/selection"
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
			book := policyBook(env.cluster, env.topics, s.kafka.policyName, b.Capabilities)
			if policyFile == "" {
				published, ok, err := book.Latest(cmd.Context())
				if err != nil {
					return stage{}, err
				}
				if ok {
					policy = published
				}
			}
			changes := make(chan selection.Policy)
			made, err := selector.New(selector.Options{
				Cluster: env.cluster, Topics: env.topics, Group: env.groups.Select, ScoreGroup: env.groups.Score,
				TransactionalID: env.groups.Select,
				Policy:          policy, Book: book, Changes: changes, Capabilities: b.Capabilities,
				Codec: env.codec, Now: time.Now, Metrics: env.metrics,
				Measures: selector.NewMeasures(env.registry), Logger: env.logger,
			})
			if err != nil {
				return stage{}, err
			}
			return stage{
				name: selector.Stage, group: env.groups.Select, topic: env.topics.Scores,
				ready: made.Ready, held: made.Held,
				run: func(ctx context.Context) error {
					group, ctx := errgroup.WithContext(ctx)
					group.Go(func() error { return made.Run(ctx) })
					group.Go(func() error {
						if policyFile != "" {
							watchPolicyFile(ctx, policyFile, b.Capabilities, env.logger, changes)
							return nil
						}
						return book.Watch(ctx, env.logger, handOver(ctx, changes))
					})
					return group.Wait()
				},
				count: func(status *console.Status) {
					status.Selected, status.Control, status.Dead, status.Windows = made.Counts()
					status.Styles, status.Capabilities = made.Coverage()
					status.WindowEnd = made.NextEnd()
					status.About = append(slices.Clone(status.About), console.About{Name: "policy", Value: made.Policy()})
				},
			}, nil
		})
	}
	s.bind(cmd)
	s.kafka.bindPolicyName(cmd)
	cmd.Flags().StringVar(&policyFile, "policy", "", "policy file, watched for changes (default: what cream policy publish has published, else 30 % of every ten minutes)")
	bindBundle(cmd, &bundleFolder)
	return cmd
}
