package schemas_test

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"cream/schemas"
)

// crc64Avro is the fingerprint as the Avro specification writes it down.
func crc64Avro(canonical string) uint64 {
	const empty = 0xc15d213aa4d7a795
	fp := uint64(empty)
	for _, b := range []byte(canonical) {
		fp ^= uint64(b)
		for range 8 {
			fp = fp>>1 ^ empty&-(fp&1)
		}
	}
	return fp
}

// canonical is the Parsing Canonical Form of the parts of Avro that the
// schemas use, rule by rule from the specification.
func canonical(schema any, namespace string, names map[string]string) string {
	quote := strconv.Quote
	switch s := schema.(type) {
	case string:
		if full, ok := names[s]; ok {
			return quote(full)
		}
		return quote(s)
	case []any:
		branches := make([]string, len(s))
		for i, branch := range s {
			branches[i] = canonical(branch, namespace, names)
		}
		return "[" + strings.Join(branches, ",") + "]"
	}
	s := schema.(map[string]any)
	switch kind := s["type"].(string); kind {
	case "array":
		return `{"type":"array","items":` + canonical(s["items"], namespace, names) + "}"
	case "map":
		return `{"type":"map","values":` + canonical(s["values"], namespace, names) + "}"
	case "record":
		if own, ok := s["namespace"].(string); ok {
			namespace = own
		}
		name := s["name"].(string)
		names[name] = namespace + "." + name
		var fields []string
		for _, f := range s["fields"].([]any) {
			field := f.(map[string]any)
			fields = append(fields, `{"name":`+quote(field["name"].(string))+`,"type":`+canonical(field["type"], namespace, names)+"}")
		}
		return `{"name":` + quote(names[name]) + `,"type":"record","fields":[` + strings.Join(fields, ",") + "]}"
	default: // a primitive type, whatever else is said of it
		return quote(kind)
	}
}

// The reference values are those of Avro's own test suite
// (share/test/data/schema-tests.txt).
func TestCRC64AvroOfTheSpecification(t *testing.T) {
	for text, want := range map[string]int64{
		`"null"`:   7195948357588979594,
		`"int"`:    8247732601305521295,
		`"string"`: -8142146995180207161,
	} {
		if got := int64(crc64Avro(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestSingleObjectHeader(t *testing.T) {
	c, err := schemas.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	for file, encode := range map[string]func() ([]byte, error){
		"sample.avsc":    func() ([]byte, error) { return c.EncodeSample(&schemas.Sample{ID: "a"}) },
		"score.avsc":     func() ([]byte, error) { return c.EncodeScore(&schemas.Score{ID: "a", Styles: []string{"b"}}) },
		"selection.avsc": func() ([]byte, error) { return c.EncodeSelection(&schemas.Selection{ID: "a"}) },
		"window.avsc":    func() ([]byte, error) { return c.EncodeWindow(&schemas.Window{}) },
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var schema any
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		value, err := encode()
		if err != nil {
			t.Fatal(err)
		}
		form := canonical(schema, "", map[string]string{})
		want := binary.LittleEndian.AppendUint64([]byte{0xC3, 0x01}, crc64Avro(form))
		if got := value[:10]; string(got) != string(want) {
			t.Errorf("%s: begins with % x, want % x, of %s", file, got, want, form)
		}
	}
}
