package kafka

import "sync"

// State is whether a stage works: nil, or why not. Its zero value is nil.
type State struct {
	mu  sync.Mutex
	err error
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
