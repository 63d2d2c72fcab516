package explain

import (
	"fmt"
	"maps"
	"slices"

	"cream/selection"
	"cream/stream/folder"
	"cream/stream/selector"
)

// reservoir is one for ever. It is not asked window by window: it is explained
// as the last window that was published left it.
type reservoir struct {
	// onlyEnd says that what was published has the members of the end alone, as
	// a folder has: of those that left the re-run tells.
	onlyEnd bool
	members map[string]bool // as published

	last      *window                          // that was published; nil before Revise, and where none was
	again     map[string]bool                  // members of the re-run
	explained map[string]selection.Explanation // of ids that are asked for
}

func newReservoir() *reservoir {
	return &reservoir{members: make(map[string]bool), again: make(map[string]bool), explained: make(map[string]selection.Explanation)}
}

// Revise closes, of a reservoir for ever, the windows that had closed when the
// last one was published, and explains what they left in it. The scores and
// withdrawals that the Inquiry is given from here on came after that. Where
// windows are by themselves it does nothing.
func (q *Inquiry) Revise() error {
	r := q.reservoir
	if r == nil || r.last != nil {
		return nil
	}
	for _, w := range q.windows {
		if w.closed && (r.last == nil || w.end > r.last.end) {
			r.last = w
		}
	}
	if r.last == nil {
		return nil
	}
	var event selection.Event = selection.Watermark{Time: r.last.end}
	if r.last.end >= selection.EndOfTime {
		event = selection.Close{}
	}
	effects, err := q.machine.Step(event)
	if err != nil {
		return fmt.Errorf("close the windows: %w", err)
	}
	for _, w := range effects.Closed {
		q.follow(w)
		r.last.again = w
	}
	if r.last.again != nil {
		for ids := range slices.Chunk(q.order, chunk) {
			maps.Copy(r.explained, r.last.again.ExplainAll(ids))
		}
	}
	return nil
}

// follow carries out what a window of the re-run changes.
func (q *Inquiry) follow(w *selection.ClosedWindow) {
	r := q.reservoir
	for id := range w.Removed() {
		delete(r.again, id)
		if t := q.asked[id]; t != nil && r.onlyEnd && t.joined != nil {
			t.back = append(t.back, *t.joined)
		}
	}
	summary := selector.WindowOf(w.Summary)
	for pick := range w.Picks() {
		r.again[pick.ID] = true
		if r.onlyEnd {
			s := selector.SelectionOf(pick, "", &summary)
			d := folder.DecisionOf(&s)
			q.replaces(&d)
			if t := q.asked[d.ID]; t != nil {
				t.joined = &d
			}
		}
	}
}

// replaces takes note of whose place in the reservoir a decision takes.
func (q *Inquiry) replaces(d *folder.Decision) {
	if t := q.asked[d.Replaces]; t != nil && (t.successor == nil || t.successor.WindowEnd < d.WindowEnd) {
		t.successor = &Other{ID: d.ID, WindowStart: d.WindowStart, WindowEnd: d.WindowEnd}
	}
}

// ofReservoir answers: Report for a reservoir.
func (q *Inquiry) ofReservoir() (*Report, error) {
	if err := q.Revise(); err != nil {
		return nil, err
	}
	effects, err := q.machine.Step(selection.Close{})
	if err != nil {
		return nil, fmt.Errorf("close the windows that are open: %w", err)
	}
	report := &Report{Nameless: q.nameless}
	for ids := range slices.Chunk(q.order, chunk) {
		waiting := make(map[string]selection.Explanation)
		if n := len(effects.Closed); n > 0 {
			waiting = effects.Closed[n-1].ExplainAll(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !q.waits(id) }))
		}
		for _, id := range ids {
			a := q.account(id)
			if in, ok := q.inReservoir(id); ok {
				a.add(in)
			}
			if e, ok := waiting[id]; ok {
				a.add(q.inOpen(&e))
			}
			report.add(a, q.asked[id])
		}
	}
	if difference := q.ofMembers(); difference != "" {
		report.Differences = append(report.Differences, difference)
	}
	return report, nil
}

// inReservoir tells what a sample is in the reservoir; false where it did not
// come to it.
func (q *Inquiry) inReservoir(id string) (Window, bool) {
	t, r := q.asked[id], q.reservoir
	e, explained := r.explained[id]
	delete(r.explained, id) // its standings are large
	if r.last == nil || !explained && t.decisions == nil && t.back == nil && t.successor == nil {
		return q.filtered(t)
	}
	in := Window{Start: r.last.start, End: r.last.end, Reservoir: true}
	for _, s := range e.Standings {
		in.Standings = append(in.Standings, standingOf(s))
	}
	if e.Pick != nil {
		in.Order = e.Pick.Order
	}
	if n := len(t.back); n > 0 {
		in.Decision = &t.back[n-1]
	}
	if t.successor != nil && (in.Decision == nil || t.successor.WindowEnd > in.Decision.WindowEnd) {
		in.Other = t.successor
		in.Other.Chosen = r.members[in.Other.ID]
	}
	switch n := len(t.decisions); {
	case n > 0:
		in.Outcome, in.Decision, in.Other = Chosen, &t.decisions[n-1], nil
	case t.withdrawn || e.Outcome == selection.FateWithdrawn:
		in.Outcome = Withdrawn
	case in.Other != nil:
		in.Outcome = Replaced
	default:
		in.Outcome = NotChosen
	}
	switch {
	case in.Outcome == Withdrawn: // the re-run need not have it
	case !explained:
		in.Differs = "the re-run has no score of it"
	case in.Outcome == Chosen && e.Pick == nil:
		in.Differs = "the re-run does not choose it: " + string(outcomeOf(e.Outcome))
	case in.Outcome == Chosen && in.Decision.WindowEnd == r.last.end: // else others have come since
		in.Differs = chosenOtherwise(in.Decision, e.Pick)
	case in.Outcome != Chosen && e.Pick != nil:
		in.Differs = fmt.Sprintf("the re-run chooses it for %s in %s", e.Pick.Capability, e.Pick.Style)
	}
	return in, true
}

// filtered tells of a sample that the policy does not judge.
func (q *Inquiry) filtered(t *trace) (Window, bool) {
	for _, record := range t.records {
		in := Window{Start: record.start, End: record.end}
		if q.notJudged(&in, t) {
			return in, true
		}
	}
	return Window{}, false
}

// waits tells whether a sample came to a window that is open, and to none
// before.
func (q *Inquiry) waits(id string) bool {
	r := q.reservoir
	if e, ok := r.explained[id]; ok && e.Outcome != selection.FateWithdrawn {
		return false
	}
	_, open := q.open(id)
	return open
}

// open returns the last record of a sample that came to a window that is open.
func (q *Inquiry) open(id string) (record, bool) {
	for _, record := range slices.Backward(q.asked[id].records) {
		if record.why == "" && (q.reservoir.last == nil || record.end > q.reservoir.last.end) {
			return record, true
		}
	}
	return record{}, false
}

// inOpen tells of a sample that waits for its window to close.
func (q *Inquiry) inOpen(e *selection.Explanation) Window {
	came, _ := q.open(e.ID)
	in := Window{Start: came.start, End: came.end}
	q.addRerun(&in, &window{start: came.start, end: came.end}, e, nil)
	return in
}

// ofMembers says how the re-run's members differ from those that were
// published, and why that may be; "" where they do not.
func (q *Inquiry) ofMembers() string {
	r := q.reservoir
	both := 0
	for id := range r.members {
		if r.again[id] {
			both++
		}
	}
	if r.last == nil || both == len(r.members) && both == len(r.again) {
		return ""
	}
	return fmt.Sprintf("the reservoir after the window %s: it has %d members, the re-run's %d, %d of them alike: %s",
		span(r.last.start, r.last.end), len(r.members), len(r.again), both, q.mayBe(r.last))
}
