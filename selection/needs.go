package selection

import "fmt"

// KeepsAll says, in words, why a window has to keep all its candidates until it
// closes; "" where, of a large window, the first of every bin are enough: see
// compact.go.
func (p Policy) KeepsAll() string {
	switch {
	case p.Method != MMSSR:
		return fmt.Sprintf("the method %s ranks all of them at once", p.Method)
	case p.Emission == OnArrival:
		return fmt.Sprintf("with emission: %s the close compares with the exact choice", OnArrival)
	case len(p.Limits) > 0:
		return "limits may pass over the first of a bin and take others"
	case p.Dedup.Content || p.Dedup.Near:
		return "dedup compares each with all others"
	case p.Budget.byCost():
		return fmt.Sprintf("a budget in %s may pass over the first of a bin and take others", p.Budget.Unit())
	case !p.Budget.Ratio.IsZero():
		return "a budget.ratio is of how many there will be"
	case p.Budget.Carry:
		return "with budget.carry a window may have to spend what earlier ones handed on"
	}
	return ""
}

// Keeps is how many candidates of every bin are enough for each capability,
// where KeepsAll says nothing.
func (p Policy) Keeps() uint64 {
	count, _ := p.Budget.fixed(p.Window.Size)
	return 2 * count
}

// CompactFrom is how many candidates a window keeps whole, whatever the policy.
const CompactFrom = compactFrom
