package selection

import (
	"fmt"
	"slices"
)

// contradictions returns the limits that no window can keep, of a policy that
// is valid. They are no mistakes: a window comes as near as it can, and its
// shortfall says so. Only what is certain is told: how often rounding takes one
// away is not. bundle has its capabilities; nil: not known.
func (p Policy) contradictions(bundle []string) (found []string) {
	n, fixed := p.Budget.fixed(p.Window.Size)
	fixed = fixed && n > 0 // a rate whose windows have no size yet is 0
	add := func(key, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	for _, l := range p.Limits {
		key := "limits." + l.Of + "." + l.Name
		if l.Min.isZero() {
			continue
		}
		if m := l.Max; m != nil && m.isZero() {
			add(key, "max 0 is less than min %s", l.Min)
		} else if m != nil && fixed && m.Share.IsZero() != l.Min.Share.IsZero() && m.most(n) < l.Min.least(n) {
			add(key, "max %s is less than min %s of the budget, %d: expected max to be at least min", m, l.Min, n)
		}
		if where := p.ruledOut(l); where != "" {
			add(key, "min %s, and %s lets none of it through", l.Min, where)
		}
	}
	for _, of := range limitKinds {
		var least sum
		for _, l := range p.Limits {
			if l.Of == of {
				least.add(l.Min)
			}
		}
		switch key := "limits." + of; {
		case least.share.Above1():
			add(key, "the minimums come to %s of the budget: expected 100%% or less together", least.share.percent())
		case fixed && least.count+least.share.CeilOf(n) > n:
			add(key, "the minimums come to %d samples: expected no more than the budget, %d, together", least.count+least.share.CeilOf(n), n)
		}
	}
	most, bounded := p.mostOfCapabilities(bundle)
	switch key := "limits." + ofCapability; {
	case !bounded:
	case most.count == 0 && most.share.less(Decimal{Units: 1}):
		add(key, "the maximums of all capabilities come to %s of the budget, and the rest is never spent: expected 100%% or more together", most.share.percent())
	case fixed && most.count+most.share.FloorOf(n) < n:
		add(key, "the maximums of all capabilities come to %d samples, and the rest is never spent: expected the budget, %d, or more together", most.count+most.share.FloorOf(n), n)
	}
	return found
}

// least and most are what an amount of a budget in samples comes to, as a
// minimum and as a maximum.
func (a Amount) least(budget uint64) uint64 { return a.Count + a.Share.CeilOf(budget) }
func (a Amount) most(budget uint64) uint64  { return a.Count + a.Share.FloorOf(budget) }

// ruledOut returns the key of the filter that sets aside all that a limit is of.
func (p Policy) ruledOut(l Limit) string {
	switch {
	case l.Of == ofStyle && slices.Contains(p.Exclude.Styles, l.Name):
		return "exclude.style"
	case l.Of == ofSource && slices.Contains(p.Exclude.Sources, l.Name):
		return "exclude.source"
	case l.Of == ofSource && len(p.Require.Sources) > 0 && !slices.Contains(p.Require.Sources, l.Name):
		return "require.source"
	}
	return ""
}

// sum is of amounts.
type sum struct {
	count uint64
	share Decimal
}

func (s *sum) add(a Amount) {
	s.count += a.Count
	s.share = s.share.plus(a.Share)
}

// mostOfCapabilities returns how much all capabilities together may get, and
// false where that is not bounded. Styles and sources are not a closed set.
func (p Policy) mostOfCapabilities(bundle []string) (most sum, bounded bool) {
	names := bundle
	if len(p.Capabilities) > 0 {
		names = nil
		for _, c := range p.Capabilities {
			names = append(names, c.Name)
		}
	}
	for _, name := range names {
		l := p.limit(ofCapability, name)
		if l == nil || l.Max == nil {
			return sum{}, false
		}
		most.add(*l.Max)
	}
	return most, len(names) > 0
}
