package kafka

import (
	"context"
	"log/slog"
)

// TellUnread logs and counts what retention has deleted of a topic before the
// group read it. The client passes over such a gap without a word.
func TellUnread(ctx context.Context, reader *Reader, stage, group, topic string, metrics *Metrics, logger *slog.Logger) error {
	lost, err := reader.Unread(ctx, group, topic)
	if err != nil {
		return err
	}
	for partition, n := range lost {
		metrics.Unread(stage, topic, n)
		logger.Error("retention deleted records before they were read: keep the topic for longer",
			"stage", stage, "topic", topic, "partition", partition, "offsets", n)
	}
	return nil
}
