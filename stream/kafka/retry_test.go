package kafka_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"cream/stream/kafka"
)

var errDown = errors.New("the broker is down")

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestRetryWaitsLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var state kafka.State
		var waited []time.Duration
		last := time.Now()
		err := kafka.Retry(t.Context(), quiet(), "score", &state, func(context.Context) (bool, error) {
			now := time.Now()
			waited = append(waited, now.Sub(last))
			last = now
			switch len(waited) {
			case 12:
				return false, nil
			case 10: // it had worked: the pause begins anew
				return true, errDown
			}
			return false, errDown
		})
		if err != nil {
			t.Errorf("Retry returned %v", err)
		}
		ms := time.Millisecond
		want := []time.Duration{0, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 6400 * ms, 12800 * ms, 15000 * ms, 15000 * ms, 200 * ms, 400 * ms}
		if diff := cmp.Diff(want, waited); diff != "" {
			t.Error(diff)
		}
	})
}

// While it waits, the state tells why; the end of the context ends the wait.
func TestRetryTellsAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var state kafka.State
		if err := state.Err(); err != nil {
			t.Errorf("a new state is %v", err)
		}
		began, sessions := time.Now(), 0
		done := make(chan error, 1)
		go func() {
			done <- kafka.Retry(ctx, quiet(), "score", &state, func(context.Context) (bool, error) { sessions++; return false, errDown })
		}()
		synctest.Wait()
		if !errors.Is(state.Err(), errDown) {
			t.Errorf("while it waits the state is %v", state.Err())
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Retry returned %v", err)
		}
		if sessions != 1 || time.Since(began) != 0 {
			t.Errorf("%d sessions in %s after the end of the context", sessions, time.Since(began))
		}
	})
}

// An error that the end of the context made is none.
func TestRetryOfASessionThatWasStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var state kafka.State
	if err := kafka.Retry(ctx, quiet(), "score", &state, func(context.Context) (bool, error) {
		cancel()
		return false, errDown
	}); err != nil || state.Err() != nil {
		t.Errorf("%v, state %v", err, state.Err())
	}
}
