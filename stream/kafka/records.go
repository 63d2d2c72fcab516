package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// PollWait is how long a poll waits for records before a stage looks up.
const PollWait = 250 * time.Millisecond

// Poll returns what came within PollWait.
func Poll(ctx context.Context, session *kgo.GroupTransactSession, atMost int) ([]*kgo.Record, error) {
	wait, cancel := context.WithTimeout(ctx, PollWait)
	defer cancel()
	fetches := session.PollRecords(wait, atMost)
	for _, e := range fetches.Errors() {
		if !errors.Is(e.Err, context.DeadlineExceeded) && !errors.Is(e.Err, context.Canceled) {
			return nil, e.Err
		}
	}
	return fetches.Records(), nil
}

// Produce hands the records to the client, waits until all are acknowledged,
// and returns the first failure.
func Produce(ctx context.Context, client *kgo.Client, records []*kgo.Record) error {
	var mu sync.Mutex
	var first error
	for _, r := range records {
		client.Produce(ctx, r, func(r *kgo.Record, err error) {
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = fmt.Errorf("produce to %s: %w", r.Topic, err)
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	mu.Lock()
	defer mu.Unlock()
	return first
}
