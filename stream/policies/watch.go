package policies

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/selection"
	"cream/stream/kafka"
)

// lookEvery is how often a file is looked at.
const lookEvery = time.Second

// WatchFile hands every text that a file comes to hold to take, as a policy,
// until ctx ends. A text counts when two looks have found it: at one, a file may
// be half written, or empty, and still be a policy. A text that is none is told
// in the log, once, and so is a file that is gone, and that it is back: the
// policy before goes on. read returns the file's policy; one that it refuses is
// read again at every look, for a list that it names may come yet.
func WatchFile(ctx context.Context, path string, read func() (selection.Policy, error), logger *slog.Logger, take func(selection.Policy)) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	taken, _ := os.ReadFile(path)
	seen := taken      // at the last look
	var refused []byte // what has been told to be none
	missed := 0        // looks in a row that found no file
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		text, err := os.ReadFile(path)
		if err != nil {
			// Not at the first look: editors replace files.
			if missed++; missed == 2 {
				logger.Warn("the policy file cannot be read, goes on by the last policy", "file", path, "error", err)
			}
			continue
		}
		if missed >= 2 {
			logger.Info("the policy file is back", "file", path)
		}
		missed = 0
		settled := bytes.Equal(text, seen)
		seen = text
		if !settled || bytes.Equal(text, taken) {
			continue
		}
		p, err := read()
		if err != nil {
			if refused == nil || !bytes.Equal(text, refused) {
				logger.Error("the policy file has changed, and is not taken up", "file", path, "error", err)
			}
			refused = text
			continue
		}
		taken, refused = text, nil
		take(p)
	}
}

// Watch hands what holds to take, and then every policy that comes to hold,
// until ctx ends.
func (b Book) Watch(ctx context.Context, logger *slog.Logger, take func(selection.Policy)) error {
	client, err := b.Cluster.NewClient("cream-policies-watch", kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return err
	}
	defer client.Close()
	// From the end as it is now, and then what lies before it: so that nothing
	// is missed, and nothing that is out of date comes after what holds.
	_, ends, err := kafka.NewReader(client).Bounds(ctx, b.Topic)
	if err != nil {
		return err
	}
	from := make(map[int32]kgo.Offset)
	for partition, end := range ends {
		from[partition] = kgo.NewOffset().At(end)
	}
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{b.Topic: from})
	switch p, ok, err := b.Latest(ctx); {
	case err != nil && ctx.Err() != nil:
		return nil
	case err != nil:
		logger.Error("the published policy is not taken up", "topic", b.Topic, "error", err)
	case ok:
		take(p)
	}
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		for _, e := range fetches.Errors() {
			logger.Warn("changes of the policy cannot be read, will go on trying", "topic", e.Topic, "partition", e.Partition, "error", e.Err)
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
