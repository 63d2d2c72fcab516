package selection

import (
	"errors"
	"fmt"
	"slices"
)

// Change says that another policy holds for the windows that start at From (ms)
// or later. Windows that are open keep theirs, so the earliest From is where the
// last of them ends; an earlier one, such as 0, is put there. The policy's
// windows must be the same.
type Change struct {
	Policy Policy
	From   int64
}

// regime is the windows that go by one policy.
type regime struct {
	from   int64 // start of the first
	rules  *rules
	learnt *learnt // nil where picks leave when windows close
}

func newRegime(r *rules, from int64) *regime {
	g := &regime{from: from, rules: r}
	if r.policy.Emission == OnArrival {
		g.learnt = newLearnt(r)
	}
	return g
}

// change begins a regime, and returns from which window on it holds. No window
// that has begun may start there or later.
func (m *Machine) change(c Change) (from int64, err error) {
	last := m.regimes[len(m.regimes)-1]
	r, err := newRules(c.Policy, m.rules.bundle)
	switch {
	case err != nil:
		return 0, fmt.Errorf("change the policy: %w", err)
	case c.Policy.Window != m.rules.policy.Window:
		return 0, errors.New("change the policy: its window is another: the selector has to be started anew with it")
	case m.reservoir != nil:
		return 0, errors.New("change the policy: one reservoir for ever has one policy for ever: give the new one a name, and it will have a reservoir of its own")
	case m.size == 0:
		return 0, errors.New("change the policy: there is one window over all")
	}
	r.keepAll = m.rules.keepAll
	from = m.end(max(c.From, last.from, 1) - 1) // the start of a window
	m.memory.widen(&c.Policy, m.horizon)
	if last.from == from { // nobody has begun by that one
		m.regimes = m.regimes[:len(m.regimes)-1]
	}
	m.regimes = append(m.regimes, newRegime(&r, from))
	return from, nil
}

// regimeOf returns the one that a window with the start goes by.
func (m *Machine) regimeOf(start int64) *regime {
	for _, g := range slices.Backward(m.regimes) {
		if g.from <= start {
			return g
		}
	}
	return m.regimes[0]
}

// PolicyAt returns the policy that the window of an event time goes by.
func (m *Machine) PolicyAt(eventTime int64) Policy { return m.rulesAt(eventTime).policy }

// VersionAt returns its version.
func (m *Machine) VersionAt(eventTime int64) string { return m.rulesAt(eventTime).version }

func (m *Machine) rulesAt(eventTime int64) *rules { return m.regimeOf(m.start(m.end(eventTime))).rules }

// Begun returns the end (ms) of the last window that is open or closed: where a
// Change holds from at the earliest.
func (m *Machine) Begun() int64 {
	begun := m.closedThrough
	for end := range m.open {
		begun = max(begun, end)
	}
	return begun
}

// forgetRegimes drops those that no window will go by any more.
func (m *Machine) forgetRegimes() {
	for len(m.regimes) > 1 && m.regimes[1].from <= m.closedThrough && !slices.ContainsFunc(m.windows(), func(w *window) bool {
		return w.rules == m.regimes[0].rules
	}) {
		m.regimes = m.regimes[1:]
	}
}

func (m *Machine) newWindow(end int64) *window {
	g := m.regimeOf(m.start(end))
	w := newWindow(g.rules, m.start(end), end, m.historyOf(g.rules, end))
	w.learnt = g.learnt
	return w
}

// historyOf returns what a window that ends at the time looks back on.
func (m *Machine) historyOf(r *rules, end int64) history {
	return history{memory: m.memory, dedup: r.policy.Dedup, after: end - horizonOf(&r.policy, m.horizon)}
}
