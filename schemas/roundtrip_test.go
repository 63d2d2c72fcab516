package schemas_test

import (
	"context"
	"encoding/binary"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"pgregory.net/rapid"

	"cream/schemas"
)

// registry starts a registry that ends with the test.
func registry(t testing.TB) (*srfake.Registry, *sr.Client) {
	t.Helper()
	fake := srfake.New()
	t.Cleanup(fake.Close)
	client, err := sr.NewClient(sr.URLs(fake.URL()))
	if err != nil {
		t.Fatal(err)
	}
	return fake, client
}

var subjects = schemas.Subjects{Sample: "samples-value", Score: "scores-value", Selection: "selections-value", Window: "windows-value"}

func codecs(t testing.TB) map[string]*schemas.Codec {
	t.Helper()
	single, err := schemas.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	_, client := registry(t)
	confluent, err := schemas.NewRegistryCodec(t.Context(), client, subjects)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*schemas.Codec{"single-object": single, "Confluent": confluent}
}

// Text that a sample may hold: any but NUL.
var (
	text      = rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 }))
	nonEmpty  = text.Filter(func(s string) bool { return s != "" })
	eventTime = rapid.OneOf(rapid.Just(schemas.NoTime), rapid.Int64Range(0, 253402300799999))
	moment    = rapid.Int64Range(0, 253402300799999)
	score     = rapid.Float32Range(0, 5)
	count     = rapid.Int64Min(0)
	// goavro gives empty bytes back, never nil.
	sketch = rapid.SliceOfN(rapid.Byte(), 1, 40)
)

// orNil draws a map, nil where it is empty: the two are one on the wire.
func orNil[V any](t *rapid.T, value *rapid.Generator[V], label string) map[string]V {
	m := rapid.MapOfN(text, value, 0, 4).Draw(t, label)
	if len(m) == 0 {
		return nil
	}
	return m
}

var samples = rapid.Custom(func(t *rapid.T) *schemas.Sample {
	s := &schemas.Sample{
		ID: nonEmpty.Draw(t, "id"), Source: text.Draw(t, "source"),
		EventTime: eventTime.Draw(t, "event time"), Metadata: orNil(t, text, "metadata"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "turns") {
		role := rapid.SampledFrom([]string{schemas.RoleUser, schemas.RoleAssistant, schemas.RoleSystem})
		s.Conversation = append(s.Conversation, schemas.Turn{Role: role.Draw(t, "role"), Text: text.Draw(t, "text")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "images") {
		image := schemas.Image{URI: nonEmpty.Draw(t, "uri")}
		if rapid.Bool().Draw(t, "inline") {
			image = schemas.Image{Data: rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "data")}
		}
		s.Images = append(s.Images, image)
	}
	return s
})

var scores = rapid.Custom(func(t *rapid.T) *schemas.Score {
	return &schemas.Score{
		ID: nonEmpty.Draw(t, "id"), Source: text.Draw(t, "source"), EventTime: moment.Draw(t, "event time"),
		Topic: text.Draw(t, "topic"), Partition: rapid.Int32().Draw(t, "partition"), Offset: rapid.Int64().Draw(t, "offset"),
		ContentHash: sketch.Draw(t, "content hash"), PictureHash: rapid.Uint64().Draw(t, "picture hash"),
		TextHash: rapid.Uint64().Draw(t, "text hash"),
		Modality: schemas.Modality(rapid.IntRange(0, 3).Draw(t, "pictures")),
		Tokens:   count.Draw(t, "tokens"), Bytes: count.Draw(t, "bytes"),
		Metadata: orNil(t, text, "metadata"), Styles: rapid.SliceOfN(text, 1, 3).Draw(t, "styles"),
		Scores: rapid.MapOfN(text, score, 0, 4).Draw(t, "scores"),
		Bundle: text.Draw(t, "bundle"), BundleVersion: text.Draw(t, "version"),
	}
})

var selections = rapid.Custom(func(t *rapid.T) *schemas.Selection {
	return &schemas.Selection{
		Role: rapid.SampledFrom([]string{schemas.RoleCurated, schemas.RoleControl}).Draw(t, "role"),
		ID:   text.Draw(t, "id"), Topic: text.Draw(t, "topic"),
		Partition: rapid.Int32().Draw(t, "partition"), Offset: rapid.Int64().Draw(t, "offset"),
		Source: text.Draw(t, "source"), EventTime: moment.Draw(t, "event time"),
		WindowStart: moment.Draw(t, "start"), WindowEnd: moment.Draw(t, "end"),
		Capability: text.Draw(t, "capability"), Style: text.Draw(t, "style"),
		Score: score.Draw(t, "score"), Rank: rapid.Int32().Draw(t, "rank"), Cutoff: score.Draw(t, "cutoff"),
		Order: rapid.Int32().Draw(t, "order"), Round: rapid.Int32().Draw(t, "round"), Policy: text.Draw(t, "policy"),
	}
})

var windows = rapid.Custom(func(t *rapid.T) *schemas.Window {
	counts := rapid.MapOfN(text, rapid.Custom(func(t *rapid.T) schemas.Count {
		return schemas.Count{Seen: count.Draw(t, "seen"), Chosen: count.Draw(t, "chosen")}
	}), 0, 4)
	return &schemas.Window{
		Start: moment.Draw(t, "start"), End: moment.Draw(t, "end"), Policy: text.Draw(t, "policy"),
		Records: count.Draw(t, "records"), Samples: count.Draw(t, "samples"), Duplicates: count.Draw(t, "duplicates"),
		Budget: count.Draw(t, "budget"), Selected: count.Draw(t, "selected"), Control: count.Draw(t, "control"),
		Rounds: rapid.Int32().Draw(t, "rounds"), Shortfall: text.Draw(t, "shortfall"),
		Styles: counts.Draw(t, "styles"), Capabilities: counts.Draw(t, "capabilities"),
		Sketches: schemas.Sketches{
			SamplesSeen: sketch.Draw(t, "1"), SamplesChosen: sketch.Draw(t, "2"), SourcesSeen: sketch.Draw(t, "3"),
			SourcesChosen: sketch.Draw(t, "4"), ContentsSeen: sketch.Draw(t, "5"), ContentsChosen: sketch.Draw(t, "6"),
		},
	}
})

func roundTrip[T any](values *rapid.Generator[*T], encode func(*T) ([]byte, error), decode func(context.Context, []byte) (*T, error)) func(*testing.T) {
	return func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			want := values.Draw(rt, "record")
			value, err := encode(want)
			if err != nil {
				rt.Fatal(err)
			}
			got, err := decode(t.Context(), value)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatal(diff)
			}
		})
	}
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	for name, c := range codecs(t) {
		t.Run(name+"/Sample", roundTrip(samples, c.EncodeSample, c.DecodeSample))
		t.Run(name+"/Score", roundTrip(scores, c.EncodeScore, c.DecodeScore))
		t.Run(name+"/Selection", roundTrip(selections, c.EncodeSelection, c.DecodeSelection))
		t.Run(name+"/Window", roundTrip(windows, c.EncodeWindow, c.DecodeWindow))
	}
}

// The first bytes tell the format, also to a reader in another language.
func TestConfluentHeader(t *testing.T) {
	fake, client := registry(t)
	c, err := schemas.NewRegistryCodec(t.Context(), client, subjects)
	if err != nil {
		t.Fatal(err)
	}
	value, err := c.EncodeWindow(&schemas.Window{})
	if err != nil {
		t.Fatal(err)
	}
	registered, ok := fake.GetSchema(subjects.Window, 1)
	if !ok {
		t.Fatalf("%s was not registered", subjects.Window)
	}
	if id := binary.BigEndian.Uint32(value[1:]); value[0] != 0 || id > math.MaxInt32 || int(id) != registered.ID {
		t.Errorf("begins with % x, want 00 and the id %d in four bytes", value[:5], registered.ID)
	}
}

// Each codec reads what the other wrote, as while a registry is introduced.
func TestBothFormatsAreRead(t *testing.T) {
	both := codecs(t)
	want := &schemas.Selection{Role: schemas.RoleControl, ID: "a", Source: "s"}
	value, err := both["single-object"].EncodeSelection(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := both["Confluent"].DecodeSelection(t.Context(), value)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
