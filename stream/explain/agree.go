package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cream/selection"
)

// difference says how the re-run of a window that was published differs from
// it, and why that may be; "" where it does not.
func (q *Inquiry) difference(w *window) string {
	if !w.closed && len(w.picks) == 0 {
		return "" // it is open
	}
	name := "the window " + span(w.start, w.end)
	if w.again == nil {
		why := "there are no scores of it any more"
		if version := q.versionOf(w); len(w.policies) > 0 && !slices.Contains(w.policies, version) {
			why = q.mayBe(w)
		}
		return name + " is not among the re-run's: " + why
	}
	both, again := 0, 0
	for pick := range w.again.Picks() {
		again++
		if _, ok := w.picks[hashOf(pick.ID, pick.Capability, pick.Style)]; ok {
			both++
		}
	}
	if !w.closed && both == len(w.picks) || both == len(w.picks) && both == again {
		return ""
	}
	return fmt.Sprintf("%s: %d were chosen, the re-run chooses %d, %d of them alike: %s", name, len(w.picks), again, both, q.mayBe(w))
}

// versionOf returns the version of the policy that the re-run has for a window.
func (q *Inquiry) versionOf(w *window) string {
	if w.again != nil {
		return w.again.Summary.Policy
	}
	return q.policy.Version()
}

// mayBe says why a re-run may differ.
func (q *Inquiry) mayBe(w *window) string {
	version := q.versionOf(w)
	switch {
	case !w.closed:
		return "it is still open"
	case len(w.policies) > 0 && !slices.Contains(w.policies, version):
		return fmt.Sprintf("another policy chose, of version %s; this one is %s", strings.Join(w.policies, " and "), version)
	case w.onArrival || q.policy.Emission == selection.OnArrival:
		return "what is taken on arrival depends on the order of arrival over all partitions"
	case w.why != "":
		return "its choice may not be the exact one: " + w.why
	}
	return "some of its scores may be gone, or may have been withdrawn since, or another bundle's order of capabilities chose (name it with --bundle)"
}

// span is a window's time for a person.
func span(start, end int64) string {
	if end >= selection.EndOfTime {
		return "over all time"
	}
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.999Z07:00") }
	return at(start) + " to " + at(end)
}
