package kafka

import (
	"context"
	"log/slog"
	"time"
)

// Pauses between one failed session and the next.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 15 * time.Second
)

// Retry runs sessions until one ends without an error or ctx ends. Whatever
// fails is tried again, in a new session, after a pause that grows: after an
// error a transactional client cannot be trusted. A session tells whether it
// got anything done; the pause then begins anew. Meanwhile state tells what
// is wrong.
func Retry(ctx context.Context, logger *slog.Logger, stage string, state *State, session func(context.Context) (worked bool, err error)) error {
	pause := firstPause
	for {
		worked, err := session(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		state.Set(err)
		if worked {
			pause = firstPause
		}
		logger.Error("stage stopped, will try again", "stage", stage, "pause", pause, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}
