package kafka_test

import (
	"math"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"cream/stream/kafka"
)

func TestHeaders(t *testing.T) {
	r := &kgo.Record{Headers: []kgo.RecordHeader{
		kafka.TextHeader("a", "1"), kafka.TextHeader("b", " 7"), kafka.TextHeader("a", "2"),
		kafka.TextHeader("", "nameless"), {Key: "nil"}, kafka.TextHeader("huge", "9223372036854775808"),
	}}
	for name, want := range map[string]struct {
		text  string
		there bool
		n     int64
		isInt bool
	}{
		"a":    {"2", true, 2, true}, // the last of a name counts
		"b":    {" 7", true, 0, false},
		"":     {"nameless", true, 0, false},
		"nil":  {"", true, 0, false},
		"huge": {"9223372036854775808", true, math.MaxInt64, false},
		"none": {"", false, 0, false},
	} {
		if text, ok := kafka.Header(r, name); text != want.text || ok != want.there {
			t.Errorf("%q: %q, %v", name, text, ok)
		}
		if n, ok := kafka.IntHeader(r, name); ok != want.isInt || ok && n != want.n {
			t.Errorf("%q as a number: %d, %v", name, n, ok)
		}
	}
}

func TestNumberHeadersComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.Int64().Draw(rt, "number")
		r := &kgo.Record{Headers: []kgo.RecordHeader{kafka.NumberHeader("n", want)}}
		if got, ok := kafka.IntHeader(r, "n"); got != want || !ok {
			rt.Fatalf("%d came back as %d, %v", want, got, ok)
		}
	})
}
