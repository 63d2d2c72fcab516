package selection

import (
	"fmt"
	"slices"
)

// Minimums are seen to before anything else is chosen, one after the other:
// of capabilities, of styles, of sources, each by name. What is missing to a
// minimum is chosen by the method itself, by rounds of its own, among the
// candidates that count for it; what was chosen for another counts, too. So
// each minimum is met as long as its candidates and the budget last.

// seeToMinimums plays for every minimum.
func (ch *chooser) seeToMinimums() {
	all := make([]int, ch.pack.columns)
	for c := range all {
		all[c] = c
	}
	for _, limit := range ch.rules.policy.sortedLimits() {
		if limit.Min.isZero() {
			continue
		}
		switch limit.Of {
		case ofCapability:
			c := slices.Index(ch.rules.names, limit.Name)
			ch.playFor(ch, &ch.limits.capabilities[c], []int{c})
		case ofStyle:
			style, ok := ch.pack.kinds.styles.numbers[limit.Name]
			if ok {
				ch.playFor(ch.among(func(kind uint32, b bin) bool {
					if ch.limits.byStyle {
						return b.style == style
					}
					return ch.pack.kinds.firstStyle(kind) == style
				}), &ch.limits.styles[style], all)
			}
		case ofSource:
			source, ok := ch.pack.kinds.sources.numbers[limit.Name]
			if ok {
				ch.playFor(ch.among(func(kind uint32, _ bin) bool {
					return ch.pack.kinds.all[kind].source == source
				}), &ch.limits.sources[source], all)
			}
		}
	}
	ch.rankAnew()
}

// playFor lets a chooser of some candidates choose what is missing to a
// minimum, and takes over what it chose.
func (ch *chooser) playFor(some *chooser, b *bound, capabilities []int) {
	want, have, byCost := b.minimum(ch.budget)
	if want <= have {
		return
	}
	passed := ch.passed
	some.left, some.round, some.passed, some.picks = ch.left, ch.round, ch.passed, ch.picks
	if some != ch {
		some.recountAll()
	}
	some.play(capabilities, want-have, byCost && ch.rules.keepCost)
	ch.left, ch.round, ch.passed, ch.picks = some.left, some.round, some.passed, some.picks
	if some != ch {
		ch.recountAll()
	}
	_, have, _ = b.minimum(ch.budget)
	b.starved = have < want && (ch.left == 0 || ch.passed > passed)
}

// minimum returns how much is to be chosen at least and how much has been, in
// samples or in the budget's unit.
func (b *bound) minimum(budget uint64) (want, have uint64, byCost bool) {
	if m := b.limit.Min; m.Share.IsZero() {
		return m.Count, b.samples, false
	}
	return b.limit.Min.Share.CeilOf(budget), b.spent, true
}

// among returns a chooser of the same window that sees only the bins that keep
// says, for candidates of the kind. It shares everything else.
func (ch *chooser) among(keep func(kind uint32, b bin) bool) *chooser {
	some := newChooser(ch.rules, ch.pack)
	some.out, some.taken, some.cutoffs, some.stops, some.limits = ch.out, ch.taken, ch.cutoffs, ch.stops, ch.limits
	// What is not kept lies in a bin that nobody takes from.
	l := &some.layout
	nowhere := uint32(len(l.all))
	l.all = append(slices.Clone(l.all), bin{style: notBy, source: notBy, values: notBy})
	l.bins = slices.Clone(l.bins)
	for kind := range len(l.start) - 1 {
		bins := l.bins[l.start[kind]:l.start[kind+1]]
		for place, b := range bins {
			if !keep(uint32(kind), l.all[b]) {
				bins[place] = nowhere
			}
		}
	}
	some.nowhere = int(nowhere)
	some.classes = newClasses(l)
	cells := len(l.all) * ch.pack.columns
	some.sizes, some.live = make([]uint32, cells), make([]uint32, cells)
	some.measure(nil)
	return some
}

// recountAll counts and fetches anew, for others have chosen.
func (ch *chooser) recountAll() {
	for column := range ch.pack.columns {
		ch.recount(column)
		ch.deducted[column] = len(ch.picks)
	}
	ch.leads = make([]lead, ch.pack.columns)
}

// rankAnew gives the picks their ranks in the whole window, where they were
// made among some of a bin.
func (ch *chooser) rankAnew() {
	for column := range ch.pack.columns {
		byPlace := make(map[uint64]int) // bin and candidate → pick
		depths := make([]uint64, len(ch.layout.all))
		for k, p := range ch.picks {
			if int(p.capability) == column {
				byPlace[uint64(p.bin)<<32|uint64(p.candidate)] = k
				depths[p.bin] = uint64(ch.pack.n)
			}
		}
		if len(byPlace) == 0 {
			continue
		}
		for b, r := range ch.gather(column, depths, 1) {
			if depths[b] == 0 {
				continue
			}
			entries := ch.entries[r.start:r.end]
			for rank, e := range entries {
				if k, ok := byPlace[uint64(b)<<32|uint64(e.candidate())]; ok {
					ch.picks[k].rank = uint32(rank + 1)
				}
			}
		}
	}
}

// missedMinimums says of each minimum that was not met why.
func (ch *chooser) missedMinimums() (why []string) {
	if ch.limits == nil {
		return nil
	}
	for _, limit := range ch.rules.policy.sortedLimits() {
		if limit.Min.isZero() {
			continue
		}
		b := &bound{limit: &limit} // a style or source that the window has none of
		switch limit.Of {
		case ofCapability:
			b = &ch.limits.capabilities[slices.Index(ch.rules.names, limit.Name)]
		case ofStyle:
			if i, ok := ch.pack.kinds.styles.numbers[limit.Name]; ok {
				b = &ch.limits.styles[i]
			}
		case ofSource:
			if i, ok := ch.pack.kinds.sources.numbers[limit.Name]; ok {
				b = &ch.limits.sources[i]
			}
		}
		if want, have, _ := b.minimum(ch.budget); have < want {
			reason := "no more candidates of it within the other limits"
			if b.starved {
				reason = "other minimums used up the budget"
			}
			why = append(why, fmt.Sprintf("the minimum of %s %s: %d of %d, %s", limit.Of, limit.Name, have, want, reason))
		}
	}
	return why
}
