package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"cream/scoring/bundle"
	"cream/selection"
)

// readPolicy reads a policy file. Its capabilities must be among the bundle's,
// where these are given. Files that it names are relative to its folder.
func readPolicy(path string, capabilities []string) (selection.Policy, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return selection.Policy{}, fmt.Errorf("read the policy: %w", err)
	}
	return selection.ParsePolicy(path, text, capabilities, func(name string) (string, []byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		name, err := filepath.Abs(name)
		if err != nil {
			return "", nil, err
		}
		list, err := os.ReadFile(name)
		return name, list, err
	})
}

// selectPolicy is the policy of a stream on brokers: the file's, or the default
// one. It has windows.
func selectPolicy(path string, capabilities []string) (policy selection.Policy, err error) {
	policy = selection.DefaultPolicy()
	if path != "" {
		policy, err = readPolicy(path, capabilities)
	}
	return withWindows(policy), err
}

// withWindows gives a policy for a stream without an end its windows.
func withWindows(p selection.Policy) selection.Policy {
	if p.Window.Size == 0 {
		p.Window.Size = selection.DefaultSize
	}
	return p
}

func newPolicy() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Check a policy, or begin one"}
	cmd.AddCommand(&cobra.Command{
		Use:   "default",
		Short: "Print the default policy, to begin one of your own",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprint(cmd.OutOrStdout(), selection.DefaultPolicy().YAML())
			return nil
		},
	})
	read := func(use, short string, print func(cmd *cobra.Command, p selection.Policy, b *bundle.Bundle)) {
		cmd.AddCommand(newPolicyReader(use, short, print))
	}
	read("check FILE", "Read a policy and print it in full and what it has to remember, or say what is or may be wrong with it",
		func(cmd *cobra.Command, p selection.Policy, b *bundle.Bundle) {
			for _, doubt := range p.Doubts(b.Capabilities, b.Styles) {
				fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", doubt)
			}
			printPolicy(cmd.OutOrStdout(), p)
			fmt.Fprintf(cmd.OutOrStdout(), "\n# %s\n", memoryOf(p))
		})
	read("print FILE", "Read a policy and print it in full", func(cmd *cobra.Command, p selection.Policy, _ *bundle.Bundle) {
		printPolicy(cmd.OutOrStdout(), p)
	})
	cmd.AddCommand(newPolicyPublish())
	read("hash FILE", "Read a policy and print its version", func(cmd *cobra.Command, p selection.Policy, _ *bundle.Bundle) {
		fmt.Fprintln(cmd.OutOrStdout(), p.Version())
	})
	return cmd
}

func printPolicy(out io.Writer, p selection.Policy) {
	fmt.Fprintf(out, "# version %s\n%s", p.Version(), p.YAML())
}

// memoryOf says what a window has to remember until it closes.
func memoryOf(p selection.Policy) string {
	if why := p.KeepsAll(); why != "" {
		return "A window keeps all its candidates until it closes: " + why + "."
	}
	return fmt.Sprintf("The small state is enough: of a window of more than %d candidates the first %d of every bin are kept for each capability.",
		selection.CompactFrom, p.Keeps())
}

// newPolicyReader returns a command that reads a policy file for a bundle.
func newPolicyReader(use, short string, print func(cmd *cobra.Command, p selection.Policy, b *bundle.Bundle)) *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := loadBundle(folder)
			if err != nil {
				return err
			}
			policy, err := readPolicy(args[0], b.Capabilities)
			if err != nil {
				return err
			}
			print(cmd, policy, b)
			return nil
		},
	}
	bindBundle(cmd, &folder)
	return cmd
}

// streamPolicy returns the policy of a stream without an end: the named
// file's, or else the generated one in the data folder, which is made at the
// first start, for its reader to change.
func streamPolicy(path, dataDir string, generated selection.Policy, capabilities []string) (selection.Policy, string, error) {
	if path == "" {
		path = filepath.Join(dataDir, "policy.yaml")
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			if err := os.MkdirAll(dataDir, 0o755); err != nil {
				return selection.Policy{}, path, fmt.Errorf("make the data folder: %w", err)
			}
			if err := os.WriteFile(path, []byte(generated.YAML()), 0o644); err != nil {
				return selection.Policy{}, path, fmt.Errorf("write the generated policy: %w", err)
			}
		}
	}
	policy, err := selectPolicy(path, capabilities)
	return policy, path, err
}
