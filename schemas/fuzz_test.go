package schemas_test

import (
	"errors"
	"testing"
	"unicode/utf8"

	"cream/schemas"
)

func seeds(f *testing.F) {
	for _, seed := range []string{
		`{"id": "a", "source": "web", "image": ["1.png"], "conversations": [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "A ☃."}]}`,
		`{"id": 1, "collected_at": "2026-01-31T12:00:00Z", "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:;base64,AAE="}}]}]}`,
		`{"collected_at": 1e12, "images": "data:,%41", "metadata": {"a": "b", "c": 1}, "conversations": []}`,
		`{"conversations": null, "id": null, "image": null}`, `{`, `null`, "\x00", "\xC3\x01", "\x00\x00\x00\x00\x01\x02a",
	} {
		f.Add([]byte(seed))
	}
}

// readable fails where what has been read breaks what a Sample promises.
func readable(t *testing.T, s *schemas.Sample) {
	t.Helper()
	if s.ID == "" {
		t.Error("a sample without an id")
	}
	for _, turn := range s.Conversation {
		if turn.Role != user && turn.Role != assistant && turn.Role != system {
			t.Errorf("role %q", turn.Role)
		}
		if !utf8.ValidString(turn.Text) {
			t.Errorf("text %q", turn.Text)
		}
	}
	for _, image := range s.Images {
		if (image.Data == nil) == (image.URI == "") {
			t.Errorf("a picture with both or neither of data and uri: %+v", image)
		}
	}
}

func FuzzParseSample(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, value []byte) {
		s, err := schemas.ParseSample(value)
		if err != nil {
			if format, ok := err.(*schemas.FormatError); !ok || format.Reason == "" {
				t.Fatalf("a %T: %v", err, err)
			}
			return
		}
		readable(t, s)
		if s.EventTime < schemas.NoTime {
			t.Errorf("event time %d", s.EventTime)
		}
	})
}

// FuzzDecodeSample decodes with and without a registry.
func FuzzDecodeSample(f *testing.F) {
	seeds(f)
	both := codecs(f)
	for _, c := range both {
		value, err := c.EncodeSample(&schemas.Sample{
			ID: "a", Source: "s", EventTime: 5, Conversation: []schemas.Turn{{Role: user, Text: "Hi"}},
			Images: []schemas.Image{{URI: "1.png"}, {Data: []byte{1}}}, Metadata: map[string]string{"a": "b"},
		})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		for name, c := range both {
			s, err := c.DecodeSample(t.Context(), value)
			switch {
			case err == nil:
				readable(t, s)
			case reasonOf(err) == "" && !errors.Is(err, schemas.ErrRegistry):
				t.Errorf("%s: an error without a reason: %v", name, err)
			}
		}
	})
}
