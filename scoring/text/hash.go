package text

import (
	"strings"
	"unicode"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/text/unicode/norm"

	"cream/schemas"
)

// Hash returns a 64-bit hash of what a conversation says, the same for
// conversations that differ in case, punctuation, white space, picture markers
// or the form of their Unicode only; 0 where nothing is said. It is the XXH64
// of the turns, each as "role: words", joined by a line's end; a turn without
// words is passed over. Equal hashes mark near duplicates: symbols do not
// count, so that "2 + 2" and "2 - 2" are told apart by their answers alone.
func Hash(turns []schemas.Turn) uint64 {
	var all strings.Builder
	for _, t := range turns {
		said := bare(t.Text)
		if said == "" {
			continue
		}
		if all.Len() > 0 {
			all.WriteByte('\n')
		}
		all.WriteString(t.Role)
		all.WriteString(": ")
		all.WriteString(said)
	}
	if all.Len() == 0 {
		return 0
	}
	return max(1, xxhash.Sum64String(all.String())) // 0 says that there is no text
}

// bare returns a text's words in lower case, a space between any two. A word
// is a run of letters, their marks (many scripts write vowels so) and digits.
func bare(text string) string {
	text = norm.NFKC.String(strings.ReplaceAll(text, pictureMarker, " "))
	var out strings.Builder
	out.Grow(len(text))
	gap := false
	for _, r := range text {
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			gap = true
			continue
		}
		if gap && out.Len() > 0 {
			out.WriteByte(' ')
		}
		gap = false
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
