package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"cream/selection"
	"cream/selection/online"
	"cream/selection/synthetic"
	"cream/stream/folder"
)

// benchOnlineFlags are what `cream bench online` is told.
type benchOnlineFlags struct {
	sizes         []int
	windows, most int
	pool, ratio   string
	shape         synthetic.Shape
}

func newBenchOnline() *cobra.Command {
	f := benchOnlineFlags{sizes: []int{1000, 10_000, 100_000}, ratio: "0.3"}
	cmd := &cobra.Command{
		Use:   "online",
		Short: "Compare choosing while the data arrives with choosing in hindsight",
		Long: `online runs streams of several kinds through the selection and writes a table
of what was chosen on arrival, beside the exact choice in the same windows, the
exact choice over the whole stream, and a random one. All of them have the same
budget.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.OutOrStdout()) },
	}
	fl := cmd.Flags()
	fl.IntSliceVar(&f.sizes, "sizes", f.sizes, "candidates of a window")
	fl.IntVar(&f.windows, "windows", 20, "windows of a stream, at most")
	fl.IntVar(&f.most, "most", 1_000_000, "candidates of a stream, at most")
	fl.StringVar(&f.pool, "pool", "", "folder of a selection: its scores, over and over, are two more streams")
	fl.StringVar(&f.ratio, "ratio", f.ratio, "part to choose")
	fl.IntVar(&f.shape.Capabilities, "capabilities", 14, "capabilities of the synthetic candidates")
	fl.IntVar(&f.shape.Styles, "styles", 9, "their styles")
	fl.IntVar(&f.shape.Sources, "sources", 12, "their sources")
	fl.Uint64Var(&f.shape.Seed, "seed", 1, "of the synthetic candidates")
	return cmd
}

func (f *benchOnlineFlags) run(out io.Writer) error {
	policy := selection.DefaultPolicy()
	var err error
	if policy.Budget.Ratio, err = selection.ParseDecimal(f.ratio); err != nil {
		return fmt.Errorf("--ratio: %w", err)
	}
	if f.shape.Capabilities < 1 || f.shape.Styles < 1 || f.shape.Sources < 1 || f.windows < 2 {
		return errors.New("--capabilities, --styles and --sources must be above 0, --windows above 1")
	}
	if policy.Budget.Ratio.IsZero() || policy.Budget.Ratio.Above1() || slices.ContainsFunc(f.sizes, func(n int) bool { return n < 10 }) {
		return errors.New("--ratio must be above 0 and at most 1, --sizes at least 10")
	}
	streams := online.Synthetic(synthetic.NewPool(f.shape))
	if f.pool != "" {
		names, pool, err := readPool(f.pool)
		if err != nil {
			return err
		}
		streams = append(streams, online.Repeated(names, pool)...)
	}
	fmt.Fprintln(out, "| stream | window | taken on arrival | on arrival: score | coverage | on close: score | coverage | random: score | 1 - 5/√k | decisions/s |")
	fmt.Fprintln(out, "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, s := range streams {
		for _, size := range f.sizes {
			o := online.Options{Stream: s, Window: size, Candidates: min(f.windows*size, f.most/size*size), Policy: policy}
			if o.Candidates < 2*size {
				return fmt.Errorf("--most %d is less than two windows of %d", f.most, size)
			}
			c, err := online.Compare(o)
			if err != nil {
				return err
			}
			fmt.Fprintln(out, onlineRow(o, c))
		}
	}
	return f.uneven(out, streams[0], policy)
}

func onlineRow(o online.Options, c online.Comparison) string {
	k := float64(c.Close.Budget) / float64(c.Close.Windows)
	return fmt.Sprintf("| %s | %d | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f | %.1f M |",
		o.Stream.Name, o.Window, part(c.Arrival.OnArrival, c.Arrival.Selected),
		c.Arrival.Score/c.Close.Score, part(c.Arrival.Covered, c.Close.Covered),
		c.Close.Score/c.Whole.Score, part(c.Close.WholeCovered, c.Whole.WholeCovered),
		c.Random.Score/c.Close.Score, max(0, 1-5/math.Sqrt(k)),
		float64(o.Candidates)/c.Arrival.Decisions.Seconds()/1e6)
}

// uneven compares windows of very different sizes and one budget, with what is
// left handed on and without.
func (f *benchOnlineFlags) uneven(out io.Writer, s online.Stream, policy selection.Policy) error {
	fmt.Fprintln(out, "\n| uneven windows | budget of each | chosen without carry | with carry | score without | score with |")
	fmt.Fprintln(out, "|---|---:|---:|---:|---:|---:|")
	for _, size := range f.sizes {
		policy.Budget = selection.Budget{Count: uint64(size) / 3}
		o := online.Options{Stream: s, Window: size, Candidates: min(f.windows*size, f.most/size*size), Uneven: true, Policy: policy}
		c, err := online.Compare(o)
		if err != nil {
			return err
		}
		o.Policy.Budget.Carry = true
		carried, err := online.Run(o)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| a tenth, one and two times %d | %d | %.3f | %.3f | %.3f | %.3f |\n", size, policy.Budget.Count,
			part(c.Close.Selected, c.Whole.Selected), part(carried.Selected, c.Whole.Selected),
			c.Close.Score/c.Whole.Score, carried.Score/c.Whole.Score)
	}
	return nil
}

func part[N int | int64](n, of N) float64 { return float64(n) / float64(of) }

// readPool reads the scores of a folder as candidates.
func readPool(dir string) (names []string, pool []selection.Candidate, err error) {
	for line, err := range folder.ReadScores(dir) {
		if err != nil {
			return nil, nil, err
		}
		c := selection.Candidate{ID: line.ID, Source: line.Source, Styles: line.Styles}
		copy(c.ContentHash[:], line.ContentHash)
		if names == nil {
			for _, s := range line.Scores {
				names = append(names, s.Name)
			}
		}
		for _, s := range line.Scores {
			c.Scores = append(c.Scores, s.Value)
		}
		pool = append(pool, c)
	}
	if len(pool) == 0 {
		return nil, nil, fmt.Errorf("%s has no scores", dir)
	}
	return names, pool, nil
}
