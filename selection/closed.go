package selection

import (
	"iter"
	"slices"
	"strings"
)

// ClosedWindow is a window that has closed: what it chose and its summary.
// The picks are handed out one by one, because a window can choose millions
// and holds them packed; both sequences can be ranged over again.
type ClosedWindow struct {
	Summary Summary

	window *closedState
}

// Picks yields what was chosen, in the order of choosing.
func (w *ClosedWindow) Picks() iter.Seq[Pick] { return w.window.picks() }

// Control yields the uniform random twin: as many samples as were chosen,
// drawn from the same candidates by a hash of seed and id. Empty where the
// policy asks for none.
func (w *ClosedWindow) Control() iter.Seq[Pick] { return w.window.controls() }

// Removed yields the ids that a reservoir no longer has since the window
// before, those that a pick replaces included. Empty where windows are not
// global.
func (w *ClosedWindow) Removed() iter.Seq[string] {
	if w.window.changes == nil {
		return func(func(string) bool) {}
	}
	return slices.Values(w.window.changes.removed)
}

// Pick is a chosen sample and why it was chosen. For control, Style,
// Capability, Score, Rank, Cutoff and Round are zero.
type Pick struct {
	ID     string
	Source string
	// Style is that of the bin it was taken from or, where bins are not by
	// style, the sample's first.
	Style string
	// Capability is the one whose turn took it, Score its score there.
	Capability string
	Score      float32
	// Rank is its place, from 1, among all the window's candidates of the
	// bin for the capability, those that others had taken included.
	Rank int
	// Order is its place, from 1, in the window's order of choosing.
	Order int
	// Cutoff is the score of the last one that the capability took from the
	// bin in this window.
	Cutoff float32
	// Round is the round of its turn, from 1.
	Round int
	// Cost is what it takes of the budget, in the budget's unit.
	Cost uint64
	// Replaces is the id of the sample whose place in a reservoir it takes; ""
	// where it takes none's.
	Replaces string
	// OnArrival tells that it was Effects.Taken when it arrived. Then Cutoff
	// is that of the time, and Rank and Round are 0.
	OnArrival bool

	EventTime int64 // ms
	// Partition and SampleOffset are where the sample lies.
	Partition    int32
	SampleOffset int64
	// Content is the first 8 bytes of the content hash, big-endian.
	Content uint64
	// PictureHash and TextHash are as the candidate had them, where the policy
	// looks for near duplicates.
	PictureHash, TextHash uint64
	// Styles are all the sample's styles. The slice is shared: do not write.
	Styles []string
}

// Chosen returns what a later machine is to be told of a pick of the window
// with the end.
func (p Pick) Chosen(end int64) Chosen {
	return Chosen{ID: p.ID, End: end, Content: p.Content, PictureHash: p.PictureHash, TextHash: p.TextHash,
		Capability: p.Capability, Style: p.Style, Source: p.Source, Cutoff: p.Cutoff, Cost: p.Cost,
	}
}

// Summary is what happened in a window.
type Summary struct {
	Start, End int64 // event time in ms: [Start, End)

	// Records are the candidates stepped into the window. Each is one of
	// Filtered, SetAside, Withdrawn, Duplicates and Candidates.
	Records    int64
	Filtered   int64 // the policy does not judge them
	SetAside   int64 // of other bundles than the policy's
	Withdrawn  int64
	Duplicates int64 // of an id that was there already
	Candidates int64 // distinct ids
	Same       int64 // of Candidates, the same as another by content, which stands for them
	Earlier    int64 // of Candidates, those that an earlier window had chosen
	// Budget is in its policy's unit. The n of a ratio is Candidates.
	Budget     int64
	CarriedIn  int64 // of Budget, what earlier windows handed on
	CarriedOut int64 // what is handed to the next window
	Spent      int64 // of Budget
	Unit       string
	Selected   int64
	// Of a reservoir: those of Selected that are new, and how many left it.
	// Candidates and what follows are then of all that ever came.
	Added, Removed int64
	// Of Selected, those that were taken on arrival; and, beside the exact
	// choice, how many are in both, and the sum of all scores of those
	// selected as a part of that of the exact choice. Zero where picks leave
	// when windows close.
	OnArrival  int64
	InExact    int64
	ExactScore float64
	Control    int64
	Rounds     int
	// Shortfall says why less than Budget was selected, and which minimums
	// were missed and why; "" where nothing is missing.
	Shortfall string
	// Approximate says why the picks may differ from the exact ones; "" where
	// they are exact, which is always so but for what compact.go describes.
	Approximate string

	// Capabilities has one entry for each capability selected for, in the
	// order of their turns.
	Capabilities []CapabilityCount
	// Styles has one entry for each style seen, by name.
	Styles []StyleCount
	// Policy is the policy's version.
	Policy string
}

// CapabilityCount is a window's tally for a capability.
type CapabilityCount struct {
	Name   string
	Seen   int64 // candidates that score above the threshold
	Chosen int64
	Cutoff float32 // the lowest score taken; 0 where none was
}

// StyleCount is a window's tally for a style.
type StyleCount struct {
	Name   string
	Seen   int64 // candidates that list the style, in whatever place
	Chosen int64 // picks from the style's bins
}

// closedState is what the picks are read from.
type closedState struct {
	rules   *rules
	pack    *pack
	layout  layout
	chosen  []pick
	control []uint32
	cutoffs []float32
	// Where picks leave on arrival: how many of chosen did, and the exact
	// choice beside.
	arrived []arrival
	exact   []pick
	ch      *chooser            // for Explain, without what it fetched
	gone    map[uint32]struct{} // withdrawn
	changes *changes            // of a reservoir; nil of a window by itself
}

// together is how many picks are read at a time: so that the memory they lie
// scattered in is waited for at the same time, and that their ids share an
// allocation.
const together = 64

func (c *closedState) picks() iter.Seq[Pick] {
	if c.changes != nil {
		return slices.Values(c.changes.added)
	}
	return func(yield func(Pick) bool) {
		var read reader
		for start := 0; start < len(c.chosen); start += together {
			chosen := c.chosen[start:min(start+together, len(c.chosen))]
			for i := range chosen {
				read.candidates[i] = chosen[i].candidate
			}
			samples := read.samples(c.pack, len(chosen))
			for i := range chosen {
				c.decide(&samples[i], start+i)
			}
			for i := range samples {
				if !yield(samples[i]) {
					return
				}
			}
		}
	}
}

// pick returns what was chosen as number k, from 0.
func (c *closedState) pick(k int) Pick {
	p := c.pack.sampleOf(c.chosen[k].candidate)
	c.decide(&p, k)
	return p
}

// decide adds to a sample why it was chosen, as number k.
func (c *closedState) decide(p *Pick, k int) {
	chosen := &c.chosen[k]
	column := int(chosen.capability)
	p.Style = c.pack.kinds.styles.names[c.style(*chosen)]
	p.Capability = c.rules.names[column]
	p.Score = c.pack.score(column, chosen.candidate)
	p.Rank = int(chosen.rank)
	p.Order = k + 1
	p.Cutoff = c.cutoffs[int(chosen.bin)*c.pack.columns+column]
	p.Round = int(chosen.round)
	p.Cost = uint64(c.ch.cost(chosen.candidate))
	if k < len(c.arrived) {
		p.OnArrival, p.Cutoff = true, c.arrived[k].cutoff
	}
}

// binName returns a bin's name.
func (c *closedState) binName(b uint32) string {
	return strings.Join(c.pack.kinds.parts(c.layout.all[b], c.rules.policy.Bins.keys()), "+")
}

func (c *closedState) controls() iter.Seq[Pick] {
	return func(yield func(Pick) bool) {
		var read reader
		for start := 0; start < len(c.control); start += together {
			n := copy(read.candidates[:], c.control[start:])
			for i, p := range read.samples(c.pack, n) {
				p.Order = start + i + 1
				if !yield(p) {
					return
				}
			}
		}
	}
}

// style returns the style that a pick counts for.
func (c *closedState) style(k pick) uint32 {
	return c.pack.kinds.styleOf(c.pack.kind(k.candidate), c.layout.all[k.bin])
}

// reader reads what a Pick says of the sample itself.
type reader struct {
	candidates [together]uint32
	rows       [together]row
	times      [together]int64
	kinds      [together]uint32
	ids        [together][]byte
	picks      [together]Pick
	text       []byte
}

// samples reads the first n candidates.
func (r *reader) samples(p *pack, n int) []Pick {
	for j, i := range r.candidates[:n] {
		r.ids[j], r.kinds[j], r.times[j], r.rows[j] = p.id(i), p.kind(i), p.time(i), *p.row(i)
	}
	r.text = r.text[:0]
	for _, id := range r.ids[:n] {
		r.text = append(r.text, id...)
	}
	ids := string(r.text)
	for j := range n {
		p.sample(&r.picks[j], &r.rows[j], r.kinds[j], ids[:len(r.ids[j])])
		r.picks[j].EventTime = r.times[j]
		p.extras.sample(&r.picks[j], r.candidates[j])
		ids = ids[len(r.ids[j]):]
	}
	return r.picks[:n]
}

// sample writes what a Pick says of a sample.
func (p *pack) sample(to *Pick, row *row, kind uint32, id string) {
	k := p.kinds.all[kind]
	*to = Pick{
		ID:           id,
		Source:       p.kinds.sources.names[k.source],
		Partition:    int32(row.place >> 48),
		SampleOffset: int64(row.sample >> 16),
		Content:      row.content,
		Styles:       p.kinds.styleNames[k.list],
	}
}

// sampleOf returns what a Pick says of one sample.
func (p *pack) sampleOf(i uint32) (pick Pick) {
	p.sample(&pick, p.row(i), p.kind(i), string(p.id(i)))
	pick.EventTime = p.time(i)
	p.extras.sample(&pick, i)
	return pick
}

// hashes yields what is to be remembered of the picks, unless that was done
// when they arrived.
func (c *closedState) hashes() iter.Seq[hashes] {
	return func(yield func(hashes) bool) {
		for _, k := range c.chosen[len(c.arrived):] {
			if !yield(c.pack.hashes(k.candidate)) {
				return
			}
		}
	}
}

// summary sums up the window that ch chose from; close adds what it knows.
func (w *window) summary(ch *chooser, c *closedState) Summary {
	s := Summary{
		Start: w.start, End: w.end,
		Records: w.records, Filtered: w.filtered, SetAside: w.setAside, Withdrawn: w.withdrawn,
		Candidates:  w.distinct(),
		Duplicates:  w.records - w.filtered - w.setAside - w.withdrawn - w.distinct(),
		Selected:    int64(len(c.chosen)),
		Control:     int64(len(c.control)),
		Rounds:      ch.round,
		Unit:        w.rules.policy.Budget.Unit(),
		Policy:      w.rules.version,
		Approximate: w.approximate(ch, c.control),
	}
	chosen := make([]int64, len(c.pack.kinds.styles.names))
	for column, name := range w.rules.names {
		s.Capabilities = append(s.Capabilities, CapabilityCount{Name: name, Seen: ch.seen[column]})
	}
	for _, k := range c.chosen {
		chosen[c.style(k)]++
		count := &s.Capabilities[k.capability]
		score := c.pack.score(int(k.capability), k.candidate)
		if count.Chosen == 0 || score < count.Cutoff {
			count.Cutoff = score
		}
		count.Chosen++
	}
	for style, seen := range c.pack.seenByStyle(w.dropped) {
		if seen == 0 {
			continue // of records that did not stand
		}
		s.Styles = append(s.Styles, StyleCount{Name: c.pack.kinds.styles.names[style], Seen: seen, Chosen: chosen[style]})
	}
	slices.SortFunc(s.Styles, func(a, b StyleCount) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// compare adds to the summary how far what was taken on arrival came from the
// exact choice.
func (c *closedState) compare(s *Summary) {
	s.OnArrival = int64(len(c.arrived))
	chosen := newBitset(c.pack.n)
	var have, exact float64
	for _, k := range c.chosen {
		chosen.set(k.candidate)
		have += c.pack.sum(k.candidate)
	}
	for _, k := range c.exact {
		if chosen.has(k.candidate) {
			s.InExact++
		}
		exact += c.pack.sum(k.candidate)
	}
	if exact > 0 {
		s.ExactScore = have / exact
	}
}

// seenByStyle counts, by style, the candidates that list it.
func (p *pack) seenByStyle(d *dropped) []int64 {
	byKind := make([]int64, len(p.kinds.all))
	for kind := range byKind {
		byKind[kind] = int64(p.tallyOf(uint32(kind))[0])
		if d != nil {
			byKind[kind] += int64(d.tallyOf(uint32(kind))[0])
		}
	}
	seen := make([]int64, len(p.kinds.styles.names))
	for kind, n := range byKind {
		for _, style := range p.kinds.styleLists[p.kinds.all[kind].list] {
			seen[style] += n
		}
	}
	return seen
}
