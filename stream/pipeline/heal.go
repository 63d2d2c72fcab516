package pipeline

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/stream/kafka"
	"cream/stream/scorer"
)

// heal gives the scorer back the offsets that a kill may have cost it. The
// embedded broker ends a transaction by marking its records and then noting
// its offsets; killed in between, it has the scores and forgets that they are
// there, and the samples would be scored twice. A partition's samples are
// scored in order: the last score tells how far that went.
func (p *Pipeline) heal(ctx context.Context) error {
	t, group := p.opts.Topics, p.opts.Groups.Score
	reader, admin := kafka.NewReader(p.client), kadm.NewClient(p.client)
	committed, err := reader.Committed(ctx, group, t.Samples)
	if err != nil {
		return err
	}
	var lost kadm.Offsets
	for partition := range int32(partitions) {
		reached, err := p.scoredUpTo(ctx, reader, partition)
		if err != nil {
			return err
		}
		if reached > committed[partition] {
			lost.AddOffset(t.Samples, partition, reached, -1)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	if err := admin.CommitAllOffsets(ctx, group, lost); err != nil {
		return fmt.Errorf("commit what %s had reached: %w", group, err)
	}
	p.opts.Logger.Warn("the scorer's offsets were behind its scores, as a kill leaves them, and are set right", "partitions", len(lost[t.Samples]))
	return nil
}

// scoredUpTo returns the offset behind the last sample of a partition that has
// a score, or a dead letter of the scorer.
func (p *Pipeline) scoredUpTo(ctx context.Context, reader *kafka.Reader, partition int32) (int64, error) {
	var reached int64
	last, err := reader.Last(ctx, p.opts.Topics.Scores, partition, func(*kgo.Record) bool { return true })
	if err != nil {
		return 0, err
	}
	if last != nil && last.Value == nil {
		offset, _ := kafka.IntHeader(last, kafka.HeaderSampleOffset)
		reached = offset + 1
	} else if last != nil {
		score, err := p.opts.Codec.DecodeScore(ctx, last.Value)
		if err != nil {
			return 0, fmt.Errorf("read the last score of partition %d: %w", partition, err)
		}
		reached = score.Offset + 1
	}
	letter, err := reader.Last(ctx, p.opts.Topics.DeadLetter, 0, func(r *kgo.Record) bool {
		stage, _ := kafka.Header(r, kafka.HeaderErrorStage)
		from, ok := kafka.IntHeader(r, kafka.HeaderErrorPartition)
		return ok && stage == scorer.Stage && int32(from) == partition
	})
	if err != nil || letter == nil {
		return reached, err
	}
	offset, _ := kafka.IntHeader(letter, kafka.HeaderErrorOffset)
	return max(reached, offset+1), nil
}
