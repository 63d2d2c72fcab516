package schemas_test

import (
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"

	"cream/schemas"
)

func TestMistakesInJSON(t *testing.T) {
	with := func(field string) string { return `{"id": "a", ` + field + `}` }
	content := func(parts string) string { return with(`"messages": [{"role": "user", "content": ` + parts + `}]`) }
	for _, test := range []struct{ json, reason string }{
		{``, "empty-value"},
		{` `, "invalid-json"},
		{`{`, "invalid-json"},
		{`{"id": "a", "conversations": []} x`, "invalid-json"},
		{`{"id": "a" "conversations": []}`, "invalid-json"},
		{`[]`, "invalid-json"},
		{`"text"`, "invalid-json"},
		{`null`, "invalid-json"},
		{strings.Repeat(`{"a":`, 20_000), "invalid-json"},
		{`{}`, "conversation-missing"},
		{with(`"text": "Hi"`), "conversation-missing"},
		{with("\"conversations\": [{\"from\": \"human\", \"value\": \"\xff\"}]"), "invalid-utf8"},
		{with("\"conversations\": [], \"x\": \"a\x00b\""), "nul-byte"},
		{with(`"conversations": [{"from": "human", "value": "a\u0000b"}]`), "nul-byte"},
		{content(`[{"type": "text", "text": "a\u0000b"}]`), "nul-byte"},
		{`{"id": "a\u0000", "conversations": []}`, "nul-byte"},
		{with(`"source": "\u0000", "conversations": []`), "nul-byte"},

		{`{"id": {}, "conversations": []}`, "invalid-field"},
		{`{"id": true, "conversations": []}`, "invalid-field"},
		{with(`"source": ["web"], "conversations": []`), "invalid-field"},
		{with(`"image": 1, "conversations": []`), "invalid-field"},
		{with(`"image": [1], "conversations": []`), "invalid-field"},
		{with(`"image": {"path": "1.png"}, "conversations": []`), "invalid-field"},

		{with(`"conversations": {}`), "conversation-invalid"},
		{with(`"conversations": [1]`), "conversation-invalid"},
		{with(`"conversations": [{"from": "human", "value": 1}]`), "conversation-invalid"},
		{with(`"conversations": [{"from": "robot", "value": "Hi"}]`), "conversation-invalid"},
		{with(`"conversations": [{"value": "Hi"}]`), "conversation-invalid"},
		{with(`"messages": "Hi"`), "conversation-invalid"},
		{with(`"messages": [{"role": "tool", "content": "Hi"}]`), "conversation-invalid"},
		{content(`1`), "conversation-invalid"},
		{content(`[{"type": "audio"}]`), "conversation-invalid"},
		{content(`[{"type": "image_url"}]`), "conversation-invalid"},
		{content(`[{"type": "image_url", "image_url": 1}]`), "conversation-invalid"},

		{with(`"image": "", "conversations": []`), "image-missing"},
		{with(`"image": [null], "conversations": []`), "image-missing"},
		{content(`[{"type": "image_url", "image_url": null}]`), "image-missing"},
		{content(`[{"type": "image_url", "image_url": {}}]`), "image-missing"},
		{with(`"image": "data:image/png", "conversations": []`), "image-undecodable"},
		{with(`"image": "data:image/png;base64,%", "conversations": []`), "image-undecodable"},
		{with(`"image": "data:image/png,%G0", "conversations": []`), "image-undecodable"},

		{with(`"collected_at": "yesterday", "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": "2026-01-31", "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": "", "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": -1, "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": "-1", "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": "1969-12-31T23:59:59Z", "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": 1.5, "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": 1e400, "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": 253402300800000, "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": true, "conversations": []`), "event-time-invalid"},
		{with(`"collected_at": [5], "conversations": []`), "event-time-invalid"},
	} {
		c, err := schemas.NewCodec()
		if err != nil {
			t.Fatal(err)
		}
		shown := test.json[:min(len(test.json), 90)]
		sample, err := c.DecodeSample(t.Context(), []byte(test.json))
		if err == nil {
			t.Errorf("%s: read as %+v, want %s", shown, *sample, test.reason)
			continue
		}
		if _, direct := err.(*schemas.FormatError); !direct || reasonOf(err) != test.reason {
			t.Errorf("%s: a %T with reason %q (%v), want %q", shown, err, reasonOf(err), err, test.reason)
		}
		if len(err.Error()) > 300 {
			t.Errorf("%s: the error quotes its input at length: %d bytes", shown, len(err.Error()))
		}
	}
}

func TestMistakesInAvro(t *testing.T) {
	_, client := registry(t)
	c, err := schemas.NewRegistryCodec(t.Context(), client, subjects)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := c.EncodeSample(&schemas.Sample{ID: "a", Conversation: []schemas.Turn{{Role: user, Text: "Hi"}}})
	if err != nil {
		t.Fatal(err)
	}
	const schema = `{"type":"record","name":"Sample","fields":[{"name":"id","type":"string"},
		{"name":"conversation","type":{"type":"array","items":{"type":"record","name":"Turn","fields":[
			{"name":"role","type":"string"},{"name":"text","type":"string"}]}}},
		{"name":"images","type":{"type":"array","items":{"type":"record","name":"Image","fields":[
			{"name":"data","type":["null","bytes"]},{"name":"uri","type":["null","string"]}]}}}]}`
	sample := func(id, role, text string, image map[string]any) []byte {
		return written(t, client, "mistakes", schema, map[string]any{
			"id": id, "conversation": []any{map[string]any{"role": role, "text": text}}, "images": []any{image},
		})
	}
	uri := map[string]any{"data": nil, "uri": goavro.Union("string", "1.png")}
	for name, test := range map[string]struct {
		value  []byte
		reason string
	}{
		"only the magic byte":        {whole[:1], "invalid-avro"},
		"no single-object header":    {[]byte("\xC3\x01abc"), "invalid-avro"},
		"another second magic byte":  {[]byte("\xC3\x02abcdefghijkl"), "invalid-avro"},
		"cut":                        {whole[:len(whole)-2], "invalid-avro"},
		"more behind the end":        {append(whole[:len(whole):len(whole)], 0), "invalid-avro"},
		"role":                       {sample("a", "robot", "Hi", uri), "conversation-invalid"},
		"NUL in the text":            {sample("a", user, "a\x00", uri), "nul-byte"},
		"NUL in the id":              {sample("\x00", user, "a", uri), "nul-byte"},
		"text that is not UTF-8":     {sample("a", user, "\xff", uri), "invalid-utf8"},
		"id that is not UTF-8":       {sample("\xff", user, "a", uri), "invalid-utf8"},
		"picture of nothing":         {sample("a", user, "a", map[string]any{"data": nil, "uri": nil}), "invalid-field"},
		"picture of data and a path": {sample("a", user, "a", map[string]any{"data": goavro.Union("bytes", []byte{1}), "uri": uri["uri"]}), "invalid-field"},
	} {
		if _, err := c.DecodeSample(t.Context(), test.value); reasonOf(err) != test.reason {
			t.Errorf("%s: reason %q (%v), want %q", name, reasonOf(err), err, test.reason)
		}
	}

	if _, err := c.DecodeSelection(t.Context(), []byte(`{"id": "a"}`)); reasonOf(err) != "invalid-avro" {
		t.Errorf("a selection in JSON: %v, want invalid-avro", err)
	}
	noStyle, err := c.EncodeScore(&schemas.Score{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.DecodeScore(t.Context(), noStyle); reasonOf(err) != "invalid-record" {
		t.Errorf("a score without a style: %v, want invalid-record", err)
	}
}

// A few bytes may announce a list of any length. They must not get the memory
// for it.
func TestAnnouncedLengthsTakeNoMemory(t *testing.T) {
	c, err := schemas.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := c.EncodeSample(&schemas.Sample{ID: "a", EventTime: noTime})
	if err != nil {
		t.Fatal(err)
	}
	head := whole[:len(whole)-3] // the three empty lists, a byte each
	huge := []byte{0xFE, 0xFF, 0xFF, 0xFF, 0x0F}
	for name, value := range map[string][]byte{
		"conversation": append(head[:len(head):len(head)], huge...),
		"metadata":     append(append(head[:len(head):len(head)], 0, 0), huge...),
	} {
		result := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			if _, err := c.DecodeSample(b.Context(), value); reasonOf(err) != "invalid-avro" {
				b.Errorf("%s: %v, want invalid-avro", name, err)
			}
		})
		if used := result.AllocedBytesPerOp(); used > 1<<20 {
			t.Errorf("%s: %d bytes were taken for a record of %d", name, used, len(value))
		}
	}
}
