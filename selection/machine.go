package selection

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
)

// ErrInvalid is in the chain of every error for a Candidate that cannot be
// used: the record's fault, not the machine's, whose state is untouched.
var ErrInvalid = errors.New("invalid candidate")

// ErrFull is returned for a candidate of a window that holds 2^32-1 already.
var ErrFull = errors.New("window is full")

// EndOfTime is the end of the one window of a policy without a window size:
// 9999-12-31T23:59:59.999Z in ms.
const EndOfTime = 253402300799999

// DefaultHorizon is how long, in event time, a chosen id is remembered: windows
// that end less than this apart do not both choose it.
const DefaultHorizon = 24 * time.Hour

// WholeHorizon, 292 years, remembers every chosen id: for an input that has an end.
const WholeHorizon = time.Duration(math.MaxInt64)

// Options is what a Machine is made from. The zero value of everything but
// Policy and Capabilities is a start from nothing.
type Options struct {
	Policy Policy
	// Capabilities are the bundle's, in the order of Candidate.Scores.
	Capabilities []string

	// ClosedThrough is the event time (ms) through which windows had closed
	// before a restart: Machine.ClosedThrough of then.
	ClosedThrough int64
	// Positions are how far each partition had been read by then: a record
	// below, of a window that is closed, is settled; at or above, late.
	Positions map[int32]int64
	// Horizon is how long what was chosen is remembered, unless the policy
	// says. 0: DefaultHorizon.
	Horizon time.Duration
	// Carried is what the last closed window hands to the next one, in a unit:
	// Machine.Carried of then.
	Carried     uint64
	CarriedUnit string
	// Changes are those of the policy since, in order, that windows that are
	// open may go by, or later ones will: each with its From.
	Changes []Change
	// KeepAll keeps all candidates of a window, also where fewer would do, so
	// that each can be explained.
	KeepAll bool
	// Chosen yields the samples chosen within the last Horizon. nil: none.
	Chosen iter.Seq[Chosen]
}

// Machine is the selection as a state machine. It is not safe for use by
// several goroutines at once.
type Machine struct {
	rules         *rules // of the first regime
	regimes       []*regime
	horizon       time.Duration
	carriedUnit   string
	size          int64             // of a window in ms, 0 for one over all
	open          map[int64]*window // by end
	closedThrough int64
	positions     map[int32]int64
	memory        *memory
	carried       uint64
	reservoir     *reservoir // nil where windows are not global
	// retaken has, by end and by hash of the id, what windows that are still
	// open had taken on arrival before a restart.
	retaken map[int64]map[uint64]Chosen
}

// New returns a Machine, or every mistake in the options.
func New(o Options) (*Machine, error) {
	r, err := newRules(o.Policy, o.Capabilities)
	if err != nil {
		return nil, fmt.Errorf("making the selection: %w", err)
	}
	r.keepAll = o.KeepAll
	m := &Machine{
		rules:         &r,
		regimes:       []*regime{newRegime(&r, math.MinInt64)},
		horizon:       o.Horizon,
		size:          o.Policy.Window.Size.Milliseconds(),
		open:          make(map[int64]*window),
		closedThrough: o.ClosedThrough,
		positions:     maps.Clone(o.Positions),
		retaken:       make(map[int64]map[uint64]Chosen),
		memory:        newMemory(&o.Policy, o.Horizon, o.ClosedThrough),
		carried:       o.Carried,
		carriedUnit:   cmp.Or(o.CarriedUnit, o.Policy.Budget.Unit()),
	}
	if o.Policy.Window.Global {
		m.reservoir = newReservoir(m.rules, m.historyOf(m.rules, EndOfTime))
	}
	for _, c := range o.Changes {
		if _, err := m.change(c); err != nil {
			return nil, fmt.Errorf("making the selection: %w", err)
		}
	}
	if o.Chosen != nil {
		for c := range o.Chosen {
			m.recall(c)
		}
	}
	return m, nil
}

// Step takes an event and returns what it leads to. After an error other than
// ErrInvalid and ErrFull the machine is of no further use.
func (m *Machine) Step(e Event) (Effects, error) {
	switch e := e.(type) {
	case *Candidate:
		return m.add(e)
	case Change:
		e.From = max(e.From, m.Begun())
		from, err := m.change(e)
		return Effects{From: from}, err
	case Withdraw:
		return Effects{Outcome: m.withdraw(e)}, nil
	case Watermark:
		if m.size == 0 {
			return Effects{}, nil
		}
		closed, err := m.closeThrough(e.Time)
		return Effects{Closed: closed}, err
	case Close:
		if len(m.open) == 0 {
			return Effects{}, nil
		}
		closed, err := m.closeThrough(slices.Max(slices.Collect(maps.Keys(m.open))))
		return Effects{Closed: closed}, err
	}
	return Effects{}, fmt.Errorf("unknown event %T", e)
}

func (m *Machine) add(c *Candidate) (Effects, error) {
	hash, end := xxhash.Sum64String(c.ID), m.end(c.EventTime)
	w := m.open[end]
	if w != nil {
		w.expect(hash)
	}
	if err := m.rules.valid(c); err != nil {
		return Effects{}, err
	}
	if end <= m.closedThrough && m.reservoir != nil {
		if c.Offset < m.positions[c.Partition] {
			if !m.rules.fromBundle(c.Bundle) || !m.rules.admits(c) {
				return Effects{Outcome: Settled}, nil
			}
			_, err := m.reservoir.window.add(c, hash)
			return Effects{Outcome: Settled}, err
		}
		end = m.end(m.closedThrough) // nothing is late for what is for ever
		w = m.open[end]
	}
	if end <= m.closedThrough {
		if c.Offset < m.positions[c.Partition] {
			return Effects{Outcome: Settled}, nil
		}
		return Effects{Outcome: Late}, nil
	}
	if w == nil {
		w = m.openWindow(end)
	}
	if !w.rules.fromBundle(c.Bundle) {
		w.see(c)
		w.setAside++
		return Effects{Outcome: SetAside}, nil
	}
	if !w.rules.admits(c) {
		w.see(c)
		w.filtered++
		return Effects{Outcome: Filtered}, nil
	}
	outcome, err := w.add(c, hash)
	effects := Effects{Outcome: outcome}
	if outcome == Accepted && w.arrived != nil {
		effects.Taken = w.arrive(c, hash)
		if len(m.open) > 1 || m.memory.asksForContent() {
			w.tell()
		}
	}
	return effects, err
}

// openWindow opens the window that ends at the time.
func (m *Machine) openWindow(end int64) *window {
	m.tell()
	w := m.newWindow(end)
	if w.arrived != nil {
		w.arrived.positions = m.positions
		w.goOn(m.retaken[end])
		delete(m.retaken, end)
	}
	m.open[end] = w
	return w
}

// tell tells the memory of all that was taken on arrival.
func (m *Machine) tell() {
	for _, w := range m.open {
		w.tell()
	}
}

// recall takes in what was chosen before a restart. What an open window had
// taken on arrival, it takes again when it is read again.
func (m *Machine) recall(c Chosen) {
	id := xxhash.Sum64String(c.ID)
	switch {
	case m.reservoir != nil:
		m.reservoir.recall(c, id)
	case c.Withdrawn:
		m.memory.forget(id)
		for _, taken := range m.retaken {
			delete(taken, id)
		}
	default:
		m.memory.add(c.hashes(), c.End)
		if c.End <= m.closedThrough {
			break
		}
		if m.retaken[c.End] == nil {
			m.retaken[c.End] = make(map[uint64]Chosen)
		}
		m.retaken[c.End][id] = c
	}
}

// withdraw takes a sample out of the open windows, and out of what is
// remembered: should it come again, it is a new one.
func (m *Machine) withdraw(e Withdraw) Outcome {
	m.tell()
	hash := xxhash.Sum64String(e.ID)
	outcome := None
	for _, w := range m.open {
		if w.withdraw(hash, e.ID) {
			outcome = Withdrawn
		}
	}
	if m.reservoir != nil && m.reservoir.window.withdraw(hash, e.ID) {
		outcome = Withdrawn
	}
	if e.Offset >= m.positions[e.Partition] { // else that has been published
		m.memory.forget(hash)
		if m.reservoir != nil {
			delete(m.reservoir.members, hash)
		}
	}
	return outcome
}

// end returns the end of the window that an event time belongs to.
func (m *Machine) end(t int64) int64 {
	if m.size == 0 {
		return EndOfTime
	}
	return t - t%m.size + m.size
}

// WindowOf returns the start (ms, inclusive) and end (ms, exclusive) of the
// window that an event time belongs to.
func (m *Machine) WindowOf(eventTime int64) (start, end int64) {
	end = m.end(eventTime)
	return m.start(end), end
}

// WindowEnd returns the end (ms, exclusive) of the window that an event time
// belongs to: Summary.End, once it closes.
func (m *Machine) WindowEnd(eventTime int64) int64 { return m.end(eventTime) }

func (m *Machine) start(end int64) int64 {
	if m.size == 0 {
		return 0
	}
	return end - m.size
}

func (m *Machine) closeThrough(t int64) ([]*ClosedWindow, error) {
	if t <= m.closedThrough {
		return nil, nil
	}
	var closed []*ClosedWindow
	for _, end := range slices.Sorted(maps.Keys(m.open)) {
		if end > t {
			break
		}
		w := m.open[end]
		delete(m.open, end)
		if m.reservoir != nil {
			c, err := m.reservoir.revise(w)
			if err != nil {
				return closed, err
			}
			closed = append(closed, c)
			continue
		}
		if unit := w.rules.policy.Budget.Unit(); unit != m.carriedUnit {
			m.carried, m.carriedUnit = 0, unit // samples are no tokens
		}
		c := w.close(m.carried)
		m.carried = uint64(c.Summary.CarriedOut)
		if m.size > 0 { // else no window is to come
			w.tell()
			for chosen := range c.window.hashes() {
				m.memory.add(chosen, end)
			}
		}
		closed = append(closed, c)
	}
	m.closedThrough = t
	m.memory.prune(t)
	m.forgetRegimes()
	return closed, nil
}

// ClosedThrough returns the event time (ms) through which windows are closed.
func (m *Machine) ClosedThrough() int64 { return m.closedThrough }

// Carried returns what the last closed window hands to the next one, in the
// unit of its budget.
func (m *Machine) Carried() (amount uint64, unit string) { return m.carried, m.carriedUnit }

// Open returns how many windows are open, and how many candidates they hold.
func (m *Machine) Open() (windows int, candidates int64) {
	for _, w := range m.open {
		candidates += w.distinct()
	}
	return len(m.open), candidates
}

func (m *Machine) windows() []*window { return slices.Collect(maps.Values(m.open)) }

// NextEnd returns the end (ms) of the open window that closes first, and false
// where none is open.
func (m *Machine) NextEnd() (int64, bool) {
	next, found := int64(math.MaxInt64), false
	for end := range m.open {
		next, found = min(next, end), true
	}
	return next, found
}

// LowestNeeded returns, for each partition that an open window has records
// of, the lowest offset among them: where a restart has to read from.
func (m *Machine) LowestNeeded() map[int32]int64 {
	lowest := make(map[int32]int64)
	windows := m.windows()
	if m.reservoir != nil {
		windows = append(windows, m.reservoir.window)
	}
	for _, w := range windows {
		for p, offset := range w.lowest {
			if have, ok := lowest[int32(p)]; offset >= 0 && (!ok || offset < have) {
				lowest[int32(p)] = offset
			}
		}
	}
	return lowest
}
