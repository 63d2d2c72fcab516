package selection

import (
	"fmt"
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
func (w *ClosedWindow) Explain(id string) (Explanation, bool) {
	c := w.window
	i, found := c.find(id)
	if !found {
		return Explanation{}, false
	}
	sample := c.pack.sampleOf(i)
	e := Explanation{ID: id, Source: sample.Source, Styles: sample.Styles, Outcome: FateNotChosen}
	if k := slices.IndexFunc(c.chosen, func(k pick) bool { return k.candidate == i }); k >= 0 {
		pick := c.pick(k)
		e.Outcome, e.Pick = FateChosen, &pick
	}
	if _, gone := c.gone[i]; gone {
		e.Outcome = FateWithdrawn
		return e, true
	}
	if same, ok := c.ch.sameAs[i]; ok {
		// What is the same by content may itself be the same by its pictures.
		for ok {
			i = same
			same, ok = c.ch.sameAs[i]
		}
		e.Outcome, e.SameAs = FateSame, string(c.pack.id(i))
		return e, true
	}
	if c.ch.out.has(i) {
		e.Outcome = FateEarlier
		return e, true
	}
	if c.rules.policy.Method == MMSSR {
		e.Standings = c.standings(i)
	}
	return e, true
}

// find looks an id up one by one: the table that would tell at once is gone
// with the open window.
func (c *closedState) find(id string) (uint32, bool) {
	for i := range c.pack.n {
		if string(c.pack.id(i)) == id {
			return i, true
		}
	}
	return 0, false
}

func (c *closedState) standings(i uint32) (all []Standing) {
	ch := newChooser(c.rules, c.pack)
	ch.measure(nil)
	kind := c.pack.kind(i)
	bins := ch.layout.of(kind)
	depths := make([]uint64, len(ch.layout.all))
	for _, b := range bins {
		depths[b] = math.MaxUint32
	}
	for column, name := range c.rules.names {
		runs := ch.gather(column, depths, 1)
		for place, b := range bins {
			s := Standing{
				Capability: name, Bin: c.binName(b), Score: c.pack.score(column, i), Place: place + 1,
				Style: c.pack.kinds.styles.names[c.pack.kinds.styleOf(kind, c.layout.all[b])],
			}
			entries := ch.entries[runs[b].start:runs[b].end]
			s.Size = len(entries)
			s.Rank = 1 + slices.IndexFunc(entries, func(e entry) bool { return e.candidate() == i })
			s.Last = c.last(column, b, entries)
			s.Why = c.why(i, column, b, s)
			all = append(all, s)
		}
	}
	return all
}

// last returns the bin's last pick for a capability.
func (c *closedState) last(column int, b uint32, entries []entry) *Cutoff {
	for k := len(c.chosen) - 1; k >= 0; k-- {
		p := c.chosen[k]
		if p.bin != b || int(p.capability) != column {
			continue
		}
		at := slices.IndexFunc(entries, func(e entry) bool { return e.candidate() == p.candidate })
		return &Cutoff{
			ID: string(c.pack.id(p.candidate)), Score: c.pack.score(column, p.candidate),
			Place: 1 + slices.Index(c.layout.of(c.pack.kind(p.candidate)), b), Rank: at + 1,
		}
	}
	return nil
}

// why says why a candidate was not taken from a bin for a capability.
func (c *closedState) why(i uint32, column int, b uint32, s Standing) string {
	for k := range c.chosen {
		if p := &c.chosen[k]; p.candidate == i {
			if p.bin == b && int(p.capability) == column {
				return ""
			}
			return "chosen for " + c.rules.names[p.capability]
		}
	}
	threshold := c.rules.thresholds[column]
	stopped := c.ch.stops[int(b)*c.pack.columns+column]
	limit := c.limitOn(i, column, b)
	switch {
	case s.Rank == 0:
		return fmt.Sprintf("its score is not above the threshold %v", threshold)
	case s.Last != nil && s.Rank < s.Last.Rank && limit != "":
		return "it ranks before the last pick, but " + limit
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
	default:
		return "nothing was taken from the bin: smaller ones are served first, and the capability's quota ended before it"
	}
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
