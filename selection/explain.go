package selection

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Explanation tells what became of a sample in a window, and why.
type Explanation struct {
	ID      string
	Source  string
	Styles  []string
	Outcome Fate
	// Pick is how it was chosen, where it was.
	Pick *Pick
	// SameAs is the sample that stands for it, where Outcome is FateSame.
	SameAs string
	// Standings are its places in every bin that it lies in, for every
	// capability selected for, in the order of their turns.
	Standings []Standing
}

// Fate is what became of a sample that a window has judged.
type Fate string

// The fates.
const (
	FateChosen    Fate = "chosen"
	FateNotChosen Fate = "not chosen"
	FateSame      Fate = "the same as another"
	FateEarlier   Fate = "chosen by an earlier window"
	FateWithdrawn Fate = "withdrawn"
)

// Standing is a sample's place in a bin for a capability.
type Standing struct {
	Capability string
	Style      string // that it would count for
	Bin        string // the bin's name
	Score      float32
	// Place is that of the bin's style in the sample's list, from 1: a bin
	// ranks by it before it ranks by score. 1 where bins are not by style.
	Place int
	// Rank is its place, from 1, among all Size candidates of the bin for the
	// capability, those taken included; 0 where it is no candidate.
	Rank, Size int
	// Last is the bin's last pick for the capability; nil where there is none.
	Last *Cutoff
	// Why says, in words, why it was not taken here; "" for the standing that
	// it was chosen by.
	Why string
}

// Cutoff is the last pick that a capability took from a bin.
type Cutoff struct {
	ID    string
	Score float32
	Place int // of the bin's style in its list, from 1
	Rank  int
}

// Missed is how much more the sample would have had to score to be at the
// bin's cutoff, and false where it is not the score that it missed.
func (s Standing) Missed() (float32, bool) {
	if s.Last == nil || s.Rank == 0 || s.Rank < s.Last.Rank || s.Place != s.Last.Place {
		return 0, false
	}
	return s.Last.Score - s.Score, true
}

// Explain tells what became of a sample; false where the window has not kept
// it: it was never there, or the small state of a count budget has dropped it
// (Options.KeepAll keeps all).
//
// Of a reservoir it tells of all that ever came, as this window left it. That
// goes for the window that closed last, until the Machine takes its next step.
func (w *ClosedWindow) Explain(id string) (Explanation, bool) {
	e, ok := w.ExplainAll([]string{id})[id]
	return e, ok
}

// ExplainAll is Explain for many ids at once: every bin is sorted once for all
// of them. What it returns has no entry for an id that the window has not kept.
func (w *ClosedWindow) ExplainAll(ids []string) map[string]Explanation {
	c := w.window
	found := c.find(ids)
	all := make(map[string]Explanation, len(found))
	picks := make(map[uint32]int, len(c.chosen)) // by candidate
	for k := range c.chosen {
		picks[c.chosen[k].candidate] = k
	}
	var ranked []uint32 // candidates that have a place in bins
	for _, i := range found {
		sample := c.pack.sampleOf(i)
		e := Explanation{ID: sample.ID, Source: sample.Source, Styles: sample.Styles, Outcome: FateNotChosen}
		if k, ok := picks[i]; ok {
			pick := c.pick(k)
			e.Outcome, e.Pick = FateChosen, &pick
		} else if _, gone := c.gone[i]; gone {
			e.Outcome = FateWithdrawn
		} else if same, ok := c.ch.sameAs[i]; ok {
			// What is the same by content may itself be the same by its pictures.
			for ok {
				i = same
				same, ok = c.ch.sameAs[i]
			}
			e.Outcome, e.SameAs = FateSame, string(c.pack.id(i))
		} else if c.ch.out.has(i) {
			e.Outcome = FateEarlier
		}
		all[e.ID] = e
		if e.Outcome == FateChosen || e.Outcome == FateNotChosen {
			ranked = append(ranked, i)
		}
	}
	if c.rules.policy.Method != MMSSR {
		return all
	}
	for k, standings := range c.standings(ranked, picks) {
		id := string(c.pack.id(ranked[k]))
		e := all[id]
		e.Standings = standings
		all[id] = e
	}
	return all
}

// find looks ids up one candidate after the other: the table that would tell at
// once is gone with the open window.
func (c *closedState) find(ids []string) (found []uint32) {
	wanted := make(map[string]struct{}, len(ids))
	for _, id := range ids {
		wanted[id] = struct{}{}
	}
	for i := range c.pack.n {
		if _, ok := wanted[string(c.pack.id(i))]; ok {
			found = append(found, i)
		}
	}
	return found
}

// standings returns, for each of some candidates, its places in its bins:
// capability by capability, in the places of its style list.
func (c *closedState) standings(asked []uint32, picks map[uint32]int) [][]Standing {
	ch := newChooser(c.rules, c.pack)
	ch.measure(nil)
	all := make([][]Standing, len(asked))
	at := make([]int32, c.pack.n) // place in asked + 1, by candidate
	depths := make([]uint64, len(ch.layout.all))
	for k, i := range asked {
		at[i] = int32(k + 1)
		for _, b := range ch.layout.of(c.pack.kind(i)) {
			depths[b] = math.MaxUint32
		}
	}
	last := c.lastPicks()
	cutoffs := make([]*Cutoff, len(depths))
	for column, name := range c.rules.names {
		runs := ch.gather(column, depths, 1)
		for k, i := range asked {
			kind := c.pack.kind(i)
			for place, b := range ch.layout.of(kind) {
				all[k] = append(all[k], Standing{
					Capability: name, Bin: c.binName(b), Score: c.pack.score(column, i), Place: place + 1,
					Style: c.pack.kinds.styles.names[c.pack.kinds.styleOf(kind, c.layout.all[b])],
					Size:  runs[b].end - runs[b].start,
				})
			}
		}
		for b, depth := range depths {
			if depth == 0 {
				continue
			}
			entries := ch.entries[runs[b].start:runs[b].end]
			for rank, e := range entries {
				if k := at[e.candidate()]; k > 0 {
					bins := ch.layout.of(c.pack.kind(e.candidate()))
					all[k-1][column*len(bins)+slices.Index(bins, uint32(b))].Rank = rank + 1
				}
			}
			cutoffs[b] = c.cutoff(column, uint32(b), last[visit{uint32(b), uint16(column)}], entries)
		}
		for k, i := range asked {
			bins := ch.layout.of(c.pack.kind(i))
			for place, b := range bins {
				s := &all[k][column*len(bins)+place]
				s.Last = cutoffs[b]
				s.Why = c.why(i, column, b, *s, picks)
			}
		}
	}
	return all
}

// visit is a bin and a capability that took from it.
type visit struct {
	bin    uint32
	column uint16
}

// lastPicks returns the picks that each capability took from each bin, but only
// the last one of them, unless they came on arrival.
func (c *closedState) lastPicks() map[visit][]uint32 {
	last := make(map[visit][]uint32)
	for _, p := range c.chosen {
		at := visit{p.bin, p.capability}
		if c.arrived == nil {
			last[at] = last[at][:0]
		}
		last[at] = append(last[at], p.candidate)
	}
	return last
}

// cutoff returns the bin's last pick for a capability: of those that came on
// arrival the one that ranks last.
func (c *closedState) cutoff(column int, b uint32, picks []uint32, entries []entry) *Cutoff {
	if len(picks) == 0 {
		return nil
	}
	at := -1
	for k := len(entries) - 1; k >= 0 && at < 0; k-- {
		if slices.Contains(picks, entries[k].candidate()) {
			at = k
		}
	}
	if at < 0 { // taken on arrival, and since the same as a better one
		return nil
	}
	i := entries[at].candidate()
	return &Cutoff{
		ID: string(c.pack.id(i)), Score: c.pack.score(column, i),
		Place: 1 + slices.Index(c.layout.of(c.pack.kind(i)), b), Rank: at + 1,
	}
}

// why says why a candidate was not taken from a bin for a capability.
func (c *closedState) why(i uint32, column int, b uint32, s Standing, picks map[uint32]int) string {
	if k, ok := picks[i]; ok {
		p := &c.chosen[k]
		if p.bin == b && int(p.capability) == column {
			return ""
		}
		return "chosen for " + c.rules.names[p.capability]
	}
	threshold := c.rules.thresholds[column]
	stopped := c.ch.stops[int(b)*c.pack.columns+column]
	limit := c.limitOn(i, column, b)
	switch {
	case s.Rank == 0:
		return fmt.Sprintf("its score is not above the threshold %v", threshold)
	case s.Last != nil && s.Rank < s.Last.Rank && limit != "":
		return "it ranks before the last pick, but " + limit
	case s.Last != nil && s.Rank < s.Last.Rank && c.rules.policy.Emission == OnArrival:
		return "it ranks before the last pick, but when it came it was below the cutoff of the time, or the window had spent what it might by then"
	case s.Last != nil && s.Rank < s.Last.Rank && !c.ch.taken.has(i):
		return "it ranks before the last pick, which was chosen among fewer for the sake of a minimum"
	case s.Last != nil && s.Rank < s.Last.Rank:
		return fmt.Sprintf("it was passed over: it costs more %s than was left of the budget", c.rules.policy.Budget.Unit())
	case s.Last != nil && s.Place > s.Last.Place:
		return fmt.Sprintf("those that list the style in place %d go before it, whatever they score; %s", s.Last.Place, c.ended(s, stopped, limit))
	case s.Last != nil:
		return "it ranks behind the bin's last pick; " + c.ended(s, stopped, limit)
	case limit != "":
		return "nothing was taken from the bin: " + limit
	case c.ch.taken.has(i):
		return fmt.Sprintf("it was passed over: it costs more %s than was left of the budget", c.rules.policy.Budget.Unit())
	case !c.hadTurn(column):
		return "the budget was used up before the capability had a turn"
	default:
		return "nothing was taken from the bin: smaller ones are served first, and the capability's quota ended before it"
	}
}

// hadTurn tells whether a capability took anything.
func (c *closedState) hadTurn(column int) bool {
	for at := column; at < len(c.ch.stops); at += c.pack.columns {
		if c.ch.stops[at] != notVisited {
			return true
		}
	}
	return false
}

// ended says why the bin gave no more.
func (c *closedState) ended(s Standing, stopped stop, limit string) string {
	switch {
	case limit != "":
		return limit
	case stopped == atTurnsEnd:
		return "the capability's turn had its quota"
	default:
		return "the bin had given its part of the turn's quota"
	}
}

// limitOn names the limits that ended what a candidate could be chosen for.
func (c *closedState) limitOn(i uint32, column int, b uint32) string {
	l := c.ch.limits
	if l == nil {
		return ""
	}
	kind := c.pack.kind(i)
	style, source := c.pack.kinds.styleOf(kind, c.layout.all[b]), c.pack.kinds.all[kind].source
	var full []string
	for _, of := range []struct {
		what, name string
		b          *bound
	}{
		{ofCapability, c.rules.names[column], &l.capabilities[column]},
		{ofStyle, c.pack.kinds.styles.names[style], &l.styles[style]},
		{ofSource, c.pack.kinds.sources.names[source], &l.sources[source]},
	} {
		if of.b.closed {
			full = append(full, fmt.Sprintf("%s %s was at its maximum of %s", of.what, of.name, of.b.limit.Max))
		}
	}
	return strings.Join(full, ", and ")
}

// Refusal says why the policy does not judge a candidate, or that a bundle
// scored it whose scores it does not compare; "" where it is judged.
func (p Policy) Refusal(c *Candidate) string {
	if len(p.Bundles) > 0 && !slices.Contains(p.Bundles, c.Bundle) {
		return fmt.Sprintf("%s scored it, which is not among the policy's bundles: %s", c.Bundle, strings.Join(p.Bundles, ", "))
	}
	// Each condition by itself, as a filter of its own.
	for _, part := range p.Require.parts(c) {
		if !part.filter.isEmpty() && !part.filter.admits(c) {
			return part.what + " is not among those that the policy requires"
		}
	}
	for _, part := range p.Exclude.parts(c) {
		if part.filter.names(c) {
			return part.what + " is among those that the policy excludes"
		}
	}
	return ""
}

// condition is a filter of one condition and what of the candidate it is about.
type condition struct {
	filter Filter
	what   string
}

func (f Filter) parts(c *Candidate) []condition {
	parts := []condition{
		{Filter{Sources: f.Sources}, fmt.Sprintf("its source %q", c.Source)},
		{Filter{Styles: f.Styles}, "its style " + strings.Join(c.Styles, ", ")},
		{Filter{IDs: f.IDs}, "its id"},
		{Filter{Contents: f.Contents}, "its content"},
	}
	for _, field := range slices.Sorted(maps.Keys(f.Metadata)) {
		value, ok := c.Metadata[field]
		what := fmt.Sprintf("its metadata %s %q", field, value)
		if !ok {
			what = "its metadata " + field + ", which it has not,"
		}
		parts = append(parts, condition{Filter{Metadata: map[string][]string{field: f.Metadata[field]}}, what})
	}
	return parts
}
