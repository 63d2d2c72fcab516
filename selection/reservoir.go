package selection

import (
	"slices"
)

// reservoir is the window that never closes: all that windows before have
// brought, in the small state of a count budget, and who of it was chosen last.
type reservoir struct {
	window  *window
	members map[uint64]string // by hash of the id
}

// changes are what is published of a reservoir: the picks that are new, and the
// ids of those that left.
type changes struct {
	added   []Pick
	removed []string
}

func newReservoir(r *rules, h history) *reservoir {
	return &reservoir{window: newWindow(r, 0, EndOfTime, h), members: make(map[uint64]string)}
}

// recall takes in what was published before a restart.
func (r *reservoir) recall(c Chosen, hash uint64) {
	if c.Withdrawn {
		delete(r.members, hash)
	} else {
		r.members[hash] = c.ID
	}
}

// revise takes in a window that closes, and chooses anew among all.
func (r *reservoir) revise(closing *window) (*ClosedWindow, error) {
	w := r.window
	if err := w.merge(closing); err != nil {
		return nil, err
	}
	ch := newChooser(w.rules, w.pack)
	for i := range w.gone {
		ch.out.set(i)
	}
	ch.measure(w.dropped)
	budget := w.rules.policy.Budget.Count
	ch.run(budget)
	c := &closedState{rules: w.rules, pack: w.pack, layout: ch.layout, chosen: ch.picks, cutoffs: ch.cutoffs, ch: ch, gone: w.gone}
	s := w.summary(ch, c)
	s.Start, s.End, s.Records = closing.start, closing.end, closing.records
	s.Budget, s.Spent = int64(budget), int64(budget-ch.left)
	s.Shortfall = ch.shortfall(&s)
	c.changes = r.change(c)
	s.Added, s.Removed = int64(len(c.changes.added)), int64(len(c.changes.removed))
	ch.leads, ch.entries, ch.found = nil, nil, nil
	return &ClosedWindow{window: c, Summary: s}, nil
}

// change makes the choice the members, and returns what that changes. A pick
// that is new takes the place of one that left, in order.
func (r *reservoir) change(c *closedState) *changes {
	members := make(map[uint64]string, len(c.chosen))
	var fresh []int
	for k := range c.chosen {
		hash := c.pack.idHash(c.chosen[k].candidate)
		if id, ok := r.members[hash]; ok {
			members[hash] = id
			continue
		}
		members[hash] = string(c.pack.id(c.chosen[k].candidate))
		fresh = append(fresh, k)
	}
	d := &changes{}
	for hash, id := range r.members {
		if _, ok := members[hash]; !ok {
			d.removed = append(d.removed, id)
		}
	}
	slices.Sort(d.removed)
	for n, k := range fresh {
		p := c.pick(k)
		if n < len(d.removed) {
			p.Replaces = d.removed[n]
		}
		d.added = append(d.added, p)
	}
	r.members = members
	return d
}
