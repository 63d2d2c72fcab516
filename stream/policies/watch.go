package policies

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/selection"
)

// lookEvery is how often a file is looked at.
const lookEvery = time.Second

// WatchFile hands every text that a file comes to hold to take, as a policy,
// until ctx ends. A text that is none is told in the log, once, and the policy
// before goes on. read returns the file's policy.
func WatchFile(ctx context.Context, path string, read func() (selection.Policy, error), logger *slog.Logger, take func(selection.Policy)) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	last, _ := os.ReadFile(path)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		text, err := os.ReadFile(path)
		if err != nil || bytes.Equal(text, last) {
			continue // gone for a moment: editors replace files
		}
		last = text
		p, err := read()
		if err != nil {
			logger.Error("the policy file has changed, and is not taken up", "file", path, "error", err)
			continue
		}
		take(p)
	}
}

// Watch hands every policy that comes to hold to take, until ctx ends.
func (b Book) Watch(ctx context.Context, logger *slog.Logger, take func(selection.Policy)) error {
	client, err := b.Cluster.NewClient("cream-policies-watch",
		kgo.ConsumeTopics(b.Topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var failed []error
		for _, e := range fetches.Errors() {
			failed = append(failed, fmt.Errorf("%s/%d: %w", e.Topic, e.Partition, e.Err))
		}
		if err := errors.Join(failed...); err != nil {
			logger.Warn("changes of the policy cannot be read, will go on trying", "error", err)
		}
		var text []byte
		fetches.EachRecord(func(r *kgo.Record) {
			if string(r.Key) == b.key() {
				text = r.Value
			}
		})
		if text == nil {
			continue
		}
		p, err := b.Parse("the policy of topic "+b.Topic, text)
		if err != nil {
			logger.Error("the published policy is not taken up", "topic", b.Topic, "error", err)
			continue
		}
		take(p)
	}
}
