package selection

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Budget is how much a window may choose. Exactly one of Ratio, Count, Rate,
// Tokens and Bytes is set.
type Budget struct {
	// Ratio is a part of the window's distinct samples: above 0, at most 1.
	Ratio Decimal
	// Count is a number of samples.
	Count uint64
	// Rate is a number of samples for each RatePer of the window's size.
	Rate    uint64
	RatePer time.Duration
	// Tokens and Bytes are costs: a window chooses samples that cost no more
	// than this together. A sample that would overrun it is passed over.
	Tokens, Bytes uint64
	// Carry hands what a window could not use to the next ones, up to
	// carryWindows times what it had of its own.
	Carry bool
}

// carryWindows bounds what is carried: so many windows' own budgets.
const carryWindows = 8

// of returns the budget of a window of n distinct samples, in samples, or in
// the tokens or bytes that it is given in.
func (b Budget) of(n uint64, size time.Duration) uint64 {
	switch {
	case b.Count > 0:
		return b.Count
	case b.Rate > 0:
		return mulDiv(uint64(size), b.Rate, uint64(b.RatePer))
	case b.Tokens > 0:
		return b.Tokens
	case b.Bytes > 0:
		return b.Bytes
	}
	return b.Ratio.FloorOf(n)
}

// byCost tells whether samples cost more or less than each other.
func (b Budget) byCost() bool { return b.Tokens > 0 || b.Bytes > 0 }

// Unit is what the budget is counted in: samples, tokens or bytes.
func (b Budget) Unit() string {
	switch {
	case b.Tokens > 0:
		return "tokens"
	case b.Bytes > 0:
		return "bytes"
	}
	return "samples"
}

// fixed returns how many samples any window of the size may choose, where that
// is known before it is seen.
func (b Budget) fixed(size time.Duration) (uint64, bool) {
	if b.byCost() || !b.Ratio.IsZero() || b.Carry {
		return 0, false
	}
	return b.of(0, size), true
}

// carried returns what a window hands on: what it was handed, had of its own
// and did not spend, bounded by its own. A small window takes nothing away of
// what a larger one handed on.
func (b Budget) carried(handed, own, spent uint64) uint64 {
	if !b.Carry {
		return 0
	}
	return min(handed+own-spent, max(handed, carryWindows*own))
}

func (b Budget) check() (errs []error) {
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	var set []string
	for _, k := range []struct {
		name string
		set  bool
	}{
		{"ratio", !b.Ratio.IsZero()}, {"count", b.Count > 0}, {"rate", b.Rate > 0},
		{"tokens", b.Tokens > 0}, {"bytes", b.Bytes > 0},
	} {
		if k.set {
			set = append(set, k.name)
		}
	}
	switch {
	case len(set) > 1:
		add("budget has both %s: expected one of them", strings.Join(set, " and "))
	case len(set) == 0:
		add("budget is 0: expected {ratio: R} with R above 0 and at most 1, {count: N}, {rate: N/h}, {tokens: N} or {bytes: N}, with N of at least 1")
	case b.Ratio.Above1():
		add("budget.ratio is %s: expected above 0 and at most 1", b.Ratio)
	case b.Count > maxCount:
		add("budget.count is %d: expected at most %d", b.Count, uint64(maxCount))
	case b.Tokens > maxCost || b.Bytes > maxCost:
		add("budget.%s is %d: expected at most %d", set[0], b.of(0, 0), uint64(maxCost))
	case b.Rate > 0 && b.RatePer <= 0:
		add("budget.rate is for each %s: expected a time above 0", b.RatePer)
	case b.Rate > maxCount:
		add("budget.rate is %d: expected at most %d", b.Rate, uint64(maxCount))
	}
	return errs
}

// checkWindow returns what is wrong with a rate for windows of a size.
func (b Budget) checkWindow(size time.Duration) error {
	if b.Rate == 0 || b.RatePer <= 0 || size <= 0 {
		return nil
	}
	switch n := b.of(0, size); {
	case n == 0:
		return fmt.Errorf("budget.rate is %s, less than one in a window of %s: expected a higher rate or a longer window.size", b.rate(), duration(size))
	case n > maxCount:
		return fmt.Errorf("budget.rate is %s, too much for a window of %s: expected at most %d a window", b.rate(), duration(size), uint64(maxCount))
	}
	return nil
}

// maxCost bounds a budget in tokens or bytes, far above what is meant, so
// that sums of costs do not overflow.
const maxCost = 1 << 53

var rateUnits = []struct {
	name   string
	length time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}

func (b Budget) rate() string {
	for _, u := range rateUnits {
		if b.RatePer == u.length {
			return fmt.Sprintf("%d/%s", b.Rate, u.name)
		}
	}
	return fmt.Sprintf("%d/%s", b.Rate, duration(b.RatePer))
}

// yaml writes the budget in one line.
func (b Budget) yaml() string {
	var s string
	switch {
	case b.Count > 0:
		s = fmt.Sprintf("count: %d", b.Count)
	case b.Rate > 0:
		s = "rate: " + b.rate()
	case b.Tokens > 0:
		s = fmt.Sprintf("tokens: %d", b.Tokens)
	case b.Bytes > 0:
		s = fmt.Sprintf("bytes: %d", b.Bytes)
	default:
		s = "ratio: " + b.Ratio.String()
	}
	if b.Carry {
		s += ", carry: true"
	}
	return "budget: {" + s + "}\n"
}

func (r *policyReader) budget(n ast.Node) {
	b := &r.policy.Budget
	*b = Budget{Carry: b.Carry}
	number := func(name string, to *uint64) func(ast.Node) {
		return func(n ast.Node) {
			v, err := strconv.ParseUint(rawText(n), 10, 64)
			if err != nil {
				r.fail(n, "budget.%s is %s: expected a whole number of at least 1", name, describe(n))
			}
			*to = v
		}
	}
	r.mapping(n, "budget", map[string]func(ast.Node){
		"ratio": func(n ast.Node) {
			d, err := ParseDecimal(rawText(n))
			if err != nil {
				r.fail(n, "budget.ratio is %s: expected a decimal fraction above 0 and at most 1, such as 0.3", describe(n))
			}
			b.Ratio = d
		},
		"count":  number("count", &b.Count),
		"tokens": number("tokens", &b.Tokens),
		"bytes":  number("bytes", &b.Bytes),
		"rate": func(n ast.Node) {
			count, per, err := parseRate(rawText(n))
			if err != nil {
				r.fail(n, "budget.rate is %s: expected a number of samples for each s, m, h or d, such as 5000/h", describe(n))
			}
			b.Rate, b.RatePer = count, per
		},
		"carry": func(n ast.Node) { r.boolean(n, "budget.carry", &b.Carry) },
	})
}

func parseRate(text string) (uint64, time.Duration, error) {
	count, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseUint(count, 10, 64)
	if err != nil {
		return 0, 0, err
	}
	for _, u := range rateUnits {
		if unit == u.name {
			return n, u.length, nil
		}
	}
	per, err := time.ParseDuration(unit)
	return n, per, err
}
