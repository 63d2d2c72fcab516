package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"cream/stream/synth"
)

func newSynth() *cobra.Command {
	var out string
	var count int
	var seed int64
	cmd := &cobra.Command{
		Use:   "synth",
		Short: "Write generated samples: pictures and conversations of known quality",
		Long: `synth draws pictures (shapes, charts, texts, scenes) and writes conversations
about them in nine styles, as a LLaVA file. What is true of a picture is known,
and some samples are spoilt on purpose: each line tells its quality and flaw.`,
		Example: `  cream synth --out samples/ --count 1000
  cream up --input samples/samples.jsonl --once --out curated/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" || count < 1 {
				return fmt.Errorf("--out needs a folder and --count a number above 0")
			}
			generator, err := synth.New(synth.Options{Seed: seed})
			if err != nil {
				return err
			}
			if err := generator.Write(cmd.Context(), out, count); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "written to", filepath.Join(out, "samples.jsonl"))
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder for samples.jsonl and images/")
	cmd.Flags().IntVar(&count, "count", 1000, "samples to write")
	cmd.Flags().Int64Var(&seed, "seed", 1, "equal seeds give equal samples")
	return cmd
}
