package schemas_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/schemas"
)

const (
	user, assistant, system = schemas.RoleUser, schemas.RoleAssistant, schemas.RoleSystem
	unknown, noTime         = schemas.UnknownSource, schemas.NoTime
)

func TestParseSample(t *testing.T) {
	for name, test := range map[string]struct {
		json string
		want schemas.Sample
	}{
		"LLaVA": {
			`{"id": "a", "source": "web", "image": "x/1.png", "conversations": [
				{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "Ein ☃."}]}`,
			schemas.Sample{ID: "a", Source: "web", EventTime: noTime, Images: []schemas.Image{{URI: "x/1.png"}},
				Conversation: []schemas.Turn{{Role: user, Text: "<image>\nWhat?"}, {Role: assistant, Text: "Ein ☃."}}},
		},
		"LLaVA with several pictures": {
			`{"id": "a", "image": ["1.png", "data:;base64,AAE="], "images": "2.png", "conversations": []}`,
			schemas.Sample{ID: "a", Source: unknown, EventTime: noTime,
				Images: []schemas.Image{{URI: "1.png"}, {Data: []byte{0, 1}}, {URI: "2.png"}}},
		},
		"LLaVA with no picture": {
			`{"id": "a", "image": null, "images": [], "conversations": [{"from": "user", "value": "Hi"}]}`,
			schemas.Sample{ID: "a", Source: unknown, EventTime: noTime, Conversation: []schemas.Turn{{Role: user, Text: "Hi"}}},
		},
		"messages with text": {
			`{"id": "a", "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"},
				{"role": "assistant", "content": null}, {"role": "assistant"}]}`,
			schemas.Sample{ID: "a", Source: unknown, EventTime: noTime, Conversation: []schemas.Turn{
				{Role: system, Text: "Be short."}, {Role: user, Text: "Hi"}, {Role: assistant}, {Role: assistant}}},
		},
		"messages with parts": {
			`{"id": "a", "messages": [{"role": "user", "content": [
				{"type": "image_url", "image_url": {"url": "1.png", "detail": "high"}}, {"type": "text", "text": "one"},
				{"type": "image_url", "image_url": "2.png"}, {"type": "text", "text": "two"},
				{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
				{"type": "image_url", "image_url": "data:image/svg+xml,%3Csvg/%3E"}]}]}`,
			schemas.Sample{ID: "a", Source: unknown, EventTime: noTime,
				Conversation: []schemas.Turn{{Role: user, Text: "one\ntwo"}},
				Images:       []schemas.Image{{URI: "1.png"}, {URI: "2.png"}, {Data: []byte("\x89PNG")}, {Data: []byte("<svg/>")}}},
		},
		"conversations go before messages": {
			`{"id": "a", "messages": 1, "conversations": []}`,
			schemas.Sample{ID: "a", Source: unknown, EventTime: noTime},
		},
		"an id that is a number stays as it is written": {
			`{"id": 1234567890123456789012, "source": 1.50, "conversations": []}`,
			schemas.Sample{ID: "1234567890123456789012", Source: "1.50", EventTime: noTime},
		},
		"metadata": {
			`{"id": "a", "conversations": [], "license": "cc0", "width": 1e3, "ok": true, "none": null, "deep": {"a": 1}, "list": [1],
				"metadata": {"license": "by", "lang": "de", "deep": {}, "none": null}}`,
			schemas.Sample{ID: "a", Source: unknown, EventTime: noTime,
				Metadata: map[string]string{"license": "by", "width": "1e3", "ok": "true", "lang": "de"}},
		},
		"metadata that is no object": {
			`{"id": "a", "conversations": [], "metadata": "x"}`,
			schemas.Sample{ID: "a", Source: unknown, EventTime: noTime},
		},
	} {
		got, err := schemas.ParseSample([]byte(test.json))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(&test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestEventTime(t *testing.T) {
	const ms = 1769860800123
	for collected, want := range map[string]int64{
		`null`:                            noTime,
		`1769860800123`:                   ms,
		`1.769860800123e12`:               ms,
		`"1769860800123"`:                 ms,
		`"2026-01-31T12:00:00.123Z"`:      ms,
		`"2026-01-31T13:00:00.123+01:00"`: ms,
		`0`:                               0,
		`"9999-12-31T23:59:59.999Z"`:      253402300799999,
	} {
		got, err := schemas.ParseSample([]byte(`{"conversations": [], "collected_at": ` + collected + `}`))
		if err != nil {
			t.Errorf("%s: %v", collected, err)
		} else if got.EventTime != want {
			t.Errorf("%s: %d, want %d", collected, got.EventTime, want)
		}
	}
}

// A sample without an id gets one from its bytes: the same wherever it is
// read, another for other bytes.
func TestContentID(t *testing.T) {
	seen := make(map[string]bool)
	for _, json := range []string{
		`{"conversations": []}`, `{"id": null, "conversations": []}`, `{"id": "", "conversations": []}`,
		`{"conversations":[]}`,
	} {
		sample, err := schemas.ParseSample([]byte(json))
		if err != nil {
			t.Fatal(err)
		}
		if want := schemas.ContentID([]byte(json)); sample.ID != want {
			t.Errorf("%s: id %s, want %s", json, sample.ID, want)
		}
		seen[sample.ID] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d ids for 4 samples", len(seen))
	}
	// The form of the id is a promise to those who stored it.
	if got, want := schemas.ContentID(nil), "sha256:e3b0c44298fc1c149afbf4c8996fb924"; got != want {
		t.Errorf("id of no bytes: %s, want %s", got, want)
	}
	c, err := schemas.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	value, err := c.EncodeSample(&schemas.Sample{EventTime: noTime})
	if err != nil {
		t.Fatal(err)
	}
	if sample, err := c.DecodeSample(t.Context(), value); err != nil || sample.ID != schemas.ContentID(value) {
		t.Errorf("an Avro sample without an id: %+v, %v", sample, err)
	}
}

// One topic may hold all formats, record by record.
func TestFormatsSideBySide(t *testing.T) {
	want := &schemas.Sample{ID: "a", Source: "s", EventTime: 5, Conversation: []schemas.Turn{{Role: user, Text: "Hi"}}}
	values := map[string][]byte{
		"LLaVA":    []byte(`{"id":"a","source":"s","collected_at":5,"conversations":[{"from":"human","value":"Hi"}]}`),
		"messages": []byte(` {"id":"a","source":"s","collected_at":5,"messages":[{"role":"user","content":"Hi"}]}`),
	}
	both := codecs(t)
	for name, c := range both {
		value, err := c.EncodeSample(want)
		if err != nil {
			t.Fatal(err)
		}
		values[name] = value
	}
	for name, value := range values {
		got, err := both["Confluent"].DecodeSample(t.Context(), value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
