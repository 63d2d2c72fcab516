package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"cream/scoring/media"
	"cream/stream/compare"
	"cream/stream/explain"
)

// diffFlags are what `cream diff` is told.
type diffFlags struct {
	out, samples, mediaRoot, bundle string
	limit                           int
	json                            bool
}

func newDiff() *cobra.Command {
	var f diffFlags
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Set two selections side by side: what both chose, and what only one did",
		Long: `diff compares two folders that curate, replay or up --once left: how many
samples both chose, what moved between capabilities, styles and sources, and
the mean scores. With --out it writes a page of HTML, one file that needs no
other, that shows the samples which only one chose, with their pictures, and
what the other made of them.`,
		Example: `  cream diff curated/ other/
  cream diff curated/ other/ --out diff.html --media-root data/`,
		Args:    cobra.ExactArgs(2),
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], args[1], cmd.OutOrStdout())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "file for the page")
	fl.StringVar(&f.samples, "samples", "", "LLaVA file of the samples, where a folder has score lines alone")
	fl.StringVar(&f.mediaRoot, "media-root", "", "folder of the pictures that samples name by path (with --samples: the file's)")
	fl.IntVar(&f.limit, "limit", 200, "samples that the page shows of each side, at most")
	fl.BoolVar(&f.json, "json", false, "the numbers as JSON")
	bindBundle(cmd, &f.bundle)
	return cmd
}

func (f *diffFlags) check() error {
	if f.limit < 0 {
		return fmt.Errorf("--limit is %d: it must not be negative", f.limit)
	}
	if f.out == "" && f.samples != "" {
		return errors.New("--samples goes with --out: the page shows them")
	}
	return nil
}

func (f *diffFlags) run(ctx context.Context, a, b string, out io.Writer) error {
	result, err := compare.Folders(a, b)
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := f.page(ctx, result); err != nil {
			return err
		}
	}
	if f.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(result); err != nil {
			return fmt.Errorf("write the comparison: %w", err)
		}
		return nil
	}
	if err := result.Write(out); err != nil {
		return err
	}
	if f.out != "" {
		fmt.Fprintln(out, "\nwritten to", f.out)
	}
	return nil
}

// page writes the page under another name, and gives it its own when it is
// whole.
func (f *diffFlags) page(ctx context.Context, result *compare.Result) (err error) {
	root := f.mediaRoot
	if root == "" && f.samples != "" {
		root = filepath.Dir(f.samples)
	}
	if root != "" {
		if root, err = filepath.Abs(root); err != nil {
			return fmt.Errorf("find the pictures' folder: %w", err)
		}
	}
	loader, err := media.NewLoader(root, media.DefaultLimits())
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, loader.Close()) }()
	file, err := os.CreateTemp(filepath.Dir(f.out), filepath.Base(f.out)+".*")
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	err = result.WritePage(file, compare.PageOptions{
		Limit: f.limit, Samples: f.samples, Loader: loader,
		Explain: func(dir string, ids []string) (*explain.Report, error) { return explainFolder(ctx, dir, f.bundle, ids) },
	})
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), f.out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
