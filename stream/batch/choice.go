package batch

import (
	"slices"

	"cream/schemas"
	"cream/selection"
	"cream/stream/folder"
	"cream/stream/selector"
)

// choice is what windows chose. What a window by itself chose is decided at
// once; of a reservoir for ever, what its last window leaves in it.
type choice struct {
	reservoir bool
	members   []decided // of the reservoir, in the order in which they came
}

// decided is a pick as it is published.
type decided struct {
	pick selection.Pick
	as   schemas.Selection
}

func (c *choice) take(closed *selection.ClosedWindow, w *schemas.Window, decide func(decided) error) error {
	gone := make(map[string]bool)
	for id := range closed.Removed() {
		gone[id] = true
	}
	if len(gone) > 0 {
		c.members = slices.DeleteFunc(c.members, func(d decided) bool { return gone[d.pick.ID] })
	}
	for pick := range closed.Picks() {
		d := decided{pick, selector.SelectionOf(pick, schemas.RoleCurated, w)}
		if c.reservoir {
			c.members = append(c.members, d)
		} else if err := decide(d); err != nil {
			return err
		}
	}
	return nil
}

func (c *choice) end(decide func(decided) error) error {
	for _, d := range c.members {
		if err := decide(d); err != nil {
			return err
		}
	}
	return nil
}

// decide writes a decision and notes which line it is of.
func (b *Batch) decide(d decided) error {
	b.sum.Selected++
	b.chosen.add(d.pick.Partition, d.pick.SampleOffset)
	return b.decisions.Line(folder.DecisionOf(&d.as))
}
