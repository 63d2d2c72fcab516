package selection

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Version returns the first 12 hex digits of the SHA-256 of the policy's
// canonical text: equal for policies that mean the same, whatever their
// files looked like. Files that a policy names count by their content.
func (p Policy) Version() string {
	return digest([]byte(p.lines(false)))
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
	if p.Window.Global {
		say("  # One reservoir for ever: after every window, what changed among the best of all that came is published.\n")
		b.WriteString("  type: global\n")
	} else {
		say("  # type: global makes one reservoir for ever of it, whose changes are published: it wants a count.\n")
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

	say("\n# How much a window chooses: {ratio: R} of its distinct samples, {count: N}, {rate: N/h}, or samples of\n" +
		"# {tokens: N} or {bytes: N} together. With carry: true the next windows get what a poor one cannot use.\n")
	b.WriteString(p.Budget.yaml())
	if p.Emission != OnClose {
		say("\n# When picks leave: %s, exact, or %s, at once, by cutoffs learnt from the windows before.\n", OnClose, OnArrival)
		fmt.Fprintf(&b, "emission: %s\n", p.Emission)
	} else {
		say("\n# Picks leave when a window closes, the exact choice; or at once, by cutoffs learnt from the windows before.\n# emission: %s\n", OnArrival)
	}
	say("\n# Those selected for, in the order of their turns: [] for all of the bundle's, a list, or name: weight.\n")
	b.WriteString(p.capabilityLines())
	say("\n# A sample counts for a capability only where it scores more than this: a number, or name: number,\n" +
		"# with \"*\" for the others.\n")
	b.WriteString(p.thresholdLines())
	say("\n# Every bin gives its best: one or more of style, source and metadata.FIELD, joined by +.\n")
	bins := string(p.Bins)
	if strings.Trim(bins, "abcdefghijklmnopqrstuvwxyz_+.") != "" {
		bins = scalar(bins)
	}
	fmt.Fprintf(&b, "bins: %s\n", bins)
	b.WriteString(p.optionalLines(comments))
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

func (p Policy) thresholdLines() string {
	number := func(t float32) string { return strconv.FormatFloat(float64(t), 'g', -1, 32) }
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.Thresholds)) {
		if p.Thresholds[name] != p.Threshold {
			fmt.Fprintf(&b, "  %s: %s\n", scalar(name), number(p.Thresholds[name]))
		}
	}
	if b.Len() == 0 {
		return fmt.Sprintf("threshold: %s\n", number(p.Threshold))
	}
	return fmt.Sprintf("threshold:\n  %s: %s\n%s", scalar(Others), number(p.Threshold), b.String())
}

// optionalLines writes the keys that are there only where they are set; with
// comments, those that are not as examples.
func (p Policy) optionalLines(comments bool) string {
	var b strings.Builder
	part := func(text, comment, example string) {
		switch {
		case comments && text == "":
			fmt.Fprintf(&b, "\n%s# %s\n", comment, strings.ReplaceAll(example, "\n", "\n# "))
		case comments:
			b.WriteString("\n" + comment + text)
		default:
			b.WriteString(text)
		}
	}
	method := ""
	if p.Method != MMSSR {
		method = fmt.Sprintf("method: %s\n", p.Method)
	}
	part(method, "# How a window is filled: "+string(MMSSR)+", or a baseline to compare with: "+joined(Methods()[1:])+".\n", "method: "+string(MMSSR))
	part(p.limitLines(), "# At least and at most so many of a capability, style or source: a number, or a part of the budget.\n",
		"limits:\n  style: {yes/no: {max: 20%}}\n  source: {\"*\": {max: 10%}}\n  capability: {humanities: {min: 50}}")
	part(p.Require.yaml("require", !comments), "# Only samples that have one of the values of every condition are judged.\n",
		"require: {metadata: {language: [en, de]}}")
	part(p.Exclude.yaml("exclude", !comments), "# Samples that have one of the values of any condition are not; ids and content: files, one a line.\n",
		"exclude: {source: [drafts], ids: benchmark-ids.txt, content: benchmark-sha256.txt}")
	bundles := ""
	if len(p.Bundles) > 0 {
		quoted := make([]string, len(p.Bundles))
		for i, v := range slices.Sorted(slices.Values(p.Bundles)) {
			quoted[i] = scalar(v)
		}
		bundles = "bundles: [" + strings.Join(quoted, ", ") + "]\n"
	}
	part(bundles, "# Only scores of these bundles are compared; those of others are set aside.\n", "bundles: [starter 1.0.0]")
	part(p.Dedup.yaml(), "# Beside those of one id, samples of the same bytes (content), or of the same text and pictures whose\n"+
		"# perceptual hashes differ in at most so many bits (near), count once.\n", "dedup: {content: true, near: 4, horizon: 24h}")
	return b.String()
}

func (d Dedup) yaml() string {
	var parts []string
	if d.Content {
		parts = append(parts, "content: true")
	}
	if d.Near {
		parts = append(parts, fmt.Sprintf("near: %d", d.Distance))
	}
	if d.Horizon > 0 {
		parts = append(parts, "horizon: "+duration(d.Horizon))
	}
	if len(parts) == 0 {
		return ""
	}
	return "dedup: {" + strings.Join(parts, ", ") + "}\n"
}
