package folder

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// The types of a score line's fields, each read in the forms that it may have.

// name is a string, or a number as it is written.
type name string

func (n *name) UnmarshalJSON(text []byte) error {
	switch {
	case text[0] == '"':
		return json.Unmarshal(text, (*string)(n))
	case text[0] == '-' || text[0] >= '0' && text[0] <= '9':
		*n = name(text)
	case string(text) != "null":
		return fault(ReasonInvalid, "id is %s, not a string or a number", short(text))
	}
	return nil
}

// moment is ms since the epoch, or RFC 3339.
type moment int64

// maxTime is the last moment of the year 9999, in ms.
const maxTime = 253402300799999

func (m *moment) UnmarshalJSON(text []byte) error {
	bad := fault(ReasonTime, "event_time is %s: write RFC 3339 (2026-01-31T12:00:00Z) or milliseconds since 1970, up to the year 9999", short(text))
	switch {
	case string(text) == "null":
		return nil
	case text[0] == '"':
		var written string
		if err := json.Unmarshal(text, &written); err != nil {
			return err
		}
		t, err := time.Parse(time.RFC3339Nano, written)
		if err != nil {
			return bad
		}
		*m = moment(t.UnixMilli())
	default:
		f, err := strconv.ParseFloat(string(text), 64)
		if err != nil || f != math.Trunc(f) || math.Abs(f) > maxTime {
			return bad
		}
		*m = moment(f)
	}
	if *m < 0 || *m > maxTime {
		return bad
	}
	return nil
}

// count is a whole number from 0. Some write 12.0 for 12.
type count int64

func (c *count) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil && n >= 0 {
		*c = count(n)
		return nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || f < 0 || f >= 1<<53 || f != math.Trunc(f) {
		return fault(ReasonInvalid, "tokens or bytes is %s: expected a whole number from 0", short(text))
	}
	*c = count(f)
	return nil
}

// labels are metadata: strings, and numbers and booleans as they are written.
// Other values are passed over, as those of samples are.
type labels map[string]string

func (l *labels) UnmarshalJSON(text []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return fault(ReasonInvalid, "metadata is %s: expected an object", short(text))
	}
	for name, v := range raw {
		switch {
		case v[0] == '"':
			var s string
			if err := json.Unmarshal(v, &s); err != nil {
				return err
			}
			l.set(name, s)
		case v[0] != '{' && v[0] != '[' && v[0] != 'n':
			l.set(name, string(v))
		}
	}
	return nil
}

func (l *labels) set(name, value string) {
	if *l == nil {
		*l = make(labels)
	}
	(*l)[name] = value
}

// hexBytes are bytes in hex.
type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	if len(text) < 2 || text[0] != '"' {
		return fault(ReasonInvalid, "content_hash is %s: expected hex digits in a string", short(text))
	}
	b, err := hex.DecodeString(string(text[1 : len(text)-1]))
	if err != nil {
		return fault(ReasonInvalid, "content_hash is %s: expected hex digits in a string", short(text))
	}
	*h = b
	return nil
}

// hexNumber is a 64-bit hash as 16 hex digits.
type hexNumber uint64

func (h *hexNumber) UnmarshalJSON(text []byte) error {
	if s := string(text); s == "null" || s == `""` {
		return nil
	}
	if len(text) != 18 || text[0] != '"' {
		return fault(ReasonInvalid, "a hash is %s: expected 16 hex digits in a string", short(text))
	}
	n, err := strconv.ParseUint(string(text[1:17]), 16, 64)
	if err != nil {
		return fault(ReasonInvalid, "a hash is %s: expected 16 hex digits in a string", short(text))
	}
	*h = hexNumber(n)
	return nil
}
