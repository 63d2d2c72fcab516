package scorer_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"cream/schemas"
	"cream/scoring"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/kafka"
	"cream/stream/scorer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lengthScorer scores a sample by the length of its first turn. It refuses the
// samples whose text says so, and fails as a whole as often as it is told.
type lengthScorer struct{ failures *atomic.Int32 }

func (lengthScorer) Vocabulary() scoring.Vocabulary {
	return scoring.Vocabulary{Model: "length", Version: "2", Capabilities: []string{"long", "short"}, Styles: []string{"yes/no"}}
}

func (l lengthScorer) Score(_ context.Context, samples []*schemas.Sample) ([]scoring.Result, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, errors.New("the device is gone")
	}
	out := make([]scoring.Result, len(samples))
	for i, s := range samples {
		text := s.Conversation[0].Text
		if text == "refuse" {
			out[i].Err = &scoring.InputError{Reason: "image-missing", Err: errors.New("there is none")}
			continue
		}
		out[i].Rating = scoring.Rating{Scores: []float32{float32(len(text)), 1}, Styles: []string{"yes/no"}, Tokens: 3, PictureBytes: 10}
	}
	return out, nil
}

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// score works until every sample is scored.
func score(t *testing.T, f *embeddedtest.Flow, failures int32) *scorer.Scorer {
	t.Helper()
	rater := lengthScorer{new(atomic.Int32)}
	rater.failures.Store(failures)
	s, err := scorer.New(scorer.Options{
		Cluster: f.Cluster, Topics: f.Topics, Group: "score", Instance: t.Name(), Sessions: 2, MaxPoll: 10,
		MaxAhead: 5 * time.Minute, Codec: f.Codec, Scorer: rater, Now: func() time.Time { return now },
		Metrics: f.Metrics, Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Drain()
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func sample(f *embeddedtest.Flow, partition int32, id, text, more string) *kgo.Record {
	return &kgo.Record{
		Topic: f.Topics.Samples, Partition: partition, Timestamp: now.Add(-time.Hour),
		Value: fmt.Appendf(nil, `{"id": %q, "conversations": [{"from": "human", "value": %q}]%s}`, id, text, more),
	}
}

// TestAScoreGoesToItsSamplesPartition: in order, with the place of the sample
// and its event time, of whichever origin that is.
func TestAScoreGoesToItsSamplesPartition(t *testing.T) {
	f := embeddedtest.Start(t)
	withHeader := sample(f, 1, "header", "four", "")
	withHeader.Headers = []kgo.RecordHeader{kafka.NumberHeader(kafka.HeaderEventTime, 1234)}
	f.Publish(t,
		sample(f, 0, "a", "", `, "source": "web", "licence": "CC0", "collected_at": 5000`),
		withHeader,
		sample(f, 0, "b", "xx", ""),
		sample(f, 1, "c", "yyy", ""),
	)
	s := score(t, f, 0)
	type place struct {
		ID             string
		Partition      int32
		Offset         int64
		EventTime      int64
		Source         string
		Long           float32
		RecordInOrder  int64
		RecordPart     int32
		EventHeaderToo bool
	}
	var got []place
	for _, r := range f.All(t, f.Topics.Scores) {
		value, err := f.Codec.DecodeScore(t.Context(), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		header, _ := kafka.IntHeader(r, kafka.HeaderEventTime)
		got = append(got, place{value.ID, value.Partition, value.Offset, value.EventTime, value.Source, value.Scores["long"],
			r.Offset, r.Partition, header == value.EventTime})
		if string(r.Key) != value.ID || value.Topic != f.Topics.Samples || value.Bundle != "length" || value.BundleVersion != "2" || value.Bytes <= 10 || len(value.ContentHash) != 32 || (value.TextHash == 0) != (value.Scores["long"] == 0) {
			t.Errorf("score of %s: key %s, %+v", value.ID, r.Key, value)
		}
		if value.ID == "a" && value.Metadata["licence"] != "CC0" {
			t.Errorf("metadata %v", value.Metadata)
		}
	}
	hourAgo := now.Add(-time.Hour).UnixMilli()
	want := []place{
		{"a", 0, 0, 5000, "web", 0, 0, 0, true},
		{"b", 0, 1, hourAgo, "unknown", 2, 1, 0, true},
		{"header", 1, 0, 1234, "unknown", 4, 0, 1, true},
		{"c", 1, 1, hourAgo, "unknown", 3, 1, 1, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if scored, dead := s.Counts(); scored != 4 || dead != 0 {
		t.Errorf("counts %d, %d", scored, dead)
	}
}

// TestBadSamplesAreDeadLetters: with their reason, as they came, and the
// others of the poll are scored.
func TestBadSamplesAreDeadLetters(t *testing.T) {
	f := embeddedtest.Start(t)
	bad := map[string]*kgo.Record{
		"image-missing":          sample(f, 0, "refused", "refuse", ""),
		"invalid-json":           {Topic: f.Topics.Samples, Key: []byte("k"), Value: []byte("{"), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte{0, 0xff}}}},
		"withdrawal-without-key": {Topic: f.Topics.Samples, Partition: 1},
		"invalid-avro":           {Topic: f.Topics.Samples, Value: []byte{0xc3, 1, 2, 3}},
		"schema-unknown":         {Topic: f.Topics.Samples, Value: []byte{0, 0, 0, 0, 9, 1}},
		"event-time-ahead":       sample(f, 1, "ahead", "x", `, "collected_at": "2026-05-01T12:05:01Z"`),
	}
	records := []*kgo.Record{sample(f, 0, "first", "x", ""), sample(f, 1, "edge", "x", `, "collected_at": "2026-05-01T12:05:00Z"`)}
	for _, r := range bad {
		records = append(records, r)
	}
	f.Publish(t, append(records, sample(f, 0, "last", "x", ""))...)
	s := score(t, f, 0)
	for _, r := range f.All(t, f.Topics.DeadLetter) {
		reason, _ := kafka.Header(r, kafka.HeaderErrorReason)
		original := bad[reason]
		if original == nil {
			t.Errorf("a dead letter for the reason %q", reason)
			continue
		}
		delete(bad, reason)
		partition, _ := kafka.IntHeader(r, kafka.HeaderErrorPartition)
		offset, _ := kafka.IntHeader(r, kafka.HeaderErrorOffset)
		if string(r.Key) != string(original.Key) || string(r.Value) != string(original.Value) ||
			int32(partition) != original.Partition || offset != original.Offset ||
			!cmp.Equal(original.Headers, r.Headers[:len(original.Headers)], cmpopts.EquateEmpty()) {
			t.Errorf("%s: the dead letter is not the record as it came: %+v", reason, r)
		}
	}
	for reason := range bad {
		t.Errorf("no dead letter for %s", reason)
	}
	if scored, dead := s.Counts(); scored != 3 || dead != 6 {
		t.Errorf("counts %d, %d; want 3, 6", scored, dead)
	}
}

// TestWithdrawal: a record without a value goes to the partition of scores that
// it came from, behind the score that it takes back.
func TestWithdrawal(t *testing.T) {
	f := embeddedtest.Start(t)
	f.Publish(t, sample(f, 1, "a", "x", ""), &kgo.Record{Topic: f.Topics.Samples, Partition: 1, Key: []byte("a")})
	score(t, f, 0)
	scores := f.All(t, f.Topics.Scores)
	if len(scores) != 2 || string(scores[1].Key) != "a" || scores[1].Value != nil || scores[1].Partition != 1 {
		t.Fatalf("scores: %+v", scores)
	}
	if offset, ok := kafka.IntHeader(scores[1], kafka.HeaderSampleOffset); !ok || offset != 1 {
		t.Errorf("the withdrawal lay at offset %d, want 1", offset)
	}
}

// TestTheScorersOwnFailure: no sample is at fault, and each is scored once it
// works again.
func TestTheScorersOwnFailure(t *testing.T) {
	f := embeddedtest.Start(t)
	for i := range 30 {
		f.Publish(t, sample(f, int32(i%2), fmt.Sprint(i), "x", ""))
	}
	score(t, f, 2)
	ids := make(map[string]bool)
	for _, r := range f.All(t, f.Topics.Scores) {
		if ids[string(r.Key)] {
			t.Errorf("%s is scored twice", r.Key)
		}
		ids[string(r.Key)] = true
	}
	if dead := f.All(t, f.Topics.DeadLetter); len(ids) != 30 || len(dead) != 0 {
		t.Errorf("%d scored and %d dead, want 30 and 0", len(ids), len(dead))
	}
}

func TestNewNamesEveryMistake(t *testing.T) {
	if _, err := scorer.New(scorer.Options{}); err == nil || len(err.(interface{ Unwrap() []error }).Unwrap()) < 3 {
		t.Errorf("got %v", err)
	}
}
