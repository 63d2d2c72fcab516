package folder

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"

	"cream/schemas"
)

// ScoreLineOf returns the line of a score. Its scores are those of the
// capabilities, in their order, and then any others by name.
func ScoreLineOf(s *schemas.Score, capabilities []string) ScoreLine {
	l := ScoreLine{
		ID: s.ID, Source: s.Source, Styles: s.Styles, Scores: make(Scores, 0, len(s.Scores)),
		EventTime: s.EventTime, ContentHash: s.ContentHash, PictureHash: s.PictureHash, TextHash: s.TextHash,
		Tokens: s.Tokens, AnswerTokens: s.AnswerTokens, Bytes: s.Bytes, Metadata: s.Metadata, Bundle: s.Bundle, BundleVersion: s.BundleVersion,
	}
	for _, name := range capabilities {
		if value, ok := s.Scores[name]; ok {
			l.Scores = append(l.Scores, NamedScore{name, value})
		}
	}
	if len(l.Scores) < len(s.Scores) {
		for _, name := range slices.Sorted(maps.Keys(s.Scores)) {
			if !slices.Contains(capabilities, name) {
				l.Scores = append(l.Scores, NamedScore{name, s.Scores[name]})
			}
		}
	}
	return l
}

// Append writes the line as JSON, without its end, behind b. What is zero is
// left out.
func (l *ScoreLine) Append(b []byte) []byte {
	b = AppendText(append(b, `{"id":`...), l.ID)
	b = AppendText(append(b, `,"source":`...), l.Source)
	b = append(b, `,"styles":[`...)
	for i, style := range l.Styles {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendText(b, style)
	}
	b = l.Scores.append(append(b, `],"scores":`...))
	number := func(key string, value int64) {
		if value != 0 {
			b = strconv.AppendInt(append(append(append(b, `,"`...), key...), `":`...), value, 10)
		}
	}
	hash := func(key string, value uint64) {
		if value != 0 {
			b = append(append(append(b, `,"`...), key...), `":"`...)
			var digits [16]byte
			for i := range digits {
				digits[i] = "0123456789abcdef"[value>>(60-4*i)&15]
			}
			b = append(append(b, digits[:]...), '"')
		}
	}
	text := func(key, value string) {
		if value != "" {
			b = AppendText(append(append(append(b, `,"`...), key...), `":`...), value)
		}
	}
	number("event_time", l.EventTime)
	if len(l.ContentHash) > 0 {
		b = append(hex.AppendEncode(append(b, `,"content_hash":"`...), l.ContentHash), '"')
	}
	hash("picture_hash", l.PictureHash)
	hash("text_hash", l.TextHash)
	number("tokens", l.Tokens)
	number("answer_tokens", l.AnswerTokens)
	number("bytes", l.Bytes)
	if len(l.Metadata) > 0 {
		b = append(b, `,"metadata":{`...)
		for i, key := range slices.Sorted(maps.Keys(l.Metadata)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendText(append(AppendText(b, key), ':'), l.Metadata[key])
		}
		b = append(b, '}')
	}
	text("bundle", l.Bundle)
	text("bundle_version", l.BundleVersion)
	return append(b, '}')
}

// append writes the scores as an object.
func (s Scores) append(b []byte) []byte {
	b = append(b, '{')
	for i, score := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFloat(append(AppendText(b, score.Name), ':'), score.Value)
	}
	return append(b, '}')
}

// appendFloat writes the shortest number that is read back as v.
func appendFloat(b []byte, v float32) []byte {
	format := byte('f')
	if size := math.Abs(float64(v)); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, float64(v), format, -1, 32)
}

// AppendText writes a JSON string behind b.
func AppendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendEscaped(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendEscaped is AppendText for what is not plain ASCII.
func appendEscaped(b []byte, s string) []byte {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if out.Encode(s) != nil { // a string always has a JSON form
		return append(b, `""`...)
	}
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}
