package explain

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"cream/selection"
	"cream/stream/folder"
)

// Options of an inquiry.
type Options struct {
	Policy       selection.Policy
	Changes      []selection.Change // of it, since
	Capabilities []string           // in the order of the candidates' scores
	IDs          []string           // that are asked for
	// Horizon is how long the selection remembered what was chosen, and Chosen
	// what windows had chosen that ended up to Began (ms), from when on there
	// are scores: see selection.Options.
	Horizon time.Duration
	Began   int64
	Chosen  iter.Seq[selection.Chosen]
}

// Inquiry does a selection again and gathers what was published of it. First
// goes in what was published, and then the scores, in the order in which the
// selection had them.
type Inquiry struct {
	policy    selection.Policy
	machine   *selection.Machine
	asked     map[string]*trace
	order     []string // of the ids, as they were asked for
	windows   map[int64]*window
	takenBack map[string]bool // ids that were chosen, and then withdrawn
	nameless  int             // dead letters without an id
	reservoir *reservoir      // nil where windows are by themselves
}

// trace is what there is of an id that is asked for.
type trace struct {
	records   []record
	decisions []folder.Decision
	back      []folder.Decision // that were published, and then taken back
	withdrawn bool              // the last record says so
	control   bool
	dead      []folder.DeadLetter
	// Of a reservoir: how the re-run made it a member last, and what took its
	// place last.
	joined    *folder.Decision
	successor *Other
}

// record is a score of an id that is asked for.
type record struct {
	start, end             int64
	outcome                selection.Outcome
	why                    string // it is not judged
	source                 string
	styles                 []string
	content, picture, text uint64
}

// window is what was published of a window, by its end.
type window struct {
	start, end int64
	closed     bool // its summary was published
	policies   []string
	why        string // it may not be the exact choice
	onArrival  bool
	picks      map[uint64]struct{} // of hashes of decisions
	again      *selection.ClosedWindow
}

// New returns an Inquiry, or every mistake in the options.
func New(o Options) (*Inquiry, error) {
	machine, err := selection.New(selection.Options{
		Policy: o.Policy, Changes: o.Changes, Capabilities: o.Capabilities, Horizon: o.Horizon, ClosedThrough: o.Began, Chosen: o.Chosen, KeepAll: true,
	})
	if err != nil {
		return nil, err
	}
	q := &Inquiry{policy: o.Policy, machine: machine, asked: make(map[string]*trace), windows: make(map[int64]*window), takenBack: make(map[string]bool)}
	if o.Policy.Window.Global {
		q.reservoir = newReservoir()
	}
	for _, id := range o.IDs {
		if q.asked[id] == nil {
			q.asked[id] = &trace{}
			q.order = append(q.order, id)
		}
	}
	return q, nil
}

// Score takes the next score. One that the machine refuses is passed over: it
// was a dead letter.
func (q *Inquiry) Score(c *selection.Candidate) error {
	effects, err := q.machine.Step(c)
	if errors.Is(err, selection.ErrInvalid) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("candidate %q: %w", c.ID, err)
	}
	if t := q.asked[c.ID]; t != nil {
		r := record{
			outcome: effects.Outcome, source: c.Source, styles: slices.Clone(c.Styles),
			content: binary.BigEndian.Uint64(c.ContentHash[:8]), picture: c.PictureHash, text: c.TextHash,
		}
		r.start, r.end = q.machine.WindowOf(c.EventTime)
		if q.reservoir != nil { // nothing is late for it: the next window has it
			r.start, r.end = q.machine.WindowOf(max(c.EventTime, q.machine.ClosedThrough()))
		}
		if r.outcome == selection.Filtered || r.outcome == selection.SetAside {
			r.why = q.machine.PolicyAt(c.EventTime).Refusal(c)
		}
		t.records = append(t.records, r)
		t.withdrawn = false
	}
	return nil
}

// Withdraw takes note that the scores say that a sample must not be used. One
// that had been chosen by then was a candidate of its window, and stays one;
// but a reservoir lets go of it.
func (q *Inquiry) Withdraw(w selection.Withdraw) error {
	if t := q.asked[w.ID]; t != nil {
		t.withdrawn = true
	}
	if r := q.reservoir; r != nil {
		delete(r.members, w.ID)
		delete(r.again, w.ID)
	} else if q.takenBack[w.ID] {
		return nil
	}
	_, err := q.machine.Step(w)
	return err
}

// Decision takes a decision that was published, by the policy of a version.
func (q *Inquiry) Decision(d *folder.Decision, policy string) {
	w := q.window(d.WindowStart, d.WindowEnd)
	w.picks[hashOf(d.ID, d.Capability, d.Style)] = struct{}{}
	w.onArrival = w.onArrival || d.OnArrival
	w.closed = w.closed || !d.OnArrival
	w.madeBy(policy)
	if t := q.asked[d.ID]; t != nil {
		t.decisions = append(t.decisions, *d)
	}
	if q.reservoir != nil {
		q.reservoir.members[d.ID] = true
		q.replaces(d)
	}
}

// Control takes note that a sample is in the twin.
func (q *Inquiry) Control(id string) {
	if t := q.asked[id]; t != nil {
		t.control = true
	}
}

// TakenBack takes note that what had been published of a sample until now was
// taken back.
func (q *Inquiry) TakenBack(id string) {
	if q.takenBack[id] = true; q.reservoir != nil {
		delete(q.reservoir.members, id)
	}
	if t := q.asked[id]; t != nil {
		t.back, t.decisions = append(t.back, t.decisions...), nil
	}
}

// Closed takes the summary of a window that was published.
func (q *Inquiry) Closed(w *folder.Window) {
	have := q.window(w.Start, w.End)
	have.closed = true
	have.why = w.Approximate
	have.onArrival = have.onArrival || w.OnArrival > 0
	have.madeBy(w.Policy)
}

// DeadLetter takes what could not be used. id is that of the sample that it
// was, where the letter has another.
func (q *Inquiry) DeadLetter(d folder.DeadLetter) {
	if d.ID == "" && d.Original != nil {
		d.ID = idIn([]byte(*d.Original))
	}
	if d.ID == "" {
		q.nameless++
		return
	}
	if t := q.asked[d.ID]; t != nil {
		d.Original, d.Base64 = nil, ""
		t.dead = append(t.dead, d)
	}
}

// idIn looks for an id in what may be a sample or a score as JSON.
func idIn(value []byte) string {
	var named struct {
		ID any `json:"id"`
	}
	if json.Unmarshal(value, &named) != nil {
		return ""
	}
	if id, ok := named.ID.(string); ok {
		return id
	}
	return ""
}

func (q *Inquiry) window(start, end int64) *window {
	w := q.windows[end]
	if w == nil {
		w = &window{start: start, end: end, picks: make(map[uint64]struct{})}
		q.windows[end] = w
	}
	return w
}

func (w *window) madeBy(policy string) {
	if policy != "" && !slices.Contains(w.policies, policy) {
		w.policies = append(w.policies, policy)
	}
}

// hashOf stands for a decision in its window; two in 2^64 look alike.
func hashOf(id, capability, style string) uint64 {
	h := xxhash.Sum64String(id)
	for _, part := range []string{capability, style} {
		h = bits.RotateLeft64(h, 23)*0x9e3779b97f4a7c15 ^ xxhash.Sum64String(part)
	}
	return h
}
