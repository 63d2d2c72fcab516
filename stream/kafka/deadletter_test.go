package kafka_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"cream/stream/kafka"
)

func header(r *kgo.Record, name string) string {
	value, _ := kafka.Header(r, name)
	return value
}

func TestDeadLetterKeepsTheRecord(t *testing.T) {
	record := &kgo.Record{
		Topic: "samples", Partition: 3, Offset: 1 << 40, Key: []byte("\xffkey"), Value: []byte("\x00value"),
		Headers: []kgo.RecordHeader{{Key: "a", Value: []byte{0xff}}, {Key: "a", Value: nil}},
	}
	letter := kafka.DeadLetter("dead", "score", "invalid-json", errors.New("it is broken"), record)
	if letter.Topic != "dead" || string(letter.Key) != "\xffkey" || string(letter.Value) != "\x00value" {
		t.Errorf("%s: key %q, value %q", letter.Topic, letter.Key, letter.Value)
	}
	want := append(record.Headers[:2:2],
		kafka.TextHeader("cream-error-stage", "score"), kafka.TextHeader("cream-error-reason", "invalid-json"),
		kafka.TextHeader("cream-error-message", "it is broken"), kafka.TextHeader("cream-error-topic", "samples"),
		kafka.TextHeader("cream-error-partition", "3"), kafka.TextHeader("cream-error-offset", "1099511627776"))
	if diff := cmp.Diff(want, letter.Headers); diff != "" {
		t.Error(diff)
	}
	if len(record.Headers) != 2 {
		t.Errorf("the record itself now has %d headers", len(record.Headers))
	}
}

// A letter that dies again tells of its last death, and still of the first.
func TestDeadLetterOfADeadLetter(t *testing.T) {
	first := kafka.DeadLetter("dead", "score", "one", errors.New("x"), &kgo.Record{Topic: "samples", Offset: 1})
	second := kafka.DeadLetter("dead", "harvest", "two", errors.New("y"), first)
	if got := header(second, kafka.HeaderErrorReason); got != "two" {
		t.Errorf("reason %q, want that of the last", got)
	}
	if got := string(second.Headers[1].Value); got != "one" {
		t.Errorf("the first reason became %q", got)
	}
}

func TestDeadLetterMessageIsShortText(t *testing.T) {
	const most = 2000
	message := func(text string) string {
		return header(kafka.DeadLetter("dead", "score", "x", errors.New(text), &kgo.Record{}), kafka.HeaderErrorMessage)
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Repeat(rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(rt, "part"),
			rapid.IntRange(1, 200).Draw(rt, "times"))
		got, valid := message(text), strings.ToValidUTF8(text, "\uFFFD")
		if !utf8.ValidString(got) || !strings.HasPrefix(valid, got) || len(got) > most {
			rt.Fatalf("%d bytes, valid %v: %q", len(got), utf8.ValidString(got), got)
		}
		if len(got) < min(len(valid), most-utf8.UTFMax+1) {
			rt.Fatalf("%d bytes of %d are less than fit", len(got), len(valid))
		}
	})
	if got, want := message("a"+strings.Repeat("ä", most)), "a"+strings.Repeat("ä", most/2-1); got != want {
		t.Errorf("a message was cut to %d bytes, want %d, between two characters", len(got), len(want))
	}
}

// What a broker took in compressed may be too large for dead-letter: it is cut,
// and a header tells how large it was.
func TestDeadLetterOfATooLargeRecord(t *testing.T) {
	r := &kgo.Record{Topic: "samples", Key: []byte("k"), Value: make([]byte, kafka.MaxMessageBytes+5)}
	letter := kafka.DeadLetter("dead-letter", "score", "invalid-json", errors.New("no"), r)
	if size := kafka.Size(letter); size > kafka.MaxMessageBytes {
		t.Errorf("a dead letter of %d bytes", size)
	}
	if n, ok := kafka.IntHeader(letter, kafka.HeaderErrorSize); !ok || n != int64(len(r.Value)) {
		t.Errorf("size %d, %v; want %d", n, ok, len(r.Value))
	}
	small := kafka.DeadLetter("dead-letter", "score", "invalid-json", errors.New("no"), &kgo.Record{Value: []byte("x")})
	if _, ok := kafka.IntHeader(small, kafka.HeaderErrorSize); ok || string(small.Value) != "x" {
		t.Error("a small one was cut")
	}
}
