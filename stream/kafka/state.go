package kafka

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// State is whether a stage works: nil, or why not. Its zero value is nil.
type State struct {
	mu    sync.Mutex
	err   error
	asked time.Time
}

// Set replaces the state.
func (s *State) Set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Err returns the state.
func (s *State) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// How often the brokers are asked whether they are there, and how long they
// have to answer.
const (
	confirmEvery = 2 * time.Second
	confirmWait  = 3 * time.Second
)

// Confirm sets the state by whether a broker answers, once in a while: a
// client that polls says nothing of brokers that it cannot reach.
func (s *State) Confirm(ctx context.Context, client *kgo.Client) {
	s.mu.Lock()
	due := time.Since(s.asked) >= confirmEvery
	s.mu.Unlock()
	if !due {
		return
	}
	ask, cancel := context.WithTimeout(ctx, confirmWait)
	defer cancel()
	err := client.Ping(ask)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		err = fmt.Errorf("no broker answers: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.asked = err, time.Now()
}
