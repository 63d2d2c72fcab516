package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"unicode/utf8"

	"cream/schemas"
)

// ScoreLine is a line of scores.jsonl: what is known of a sample that can be
// chosen. A folder can be selected from again by these lines alone.
type ScoreLine struct {
	ID     string
	Source string
	Styles []string // most probable first, never empty
	Scores Scores

	// What follows may be missing: zero.
	EventTime     int64 // ms since the Unix epoch
	ContentHash   []byte
	PictureHash   uint64
	TextHash      uint64
	Tokens        int64
	AnswerTokens  int64
	Bytes         int64
	Metadata      map[string]string
	Bundle        string
	BundleVersion string
}

// Scores are a line's scores in order. In a list that was written without
// names the names are empty.
type Scores []NamedScore

// NamedScore is a score and the capability that it is for.
type NamedScore struct {
	Name  string
	Value float32
}

// Reasons why a line cannot be used, beside "invalid-json".
const (
	ReasonID      = "id-missing"
	ReasonStyle   = "style-missing"
	ReasonScore   = "score-missing"
	ReasonNumber  = "score-not-a-number"
	ReasonTime    = "event-time-invalid"
	ReasonInvalid = "invalid-field"
)

func fault(reason, format string, args ...any) error {
	return &schemas.FormatError{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// wireScore is a line as JSON has it.
type wireScore struct {
	ID            name      `json:"id"`
	Source        string    `json:"source"`
	Styles        []string  `json:"styles"`
	Scores        Scores    `json:"scores"`
	EventTime     moment    `json:"event_time"`
	ContentHash   hexBytes  `json:"content_hash"`
	PictureHash   hexNumber `json:"picture_hash"`
	TextHash      hexNumber `json:"text_hash"`
	Tokens        count     `json:"tokens"`
	AnswerTokens  count     `json:"answer_tokens"`
	Bytes         count     `json:"bytes"`
	Metadata      labels    `json:"metadata"`
	Bundle        string    `json:"bundle"`
	BundleVersion string    `json:"bundle_version"`
}

// ParseScoreLine reads a line of scores. Keys that it does not know it passes
// over; a source that is not there is "unknown". The error is a
// *schemas.FormatError.
func ParseScoreLine(text []byte) (ScoreLine, error) {
	if !utf8.Valid(text) {
		return ScoreLine{}, fault("invalid-utf8", "the line is not valid UTF-8")
	}
	w := wireScore{Source: schemas.UnknownSource}
	if err := json.Unmarshal(text, &w); err != nil {
		return ScoreLine{}, unreadable(text, string(w.ID), err)
	}
	l := ScoreLine{
		ID: string(w.ID), Source: w.Source, Styles: w.Styles, Scores: w.Scores,
		EventTime: int64(w.EventTime), ContentHash: w.ContentHash,
		PictureHash: uint64(w.PictureHash), TextHash: uint64(w.TextHash),
		Tokens: int64(w.Tokens), AnswerTokens: int64(w.AnswerTokens), Bytes: int64(w.Bytes), Metadata: w.Metadata,
		Bundle: w.Bundle, BundleVersion: w.BundleVersion,
	}
	switch {
	case l.ID == "":
		return ScoreLine{}, fault(ReasonID, "there is no id")
	case len(l.Styles) == 0:
		return ScoreLine{}, withID(l.ID, fault(ReasonStyle, "sample %q has no style: name at least one, the most probable first", l.ID))
	case slices.Contains(l.Styles, ""):
		return ScoreLine{}, withID(l.ID, fault(ReasonInvalid, "sample %q has a style without a name", l.ID))
	case len(l.Scores) == 0:
		return ScoreLine{}, withID(l.ID, fault(ReasonScore, "sample %q has no scores", l.ID))
	}
	return l, nil
}

func withID(id string, err error) error {
	var format *schemas.FormatError
	if errors.As(err, &format) {
		format.ID = id
	}
	return err
}

// unreadable says in JSON's words why a line cannot be read.
func unreadable(text []byte, id string, err error) error {
	var format *schemas.FormatError
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &format):
		return withID(id, format)
	case errors.As(err, &syntax):
		hint := ""
		for _, word := range []string{"NaN", "Infinity"} {
			if bytes.Contains(text, []byte(word)) {
				hint = ": JSON has no " + word
			}
		}
		return fault("invalid-json", "at byte %d: %w%s", syntax.Offset, err, hint)
	case errors.As(err, &wrong) && wrong.Field == "":
		return fault("invalid-json", "a score line is a JSON object, not a JSON %s", wrong.Value)
	case errors.As(err, &wrong):
		want := map[reflect.Kind]string{
			reflect.Slice: "a list of strings", reflect.String: "a string",
		}[wrong.Type.Kind()]
		return withID(id, fault(ReasonInvalid, "%s: expected %s, not a JSON %s", wrong.Field, want, wrong.Value))
	}
	return withID(id, fault("invalid-json", "%w", err))
}

func short(text []byte) string {
	if len(text) > 60 {
		return string(bytes.ToValidUTF8(text[:60], nil)) + "…"
	}
	return string(text)
}
