package main

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"cream/selection"
	"cream/selection/synthetic"
)

func newBenchSelect() *cobra.Command {
	var candidates int
	var count uint64
	var shape synthetic.Shape
	ratio, emission := "0.3", string(selection.OnClose)
	cmd := &cobra.Command{
		Use:   "select",
		Short: "Measure the selection on synthetic candidates, on one core",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if candidates < 1 || shape.Capabilities < 1 || shape.Styles < 1 || shape.Sources < 1 {
				return errors.New("--candidates, --capabilities, --styles and --sources must be above 0")
			}
			policy := selection.DefaultPolicy()
			var err error
			if cmd.Flags().Changed("count") {
				policy.Budget = selection.Budget{Count: count}
			} else if policy.Budget.Ratio, err = selection.ParseDecimal(ratio); err != nil {
				return fmt.Errorf("--ratio: %w", err)
			}
			policy.Emission = selection.Emission(emission)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the collector's work counts, too
			m, err := synthetic.Measure(synthetic.NewPool(shape), candidates, policy)
			if err != nil {
				return err
			}
			n := float64(m.Candidates)
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "candidates          %d, of %d capabilities in %d bins; %d chosen\n", m.Candidates, shape.Capabilities, shape.Styles*shape.Sources, m.Selected)
			fmt.Fprintf(out, "from Step to picks  %.0f candidates a second (step %.2f s, choose %.2f s, read the picks %.2f s)\n",
				m.PerSecond(), m.Step.Seconds(), m.Close.Seconds(), m.Picks.Seconds())
			if policy.Emission == selection.OnArrival {
				fmt.Fprintf(out, "on arrival          %.0f decisions a second\n", n/m.Step.Seconds())
			}
			fmt.Fprintf(out, "bound               %.2f s to hash and copy the same candidates: ratio %.1f\n",
				m.Floor.Seconds(), (m.Step+m.Close+m.Picks).Seconds()/m.Floor.Seconds())
			fmt.Fprintf(out, "live heap           %.1f MB while the window is open, %.1f bytes a candidate; %.1f MB when it has chosen\n",
				float64(m.OpenBytes)/1e6, float64(m.OpenBytes)/n, float64(m.ClosedBytes)/1e6)
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&candidates, "candidates", 2_600_000, "candidates of the window")
	f.IntVar(&shape.Capabilities, "capabilities", 14, "capabilities")
	f.IntVar(&shape.Styles, "styles", 9, "styles; times the sources it is the number of bins")
	f.IntVar(&shape.Sources, "sources", 80, "sources")
	f.StringVar(&ratio, "ratio", ratio, "part to choose")
	f.Uint64Var(&count, "count", 0, "how many to choose, instead of --ratio")
	f.StringVar(&emission, "emission", emission, "when picks leave: "+string(selection.OnClose)+" or "+string(selection.OnArrival))
	cmd.MarkFlagsMutuallyExclusive("ratio", "count")
	f.Uint64Var(&shape.Seed, "seed", 1, "of the synthetic candidates")
	return cmd
}
