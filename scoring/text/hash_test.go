package text_test

import (
	"testing"

	"pgregory.net/rapid"

	"cream/schemas"
	"cream/scoring/text"
)

func turns(said ...string) []schemas.Turn {
	out := make([]schemas.Turn, len(said))
	for i, s := range said {
		out[i] = schemas.Turn{Role: []string{schemas.RoleUser, schemas.RoleAssistant}[i%2], Text: s}
	}
	return out
}

func TestHashOfWhatIsSaid(t *testing.T) {
	base := text.Hash(turns("What is the café's name?", "Two words"))
	for _, same := range [][]schemas.Turn{
		turns("<image>\nwhat is the CAFÉ'S name", "two   words."),
		turns("What is the cafe\u0301's name ?<image>", " \tTwo—words!"),
		turns("Ｗｈａｔ is the café\u2019s name…", "Two words", "", "<image> ?!"),
	} {
		if got := text.Hash(same); got != base {
			t.Errorf("%+v: %x, want %x", same, got, base)
		}
	}
	for _, other := range [][]schemas.Turn{
		turns("What is the cafe's name?", "Two words"),
		turns("What is the café's name?", "Twowords"),
		turns("What is the café's name? Two words"),
		turns("What is the café's name?", "", "Two words"),
		turns("Two words", "What is the café's name?"),
	} {
		if got := text.Hash(other); got == base {
			t.Errorf("%+v has the same hash", other)
		}
	}
	if a, b := text.Hash(turns("हिंदी")), text.Hash(turns("हद")); a == b {
		t.Error("vowel signs do not count")
	}
}

func TestHashOfNothing(t *testing.T) {
	for _, silent := range [][]schemas.Turn{nil, turns(""), turns("<image>", " \n"), turns("?!")} {
		if got := text.Hash(silent); got != 0 {
			t.Errorf("%+v: %x, want 0", silent, got)
		}
	}
}

// The number is kept in scores for long: it must not change between versions.
func TestHashStaysTheSame(t *testing.T) {
	if got, want := text.Hash(turns("<image>\nHow many?", "Three.")), uint64(0xc2cb52fc9cd2214f); got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
}

func TestHashOfAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.String().Draw(t, "text")
		if text.Hash(turns(said)) != text.Hash(turns("<image> "+said+" ?")) {
			t.Error("white space and punctuation around it change the hash")
		}
	})
}
