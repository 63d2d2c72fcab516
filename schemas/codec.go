package schemas

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/franz-go/pkg/sr"
)

//go:embed sample.avsc
var sampleSchema string

//go:embed score.avsc
var scoreSchema string

//go:embed selection.avsc
var selectionSchema string

//go:embed window.avsc
var windowSchema string

// Registry is what a Codec needs of a Confluent Schema Registry; *sr.Client
// is one.
type Registry interface {
	CreateSchema(ctx context.Context, subject string, s sr.Schema) (sr.SubjectSchema, error)
	SchemaByID(ctx context.Context, id int) (sr.Schema, error)
}

// Subjects name the registry's subjects, by convention the topic's name and
// "-value".
type Subjects struct{ Sample, Score, Selection, Window string }

// Codec reads and writes the records of the topics. It is safe for use by
// many goroutines at once.
type Codec struct {
	registry                         Registry // nil: single-object encoding
	sample, score, selection, window *schema

	mu      sync.RWMutex
	writers map[uint32]*goavro.Codec // schema id → its codec, for the Confluent format
}

// schema is one of our record types: its codec, the header of its
// single-object encoding, and its id in the registry.
type schema struct {
	name   string
	avro   *goavro.Codec
	header []byte
	regID  uint32
}

// maxBlock bounds how many items or entries a record may announce at a time:
// goavro makes room for as many before it reads the first, and by its own
// bound, 2^31, a message of a few bytes could take all memory.
const maxBlock = 1 << 18

func init() { goavro.MaxBlockCount = maxBlock }

// NewCodec returns a Codec that writes Avro's single-object encoding.
func NewCodec() (*Codec, error) {
	c := &Codec{writers: make(map[uint32]*goavro.Codec)}
	var errs []error
	for _, s := range []struct {
		name, text string
		into       **schema
	}{
		{"Sample", sampleSchema, &c.sample},
		{"Score", scoreSchema, &c.score},
		{"Selection", selectionSchema, &c.selection},
		{"Window", windowSchema, &c.window},
	} {
		avro, err := goavro.NewCodec(s.text)
		if err != nil {
			errs = append(errs, fmt.Errorf("schema %s: %w", s.name, err))
		}
		header, err := singleHeader(s.text)
		if err != nil {
			errs = append(errs, fmt.Errorf("schema %s: %w", s.name, err))
		}
		*s.into = &schema{name: s.name, avro: avro, header: header}
	}
	return c, errors.Join(errs...)
}

// NewRegistryCodec returns a Codec that registers its schemas and writes the
// Confluent wire format with the ids that the registry gave.
func NewRegistryCodec(ctx context.Context, registry Registry, subjects Subjects) (*Codec, error) {
	c, err := NewCodec()
	if err != nil {
		return nil, err
	}
	c.registry = registry
	for _, s := range []struct {
		subject, text string
		of            *schema
	}{
		{subjects.Sample, sampleSchema, c.sample},
		{subjects.Score, scoreSchema, c.score},
		{subjects.Selection, selectionSchema, c.selection},
		{subjects.Window, windowSchema, c.window},
	} {
		got, err := registry.CreateSchema(ctx, s.subject, sr.Schema{Schema: s.text, Type: sr.TypeAvro})
		if err != nil {
			return nil, fmt.Errorf("register schema %s under subject %q: %w", s.of.name, s.subject, err)
		}
		s.of.regID = uint32(got.ID)
		c.writers[s.of.regID] = s.of.avro
	}
	return c, nil
}

// First bytes of the wire formats.
const (
	confluentMagic = 0x00
	singleMagic0   = 0xC3
	singleMagic1   = 0x01
)

// ErrRegistry marks a failure of the registry, not of the record: the record
// may be read later.
var ErrRegistry = errors.New("schema registry")

func (c *Codec) encode(s *schema, native map[string]any) ([]byte, error) {
	head := bytes.Clone(s.header)
	if c.registry != nil {
		head = binary.BigEndian.AppendUint32([]byte{confluentMagic}, s.regID)
	}
	out, err := s.avro.BinaryFromNative(head, native)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", s.name, err)
	}
	return out, nil
}

// decode reads a record in one of the two Avro formats. Its error is a
// *FormatError, or wraps ErrRegistry.
func (c *Codec) decode(ctx context.Context, s *schema, value []byte) (f fields, err error) {
	defer func() { // goavro has been seen to panic on hostile lengths
		if p := recover(); p != nil {
			f, err = nil, malformed("invalid-avro", "decode %s: not readable as Avro: %v", s.name, p)
		}
	}()
	avro, body := s.avro, value
	switch {
	case bytes.HasPrefix(value, s.header):
		body = value[len(s.header):]
	case len(value) >= len(s.header) && bytes.HasPrefix(value, s.header[:2]):
		return nil, malformed("schema-unknown", "decode %s: the fingerprint %x is not that of the schema %s, %x: give records of another version through a schema registry",
			s.name, value[2:len(s.header)], s.name, s.header[2:])
	case len(value) >= 5 && value[0] == confluentMagic:
		if avro, err = c.writer(ctx, binary.BigEndian.Uint32(value[1:5])); err != nil {
			return nil, err
		}
		body = value[5:]
	default:
		return nil, malformed("invalid-avro", "decode %s: %d bytes that begin neither with 0x00 and a schema's id (Confluent) nor with 0xC3 0x01 and a fingerprint (single-object Avro)", s.name, len(value))
	}
	native, rest, err := avro.NativeFromBinary(body)
	if err != nil {
		return nil, malformed("invalid-avro", "decode %s: %w", s.name, err)
	}
	if len(rest) > 0 {
		return nil, malformed("invalid-avro", "decode %s: %d bytes after the record's end", s.name, len(rest))
	}
	if f, err = asFields(native); err != nil {
		return nil, malformed("invalid-avro", "decode %s: the value %w", s.name, err)
	}
	return f, nil
}

// writer returns the codec of a writer's schema by its registry id. Its error
// is a *FormatError where the registry answers but has no such Avro schema.
func (c *Codec) writer(ctx context.Context, id uint32) (*goavro.Codec, error) {
	c.mu.RLock()
	avro, ok := c.writers[id]
	c.mu.RUnlock()
	if ok {
		return avro, nil
	}
	if c.registry == nil {
		return nil, malformed("schema-unknown", "schema id %d needs a schema registry: set registry.url", id)
	}
	got, err := c.registry.SchemaByID(ctx, int(id))
	if err != nil {
		var refused *sr.ResponseError
		if errors.As(err, &refused) && refused.ErrorCode == sr.ErrSchemaNotFound.Code {
			return nil, malformed("schema-unknown", "schema id %d is not in the registry: %w", id, err)
		}
		return nil, fmt.Errorf("%w: schema id %d: %w", ErrRegistry, id, err)
	}
	if avro, err = goavro.NewCodec(got.Schema); err != nil {
		return nil, malformed("schema-unknown", "schema id %d is not an Avro schema: %w", id, err)
	}
	c.mu.Lock()
	c.writers[id] = avro
	c.mu.Unlock()
	return avro, nil
}

// EncodeSample writes a Sample.
func (c *Codec) EncodeSample(s *Sample) ([]byte, error) { return c.encode(c.sample, s.native()) }

// EncodeScore writes a Score.
func (c *Codec) EncodeScore(s *Score) ([]byte, error) { return c.encode(c.score, s.native()) }

// EncodeSelection writes a Selection.
func (c *Codec) EncodeSelection(s *Selection) ([]byte, error) {
	return c.encode(c.selection, s.native())
}

// EncodeWindow writes a Window.
func (c *Codec) EncodeWindow(w *Window) ([]byte, error) { return c.encode(c.window, w.native()) }

// DecodeSample reads a Sample in any of the three formats. Where the record
// brings no id, the sample gets one from its content. Its error, as those of
// all Decode methods, is a *FormatError, the record's fault, or wraps
// ErrRegistry.
func (c *Codec) DecodeSample(ctx context.Context, value []byte) (*Sample, error) {
	if len(value) == 0 {
		return nil, malformed("empty-value", "decode Sample: the value is empty")
	}
	if value[0] != confluentMagic && value[0] != singleMagic0 {
		return ParseSample(value)
	}
	f, err := c.decode(ctx, c.sample, value)
	if err != nil {
		return nil, err
	}
	s, err := sampleFrom(f)
	if err != nil {
		return nil, err
	}
	if err := checkTexts(s); err != nil {
		return nil, err
	}
	if s.ID == "" {
		s.ID = ContentID(value)
	}
	return s, nil
}

// DecodeScore reads a Score.
func (c *Codec) DecodeScore(ctx context.Context, value []byte) (*Score, error) {
	return decodeAs(ctx, c, c.score, value, scoreFrom)
}

// DecodeSelection reads a Selection.
func (c *Codec) DecodeSelection(ctx context.Context, value []byte) (*Selection, error) {
	return decodeAs(ctx, c, c.selection, value, selectionFrom)
}

// DecodeWindow reads a Window.
func (c *Codec) DecodeWindow(ctx context.Context, value []byte) (*Window, error) {
	return decodeAs(ctx, c, c.window, value, windowFrom)
}

func decodeAs[T any](ctx context.Context, c *Codec, s *schema, value []byte, from func(fields) (*T, error)) (*T, error) {
	f, err := c.decode(ctx, s, value)
	if err != nil {
		return nil, err
	}
	out, err := from(f)
	if err != nil {
		return nil, malformed("invalid-record", "decode %s: %w", s.name, err)
	}
	return out, nil
}
