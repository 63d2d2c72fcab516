package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"cream/selection"
	"cream/stream/folder"
	"cream/stream/selector"
)

// Report is the answer to an inquiry.
type Report struct {
	Accounts []Account // in the order in which the ids were asked for
	Unknown  int       // of Accounts
	// Nameless is how many dead letters do not tell their id.
	Nameless int
	// Withdrawn is how many samples a folder's windows had and let go of, whose
	// ids the folder does not tell.
	Withdrawn int64
	// Differences say in which windows of these samples the re-run comes to
	// something else than what was published, and why that may be.
	Differences []string
}

// chunk is how many ids are explained at once, so that not all standings of all
// samples are in memory twice.
const chunk = 1 << 14

// Report closes the windows and answers. The Inquiry is of no further use.
func (q *Inquiry) Report() (*Report, error) {
	if q.reservoir != nil {
		return q.ofReservoir()
	}
	effects, err := q.machine.Step(selection.Close{})
	if err != nil {
		return nil, fmt.Errorf("close the windows: %w", err)
	}
	for _, again := range effects.Closed {
		s := selector.WindowOf(again.Summary)
		q.window(s.Start, s.End).again = again
	}
	r := &Report{Nameless: q.nameless}
	ends := slices.Sorted(maps.Keys(q.windows))
	closed := false
	for _, end := range slices.Backward(ends) { // they close in order
		closed = closed || q.windows[end].closed
		q.windows[end].closed = closed
	}
	touched := make(map[int64]bool)
	before := &history{q: q}
	for ids := range slices.Chunk(q.order, chunk) {
		accounts := make(map[string]*Account, len(ids))
		for _, id := range ids {
			accounts[id] = q.account(id)
		}
		for _, end := range ends {
			w := q.windows[end]
			var explained map[string]selection.Explanation
			if w.again != nil {
				explained = w.again.ExplainAll(ids)
			}
			for _, id := range ids {
				if in, ok := q.inWindow(w, id, explained, before); ok {
					accounts[id].add(in)
					touched[end] = true
				}
			}
		}
		for _, id := range ids {
			r.add(accounts[id], q.asked[id])
		}
	}
	for _, end := range ends {
		if difference := q.difference(q.windows[end]); difference != "" && touched[end] {
			r.Differences = append(r.Differences, difference)
		}
	}
	return r, nil
}

// account begins an account with what is known without a window.
func (q *Inquiry) account(id string) *Account {
	t := q.asked[id]
	a := &Account{ID: id, Records: len(t.records), Dead: t.dead, Control: t.control}
	if len(t.records) > 0 {
		a.Source, a.Styles = t.records[0].source, t.records[0].styles
	}
	return a
}

// add takes an account that is complete.
func (r *Report) add(a *Account, t *trace) {
	a.settle(t)
	if a.Outcome == Unknown {
		r.Unknown++
	}
	r.Accounts = append(r.Accounts, *a)
}

func (a *Account) add(w Window) { a.Windows = append(a.Windows, w) }

// settle sums up what windows and dead letters say.
func (a *Account) settle(t *trace) {
	found := []Outcome{Unknown}
	for _, w := range a.Windows {
		found = append(found, w.Outcome)
	}
	for _, d := range t.dead {
		if d.Reason == selector.ReasonLate {
			found = append(found, Late)
		} else {
			found = append(found, Dead)
		}
	}
	if t.withdrawn {
		found = []Outcome{Withdrawn}
	}
	a.Outcome = slices.MinFunc(found, func(x, y Outcome) int {
		return cmp.Compare(slices.Index(outcomes, x), slices.Index(outcomes, y))
	})
}

// inWindow tells what became of a sample in a window; false where it did not
// come to it.
func (q *Inquiry) inWindow(w *window, id string, explained map[string]selection.Explanation, before *history) (Window, bool) {
	t := q.asked[id]
	in := Window{Start: w.start, End: w.end}
	for i := range t.back {
		if t.back[i].WindowEnd == w.end {
			in.Outcome, in.Decision = Withdrawn, &t.back[i]
		}
	}
	for i := range t.decisions {
		if t.decisions[i].WindowEnd == w.end {
			in.Outcome, in.Decision = Chosen, &t.decisions[i]
		}
	}
	e, ok := explained[id]
	switch {
	case ok:
		q.addRerun(&in, w, &e, before)
	case in.Decision != nil && w.again == nil:
		in.Differs = "the re-run has no such window"
	case in.Decision != nil:
		in.Differs = "the re-run has no score of it in this window"
	default:
		return in, q.notJudged(&in, t)
	}
	return in, true
}

// addRerun puts beside what was published what the re-run comes to.
func (q *Inquiry) addRerun(in *Window, w *window, e *selection.Explanation, before *history) {
	for _, s := range e.Standings {
		in.Standings = append(in.Standings, standingOf(s))
	}
	if e.Pick != nil {
		in.Order = e.Pick.Order
	}
	published := in.Decision != nil
	switch {
	case published && e.Pick == nil:
		in.Differs = "the re-run does not choose it: " + string(outcomeOf(e.Outcome))
		return
	case published:
		in.Differs = chosenOtherwise(in.Decision, e.Pick)
		return
	case !w.closed:
		in.Outcome = Open
		in.Differs = "if it closed now: " + string(outcomeOf(e.Outcome))
		if e.Pick != nil {
			in.Differs += fmt.Sprintf(" for %s in %s, rank %d", e.Pick.Capability, e.Pick.Style, e.Pick.Rank)
		}
	case e.Pick != nil:
		in.Outcome = NotChosen
		in.Differs = fmt.Sprintf("the re-run chooses it for %s in %s", e.Pick.Capability, e.Pick.Style)
	default:
		in.Outcome = outcomeOf(e.Outcome)
	}
	switch e.Outcome {
	case selection.FateSame:
		other, _ := w.again.Explain(e.SameAs)
		in.Other = &Other{ID: e.SameAs, WindowStart: w.start, WindowEnd: w.end, Chosen: other.Pick != nil}
	case selection.FateEarlier:
		in.Other = before.of(e.ID, w.end)
		if in.Other != nil && in.Other.WindowEnd == w.end { // it came first, and was taken on arrival
			in.Outcome = Same
		}
	}
}

// chosenOtherwise says how the re-run chooses a sample, where that is not how
// it was chosen.
func chosenOtherwise(d *folder.Decision, again *selection.Pick) string {
	switch {
	case d.Capability != again.Capability || d.Style != again.Style:
		return fmt.Sprintf("the re-run chooses it for %s in %s", again.Capability, again.Style)
	// What was taken on arrival was published before it had a rank.
	case d.Rank > 0 && int(d.Rank) != again.Rank || d.Cutoff != again.Cutoff:
		return fmt.Sprintf("the re-run chooses it at rank %d, with the cutoff %s", again.Rank, number(again.Cutoff))
	}
	return ""
}

func outcomeOf(f selection.Fate) Outcome {
	switch f {
	case selection.FateChosen:
		return Chosen
	case selection.FateSame:
		return Same
	case selection.FateEarlier:
		return Earlier
	case selection.FateWithdrawn:
		return Withdrawn
	}
	return NotChosen
}

// notJudged tells of a sample that the window has seen and not kept.
func (q *Inquiry) notJudged(in *Window, t *trace) bool {
	for _, r := range t.records {
		if r.end != in.End {
			continue
		}
		switch r.outcome {
		case selection.Filtered:
			in.Outcome, in.Why = Filtered, r.why
			return true
		case selection.SetAside:
			in.Outcome, in.Why = OtherBundle, r.why
			return true
		}
	}
	return false
}
