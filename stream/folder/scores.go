package folder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// UnmarshalJSON reads an object, whose keys it keeps in order, or a list. The
// error is a *schemas.FormatError.
func (s *Scores) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	*s = make(Scores, 0, 16)
	in := scan{text: text} // of JSON that is valid
	switch in.take() {
	case '{':
		for in.more('}') {
			name, err := in.str()
			if err != nil {
				return err
			}
			if name == "" {
				return fault(ReasonInvalid, "a capability's name is empty")
			}
			in.take() // the colon
			if err := s.add(name, in.value()); err != nil {
				return err
			}
		}
	case '[':
		for in.more(']') {
			if err := s.add("", in.value()); err != nil {
				return err
			}
		}
	default:
		return fault(ReasonScore, "scores is %s: expected an object of capability and score, or a list", short(text))
	}
	return nil
}

// maxScores is how many scores a line may have: each is compared with those
// before it.
const maxScores = 1024

// add keeps a score. One that is null is missing. Of a name that comes twice
// the later one stands, as in all JSON.
func (s *Scores) add(name string, value []byte) error {
	if string(value) == "null" && name != "" {
		return nil
	}
	v, err := strconv.ParseFloat(string(value), 32)
	if err != nil || len(value) == 0 || value[0] != '-' && (value[0] < '0' || value[0] > '9') {
		label := fmt.Sprintf("for %q", name)
		if name == "" {
			label = fmt.Sprintf("number %d", len(*s)+1)
		}
		return fault(ReasonNumber, "the score %s is %s: expected a finite number", label, short(value))
	}
	if name != "" {
		for i := range *s {
			if (*s)[i].Name == name {
				(*s)[i].Value = float32(v)
				return nil
			}
		}
	}
	if len(*s) == maxScores {
		return fault(ReasonInvalid, "there are more than %d scores", maxScores)
	}
	*s = append(*s, NamedScore{Name: name, Value: float32(v)})
	return nil
}

// scan goes through JSON that is known to be valid.
type scan struct {
	text []byte
	at   int
}

func (s *scan) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t' || s.text[s.at] == '\n' || s.text[s.at] == '\r') {
		s.at++
	}
}

// take returns the next byte that is no white space, and passes over it.
func (s *scan) take() byte {
	s.space()
	s.at++
	return s.text[s.at-1]
}

// more passes over a comma and tells whether the end does not follow.
func (s *scan) more(end byte) bool {
	s.space()
	if s.text[s.at] == ',' {
		s.at++
		s.space()
	}
	return s.text[s.at] != end
}

// str reads a string.
func (s *scan) str() (string, error) {
	quoted := s.value()
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner), nil
	}
	var out string
	err := json.Unmarshal(quoted, &out)
	return out, err
}

// value returns the next value as it is written.
func (s *scan) value() []byte {
	s.space()
	from, depth := s.at, 0
	for ; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '"':
			for s.at++; s.text[s.at] != '"'; s.at++ {
				if s.text[s.at] == '\\' {
					s.at++
				}
			}
			if depth == 0 {
				s.at++
				return s.text[from:s.at]
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return s.text[from:s.at]
			}
			if depth--; depth == 0 {
				s.at++
				return s.text[from:s.at]
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return s.text[from:s.at]
			}
		}
	}
	return s.text[from:]
}
