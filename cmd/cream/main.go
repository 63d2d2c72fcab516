// Command cream curates multimodal instruction-tuning data while it is being
// collected. Run it without arguments for the list of its commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second interrupt ends the process at once
	}()
	err := newRoot().ExecuteContext(ctx)
	switch {
	case errors.Is(err, errStopped):
		os.Exit(130) // as shells have it for an interrupt
	case err != nil:
		fmt.Fprintln(os.Stderr, "cream:", err)
		os.Exit(1)
	}
}

// errStopped is for a command that was interrupted before it had its result. It
// has said so itself.
var errStopped = errors.New("stopped before the end")

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "cream",
		Short: "Curate multimodal instruction-tuning data while it is being collected",
		Long: `cream scores every sample of a stream for the capabilities it trains and the
styles it is asked in, and keeps, within a budget, the best for every
capability in every style.

Every flag can also be set in the environment (--registry-url as
CREAM_REGISTRY_URL) or in cream.yaml (registry: {url: …}); a flag wins over
the environment, and the environment over the file.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().String("config", "", "settings file (default: cream.yaml in this folder, if it is there)")
	root.PersistentFlags().String("log-level", "info", "debug, info, warn or error")
	root.PersistentFlags().String("log-format", "text", "text or json")
	root.AddCommand(
		newUp(), newCurate(), newExplain(), newReplay(), newDiff(), newScore(), newSelect(), newHarvest(),
		newTopics(), newPolicy(), newSynth(), newBench(), newVersion(),
	)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return applySettings(cmd, root) }
	return root
}
