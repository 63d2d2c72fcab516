package schemas

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/linkedin/goavro/v2"
)

// singleHeader returns what a record begins with in the single-object
// encoding: the two magic bytes and the schema's CRC-64-AVRO fingerprint.
//
// goavro's own header is not used: its canonical form of a type with a
// logicalType is {"type":"long"} where the Avro specification wants "long",
// so that no other library would know the fingerprint.
func singleHeader(schema string) ([]byte, error) {
	var parsed any
	if err := json.Unmarshal([]byte(schema), &parsed); err != nil {
		return nil, err
	}
	withoutLogicalTypes(parsed)
	plain, err := json.Marshal(parsed)
	if err != nil {
		return nil, err
	}
	codec, err := goavro.NewCodec(string(plain))
	if err != nil {
		return nil, fmt.Errorf("fingerprint: %w", err)
	}
	return binary.LittleEndian.AppendUint64([]byte{singleMagic0, singleMagic1}, codec.Rabin), nil
}

func withoutLogicalTypes(schema any) {
	switch v := schema.(type) {
	case map[string]any:
		delete(v, "logicalType")
		for _, inner := range v {
			withoutLogicalTypes(inner)
		}
	case []any:
		for _, inner := range v {
			withoutLogicalTypes(inner)
		}
	}
}
