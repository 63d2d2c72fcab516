package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"cream/selection"
	"cream/stream/kafka"
	"cream/stream/policies"
)

// watchPolicyFile hands what a policy file comes to hold to changes, until ctx
// ends.
func watchPolicyFile(ctx context.Context, path string, capabilities []string, logger *slog.Logger, changes chan<- selection.Policy) {
	read := func() (selection.Policy, error) { return selectPolicy(path, capabilities) }
	policies.WatchFile(ctx, path, read, logger, handOver(ctx, changes))
}

// handOver hands a policy to a selector, which takes it when it is active.
func handOver(ctx context.Context, changes chan<- selection.Policy) func(selection.Policy) {
	return func(p selection.Policy) {
		select {
		case changes <- p:
		case <-ctx.Done():
		}
	}
}

// policyBook returns the topic's part for a policy's name. Files that a
// published policy names are looked for where the selector runs.
func policyBook(cluster kafka.Cluster, topics kafka.Topics, name string, capabilities []string) policies.Book {
	return policies.Book{Cluster: cluster, Topic: topics.Policies, Name: name, Parse: parsePublished(capabilities)}
}

// parsePublished reads a policy out of the topic policies.
func parsePublished(capabilities []string) func(name string, text []byte) (selection.Policy, error) {
	return func(name string, text []byte) (selection.Policy, error) {
		p, err := selection.ParsePolicy(name, text, capabilities, func(file string) (string, []byte, error) {
			list, err := os.ReadFile(file)
			return file, list, err
		})
		return withWindows(p), err
	}
}

// publishTimeout is how long brokers may take to answer.
const publishTimeout = 30 * time.Second

func newPolicyPublish() *cobra.Command {
	var k kafkaFlags
	var folder string
	cmd := &cobra.Command{
		Use:   "publish FILE",
		Short: "Make a policy the one that running selectors go by",
		Long: `publish writes a policy to the topic policies. Selectors that were started
without --policy take it up at their next window's start, and so do those that
start later. Its windows must be those of the policy that holds: for others a
selector has to be started anew.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := loadBundle(folder)
			if err != nil {
				return err
			}
			p, err := readPolicy(args[0], b.Capabilities)
			if err != nil {
				return err
			}
			logger, err := newLogger(cmd)
			if err != nil {
				return err
			}
			topics, _, err := k.topics()
			if err != nil {
				return fmt.Errorf("--policy-name: %w", err)
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), publishTimeout)
			defer cancel()
			book := policyBook(k.cluster(logger, nil), topics, k.policyName, b.Capabilities)
			holds, ok, err := book.Latest(ctx)
			if err != nil {
				return fmt.Errorf("look up the policy that holds: %w", err)
			}
			if ok && holds.Window != withWindows(p).Window {
				return fmt.Errorf("the policy that holds, version %s, has other windows: stop the selectors of this name and start them with --policy %s, or publish under another --policy-name", holds.Version(), args[0])
			}
			// The full text, in which files have their whole path.
			p, err = book.Publish(ctx, []byte(p.YAML()))
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "version %s is in %s\n", p.Version(), topics.Policies)
			return nil
		},
	}
	k.bind(cmd)
	k.bindPolicyName(cmd)
	bindBundle(cmd, &folder)
	return cmd
}
