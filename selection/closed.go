package selection

import (
	"fmt"
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

// Pick is a chosen sample and why it was chosen. For control, Style,
// Capability, Score, Rank, Cutoff and Round are zero.
type Pick struct {
	ID     string
	Source string
	Style  string // of the bin it was taken from
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

	EventTime int64 // ms
	// Partition and SampleOffset are where the sample lies.
	Partition    int32
	SampleOffset int64
	// Content is the first 8 bytes of the content hash, big-endian.
	Content uint64
	// Styles are all the sample's styles. The slice is shared: do not write.
	Styles []string
}

// Summary is what happened in a window.
type Summary struct {
	Start, End int64 // event time in ms: [Start, End)

	Records    int64 // candidates stepped into the window, duplicates included
	Candidates int64 // distinct ids: the n of the budget
	Duplicates int64 // Records - Candidates
	Earlier    int64 // of Candidates, those that an earlier window had chosen
	Budget     int64
	Selected   int64
	Control    int64
	Rounds     int
	// Shortfall says why fewer than Budget were selected; "" where none is
	// missing.
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
}

// together is how many picks are read at a time: so that the memory they lie
// scattered in is waited for at the same time, and that their ids share an
// allocation.
const together = 64

func (c *closedState) picks() iter.Seq[Pick] {
	return func(yield func(Pick) bool) {
		var read reader
		for start := 0; start < len(c.chosen); start += together {
			chosen := c.chosen[start:min(start+together, len(c.chosen))]
			for i := range chosen {
				read.candidates[i] = chosen[i].candidate
			}
			samples := read.samples(c.pack, len(chosen))
			for i := range chosen {
				k, p, column := &chosen[i], &samples[i], int(chosen[i].capability)
				p.Style = c.pack.kinds.styles.names[c.layout.all[k.bin].style]
				p.Capability = c.rules.names[column]
				p.Score = c.pack.score(column, k.candidate)
				p.Rank = int(k.rank)
				p.Order = start + i + 1
				p.Cutoff = c.cutoffs[int(k.bin)*c.pack.columns+column]
				p.Round = int(k.round)
			}
			for i := range samples {
				if !yield(samples[i]) {
					return
				}
			}
		}
	}
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
		row, kind := &r.rows[j], p.kinds.all[r.kinds[j]]
		r.picks[j] = Pick{
			ID:           ids[:len(r.ids[j])],
			Source:       p.kinds.sources.names[kind.source],
			EventTime:    r.times[j],
			Partition:    int32(row.place >> 48),
			SampleOffset: int64(row.sample >> 16),
			Content:      row.content,
			Styles:       p.kinds.styleNames[kind.list],
		}
		ids = ids[len(r.ids[j]):]
	}
	return r.picks[:n]
}

func (c *closedState) chosenHashes() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, k := range c.chosen {
			if !yield(c.pack.idHash(k.candidate)) {
				return
			}
		}
	}
}

// summary sums up the window that ch chose from.
func (w *window) summary(ch *chooser, c *closedState, budget uint64, earlier int64, rounds int) Summary {
	s := Summary{
		Start: w.start, End: w.end,
		Records:     w.records,
		Candidates:  w.distinct(),
		Duplicates:  w.records - w.distinct(),
		Earlier:     earlier,
		Budget:      int64(budget),
		Selected:    int64(len(c.chosen)),
		Control:     int64(len(c.control)),
		Rounds:      rounds,
		Policy:      w.rules.version,
		Approximate: w.approximate(),
	}
	chosen := make([]int64, len(c.pack.kinds.styles.names))
	for column, name := range w.rules.names {
		s.Capabilities = append(s.Capabilities, CapabilityCount{Name: name, Seen: ch.seen[column]})
	}
	for _, k := range c.chosen {
		chosen[c.layout.all[k.bin].style]++
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
	if s.Selected < s.Budget {
		s.Shortfall = fmt.Sprintf("%d of %d: no more of the %d candidates score above the threshold %v for a capability selected for",
			s.Selected, s.Budget, s.Candidates, w.rules.policy.Threshold)
		if earlier > 0 {
			s.Shortfall += fmt.Sprintf("; %d had been chosen by earlier windows", earlier)
		}
	}
	return s
}

// seenByStyle counts, by style, the candidates that list it.
func (p *pack) seenByStyle(d *dropped) []int64 {
	byKind := make([]int64, len(p.kinds.all))
	for kind := range byKind {
		byKind[kind] = int64(p.tallyOf(uint32(kind))[0])
	}
	if d != nil {
		d.each(func(i uint32) { byKind[d.kind[i]]++ })
	}
	seen := make([]int64, len(p.kinds.styles.names))
	for kind, n := range byKind {
		for _, style := range p.kinds.styleLists[p.kinds.all[kind].list] {
			seen[style] += n
		}
	}
	return seen
}
