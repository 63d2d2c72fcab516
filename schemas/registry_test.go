package schemas_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/linkedin/goavro/v2"
	"github.com/twmb/franz-go/pkg/sr"

	"cream/schemas"
)

// written registers a writer's schema and returns a record of it.
func written(t *testing.T, client *sr.Client, subject, schema string, native map[string]any) []byte {
	t.Helper()
	got, err := client.CreateSchema(t.Context(), subject, sr.Schema{Schema: schema, Type: sr.TypeAvro})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := goavro.NewCodec(schema)
	if err != nil {
		t.Fatal(err)
	}
	value, err := codec.BinaryFromNative(binary.BigEndian.AppendUint32([]byte{0}, uint32(got.ID)), native)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// reasonOf returns the reason of the error, or "" where it has none.
func reasonOf(err error) string {
	var format *schemas.FormatError
	if errors.As(err, &format) {
		return format.Reason
	}
	return ""
}

func TestReadOtherVersions(t *testing.T) {
	_, client := registry(t)
	c, err := schemas.NewRegistryCodec(t.Context(), client, subjects)
	if err != nil {
		t.Fatal(err)
	}
	older := written(t, client, "older", `{"type":"record","name":"Sample","namespace":"cream","fields":[
		{"name":"id","type":"string"}]}`, map[string]any{"id": "a"})
	newer := written(t, client, "newer", `{"type":"record","name":"Sample","namespace":"cream","fields":[
		{"name":"mood","type":{"type":"record","name":"Mood","fields":[{"name":"joy","type":"double"}]}},
		{"name":"source","type":["null","string"]},
		{"name":"event_time","type":"long"},
		{"name":"conversation","type":{"type":"array","items":{"type":"record","name":"Turn","fields":[
			{"name":"text","type":"string"},{"name":"tone","type":"int"}]}}},
		{"name":"id","type":"string"}]}`, map[string]any{
		"mood": map[string]any{"joy": 0.5}, "source": map[string]any{"string": "web"}, "event_time": int64(7), "id": "b",
		"conversation": []any{map[string]any{"text": "Hi", "tone": int32(1)}},
	})
	for name, test := range map[string]struct {
		value []byte
		want  *schemas.Sample
	}{
		"older": {older, &schemas.Sample{ID: "a", Source: schemas.UnknownSource, EventTime: schemas.NoTime}},
		"newer": {newer, &schemas.Sample{ID: "b", Source: "web", EventTime: 7,
			Conversation: []schemas.Turn{{Role: schemas.RoleUser, Text: "Hi"}}}},
	} {
		got, err := c.DecodeSample(t.Context(), test.value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}

	score := written(t, client, "older-score", `{"type":"record","name":"Score","namespace":"cream","fields":[
		{"name":"id","type":"string"},{"name":"styles","type":{"type":"array","items":"string"}},
		{"name":"scores","type":{"type":"map","values":"double"}}]}`,
		map[string]any{"id": "a", "styles": []any{"yes/no"}, "scores": map[string]any{"humanities": 2.5}})
	got, err := c.DecodeScore(t.Context(), score)
	if err != nil {
		t.Fatal(err)
	}
	want := &schemas.Score{ID: "a", Source: schemas.UnknownSource, Modality: schemas.ModalityText,
		Styles: []string{"yes/no"}, Scores: map[string]float32{"humanities": 2.5}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func confluent(id uint32) []byte { return binary.BigEndian.AppendUint32([]byte{0}, id) }

func TestSchemaThatCannotBeHad(t *testing.T) {
	fake, client := registry(t)
	with, err := schemas.NewRegistryCodec(t.Context(), client, subjects)
	if err != nil {
		t.Fatal(err)
	}
	without, err := schemas.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	fake.SeedSchema("other", 1, 900, sr.Schema{Schema: `syntax = "proto3";`, Type: sr.TypeProtobuf})
	for name, test := range map[string]struct {
		codec *schemas.Codec
		value []byte
	}{
		"no registry":         {without, confluent(1)},
		"not registered":      {with, confluent(901)},
		"beyond int32":        {with, confluent(math.MaxUint32)},
		"not an Avro schema":  {with, confluent(900)},
		"another fingerprint": {without, []byte("\xC3\x01\x01\x02\x03\x04\x05\x06\x07\x08\x02a")},
	} {
		_, err := test.codec.DecodeSample(t.Context(), test.value)
		if errors.Is(err, schemas.ErrRegistry) || reasonOf(err) != "schema-unknown" {
			t.Errorf("%s: reason %q of %v, want schema-unknown", name, reasonOf(err), err)
		}
	}
}

// A registry that is down is no record's fault: the record is read once it is
// back, and meanwhile what is known already goes on being read.
func TestRegistryDown(t *testing.T) {
	fake, client := registry(t)
	c, err := schemas.NewRegistryCodec(t.Context(), client, subjects)
	if err != nil {
		t.Fatal(err)
	}
	known, err := c.EncodeSelection(&schemas.Selection{Role: schemas.RoleControl, ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	other := written(t, client, "other", `{"type":"record","name":"Selection","namespace":"cream","fields":[
		{"name":"id","type":"string"}]}`, map[string]any{"id": "a"})

	fake.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	if _, err := c.DecodeSelection(t.Context(), other); !errors.Is(err, schemas.ErrRegistry) || reasonOf(err) != "" {
		t.Errorf("an answer of 503: %v, want ErrRegistry and no reason", err)
	}
	if _, err := c.DecodeSelection(t.Context(), known); err != nil {
		t.Errorf("a schema that is known already: %v", err)
	}
	if _, err := schemas.NewRegistryCodec(t.Context(), client, subjects); err == nil {
		t.Error("a codec was made without its schemas registered")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.DecodeSelection(cancelled, other); !errors.Is(err, schemas.ErrRegistry) || !errors.Is(err, context.Canceled) {
		t.Errorf("no answer: %v, want ErrRegistry and the cause", err)
	}

	fake.ClearInterceptors()
	if _, err := c.DecodeSelection(t.Context(), other); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}
