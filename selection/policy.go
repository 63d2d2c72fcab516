package selection

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Policy says what is chosen. It is data: two machines with equal policies
// and equal input choose alike, and Version names it in everything written.
type Policy struct {
	Window Window
	Budget Budget
	// Capabilities are those selected for, in the order in which they take
	// their turns. Empty: all of the bundle's, in its order.
	Capabilities []Share
	// Threshold: a sample is a candidate for a capability only where its
	// score is greater. Scores are float32, and so is this.
	Threshold float32
	Bins      Bins
	// Control asks for the uniform random twin of every window's picks.
	Control bool
	// Seed breaks ties between equal scores and draws the control.
	Seed uint64
}

// Window is the part of a Policy about event time.
type Window struct {
	// Size is the length of the tumbling windows, aligned to the Unix epoch,
	// in whole milliseconds. 0 is unset: one window over all time, which only
	// a Close event closes. A stream that does not end wants DefaultSize.
	Size time.Duration
	// Lateness is how far a record may lag behind the latest event time of
	// its partition and still find its window open.
	Lateness time.Duration
	// Idle is how long a partition may bring nothing before it ceases to
	// hold the watermark back.
	Idle time.Duration
}

// Budget is how many samples a window may choose: a part of its distinct
// ids, or a fixed number. Exactly one of the two is set.
type Budget struct {
	Ratio Decimal // above 0, at most 1
	Count uint64
}

// Of returns the budget of a window with n distinct ids.
func (b Budget) Of(n uint64) uint64 {
	if b.Count > 0 {
		return b.Count
	}
	return b.Ratio.FloorOf(n)
}

// Share is a capability selected for and its part of a round, in proportion
// to the weights of the others.
type Share struct {
	Name   string
	Weight Decimal // above 0, below 1e6, at most 6 places
}

// Bins says what a capability's candidates are laid into bins by.
type Bins string

// The ways of laying out bins.
const (
	ByStyleAndSource Bins = "style+source"
	ByStyle          Bins = "style"
)

// The defaults, where they are not the zero value.
const (
	// DefaultSize is the window of a stream without an end. A policy does
	// not imply it: who runs a stream sets it.
	DefaultSize     = 10 * time.Minute
	DefaultLateness = time.Minute
	DefaultIdle     = 30 * time.Second
)

// maxCount bounds Budget.Count; a window cannot hold more candidates.
const maxCount = math.MaxUint32

// DefaultPolicy is what an empty policy.yaml says: 30 % of every window, as
// in the paper's main result, with the window's size unset.
func DefaultPolicy() Policy {
	return Policy{
		Window:  Window{Lateness: DefaultLateness, Idle: DefaultIdle},
		Budget:  Budget{Ratio: Decimal{Units: 3, Places: 1}},
		Bins:    ByStyleAndSource,
		Control: true,
		Seed:    1,
	}
}

// Validate returns every mistake in a policy that was put together in code;
// ParsePolicy does it for one from a file.
func (p Policy) Validate() error {
	var errs []error
	for _, key := range []string{"window", "budget", "capabilities", "threshold", "bins"} {
		errs = append(errs, p.check(key)...)
	}
	return errors.Join(errs...)
}

// check returns the mistakes in what one key of the file stands for.
func (p Policy) check(key string) []error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch key {
	case "window":
		for _, d := range []struct {
			name  string
			value time.Duration
		}{{"size", p.Window.Size}, {"lateness", p.Window.Lateness}, {"idle", p.Window.Idle}} {
			if d.value < 0 || d.value%time.Millisecond != 0 {
				add("window.%s is %s: expected whole milliseconds, not negative", d.name, d.value)
			}
		}
		if p.Window.Idle == 0 {
			add("window.idle is 0: expected a time above 0, such as %s", DefaultIdle)
		}
	case "budget":
		switch {
		case !p.Budget.Ratio.IsZero() && p.Budget.Count > 0:
			add("budget has both ratio and count: expected one of them")
		case p.Budget.Ratio.IsZero() && p.Budget.Count == 0:
			add("budget is 0: expected {ratio: R} with R above 0 and at most 1, or {count: N} with N of at least 1")
		case p.Budget.Ratio.Above1():
			add("budget.ratio is %s: expected above 0 and at most 1", p.Budget.Ratio)
		case p.Budget.Count > maxCount:
			add("budget.count is %d: expected at most %d", p.Budget.Count, uint64(maxCount))
		}
	case "capabilities":
		for i, c := range p.Capabilities {
			if c.Name == "" {
				add("capabilities: entry %d is empty: expected a name", i+1)
			}
			if slices.ContainsFunc(p.Capabilities[:i], func(o Share) bool { return o.Name == c.Name }) {
				add("capabilities: %q is listed twice", c.Name)
			}
			if c.Weight.IsZero() || c.Weight.Places > weightPlaces || c.Weight.FloorOf(1) >= 1_000_000 {
				add("capabilities: the weight of %q is %s: expected above 0, below 1000000, with at most %d decimal places",
					c.Name, c.Weight, weightPlaces)
			}
		}
	case "threshold":
		if t := float64(p.Threshold); math.IsNaN(t) || math.IsInf(t, 0) {
			add("threshold is %v: expected a number", t)
		}
	case "bins":
		if p.Bins != ByStyleAndSource && p.Bins != ByStyle {
			add("bins is %q: expected %s or %s", string(p.Bins), ByStyleAndSource, ByStyle)
		}
	}
	return errs
}

// weightPlaces is how many decimal places a weight may have: all are scaled
// to whole numbers of this grain, so that shares are exact.
const weightPlaces = 6

// grains returns the weight in units of 10^-weightPlaces.
func (s Share) grains() uint64 {
	return s.Weight.Units * pow10(weightPlaces-s.Weight.Places)
}

// Version returns the first 12 hex digits of the SHA-256 of the policy's
// canonical text: equal for policies that mean the same, whatever their
// files looked like.
func (p Policy) Version() string {
	sum := sha256.Sum256([]byte(p.lines(false)))
	return hex.EncodeToString(sum[:6])
}

// YAML returns the policy as a file to read and edit, with the reasons for
// its values. ParsePolicy gives it back.
func (p Policy) YAML() string { return p.lines(true) }

func (p Policy) lines(comments bool) string {
	var b strings.Builder
	say := func(format string, args ...any) {
		if comments {
			fmt.Fprintf(&b, format, args...)
		}
	}
	say("# What cream keeps. An unknown key is an error. Policies are told apart by a hash of their values.\n")
	say("\nwindow: # in event time: when a sample was collected (its collected_at), else when it was taken in\n")
	if !comments {
		b.WriteString("window:\n")
	}
	if p.Window.Size > 0 {
		say("  # Every window fills a budget of its own. Longer windows choose among more candidates and\n" +
			"  # publish later; shorter ones the reverse. A bin needs several candidates for its best to mean much.\n")
		fmt.Fprintf(&b, "  size: %s\n", duration(p.Window.Size))
	} else {
		say("  # Without a size there is one window over an input that ends, and windows of %s in a stream\n"+
			"  # that does not.\n  # size: %s\n", duration(DefaultSize), duration(DefaultSize))
	}
	say("  # How far a record may lag behind the latest of its partition. Every window waits this long;\n" +
		"  # what comes later still is a dead letter. Collectors that send in batches want at least a batch's length.\n")
	fmt.Fprintf(&b, "  lateness: %s\n", duration(p.Window.Lateness))
	say("  # After so long without a record a partition no longer holds the others' windows open.\n" +
		"  # Longer than the pauses of a collector that is alive.\n")
	fmt.Fprintf(&b, "  idle: %s\n", duration(p.Window.Idle))

	say("\n# How many a window chooses: {ratio: R} of its distinct ids, or {count: N}.\n")
	if p.Budget.Count > 0 {
		fmt.Fprintf(&b, "budget: {count: %d}\n", p.Budget.Count)
	} else {
		fmt.Fprintf(&b, "budget: {ratio: %s}\n", p.Budget.Ratio)
	}
	say("\n# Those selected for, in the order of their turns: [] for all of the bundle's, a list, or name: weight.\n")
	b.WriteString(p.capabilityLines())
	say("\n# A sample counts for a capability only where it scores more than this.\n")
	fmt.Fprintf(&b, "threshold: %s\n", strconv.FormatFloat(float64(p.Threshold), 'g', -1, 32))
	say("\n# Every bin gives its best: %s, or %s alone.\n", ByStyleAndSource, ByStyle)
	fmt.Fprintf(&b, "bins: %s\n", p.Bins)
	say("\n# Also publish a uniform random sample of the same size, to compare with.\n")
	fmt.Fprintf(&b, "control: %t\n", p.Control)
	say("\n# Breaks ties between equal scores and draws the control.\n")
	fmt.Fprintf(&b, "seed: %d\n", p.Seed)
	return b.String()
}

func (p Policy) capabilityLines() string {
	if len(p.Capabilities) == 0 {
		return "capabilities: []\n"
	}
	equal := true
	for _, c := range p.Capabilities {
		equal = equal && c.grains() == p.Capabilities[0].grains()
	}
	var b strings.Builder
	b.WriteString("capabilities:\n")
	for _, c := range p.Capabilities {
		if equal {
			fmt.Fprintf(&b, "  - %s\n", scalar(c.Name))
		} else {
			fmt.Fprintf(&b, "  %s: %s\n", scalar(c.Name), c.Weight)
		}
	}
	return b.String()
}

// scalar quotes a name where plain YAML could take it for something else.
func scalar(s string) string {
	plain := s != ""
	for i, r := range s {
		letter := r == '_' || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
		plain = plain && (letter || (i > 0 && (r == ' ' || r == '-' || (r >= '0' && r <= '9'))))
	}
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null":
		plain = false
	}
	if plain && s == strings.TrimSpace(s) {
		return s
	}
	return strconv.Quote(s)
}

// duration prints 10m for what time.Duration prints as 10m0s.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
