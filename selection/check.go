package selection

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Validate returns every mistake in a policy that was put together in code;
// ParsePolicy does it for one from a file.
func (p Policy) Validate() error {
	var errs []error
	for _, key := range []string{
		"method", "window", "budget", "emission", "capabilities", "threshold", "bins", "limits", "require", "exclude", "bundles", "dedup",
	} {
		errs = append(errs, p.check(key)...)
	}
	for _, m := range p.checkTogether() {
		errs = append(errs, m.err)
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
	case "method":
		if !slices.Contains(Methods(), p.Method) {
			add("method is %q: expected one of %s", string(p.Method), joined(Methods()))
		}
	case "emission":
		if p.Emission != OnClose && p.Emission != OnArrival {
			add("emission is %q: expected %s or %s", string(p.Emission), OnClose, OnArrival)
		}
	case "budget":
		return p.Budget.check()
	case "limits":
		return p.checkLimits()
	case "require":
		return p.checkFilter(key, p.Require)
	case "exclude":
		return p.checkFilter(key, p.Exclude)
	case "bundles":
		for i, b := range p.Bundles {
			if b == "" || slices.Contains(p.Bundles[:i], b) {
				add("bundles: entry %d, %q: expected each once, as name version", i+1, b)
			}
		}
	case "dedup":
		if p.Dedup.Distance > 64 || (p.Dedup.Distance > 0 && !p.Dedup.Near) {
			add("dedup.near is %d: expected 0 to 64 bits", p.Dedup.Distance)
		}
		if h := p.Dedup.Horizon; h < 0 || h%time.Millisecond != 0 {
			add("dedup.horizon is %s: expected whole milliseconds, not negative", h)
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
		for _, name := range append([]string{""}, slices.Sorted(maps.Keys(p.Thresholds))...) {
			t := float64(p.threshold(name))
			if math.IsNaN(t) || math.IsInf(t, 0) {
				add("threshold is %v: expected a number", t)
			}
		}
	case "bins":
		for i, k := range p.Bins.keys() {
			field, metadata := strings.CutPrefix(k, metadataPrefix)
			if k != "style" && k != "source" && (!metadata || field == "") {
				add("bins is %q: expected one or more of style, source and metadata.FIELD, joined by +, such as %s", string(p.Bins), ByStyleAndSource)
				break
			}
			if slices.Contains(p.Bins.keys()[:i], k) {
				add("bins is %q: %s is there twice", string(p.Bins), k)
				break
			}
		}
	}
	return errs
}

// mistake is what is wrong with a key of the file, because of another.
type mistake struct {
	key string
	err error
}

// checkTogether returns the mistakes of keys that do not go with each other.
func (p Policy) checkTogether() (found []mistake) {
	add := func(key, format string, args ...any) {
		found = append(found, mistake{key, fmt.Errorf(format, args...)})
	}
	if p.Method != MMSSR && len(p.Limits) > 0 {
		add("limits", "method %s with limits: limits are for method %s", p.Method, MMSSR)
	}
	if p.Emission == OnArrival && p.Method != MMSSR {
		add("emission", "emission %s with method %s: a baseline chooses when the window closes", OnArrival, p.Method)
	}
	if p.Window.Global {
		for _, c := range []struct {
			wrong bool
			what  string
		}{
			{p.Budget.Count == 0, "a budget that is no count"},
			{p.Budget.Carry, "carry: there is one budget for ever"},
			{p.Emission != OnClose, "emission " + string(p.Emission)},
			{p.Method != MMSSR, "method " + string(p.Method)},
			{p.Control, "control: true (the random twin of a window); set control: false"},
			{len(p.Limits) > 0, "limits: all that ever came would have to be kept"},
			{p.Dedup.Content || p.Dedup.Near, "dedup by content: all that ever came would have to be kept"},
		} {
			if c.wrong {
				add("window", "window.type global does not go with %s", c.what)
			}
		}
	}
	if err := p.Budget.checkWindow(p.Window.Size); err != nil {
		found = append(found, mistake{"budget", err})
	}
	names := make([]string, len(p.Capabilities))
	for i, c := range p.Capabilities {
		names[i] = c.Name
	}
	if len(names) == 0 {
		return found
	}
	for _, name := range slices.Sorted(maps.Keys(p.Thresholds)) {
		if !slices.Contains(names, name) {
			add("threshold", "threshold: %q is not among the capabilities selected for%s", name, didYouMean(name, names))
		}
	}
	for _, l := range p.Limits {
		if l.Of == ofCapability && l.Name != Others && !slices.Contains(names, l.Name) {
			add("limits", "limits.capability: %q is not among the capabilities selected for%s", l.Name, didYouMean(l.Name, names))
		}
	}
	return found
}

// threshold returns the threshold of a capability.
func (p Policy) threshold(capability string) float32 {
	if t, ok := p.Thresholds[capability]; ok {
		return t
	}
	return p.Threshold
}

func joined[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
