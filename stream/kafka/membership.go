package kafka

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// membership follows a group's member through rebalances, so that it has
// nothing in hand during one: it could not commit it, and the work would be
// done again, here or elsewhere.
type membership struct {
	mu sync.Mutex
	// due is how many assignments are to come until the member is settled.
	due        int
	settled    chan struct{} // closed when none is
	rebalanced bool          // since it was last asked
}

func newMembership() *membership { return &membership{due: 1, settled: make(chan struct{})} }

// options let the client tell of rebalances, and hold them up between a poll
// and AllowRebalance.
func (m *membership) options() []kgo.Opt {
	return []kgo.Opt{
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { m.assigned() }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, revoked map[string][]int32) {
			if len(revoked) > 0 {
				// Cooperative: the assignment that takes these away is still
				// to be told, and then that of a second round.
				m.expect(2)
			} else {
				m.expect(1)
			}
		}),
		kgo.OnPartitionsLost(func(context.Context, *kgo.Client, map[string][]int32) { m.expect(1) }),
	}
}

// expect is called at the beginning of a rebalance.
func (m *membership) expect(assignments int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rebalanced = true
	if m.due == 0 {
		m.settled = make(chan struct{})
	}
	m.due = max(m.due, assignments)
}

// assigned is called at the end of every round of a rebalance, also of one
// that brings nothing.
func (m *membership) assigned() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.due > 0 {
		if m.due--; m.due == 0 {
			close(m.settled)
		}
	}
}

// await waits, for a while, until the member is settled.
func (m *membership) await(ctx context.Context, atMost time.Duration) {
	m.mu.Lock()
	settled := m.settled
	m.mu.Unlock()
	select {
	case <-settled:
	case <-ctx.Done():
	case <-time.After(atMost):
	}
}

// steady tells whether the member is settled, and no rebalance has begun
// since the last call.
func (m *membership) steady() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	steady := m.due == 0 && !m.rebalanced
	m.rebalanced = false
	return steady
}
