package selection

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// limiter keeps a window's picks within the policy's limits.
type limiter struct {
	capabilities, styles, sources []bound // by number
	byStyle                       bool    // bins are, so a pick's style is its bin's
}

// bound is a limit of one capability, style or source, as it applies to a
// window, and what has been chosen against it.
type bound struct {
	limit          *Limit // nil: none
	samples, spent uint64
	// At most so many samples, and at most so much of the budget.
	maxSamples, maxSpent uint64
	closed               bool
	starved              bool // the budget ended before the minimum was met
}

func newLimiter(r *rules, p *pack, budget uint64) *limiter {
	l := &limiter{byStyle: slices.Contains(r.policy.Bins.keys(), "style")}
	bounds := func(of string, names []string) []bound {
		all := make([]bound, len(names))
		for i, name := range names {
			b := &all[i]
			b.maxSamples, b.maxSpent = math.MaxUint64, math.MaxUint64
			b.limit = r.policy.limit(of, name)
			if b.limit == nil || b.limit.Max == nil {
				continue
			}
			if m := *b.limit.Max; m.Share.IsZero() {
				b.maxSamples = m.Count
			} else {
				b.maxSpent = m.Share.FloorOf(budget)
			}
		}
		return all
	}
	l.capabilities = bounds(ofCapability, r.names)
	l.styles = bounds(ofStyle, p.kinds.styles.names)
	l.sources = bounds(ofSource, p.kinds.sources.names)
	return l
}

func (l *limiter) isClosed(capability int) bool {
	return l != nil && l.capabilities[capability].closed
}

// full tells whether a pick of a cost would be too much.
func (b *bound) full(cost uint64) bool {
	return b.samples+1 > b.maxSamples || b.spent+cost > b.maxSpent
}

// admit tells whether the limits allow a pick, and counts it. What is full is
// closed: by a pick of one sample more, or by the first that would overrun
// its part of the budget.
func (ch *chooser) admit(column int, bin, i uint32, cost uint64) bool {
	l := ch.limits
	if l == nil {
		return true
	}
	kind := ch.pack.kind(i)
	style, source := ch.pack.kinds.styleOf(kind, ch.layout.all[bin]), ch.pack.kinds.all[kind].source
	c, t, s := &l.capabilities[column], &l.styles[style], &l.sources[source]
	switch {
	case c.closed || t.closed || s.closed:
		return false
	case c.full(cost):
		c.closed = true
		return false
	case t.full(cost):
		ch.closeStyle(style)
		return false
	case s.full(cost):
		ch.closeSource(source)
		return false
	}
	for _, b := range []*bound{c, t, s} {
		b.samples++
		b.spent += cost
	}
	return true
}

// closeStyle lets no more be chosen for a style. A sample of several styles
// stays in the bins of the others.
func (ch *chooser) closeStyle(style uint32) {
	if ch.limits.styles[style].closed {
		return
	}
	ch.limits.styles[style].closed = true
	if !ch.limits.byStyle {
		ch.removeKinds(func(kind uint32) bool { return ch.pack.kinds.firstStyle(kind) == style })
	}
}

// closeSource lets no more be chosen of a source.
func (ch *chooser) closeSource(source uint32) {
	if ch.limits.sources[source].closed {
		return
	}
	ch.limits.sources[source].closed = true
	ch.removeKinds(func(kind uint32) bool { return ch.pack.kinds.all[kind].source == source })
}

// removeKinds removes all candidates of some kinds.
func (ch *chooser) removeKinds(which func(uint32) bool) {
	removed := make([]bool, len(ch.pack.kinds.all))
	for kind := range removed {
		removed[kind] = which(uint32(kind))
	}
	for i := range ch.pack.n {
		if removed[ch.pack.kind(i)] && !ch.taken.has(i) {
			ch.remove(i)
		}
	}
}

// isShut tells whether a bin is of a style that is closed.
func (ch *chooser) isShut(bin int) bool {
	l := ch.limits
	return l != nil && l.byStyle && bin != ch.nowhere && l.styles[ch.layout.all[bin].style].closed
}

// turnByOne is turn where a pick may cost more than 1, or may not be allowed:
// so they are taken one by one. The quota is in samples, or in the budget's
// unit. A bin's last pick may cost more than what is left of its part, but
// none costs more than what is left of the budget: such is passed over.
func (ch *chooser) turnByOne(column int, order []uint32, quota uint64, byCost bool) (took uint64) {
	mean := uint64(1)
	if byCost {
		mean = ch.meanCost()
	}
	part := max(quota/uint64(len(order)), 1)
	var debt uint64
	slack := ch.rules.slack
	for at, b := range order {
		allowed, spent := part+debt, uint64(0)
		open := func() bool {
			return spent < allowed && took < quota && ch.left > 0 && !ch.limits.isClosed(column) &&
				ch.live[int(b)*ch.pack.columns+column] > 0 && !ch.isShut(int(b))
		}
		for open() {
			// As many as are likely to be taken; those that were removed
			// meanwhile are skipped.
			wanted := (min(allowed-spent, quota-took) + mean - 1) / mean
			wanted = min(wanted, uint64(ch.live[int(b)*ch.pack.columns+column]))
			found := ch.first(column, demand{
				bins: order[at:], want: wanted, part: max(part/mean, 1), debt: 0,
				quota: max((quota-took)/mean, wanted), slack: &slack,
			})
			if len(found) == 0 {
				return took // what the bin still counts was dropped
			}
			for _, f := range found {
				if !open() {
					break
				}
				if ch.taken.has(f.candidate) {
					continue
				}
				cost := uint64(ch.cost(f.candidate))
				if cost > ch.left {
					ch.passed++
					ch.remove(f.candidate)
					continue
				}
				if !ch.admit(column, b, f.candidate, cost) {
					continue
				}
				ch.take(column, b, f)
				ch.cutoffs[int(b)*ch.pack.columns+column] = ch.pack.score(column, f.candidate)
				if !byCost {
					cost = 1
				}
				spent += cost
				took += cost
			}
		}
		debt = max(allowed, spent) - spent
		if spent > 0 {
			ch.stop(column, b, took >= quota || ch.left == 0)
		}
	}
	return took
}

// meanCost is about what a candidate costs.
func (ch *chooser) meanCost() uint64 {
	if ch.mean == 0 {
		var sum uint64
		for _, c := range ch.pack.extras.cost {
			sum += uint64(c)
		}
		ch.mean = max(sum/max(uint64(len(ch.pack.extras.cost)), 1), 1)
	}
	return ch.mean
}

// shortfall says what is missing of the budget and of the minimums, and why.
func (ch *chooser) shortfall(s *Summary) string {
	var why []string
	if s.Spent < s.Budget && ch.passed == 0 {
		text := fmt.Sprintf("%d of %d", s.Spent, s.Budget)
		if s.Unit != "samples" {
			text += " " + s.Unit
		}
		closed := ch.limits.closedNames(ch)
		switch {
		case s.Selected == s.Candidates:
			text += fmt.Sprintf(": all %d candidates were chosen", s.Candidates)
		case len(closed) > 0:
			text += fmt.Sprintf(": no more of the %d candidates could be chosen; at their maximum: %s", s.Candidates, strings.Join(closed, ", "))
		case ch.rules.policy.Method == MMSSR:
			text += fmt.Sprintf(": no more of the %d candidates score above the threshold%s for a capability selected for", s.Candidates, ch.rules.thresholdText())
		}
		for _, other := range []struct {
			n   int64
			who string
		}{
			{s.Earlier, "had been chosen by earlier windows"}, {s.Same, "are the same as others"},
			{s.Filtered, "are not judged by the policy"}, {s.SetAside, "are of other bundles"},
		} {
			if other.n > 0 {
				text += fmt.Sprintf("; %d %s", other.n, other.who)
			}
		}
		why = append(why, text)
	}
	return strings.Join(append(why, ch.missedMinimums()...), "; ")
}

// closedNames lists what has reached its maximum.
func (l *limiter) closedNames(ch *chooser) (names []string) {
	if l == nil {
		return nil
	}
	l.each(ch, func(name string, b *bound) {
		if b.closed {
			names = append(names, name)
		}
	})
	return names
}

// each calls f for everything that has a limit, with its kind and name: of a
// kind in the order of names, for numbers are in the order of arrival.
func (l *limiter) each(ch *chooser, f func(name string, b *bound)) {
	for _, g := range []struct {
		of     string
		bounds []bound
		names  []string
	}{
		{ofCapability, l.capabilities, ch.rules.names},
		{ofStyle, l.styles, ch.pack.kinds.styles.names},
		{ofSource, l.sources, ch.pack.kinds.sources.names},
	} {
		order := make([]int, 0, len(g.bounds))
		for i := range g.bounds {
			if g.bounds[i].limit != nil {
				order = append(order, i)
			}
		}
		slices.SortFunc(order, func(a, b int) int { return strings.Compare(g.names[a], g.names[b]) })
		for _, i := range order {
			f(g.of+" "+g.names[i], &g.bounds[i])
		}
	}
}
