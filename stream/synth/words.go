package synth

import (
	"math/rand/v2"
	"strings"
)

// listing joins names as a sentence does: a, b and c.
func listing(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// pairing joins two names with "or", in random order.
func pairing(r *rand.Rand, a, b string) string {
	if r.IntN(2) == 0 {
		a, b = b, a
	}
	return a + " or " + b
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// article puts a or an before a noun.
func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// plural gives the word for n of a noun.
func plural(noun string, n int) string {
	switch {
	case n == 1:
		return noun
	case noun == "person":
		return "people"
	case strings.HasSuffix(noun, "ch") || strings.HasSuffix(noun, "x") || strings.HasSuffix(noun, "s"):
		return noun + "es"
	}
	return noun + "s"
}

// region names a part of the picture, from fractions of its width and height.
func region(x, y float64) string {
	column := []string{"left", "middle", "right"}[min(2, int(x*3))]
	row := []string{"upper", "central", "lower"}[min(2, int(y*3))]
	if row == "central" && column == "middle" {
		return "central"
	}
	return row + " " + column
}
