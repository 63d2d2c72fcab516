package onnx

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"cream/schemas"
)

func TestScoreAfterClose(t *testing.T) {
	s := open(t, options(t))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Score(t.Context(), []*schemas.Sample{sample("Is it?", "Yes.")}); !errors.Is(err, errClosed) {
		t.Errorf("got %v, want %v", err, errClosed)
	}
}

// TestCloseFinishesWhatIsInHand closes while callers score: each of their
// calls is answered in full or told that the scorer is closed.
func TestCloseFinishesWhatIsInHand(t *testing.T) {
	s := open(t, options(t))
	var callers sync.WaitGroup
	first := make(chan struct{}, 4)
	for range cap(first) {
		callers.Go(func() {
			for {
				results, err := s.Score(t.Context(), []*schemas.Sample{sample("Is it?", "Yes."), sample("Why?", "Because.")})
				select {
				case first <- struct{}{}:
				default:
				}
				if errors.Is(err, errClosed) {
					return
				}
				if err != nil || results[0].Err != nil || len(results[1].Rating.Scores) == 0 {
					t.Errorf("got %v, %v", results, err)
					return
				}
			}
		})
	}
	<-first
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	callers.Wait()
}

// TestCancelledWhileWaiting: a sample waits for company that never comes, and
// its caller gives up.
func TestCancelledWhileWaiting(t *testing.T) {
	opts := options(t)
	opts.Linger = time.Hour
	s := open(t, opts)
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan error)
	go func() {
		_, err := s.Score(ctx, []*schemas.Sample{sample("Is it?", "Yes.")})
		returned <- err
	}()
	cancel()
	if err := <-returned; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// TestCancelledBeforeThereIsRoom: all places are taken, as when the device is
// slower than its callers.
func TestCancelledBeforeThereIsRoom(t *testing.T) {
	s := open(t, options(t))
	for range cap(s.slots) {
		s.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan error)
	go func() {
		_, err := s.Score(ctx, []*schemas.Sample{sample("Is it?", "Yes.")})
		returned <- err
	}()
	cancel()
	if err := <-returned; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	for range cap(s.slots) {
		<-s.slots
	}
	score(t, s, sample("Is it?", "Yes.")) // there is room again
}
