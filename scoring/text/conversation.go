package text

import (
	"strings"
	"unicode/utf8"

	"cream/schemas"
)

// space is the white space that counts: ASCII's, the same in every language.
const space = " \t\n\r\f\v"

// pictureMarker is where LLaVA puts a picture in a turn.
const pictureMarker = "<image>"

// Texts returns the question (all turns of the user) and the answer (all of
// the assistant), without picture markers, joined by a line's end. A turn that
// says nothing else is passed over.
func Texts(turns []schemas.Turn) (question, answer string) {
	var q, a []string
	for _, t := range turns {
		said := strings.Trim(strings.ReplaceAll(t.Text, pictureMarker, ""), space)
		if said == "" {
			continue
		}
		switch t.Role {
		case schemas.RoleUser:
			q = append(q, said)
		case schemas.RoleAssistant:
			a = append(a, said)
		}
	}
	return strings.Join(q, "\n"), strings.Join(a, "\n")
}

// keepCharacters is how much of a text's beginning and of its end is looked
// at: no model of this size sees more, and megabytes must not hold up a host.
const keepCharacters = 16384

// Cut returns a text of more than 2 × 16,384 characters as its first and its
// last 16,384, and any other as it is.
func Cut(text string) string {
	if len(text) <= 2*keepCharacters || utf8.RuneCountInString(text) <= 2*keepCharacters {
		return text
	}
	head, tail := 0, len(text)
	for range keepCharacters {
		_, n := utf8.DecodeRuneInString(text[head:])
		head += n
		_, n = utf8.DecodeLastRuneInString(text[:tail])
		tail -= n
	}
	return text[:head] + text[tail:]
}
