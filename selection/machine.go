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

// Event is what a Machine is stepped with: *Candidate, Watermark or Close.
type Event interface{ event() }

// Candidate is a scored sample. The machine keeps nothing of it: the caller
// may use the same Candidate and its slices again.
type Candidate struct {
	ID     string // 1 to 65535 bytes
	Source string
	// Styles are the sample's, most probable first, never empty.
	Styles []string
	// Scores holds one finite number for each of Options.Capabilities.
	Scores []float32
	// ContentHash is the SHA-256 of the sample; only its first 8 bytes are
	// kept and compared.
	ContentHash [32]byte
	EventTime   int64 // ms since the Unix epoch, from 0 to the end of the year 9999
	// Partition and Offset are where the score record lies. The sample lies
	// in the partition of the same number, at SampleOffset. A partition is
	// below 65536, an offset below 2^48.
	Partition    int32
	Offset       int64
	SampleOffset int64
}

// Watermark says that event time has reached Time (ms): the windows that end
// there or before close, in the order of their ends. It does nothing to the
// one window of a policy without a window size.
type Watermark struct{ Time int64 }

// Close says that nothing more is to be expected, the input having ended or
// all partitions being idle: all open windows close, in order.
type Close struct{}

func (*Candidate) event() {}
func (Watermark) event()  {}
func (Close) event()      {}

// Outcome is what became of a Candidate.
type Outcome uint8

// The outcomes. Of Watermark and Close events it is None.
const (
	None Outcome = iota
	// Accepted: it is the first record with its id in its window.
	Accepted
	// Duplicate: its window had a record with its id; one of the two stands.
	Duplicate
	// Late: its window has closed. The record belongs in dead-letter.
	Late
	// Settled: its window had closed before the restart, and so had the
	// reading of it: there is nothing left to do.
	Settled
)

// Effects is what an event leads to, for the caller to carry out.
type Effects struct {
	Outcome Outcome
	Closed  []*ClosedWindow // in the order of their ends
}

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
	// Horizon is how long a chosen id is remembered. 0: DefaultHorizon.
	Horizon time.Duration
	// Chosen yields the ids chosen within the last Horizon, each with the end
	// of its window (ms). nil: none.
	Chosen iter.Seq2[string, int64]
}

// Machine is the selection as a state machine. It is not safe for use by
// several goroutines at once.
type Machine struct {
	rules         rules
	size          int64             // of a window in ms, 0 for one over all
	open          map[int64]*window // by end
	closedThrough int64
	positions     map[int32]int64
	horizon       int64            // ms
	chosen        map[uint64]int64 // hash of an id → end of the latest window that chose it
	pruned        int64            // closedThrough when chosen was last pruned
}

// New returns a Machine, or every mistake in the options.
func New(o Options) (*Machine, error) {
	r, err := newRules(o.Policy, o.Capabilities)
	if err != nil {
		return nil, fmt.Errorf("making the selection: %w", err)
	}
	m := &Machine{
		rules:         r,
		size:          o.Policy.Window.Size.Milliseconds(),
		open:          make(map[int64]*window),
		horizon:       cmp.Or(o.Horizon, DefaultHorizon).Milliseconds(),
		closedThrough: o.ClosedThrough,
		positions:     maps.Clone(o.Positions),
		chosen:        make(map[uint64]int64),
		pruned:        o.ClosedThrough,
	}
	if o.Chosen != nil {
		for id, end := range o.Chosen {
			m.remember(xxhash.Sum64String(id), end)
		}
	}
	return m, nil
}

// Step takes an event and returns what it leads to. After an error other than
// ErrInvalid and ErrFull the machine is of no further use.
func (m *Machine) Step(e Event) (Effects, error) {
	switch e := e.(type) {
	case *Candidate:
		outcome, err := m.add(e)
		return Effects{Outcome: outcome}, err
	case Watermark:
		if m.size == 0 {
			return Effects{}, nil
		}
		return Effects{Closed: m.closeThrough(e.Time)}, nil
	case Close:
		if len(m.open) == 0 {
			return Effects{}, nil
		}
		return Effects{Closed: m.closeThrough(slices.Max(slices.Collect(maps.Keys(m.open))))}, nil
	}
	return Effects{}, fmt.Errorf("unknown event %T", e)
}

func (m *Machine) add(c *Candidate) (Outcome, error) {
	if err := m.rules.valid(c); err != nil {
		return None, err
	}
	end := m.end(c.EventTime)
	if end <= m.closedThrough {
		if c.Offset < m.positions[c.Partition] {
			return Settled, nil
		}
		return Late, nil
	}
	w := m.open[end]
	if w == nil {
		w = newWindow(&m.rules, m.start(end), end, history{chosen: m.chosen, after: end - m.horizon})
		m.open[end] = w
	}
	return w.add(c)
}

// end returns the end of the window that an event time belongs to.
func (m *Machine) end(t int64) int64 {
	if m.size == 0 {
		return EndOfTime
	}
	return t - t%m.size + m.size
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

func (m *Machine) closeThrough(t int64) []*ClosedWindow {
	if t <= m.closedThrough {
		return nil
	}
	var closed []*ClosedWindow
	for _, end := range slices.Sorted(maps.Keys(m.open)) {
		if end > t {
			break
		}
		c := m.open[end].close()
		delete(m.open, end)
		if m.size > 0 { // else no window is to come
			for hash := range c.window.chosenHashes() {
				m.remember(hash, end)
			}
		}
		closed = append(closed, c)
	}
	m.closedThrough = t
	m.forget()
	return closed
}

// history tells a window what earlier ones chose.
type history struct {
	chosen map[uint64]int64 // the machine's
	after  int64            // ends up to this are beyond the horizon
}

func (h history) has(idHash uint64) bool {
	end, ok := h.chosen[idHash]
	return ok && end > h.after
}

func (m *Machine) remember(idHash uint64, end int64) {
	m.chosen[idHash] = max(m.chosen[idHash], end)
}

// forget drops the chosen ids beyond the horizon, once in a while.
func (m *Machine) forget() {
	if m.closedThrough-m.pruned < m.horizon/24 {
		return
	}
	m.pruned = m.closedThrough
	maps.DeleteFunc(m.chosen, func(_ uint64, end int64) bool { return end <= m.closedThrough-m.horizon })
}

// ClosedThrough returns the event time (ms) through which windows are closed.
func (m *Machine) ClosedThrough() int64 { return m.closedThrough }

// Open returns how many windows are open, and how many candidates they hold.
func (m *Machine) Open() (windows int, candidates int64) {
	for _, w := range m.open {
		candidates += w.distinct()
	}
	return len(m.open), candidates
}

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
	for _, w := range m.open {
		for p, offset := range w.lowest {
			if have, ok := lowest[int32(p)]; offset >= 0 && (!ok || offset < have) {
				lowest[int32(p)] = offset
			}
		}
	}
	return lowest
}

// rules is a policy applied to a bundle: what every window goes by.
type rules struct {
	policy  Policy
	version string
	columns []int    // for each capability selected for, its place in Candidate.Scores
	names   []string // their names
	weights []uint64 // and their weights, in grains
	scores  int      // len(Candidate.Scores)

	slack       uint64 // leastSlack, and
	compactFrom uint32 // compactFrom, but in tests
}

func newRules(p Policy, bundle []string) (rules, error) {
	r := rules{policy: p, version: p.Version(), scores: len(bundle), slack: leastSlack, compactFrom: compactFrom}
	var errs []error
	if err := p.Validate(); err != nil {
		errs = append(errs, err)
	}
	if len(bundle) == 0 {
		errs = append(errs, errors.New("the bundle names no capabilities"))
	}
	for i, name := range bundle {
		if slices.Contains(bundle[:i], name) {
			errs = append(errs, fmt.Errorf("the bundle names the capability %q twice", name))
		}
	}
	shares := p.Capabilities
	if len(shares) == 0 {
		for _, name := range bundle {
			shares = append(shares, Share{Name: name, Weight: Decimal{Units: 1}})
		}
	}
	for _, s := range shares {
		column := slices.Index(bundle, s.Name)
		if column < 0 {
			errs = append(errs, fmt.Errorf("capabilities: the bundle has no %q%s", s.Name, didYouMean(s.Name, bundle)))
			continue
		}
		r.columns = append(r.columns, column)
		r.names = append(r.names, s.Name)
		r.weights = append(r.weights, s.grains())
	}
	return r, errors.Join(errs...)
}

const (
	maxID        = 1<<16 - 1
	maxPartition = 1<<16 - 1
	maxOffset    = 1<<48 - 1
)

// valid returns why a candidate cannot be used.
func (r *rules) valid(c *Candidate) error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	switch {
	case c.ID == "" || len(c.ID) > maxID:
		return fault("an id of %d bytes; expected 1 to %d", len(c.ID), maxID)
	case len(c.Styles) == 0:
		return fault("no style; expected at least one")
	case len(c.Scores) != r.scores:
		return fault("%d scores; expected %d, one for each capability of the bundle", len(c.Scores), r.scores)
	case c.EventTime < 0 || c.EventTime > EndOfTime:
		return fault("event time %d ms; expected 0 to %d", c.EventTime, int64(EndOfTime))
	case c.Partition < 0 || c.Partition > maxPartition:
		return fault("partition %d; expected 0 to %d", c.Partition, maxPartition)
	case c.Offset < 0 || c.Offset > maxOffset || c.SampleOffset < 0 || c.SampleOffset > maxOffset:
		return fault("offsets %d and %d; expected 0 to %d", c.Offset, c.SampleOffset, int64(maxOffset))
	}
	for _, s := range c.Scores {
		if s-s != 0 {
			return fault("a score of %v; expected a finite number", s)
		}
	}
	return nil
}
