package folder

import (
	"encoding/base64"
	"unicode/utf8"
)

// DeadLetter is a line of dead-letter.jsonl: what could not be used, and why.
type DeadLetter struct {
	Reason   string  `json:"reason"` // a short, fixed key
	Error    string  `json:"error"`  // for a person
	Stage    string  `json:"stage"`
	ID       string  `json:"id,omitempty"`
	Input    *int64  `json:"input,omitempty"` // the element's number in the input, from 0
	Line     int64   `json:"line,omitempty"`  // and its line, from 1, where the input has lines
	Original *string `json:"original,omitempty"`
	Base64   string  `json:"original_base64,omitempty"`
}

// SetOriginal keeps what could not be used, as text where JSON can hold it.
func (d *DeadLetter) SetOriginal(value []byte) {
	if utf8.Valid(value) {
		text := string(value)
		d.Original = &text
	} else {
		d.Base64 = base64.StdEncoding.EncodeToString(value)
	}
}
