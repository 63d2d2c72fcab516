package selection

import "slices"

// ids holds the ids of a page, one after another. Most streams have ids of one
// length, and then nothing more is needed to find one.
type ids struct {
	text   []byte
	n      int
	length int      // of each, as long as starts is nil
	starts []uint32 // where each begins, once lengths differ
}

// firstIDs is what a window's first page has room for at first, in bytes.
const firstIDs = 1 << 10

func (s *ids) append(id string) {
	s.note(len(id))
	s.text = append(s.text, id...)
}

func (s *ids) appendBytes(id []byte) {
	s.note(len(id))
	s.text = append(s.text, id...)
}

// note takes note of where an id of a length is going to begin.
func (s *ids) note(length int) {
	switch {
	case s.starts != nil:
		s.starts = append(s.starts, uint32(len(s.text)))
	case s.n == 0:
		s.length = length
	case s.length != length:
		s.starts = make([]uint32, s.n+1, pageSize)
		for at := range s.starts {
			s.starts[at] = uint32(at * s.length)
		}
	}
	s.n++
}

// drop takes back the last id, of a length.
func (s *ids) drop(length int) {
	s.n--
	s.text = s.text[:len(s.text)-length]
	if s.starts != nil {
		s.starts = s.starts[:s.n]
	}
}

func (s *ids) at(at int) []byte {
	if s.starts == nil {
		return s.text[at*s.length:][:s.length]
	}
	if at+1 < s.n {
		return s.text[s.starts[at]:s.starts[at+1]]
	}
	return s.text[s.starts[at]:]
}

// trim gives back what the text has room for but does not need, where that is
// much, and returns the text's length.
func (s *ids) trim() int {
	if size := len(s.text); cap(s.text) > size+size/8 {
		s.text = slices.Clone(s.text)
	}
	return len(s.text)
}
