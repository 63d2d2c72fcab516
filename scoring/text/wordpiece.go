package text

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// WordPiece is BERT's uncased tokenizer (Devlin et al. 2018), as Hugging
// Face's tokenizers library has it. It is safe for use by many goroutines.
type WordPiece struct {
	vocabulary map[string]int64
	special    []string // tokens that a text may name outright
	unknown    int64
	begin, end int64
}

// maxWordRunes is the length above which a word is unknown.
const maxWordRunes = 100

// NewWordPiece reads a vocabulary, a token a line.
func NewWordPiece(vocabulary io.Reader) (*WordPiece, error) {
	w := &WordPiece{vocabulary: make(map[string]int64)}
	scan := bufio.NewScanner(vocabulary)
	for n := int64(0); scan.Scan(); n++ {
		w.vocabulary[scan.Text()] = n
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("read the vocabulary: %w", err)
	}
	var errs []error
	for _, token := range []struct {
		text string
		into *int64
	}{{"[UNK]", &w.unknown}, {"[CLS]", &w.begin}, {"[SEP]", &w.end}, {"[PAD]", new(int64)}, {"[MASK]", new(int64)}} {
		id, ok := w.vocabulary[token.text]
		if !ok {
			errs = append(errs, fmt.Errorf("the vocabulary has no %s", token.text))
		}
		*token.into = id
		w.special = append(w.special, token.text)
	}
	return w, errors.Join(errs...)
}

// Encode returns the ids of a text, without [CLS] and [SEP].
func (w *WordPiece) Encode(text string) []int64 {
	var ids []int64
	for len(text) > 0 {
		at, token := w.nextSpecial(text)
		ids = w.encodePlain(ids, text[:at])
		if token == "" {
			break
		}
		ids = append(ids, w.vocabulary[token])
		text = text[at+len(token):]
	}
	return ids
}

// nextSpecial finds the first special token that the text names.
func (w *WordPiece) nextSpecial(text string) (at int, token string) {
	at = len(text)
	for _, s := range w.special {
		if i := strings.Index(text[:at], s); i >= 0 {
			at, token = i, s
		}
	}
	return at, token
}

func (w *WordPiece) encodePlain(ids []int64, text string) []int64 {
	var word []rune
	flush := func() {
		if len(word) > 0 {
			ids = w.encodeWord(ids, string(word), len(word))
			word = word[:0]
		}
	}
	for _, r := range normalize(text) {
		switch {
		case unicode.IsSpace(r):
			flush()
		case isPunctuation(r):
			flush()
			ids = w.encodeWord(ids, string(r), 1)
		default:
			word = append(word, r)
		}
	}
	flush()
	return ids
}

// encodeWord takes the longest piece that the vocabulary has, again and again.
func (w *WordPiece) encodeWord(ids []int64, word string, runes int) []int64 {
	if runes > maxWordRunes {
		return append(ids, w.unknown)
	}
	before := len(ids)
	for start := 0; start < len(word); {
		end := len(word)
		for ; end > start; end-- {
			if end < len(word) && !utf8.RuneStart(word[end]) {
				continue
			}
			piece := word[start:end]
			if start > 0 {
				piece = "##" + piece
			}
			if id, ok := w.vocabulary[piece]; ok {
				ids = append(ids, id)
				break
			}
		}
		if end == start {
			return append(ids[:before], w.unknown)
		}
		start = end
	}
	return ids
}

// normalize cleans a text as BERT does: control characters out, white space
// to a space, Chinese characters apart, accents off, lower case.
func normalize(text string) string {
	var clean strings.Builder
	clean.Grow(len(text) + len(text)/4)
	for _, r := range text {
		switch {
		case r == 0 || r == utf8.RuneError || isControl(r):
		case unicode.IsSpace(r):
			clean.WriteByte(' ')
		case isChinese(r):
			clean.WriteByte(' ')
			clean.WriteRune(r)
			clean.WriteByte(' ')
		default:
			clean.WriteRune(r)
		}
	}
	var out strings.Builder
	out.Grow(clean.Len())
	for _, r := range norm.NFD.String(clean.String()) {
		if !unicode.Is(unicode.Mn, r) {
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return out.String()
}

func isControl(r rune) bool {
	if r == '\t' || r == '\n' || r == '\r' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

func isPunctuation(r rune) bool {
	if r < 128 {
		return r >= '!' && r <= '/' || r >= ':' && r <= '@' || r >= '[' && r <= '`' || r >= '{' && r <= '~'
	}
	return unicode.IsPunct(r)
}

// isChinese tells the CJK ideographs of BERT's list.
func isChinese(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4DBF, r >= 0x4E00 && r <= 0x9FFF, r >= 0xF900 && r <= 0xFAFF,
		r >= 0x20000 && r <= 0x2A6DF, r >= 0x2A700 && r <= 0x2B73F, r >= 0x2B740 && r <= 0x2B81F,
		r >= 0x2B920 && r <= 0x2CEAF, r >= 0x2F800 && r <= 0x2FA1F:
		return true
	}
	return false
}

// Fit truncates ids to the longest of lengths (ascending), less the two that
// frame them, keeping the beginning and the last quarter, frames them with
// [CLS] and [SEP], and pads them with 0 to the smallest length that holds
// them.
func (w *WordPiece) Fit(ids []int64, lengths []int) []int64 {
	room := lengths[len(lengths)-1] - 2
	head, tail := ids, []int64(nil)
	if len(ids) > room {
		head, tail = ids[:room-room/4], ids[len(ids)-room/4:]
	}
	need := len(head) + len(tail) + 2
	length := lengths[len(lengths)-1]
	for _, n := range lengths {
		if n >= need {
			length = n
			break
		}
	}
	out := make([]int64, 0, length)
	out = append(out, w.begin)
	out = append(out, head...)
	out = append(out, tail...)
	out = append(out, w.end)
	return out[:length]
}
