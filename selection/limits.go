package selection

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Limit bounds how much of what a window chooses is of one style, source or
// capability. A pick's style and capability are those it is chosen for; where
// bins are not by style, its style is the first of the sample.
type Limit struct {
	Of   string // "style", "source" or "capability"
	Name string // or Others
	// At least Min and at most Max: see Amount. A zero Min asks for nothing; a
	// nil Max allows everything.
	Min Amount
	Max *Amount
}

// Others, as the name of a limit, stands for each one that no other limit of
// its kind names. It has a Max only.
const Others = "*"

// Amount is a number of samples or, where Share is set, a part of the
// window's budget, in the budget's unit.
type Amount struct {
	Count uint64
	Share Decimal // above 0, at most 1
}

func (a Amount) isZero() bool { return a.Count == 0 && a.Share.IsZero() }

func (a Amount) String() string {
	if a.Share.IsZero() {
		return strconv.FormatUint(a.Count, 10)
	}
	return a.Share.percent()
}

// The kinds of limits, in the order in which minimums are seen to.
const (
	ofCapability = "capability"
	ofStyle      = "style"
	ofSource     = "source"
)

var limitKinds = []string{ofCapability, ofStyle, ofSource}

func (p Policy) checkLimits() (errs []error) {
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for i, l := range p.Limits {
		name := fmt.Sprintf("limits.%s.%s", l.Of, l.Name)
		if !slices.Contains(limitKinds, l.Of) {
			add("limits: %q is no kind of limit: expected %s", l.Of, strings.Join(limitKinds, ", "))
		}
		if l.Name == "" {
			add("limits.%s: an empty name", l.Of)
		}
		if slices.ContainsFunc(p.Limits[:i], func(o Limit) bool { return o.Of == l.Of && o.Name == l.Name }) {
			add("%s is given twice", name)
		}
		if l.Min.isZero() && l.Max == nil {
			add("%s bounds nothing: expected {min: …}, {max: …} or both", name)
		}
		if l.Name == Others && !l.Min.isZero() {
			add("%s has a min: expected a max only, or the names that have a min", name)
		}
		for _, a := range []*Amount{&l.Min, l.Max} {
			if a != nil && (a.Share.Above1() || a.Count > maxCount || (a.Count > 0 && !a.Share.IsZero())) {
				add("%s: %s: expected a number of samples, or a part of the budget such as 10%% or 0.1", name, a)
			}
		}
		if m := l.Max; m != nil && m.Share.IsZero() == l.Min.Share.IsZero() && (m.Count < l.Min.Count || m.Share.less(l.Min.Share)) {
			add("%s: max %s is less than min %s", name, m, l.Min)
		}
	}
	return errs
}

// sortedLimits returns the limits in their canonical order.
func (p Policy) sortedLimits() []Limit {
	sorted := slices.Clone(p.Limits)
	slices.SortFunc(sorted, func(a, b Limit) int {
		return cmp.Or(
			cmp.Compare(slices.Index(limitKinds, a.Of), slices.Index(limitKinds, b.Of)),
			strings.Compare(a.Name, b.Name),
		)
	})
	return sorted
}

// limit returns the limit of a capability, style or source; nil: none.
func (p *Policy) limit(of, name string) (found *Limit) {
	for k := range p.Limits {
		l := &p.Limits[k]
		if l.Of == of && (l.Name == name || l.Name == Others && found == nil) {
			found = l
		}
	}
	return found
}

func (p Policy) limitLines() string {
	var b strings.Builder
	var of string
	for _, l := range p.sortedLimits() {
		if of == "" {
			b.WriteString("limits:\n")
		}
		if l.Of != of {
			fmt.Fprintf(&b, "  %s:\n", l.Of)
			of = l.Of
		}
		var parts []string
		if !l.Min.isZero() {
			parts = append(parts, "min: "+l.Min.String())
		}
		if l.Max != nil {
			parts = append(parts, "max: "+l.Max.String())
		}
		fmt.Fprintf(&b, "    %s: {%s}\n", scalar(l.Name), strings.Join(parts, ", "))
	}
	return b.String()
}

func (r *policyReader) limits(n ast.Node) {
	kind := func(of string) func(ast.Node) {
		return func(n ast.Node) {
			values, ok := pairs(n)
			if !ok {
				r.fail(n, "limits.%s is %s: expected name: {min: …, max: …} pairs", of, describe(n))
				return
			}
			for _, pair := range values {
				l := Limit{Of: of, Name: keyOf(pair)}
				if of == ofCapability && l.Name != Others {
					r.known(pair.Key, "limits.capability", l.Name)
				}
				where := fmt.Sprintf("limits.%s.%s", of, l.Name)
				r.mapping(pair.Value, where, map[string]func(ast.Node){
					"min": func(n ast.Node) { l.Min = r.amount(n, where+".min") },
					"max": func(n ast.Node) { a := r.amount(n, where+".max"); l.Max = &a },
				})
				r.policy.Limits = append(r.policy.Limits, l)
			}
		}
	}
	readers := make(map[string]func(ast.Node))
	for _, of := range limitKinds {
		readers[of] = kind(of)
	}
	r.policy.Limits = nil
	r.mapping(n, "limits", readers)
}

// amount reads 500, 10% or 0.1.
func (r *policyReader) amount(n ast.Node, what string) Amount {
	text := rawText(n)
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		if d, err := ParseDecimal(strings.TrimSpace(percent)); err == nil && d.Places <= 16 {
			return Amount{Share: d.hundredth()}
		}
	} else if strings.Contains(text, ".") {
		if d, err := ParseDecimal(text); err == nil {
			return Amount{Share: d}
		}
	} else if count, err := strconv.ParseUint(text, 10, 64); err == nil {
		return Amount{Count: count}
	}
	r.fail(n, "%s is %s: expected a number of samples, or a part of the budget such as 10%% or 0.1", what, describe(n))
	return Amount{}
}
