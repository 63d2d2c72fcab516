package selection

import (
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Merge takes in the open windows of another machine of the same policy, which
// has read other partitions, or other parts of them: as if all had come here.
// The other machine is of no further use.
func (m *Machine) Merge(o *Machine) error {
	if m.rules.version != o.rules.version || m.rules.scores != o.rules.scores {
		return fmt.Errorf("merge a machine of policy %s into one of %s: expected one policy and bundle", o.rules.version, m.rules.version)
	}
	if m.rules.policy.Emission == OnArrival || m.reservoir != nil || len(m.regimes)+len(o.regimes) > 2 {
		return errors.New("merge machines that choose on arrival, have a reservoir, or whose policy has changed: what each has published cannot be merged")
	}
	for end, w := range o.open {
		if end <= m.closedThrough {
			return fmt.Errorf("merge a window that ends at %d into a machine that has closed it", end)
		}
		if m.open[end] == nil {
			m.open[end] = m.newWindow(end)
		}
		if err := m.open[end].merge(w); err != nil {
			return fmt.Errorf("merge the windows that end at %d: %w", end, err)
		}
	}
	return nil
}

// merge takes in all that another window of the same policy holds. As every
// one of them has the first candidates of each bin and the sizes of all, so has
// what comes of it.
func (w *window) merge(o *window) error {
	records := w.records + o.records
	w.filtered += o.filtered
	w.setAside += o.setAside
	w.withdrawn += o.withdrawn
	for p, offset := range o.lowest {
		for p >= len(w.lowest) {
			w.lowest = append(w.lowest, -1)
		}
		if offset >= 0 && (w.lowest[p] < 0 || offset < w.lowest[p]) {
			w.lowest[p] = offset
		}
	}
	for i := range o.pack.n {
		if _, gone := o.gone[i]; !gone {
			if _, err := w.add(o.pack.candidate(i, w.rules), o.pack.idHash(i)); err != nil {
				return err
			}
		}
	}
	if o.dropped != nil {
		w.mergeDropped(o)
	}
	w.records = records
	return nil
}

// candidate is the record of candidate i as far as it is kept.
func (p *pack) candidate(i uint32, r *rules) *Candidate {
	s := p.sampleOf(i)
	c := &Candidate{
		ID: s.ID, Source: s.Source, Styles: s.Styles, Scores: make([]float32, r.scores),
		EventTime: s.EventTime, Partition: s.Partition, SampleOffset: s.SampleOffset,
		Offset:      int64(p.place(i) & (1<<48 - 1)),
		ContentHash: contentOf(p.content(i)),
		PictureHash: s.PictureHash, TextHash: s.TextHash,
	}
	for column, at := range r.columns {
		c.Scores[at] = p.score(column, i)
	}
	c.Metadata = p.kinds.example(p.kind(i)).Metadata
	p.extras.candidate(c, i, r)
	return c
}

// mergeDropped takes in what is known of records that another window dropped:
// behind the first of their bins there, they are so here.
func (w *window) mergeDropped(o *window) {
	if w.dropped == nil {
		w.dropped = newDropped(w.pack.columns)
		for i := range w.pack.n {
			w.dropped.keep(w.dropped.ids.find(xxhash.Sum64(w.pack.id(i))))
		}
	}
	d := w.dropped
	kinds := make(map[uint32]uint32) // of the other → ours
	for kind := range o.pack.kinds.all {
		kinds[uint32(kind)] = w.pack.kinds.of(o.pack.kinds.example(uint32(kind)))
	}
	o.dropped.ids.each(func(hash uint64, r record) {
		r.kind = kinds[r.kind]
		at := d.ids.find(hash)
		if !at.found {
			d.add(at, r)
			return
		}
		switch have := d.ids.at(at); {
		case have.kind == goneKind:
			d.add(at, r)
		case have.kind == packedKind, have.content == r.content && have != r:
			d.unsure++ // which of the two stands is not known
		case r.content < have.content:
			d.count(have, -1)
			d.ids.put(at, r)
			d.count(r, 1)
		}
	})
	d.unsure += o.dropped.unsure
	d.frontier.advance(o.dropped.frontier.as(o.pack.kinds.layout(w.rules.policy.Bins), w.pack.kinds.layout(w.rules.policy.Bins), kinds, w.pack.columns))
}

// as returns the cutoffs of one layout as those of another, which has all of
// its kinds, by other numbers.
func (c cutoffs) as(from, to layout, kinds map[uint32]uint32, columns int) cutoffs {
	out := newCutoffs(len(to.all) * columns)
	out.control = c.control
	for kind, ours := range kinds {
		for place, b := range from.of(kind) {
			if (int(b)+1)*columns > len(c.keys) {
				continue // newer than the last dropping
			}
			there := int(to.of(ours)[place]) * columns
			copy(out.keys[there:][:columns], c.keys[int(b)*columns:])
			copy(out.lots[there:][:columns], c.lots[int(b)*columns:])
		}
	}
	return out
}
