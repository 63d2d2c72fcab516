package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cream/selection"
	"cream/stream/batch"
	"cream/stream/explain"
	"cream/stream/folder"
	"cream/stream/kafka"
)

// explainFlags are what `cream explain` is told.
type explainFlags struct {
	from, policy, bundle string
	all, json            bool
	kafka                kafkaFlags
}

func newExplain() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain ID...",
		Short: "Tell what became of samples, and why",
		Long: `explain tells whether a sample was chosen, by which capability and style; and
if not, which cutoffs it missed, by how much, and which sample was the last one
taken; or which sample replaced it in a reservoir; or that it was late,
filtered, withdrawn, the same as another, dead, or is not known.

It does the selection again, from the scores in a folder that curate or
up --once left (--from), or from the topics (--kafka-brokers), and asks that.
What was published has the last word: where the two disagree, it says so. The
id - stands for the lines of the standard input. It exits with 1 where an id is
not known.`,
		Example: `  cream explain --from curated/ a1 b7
  jq -r .id scores.jsonl | cream explain --from curated/ --json -
  cream explain --kafka-brokers 127.0.0.1:9092 --policy policy.yaml a1`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := readIDs(args, cmd.InOrStdin())
			if err != nil {
				return err
			}
			report, err := f.report(cmd, ids)
			if err != nil {
				return err
			}
			return f.print(cmd.OutOrStdout(), cmd.ErrOrStderr(), report)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.from, "from", "", "folder that curate or up --once left; without one the topics are read")
	fl.StringVar(&f.policy, "policy", "", "policy file of the stream (default: as select has it); a folder has its own")
	fl.BoolVar(&f.all, "all", false, "every bin and capability, not only the nearest")
	fl.BoolVar(&f.json, "json", false, "one JSON object a line for each id")
	bindBundle(cmd, &f.bundle)
	f.kafka.bind(cmd)
	f.kafka.bindPolicyName(cmd)
	return cmd
}

// readIDs returns the ids of the command line; - stands for those of in.
func readIDs(args []string, in io.Reader) (ids []string, err error) {
	for _, arg := range args {
		if arg != "-" {
			ids = append(ids, arg)
			continue
		}
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, 1<<17) // an id has at most 65535 bytes
		for lines.Scan() {
			if id := strings.TrimSuffix(lines.Text(), "\r"); id != "" {
				ids = append(ids, id)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("read the ids: %w", err)
		}
	}
	if len(ids) == 0 {
		return nil, errors.New("there are no ids: name at least one")
	}
	return ids, nil
}

func (f *explainFlags) report(cmd *cobra.Command, ids []string) (*explain.Report, error) {
	switch {
	case f.from == "" && !cmd.Flags().Changed("kafka-brokers"):
		return nil, errors.New("explain needs --from, a folder that curate or up --once left, or --kafka-brokers")
	case f.from == "":
		return f.ofTopics(cmd, ids)
	case f.policy != "":
		return nil, errors.New("--policy does not go with --from: a folder has its policy with it")
	}
	return explainFolder(cmd.Context(), f.from, f.bundle, ids)
}

func (f *explainFlags) ofTopics(cmd *cobra.Command, ids []string) (_ *explain.Report, err error) {
	b, err := loadBundle(f.bundle)
	if err != nil {
		return nil, err
	}
	policy, err := selectPolicy(f.policy, b.Capabilities)
	if err != nil {
		return nil, err
	}
	flow, err := f.kafka.open(cmd, "cream-explain")
	if err != nil {
		return nil, err
	}
	defer flow.client.Close()
	book := policyBook(flow.cluster, flow.topics, f.kafka.policyName, b.Capabilities)
	if f.policy == "" {
		published, ok, err := book.Latest(cmd.Context())
		if err != nil {
			return nil, err
		}
		if ok {
			policy = published
		}
	}
	return explain.Topics(cmd.Context(), explain.TopicsOptions{
		Reader: kafka.NewReader(flow.client), Topics: flow.topics, Codec: flow.codec,
		Policy: policy, Guessed: f.policy == "", Find: book.Find, Capabilities: b.Capabilities, IDs: ids,
	})
}

// explainFolder explains samples of a folder by its own policy.
func explainFolder(ctx context.Context, dir, bundleFolder string, ids []string) (*explain.Report, error) {
	policy, capabilities, err := folderPolicy(dir, bundleFolder)
	if err != nil {
		return nil, err
	}
	return explain.Folder(ctx, explain.FolderOptions{
		Dir: dir, Policy: policy, Capabilities: capabilities, IDs: ids, Workers: runtime.NumCPU(),
	})
}

// folderPolicy reads a folder's policy, and settles in which order its
// capabilities took their turns.
func folderPolicy(dir, bundleFolder string) (policy selection.Policy, capabilities []string, err error) {
	if _, err := folder.ReadSummary(dir); err != nil {
		return policy, nil, err
	}
	b, err := loadBundle(bundleFolder)
	if err != nil {
		return policy, nil, err
	}
	first, known, err := batch.Names(filepath.Join(dir, folder.ScoresFile))
	if err != nil {
		return policy, nil, err
	}
	if policy, err = readPolicy(filepath.Join(dir, folder.PolicyFile), nil); err != nil {
		return policy, nil, err
	}
	var named []string
	if bundleFolder != "" {
		named = b.Capabilities
	}
	if len(known) == 0 {
		first = b.Capabilities // there are no scores: any will do
	}
	capabilities, err = batch.Capabilities(policy, named, first, b.Capabilities)
	return policy, capabilities, err
}

// print writes the accounts, and an error where an id is not known.
func (f *explainFlags) print(out, beside io.Writer, r *explain.Report) error {
	buffered := bufio.NewWriter(out)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for i := range r.Accounts {
		var err error
		switch {
		case f.json:
			err = encoder.Encode(&r.Accounts[i])
		case i > 0:
			fmt.Fprintln(buffered)
			fallthrough
		default:
			err = r.Accounts[i].Write(buffered, f.all)
		}
		if err != nil {
			return fmt.Errorf("write the account: %w", err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write the accounts: %w", err)
	}
	for i, difference := range r.Differences {
		if i == 5 {
			fmt.Fprintf(beside, "cream: the re-run differs in %d further windows\n", len(r.Differences)-i)
			break
		}
		fmt.Fprintln(beside, "cream: the re-run differs:", difference)
	}
	if r.Unknown == 0 {
		return nil
	}
	unknown := slices.IndexFunc(r.Accounts, func(a explain.Account) bool { return a.Outcome == explain.Unknown })
	err := fmt.Errorf("%q is not known", r.Accounts[unknown].ID)
	if r.Unknown > 1 {
		err = fmt.Errorf("%d of %d ids are not known, %q the first of them", r.Unknown, len(r.Accounts), r.Accounts[unknown].ID)
	}
	if r.Nameless > 0 {
		err = fmt.Errorf("%w; %d dead letters name no id: it may be one of them", err, r.Nameless)
	}
	if r.Withdrawn > 0 {
		err = fmt.Errorf("%w; %d samples were withdrawn, which a folder does not name", err, r.Withdrawn)
	}
	return err
}
