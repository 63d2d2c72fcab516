package schemas

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FormatError is a record that cannot be read. Reason is a short, fixed key,
// fit for a metric's label.
type FormatError struct {
	Reason string
	ID     string // the sample's, where it could be read
	Err    error
}

// Error tells a person; the reason is a key of its own.
func (e *FormatError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *FormatError) Unwrap() error { return e.Err }

func malformed(reason, format string, args ...any) error {
	return &FormatError{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// within says where in the sample a *FormatError arose.
func within(err error, where string, args ...any) error {
	var inner *FormatError
	if !errors.As(err, &inner) {
		return err
	}
	return malformed(inner.Reason, where+": %w", append(args, inner.Err)...)
}

// ContentID makes an id for a sample that brings none, from its bytes: the
// same sample gets the same id wherever it is read.
func ContentID(value []byte) string {
	sum := sha256.Sum256(value)
	return "sha256:" + hex.EncodeToString(sum[:16])
}

// ParseSample reads a sample written as JSON: LLaVA's format (conversations
// of from and value, image a path or a list of paths), or OpenAI-style
// messages (role and content, pictures as image_url parts). Every error is a
// *FormatError.
func ParseSample(value []byte) (sample *Sample, err error) {
	if !utf8.Valid(value) {
		return nil, malformed("invalid-utf8", "byte %d is not valid UTF-8", firstInvalid(value))
	}
	if i := bytes.IndexByte(value, 0); i >= 0 {
		return nil, malformed("nul-byte", "byte %d is NUL", i)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(value, &raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, malformed("invalid-json", "at byte %d: %w", syntax.Offset, err)
		}
		return nil, malformed("invalid-json", "a sample is a JSON object: %w", plain(err))
	}
	if raw == nil {
		return nil, malformed("invalid-json", "a sample is a JSON object, not null")
	}
	s := &Sample{Source: UnknownSource, EventTime: NoTime}
	if s.ID, err = scalar(raw, "id"); err != nil {
		return nil, err
	}
	if id := s.ID; id != "" {
		defer func() {
			var format *FormatError
			if errors.As(err, &format) {
				format.ID = id
			}
		}()
	}
	if s.ID == "" {
		s.ID = ContentID(value)
	}
	source, err := scalar(raw, "source")
	if err != nil {
		return nil, err
	}
	if source != "" {
		s.Source = source
	}
	if v, ok := raw["collected_at"]; ok {
		if s.EventTime, err = parseTime(v); err != nil {
			return nil, err
		}
	}
	switch {
	case raw["conversations"] != nil:
		err = s.readLLaVA(raw)
	case raw["messages"] != nil:
		err = s.readMessages(raw["messages"])
	default:
		err = malformed("conversation-missing", "neither conversations (LLaVA) nor messages (OpenAI) is there")
	}
	if err != nil {
		return nil, err
	}
	s.readMetadata(raw)
	return s, checkTexts(s)
}

// plain says in JSON's words what Go's decoder says in Go's.
func plain(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	want := map[reflect.Kind]string{
		reflect.Map: "an object", reflect.Struct: "an object", reflect.Slice: "a list", reflect.String: "a string",
	}[wrong.Type.Kind()]
	if wrong.Field != "" {
		return fmt.Errorf("%s: expected %s, not a JSON %s", wrong.Field, want, wrong.Value)
	}
	return fmt.Errorf("expected %s, not a JSON %s", want, wrong.Value)
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// checkTexts refuses what no tokenizer and no trainer takes: NUL characters,
// which JSON can smuggle in as \u0000, and broken UTF-8, which Avro can.
func checkTexts(s *Sample) error {
	for i, t := range s.Conversation {
		if strings.IndexByte(t.Text, 0) >= 0 {
			return malformed("nul-byte", "turn %d holds a NUL character", i)
		}
		if !utf8.ValidString(t.Text) {
			return malformed("invalid-utf8", "turn %d is not valid UTF-8", i)
		}
	}
	for name, v := range map[string]string{"id": s.ID, "source": s.Source} {
		if strings.IndexByte(v, 0) >= 0 {
			return malformed("nul-byte", "%s %q holds a NUL character", name, v)
		}
		if !utf8.ValidString(v) {
			return malformed("invalid-utf8", "%s %q is not valid UTF-8", name, v)
		}
	}
	return nil
}

// scalar reads a string, or a number as it is written.
func scalar(raw map[string]json.RawMessage, name string) (string, error) {
	v, ok := raw[name]
	if !ok || string(v) == "null" {
		return "", nil
	}
	if v[0] == '"' {
		var s string
		if err := json.Unmarshal(v, &s); err != nil {
			return "", malformed("invalid-json", "%s: %w", name, err)
		}
		return s, nil
	}
	if v[0] == '-' || (v[0] >= '0' && v[0] <= '9') {
		return string(v), nil
	}
	return "", malformed("invalid-field", "%s is %s, not a string or a number", name, shorten(v))
}

// maxTime is the last moment of the year 9999, in ms.
const maxTime = 253402300799999

// parseTime reads an event time: RFC 3339, or ms since the epoch.
func parseTime(v json.RawMessage) (int64, error) {
	bad := func() error {
		return malformed("event-time-invalid", "collected_at is %s: write RFC 3339 (2026-01-31T12:00:00Z) or milliseconds since 1970", shorten(v))
	}
	var ms int64
	switch {
	case string(v) == "null":
		return NoTime, nil
	case v[0] == '"':
		var text string
		if err := json.Unmarshal(v, &text); err != nil {
			return 0, bad()
		}
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			ms = t.UnixMilli()
		} else if ms, err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, bad()
		}
	default:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil || math.IsInf(f, 0) || f != math.Trunc(f) || math.Abs(f) > maxTime {
			return 0, bad()
		}
		ms = int64(f)
	}
	if ms < 0 || ms > maxTime {
		return 0, malformed("event-time-invalid", "collected_at is %s: outside the years 1970 to 9999", shorten(v))
	}
	return ms, nil
}

func shorten(v []byte) string {
	if len(v) > 60 {
		return strings.ToValidUTF8(string(v[:60]), "") + "…"
	}
	return string(v)
}

func (s *Sample) readLLaVA(raw map[string]json.RawMessage) error {
	var turns []struct {
		From  string `json:"from"`
		Value string `json:"value"`
	}
	if err := json.Unmarshal(raw["conversations"], &turns); err != nil {
		return malformed("conversation-invalid", "conversations: %w", plain(err))
	}
	for i, t := range turns {
		role, err := roleOf(t.From)
		if err != nil {
			return malformed("conversation-invalid", "conversations[%d]: %w", i, err)
		}
		s.Conversation = append(s.Conversation, Turn{Role: role, Text: t.Value})
	}
	for _, name := range []string{"image", "images"} {
		v := raw[name]
		if v == nil || string(v) == "null" {
			continue
		}
		var refs []string
		if v[0] == '"' {
			refs = make([]string, 1)
			if err := json.Unmarshal(v, &refs[0]); err != nil {
				return malformed("invalid-json", "%s: %w", name, err)
			}
		} else if err := json.Unmarshal(v, &refs); err != nil {
			return malformed("invalid-field", "%s is %s, not a path or a list of paths", name, shorten(v))
		}
		for _, ref := range refs {
			image, err := imageOf(ref)
			if err != nil {
				return err
			}
			s.Images = append(s.Images, image)
		}
	}
	return nil
}

func (s *Sample) readMessages(raw json.RawMessage) error {
	var messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(raw, &messages); err != nil {
		return malformed("conversation-invalid", "messages: %w", plain(err))
	}
	for i, m := range messages {
		role, err := roleOf(m.Role)
		if err != nil {
			return malformed("conversation-invalid", "messages[%d]: %w", i, err)
		}
		text, err := s.readContent(m.Content)
		if err != nil {
			return within(err, "messages[%d]", i)
		}
		s.Conversation = append(s.Conversation, Turn{Role: role, Text: text})
	}
	return nil
}

// readContent reads a message's content: a string, or a list of text and
// image_url parts.
func (s *Sample) readContent(content json.RawMessage) (string, error) {
	if len(content) == 0 || string(content) == "null" {
		return "", nil
	}
	if content[0] == '"' {
		var text string
		if err := json.Unmarshal(content, &text); err != nil {
			return "", malformed("conversation-invalid", "content: %w", plain(err))
		}
		return text, nil
	}
	var parts []struct {
		Type     string          `json:"type"`
		Text     string          `json:"text"`
		ImageURL json.RawMessage `json:"image_url"`
	}
	if err := json.Unmarshal(content, &parts); err != nil {
		return "", malformed("conversation-invalid", "content: %w", plain(err))
	}
	var texts []string
	for j, p := range parts {
		switch p.Type {
		case "text":
			texts = append(texts, p.Text)
		case "image_url":
			var ref struct {
				URL string `json:"url"`
			}
			if err := json.Unmarshal(p.ImageURL, &ref); err != nil {
				if err := json.Unmarshal(p.ImageURL, &ref.URL); err != nil {
					return "", malformed("conversation-invalid", "content[%d].image_url: %w", j, plain(err))
				}
			}
			image, err := imageOf(ref.URL)
			if err != nil {
				return "", err
			}
			s.Images = append(s.Images, image)
		default:
			return "", malformed("conversation-invalid", "content[%d] is of type %q: text and image_url are read", j, p.Type)
		}
	}
	return strings.Join(texts, "\n"), nil
}

// imageOf reads a reference: a data: URI inline, anything else as a URI.
func imageOf(ref string) (Image, error) {
	if ref == "" {
		return Image{}, malformed("image-missing", "a picture's reference is empty")
	}
	if !strings.HasPrefix(ref, "data:") {
		return Image{URI: ref}, nil
	}
	head, body, ok := strings.Cut(ref, ",")
	if !ok {
		return Image{}, malformed("image-undecodable", "a data: URI has no comma")
	}
	if !strings.HasSuffix(head, ";base64") {
		text, err := url.PathUnescape(body)
		if err != nil {
			return Image{}, malformed("image-undecodable", "a data: URI: %w", err)
		}
		return Image{Data: []byte(text)}, nil
	}
	data, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return Image{}, malformed("image-undecodable", "a data: URI: %w", err)
	}
	return Image{Data: data}, nil
}

func roleOf(name string) (string, error) {
	switch name {
	case "human", RoleUser:
		return RoleUser, nil
	case "gpt", RoleAssistant:
		return RoleAssistant, nil
	case RoleSystem:
		return RoleSystem, nil
	}
	return "", fmt.Errorf("unknown role %q: human, gpt, user, assistant or system is expected", name)
}

// known are the keys that have a place of their own in a Sample.
var known = map[string]bool{
	"id": true, "source": true, "collected_at": true, "conversations": true,
	"messages": true, "image": true, "images": true, "metadata": true,
}

// readMetadata keeps the other keys whose value is a string, a number or a
// boolean, and those within the key metadata, which win.
func (s *Sample) readMetadata(raw map[string]json.RawMessage) {
	keep := func(name string, v json.RawMessage) {
		var text string
		switch {
		case v[0] == '"':
			if json.Unmarshal(v, &text) != nil {
				return
			}
		case v[0] == '{' || v[0] == '[' || string(v) == "null":
			return
		default:
			text = string(v)
		}
		if s.Metadata == nil {
			s.Metadata = make(map[string]string)
		}
		s.Metadata[name] = text
	}
	for name, v := range raw {
		if !known[name] {
			keep(name, v)
		}
	}
	var inner map[string]json.RawMessage
	if v := raw["metadata"]; v != nil && json.Unmarshal(v, &inner) == nil {
		for name, v := range inner {
			keep(name, v)
		}
	}
}
