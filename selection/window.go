package selection

import (
	"cmp"

	"github.com/cespare/xxhash/v2"
)

// window is an open window.
type window struct {
	rules      *rules
	start, end int64
	records    int64
	lowest     []int64 // by partition: the lowest offset seen, or -1
	pack       *pack
}

func newWindow(r *rules, start, end int64) *window {
	return &window{rules: r, start: start, end: end, pack: newPack(len(r.columns))}
}

// add takes a valid candidate. Of several with one id stands the one with the
// lowest content hash, and of equal ones the first by partition and offset.
func (w *window) add(c *Candidate) (Outcome, error) {
	hash := xxhash.Sum64String(c.ID)
	i, found := w.pack.find(hash, c.ID)
	if !found && w.pack.n == maxCount {
		return None, ErrFull
	}
	w.records++
	w.see(c.Partition, c.Offset)
	if !found {
		w.pack.append(c, hash, w.rules)
		return Accepted, nil
	}
	if before := cmp.Or(
		cmp.Compare(contentPrefix(c), w.pack.content(i)),
		cmp.Compare(placeOf(c), w.pack.place(i)),
	); before < 0 {
		w.pack.set(i, c, w.rules)
	}
	return Duplicate, nil
}

func (w *window) see(partition int32, offset int64) {
	for int(partition) >= len(w.lowest) {
		w.lowest = append(w.lowest, -1)
	}
	if have := w.lowest[partition]; have < 0 || offset < have {
		w.lowest[partition] = offset
	}
}

func (w *window) distinct() int64 { return int64(w.pack.n) }

// close chooses. The window is of no further use.
func (w *window) close(chosen map[uint64]int64) *ClosedWindow {
	p := w.pack
	p.table = table{} // nobody looks up an id any more
	ch := newChooser(w.rules, p)
	earlier := ch.crossOut(chosen)
	budget := w.rules.policy.Budget.Of(uint64(p.n))
	rounds := ch.run(budget)
	for column := range p.columns {
		ch.count(column) // those that had no turn, for the summary
	}
	c := &closedState{rules: w.rules, pack: p, layout: ch.layout, chosen: ch.picks, cutoffs: ch.cutoffs}
	if w.rules.policy.Control {
		c.control = drawControl(p, ch.out, w.rules.policy.Seed, len(c.chosen))
	}
	return &ClosedWindow{window: c, Summary: w.summary(ch, c, budget, earlier, rounds)}
}
