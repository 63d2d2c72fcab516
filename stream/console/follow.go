package console

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/selection"
	"cream/stream/harvester"
	"cream/stream/kafka"
)

// Followed is where the picks come from.
type Followed struct {
	Cluster kafka.Cluster
	Topics  kafka.Topics
	Codec   *schemas.Codec
}

// Follow shows what lies last on curated, and then what comes,
// until ctx ends. It belongs to no group and moves nobody's position.
func (c *Console) Follow(ctx context.Context, from Followed) error {
	client, err := from.Cluster.NewClient("cream-console",
		kgo.ConsumeTopics(from.Topics.Curated),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd().Relative(-int64(c.opts.Keep))),
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
		for _, e := range fetches.Errors() {
			// The client goes on by itself; the page shows what there is.
			c.opts.Logger.Warn("the page cannot read what was chosen", "topic", e.Topic, "error", e.Err)
		}
		records := fetches.Records()
		// Of a flood only what would stay on the page is worth decoding.
		for _, r := range records[max(0, len(records)-c.opts.Keep):] {
			if r.Value == nil {
				continue // a sample that was withdrawn
			}
			picked, err := from.picked(ctx, r)
			if err != nil {
				c.opts.Logger.Warn("the page cannot show a chosen sample", "topic", r.Topic, "offset", r.Offset, "error", err)
				continue
			}
			c.Add(picked)
		}
	}
}

// picked reads a curated record: the sample and, in the headers, the decision.
func (f Followed) picked(ctx context.Context, r *kgo.Record) (Picked, error) {
	sample, err := f.Codec.DecodeSample(ctx, r.Value)
	if err != nil {
		return Picked{}, err
	}
	out := Picked{ID: string(r.Key), Turns: sample.Conversation, Pictures: sample.Images}
	text := func(name string) string { v, _ := kafka.Header(r, name); return v }
	out.Source = text(harvester.HeaderSource)
	out.Capability, out.Style = text(harvester.HeaderCapability), text(harvester.HeaderStyle)
	var errs []error
	number := func(name string) float32 {
		v, ok := kafka.Header(r, name)
		if !ok {
			return 0
		}
		n, err := strconv.ParseFloat(v, 32)
		errs = append(errs, err)
		return float32(n)
	}
	out.Score, out.Cutoff = number(harvester.HeaderScore), number(harvester.HeaderCutoff)
	out.Rank = int(number(harvester.HeaderRank))
	start, end, _ := strings.Cut(text(harvester.HeaderWindow), "/")
	if out.WindowEnd, err = time.Parse(time.RFC3339, end); err != nil {
		errs = append(errs, err)
	}
	if out.WindowStart, err = time.Parse(time.RFC3339, start); err != nil {
		errs = append(errs, err)
	}
	if out.WindowEnd.UnixMilli() == selection.EndOfTime { // one window over all
		out.WindowStart, out.WindowEnd = time.Time{}, time.Time{}
	}
	if err := errors.Join(errs...); err != nil {
		return out, fmt.Errorf("headers of curated sample %q: %w", r.Key, err)
	}
	return out, nil
}
