package ingester

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// arraySplitter cuts a JSON array (behind its opening bracket) into its
// elements, each compacted. It does not parse them: it follows strings and
// brackets, and where those show that an element is broken it ends it there,
// so that a mistake in one does not swallow the ones behind it:
//
//   - a line's end within a string ends the string (JSON has no raw newlines);
//   - a bracket that closes the wrong kind closes what was left open inside;
//   - a { where an object's next key is due begins the next element;
//   - so does a { that begins a line, where a string of the element's first
//     line had no end: there, every element has a line of its own.
//
// What is still not JSON is searched for the samples in it that are: salvage.
type arraySplitter struct {
	in     *bufio.Reader
	done   bool
	ours   bool     // the next element's { has been taken already
	pieces [][]byte // of a broken element, to be handed out
}

func (s *arraySplitter) next() ([]byte, int64, error) {
	for {
		if len(s.pieces) > 0 {
			piece := s.pieces[0]
			s.pieces = s.pieces[1:]
			return piece, int64(len(piece)), nil
		}
		element, size, err := s.element()
		if len(element) > 0 {
			if size > maxKept {
				return element, size, nil
			}
			element = trimRight(element)
			if element[0] == '[' || !json.Valid(element) { // an array in the array holds samples, at best
				s.pieces = salvage(element)
				continue
			}
			element = compact(element)
			return element, int64(len(element)), nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// maxDepth is how many brackets are told apart; of those further in only the
// number is kept. The JSON that the stages read nests less deep.
const maxDepth = 10_000

// element reads up to the comma or the bracket that ends an element. White
// space before it is not kept.
func (s *arraySplitter) element() (kept []byte, size int64, err error) {
	var open []byte // brackets that are open, { or [
	var deeper int  // and beyond maxDepth
	var inString, escaped bool
	var last byte         // the last byte that is not white space
	firstLine := true     // of the element
	var torn, begins bool // a string of it had no end; nothing but space is on this line
	keep := func(b byte) {
		if len(kept) == 0 && isSpace(b) {
			return
		}
		size++
		if len(kept) < maxKept {
			kept = append(kept, b)
		}
	}
	if s.ours {
		s.ours = false
		keep('{')
		open, last = append(open, '{'), '{'
	}
	for {
		if inString && !escaped { // pictures are long strings: pass over what ends none
			ahead, _ := s.in.Peek(s.in.Buffered())
			n := bytes.IndexAny(ahead, "\"\\\n")
			if n < 0 {
				n = len(ahead)
			}
			size += int64(n)
			kept = append(kept, ahead[:min(n, maxKept-len(kept))]...)
			if told := trimRight(ahead[:n]); len(told) > 0 {
				last = told[len(told)-1]
			}
			s.in.Discard(n)
		}
		b, err := s.in.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) && len(kept) > 0 {
				return kept, size, nil
			}
			return nil, 0, err
		}
		if s.done { // behind the array's end: whatever stands there is one element
			keep(b)
			continue
		}
		switch {
		case inString:
			switch {
			case b == '\n':
				inString, escaped = false, false
				torn = torn || firstLine
			case escaped:
				escaped = false
			case b == '\\':
				escaped = true
			case b == '"':
				inString = false
			}
		case b == '"':
			inString = true
		case b == '{':
			if torn && begins || len(open) == 1 && open[0] == '{' && last == ',' {
				s.ours = true
				return bytes.TrimSuffix(trimRight(kept), []byte(",")), size, nil
			}
			fallthrough
		case b == '[':
			if len(open) < maxDepth {
				open = append(open, b)
			} else {
				deeper++
			}
		case b == ',' && len(open) == 0:
			return kept, size, nil
		case b == ']' && len(open) == 0:
			s.done = true
			return kept, size, nil
		case b == '}' || b == ']':
			if deeper > 0 {
				deeper--
			} else {
				open = closeBracket(open, b)
			}
		}
		keep(b)
		if !isSpace(b) {
			last, begins = b, false
		}
		if b == '\n' {
			begins = true
			firstLine = firstLine && len(kept) == 0
		}
	}
}

// closeBracket closes the innermost bracket of b's kind, and with it whatever
// was left open inside.
func closeBracket(open []byte, b byte) []byte {
	want := byte('{')
	if b == ']' {
		want = '['
	}
	if i := bytes.LastIndexByte(open, want); i >= 0 {
		return open[:i]
	}
	return open
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

func trimRight(b []byte) []byte { return bytes.TrimRight(b, " \t\r\n") }
