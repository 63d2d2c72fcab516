package harvester_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"cream/schemas"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/harvester"
	"cream/stream/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// harvest works until every selection is harvested.
func harvest(t *testing.T, f *embeddedtest.Flow, maxPoll int) *harvester.Harvester {
	t.Helper()
	h, err := harvester.New(harvester.Options{
		Cluster: f.Cluster, Topics: f.Topics, Group: "harvest", Instance: t.Name(), MaxPoll: maxPoll,
		Codec: f.Codec, Metrics: f.Metrics, Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Drain()
	if err := h.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// selected publishes a selection of the sample.
func selected(t *testing.T, f *embeddedtest.Flow, sample *kgo.Record, s schemas.Selection) {
	t.Helper()
	s.Topic, s.Partition, s.Offset = sample.Topic, sample.Partition, sample.Offset
	value, err := f.Codec.EncodeSelection(&s)
	if err != nil {
		t.Fatal(err)
	}
	f.Publish(t, &kgo.Record{Topic: f.Topics.Selections, Key: []byte(s.ID), Value: value})
}

// A trainer reads what the collector wrote, byte for byte, and behind the
// sample's own headers the decision.
func TestSamplesComeOutUnchanged(t *testing.T) {
	f := embeddedtest.Start(t)
	own := []kgo.RecordHeader{kafka.TextHeader("cream-event-time", "5"), {Key: "x", Value: []byte{0xff}}}
	first := &kgo.Record{Topic: f.Topics.Samples, Partition: 1, Key: []byte("another key"), Value: []byte(" {\"id\": \"a\"}\xff\x00"), Headers: own}
	second := &kgo.Record{Topic: f.Topics.Samples, Partition: 0, Value: []byte("no key, no headers")}
	f.Publish(t, &kgo.Record{Topic: f.Topics.Samples, Partition: 1, Value: []byte("not chosen")}, first, second)
	decision := schemas.Selection{
		Source: "web", WindowStart: 1769860800000, WindowEnd: 1769860800500, Order: 3, Policy: "p1",
		Capability: "humanities", Style: "yes/no", Score: 4.1, Rank: 2, Cutoff: 0.5, EventTime: 7,
	}
	for _, s := range []struct {
		sample   *kgo.Record
		role, id string
	}{{first, schemas.RoleCurated, "a"}, {second, schemas.RoleControl, "b"}, {second, schemas.RoleCurated, "b"}} {
		decision.Role, decision.ID = s.role, s.id
		selected(t, f, s.sample, decision)
	}
	h := harvest(t, f, 10)

	both := []kgo.RecordHeader{
		kafka.TextHeader("cream-source", "web"),
		kafka.TextHeader("cream-window", "2026-01-31T12:00:00Z/2026-01-31T12:00:00.5Z"),
		kafka.TextHeader("cream-order", "3"),
		kafka.TextHeader("cream-policy", "p1"),
	}
	curated := append(both[:len(both):len(both)],
		kafka.TextHeader("cream-capability", "humanities"), kafka.TextHeader("cream-style", "yes/no"),
		kafka.TextHeader("cream-score", "4.1"), kafka.TextHeader("cream-rank", "2"), kafka.TextHeader("cream-cutoff", "0.5"))
	// A sample that brings no event time gets the decision's, before what is
	// said of a curated one alone.
	timed := append(both[:len(both):len(both)], kafka.TextHeader("cream-event-time", "7"))
	timedCurated := append(timed[:len(timed):len(timed)], curated[len(both):]...)
	type record struct {
		Key, Value string
		Headers    []kgo.RecordHeader
	}
	for topic, want := range map[string][]record{
		f.Topics.Curated: {
			{"a", string(first.Value), append(own[:2:2], curated...)},
			{"b", string(second.Value), timedCurated},
		},
		f.Topics.Control:    {{"b", string(second.Value), timed}},
		f.Topics.DeadLetter: nil,
	} {
		var got []record
		for _, r := range f.All(t, topic) {
			got = append(got, record{string(r.Key), string(r.Value), r.Headers})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", topic, diff)
		}
	}
	if c, u, d := h.Counts(); c != 2 || u != 1 || d != 0 {
		t.Errorf("counts %d, %d, %d; want 2, 1, 0", c, u, d)
	}
}

// TestWithdrawal: an empty record takes a sample back from both topics that it
// may have gone to.
func TestWithdrawal(t *testing.T) {
	f := embeddedtest.Start(t)
	there := &kgo.Record{Topic: f.Topics.Samples, Value: []byte("there")}
	f.Publish(t, there)
	selected(t, f, there, schemas.Selection{Role: schemas.RoleCurated, ID: "there"})
	f.Publish(t, &kgo.Record{Topic: f.Topics.Selections, Key: []byte("there")})
	harvest(t, f, 10)
	curated, control := f.All(t, f.Topics.Curated), f.All(t, f.Topics.Control)
	if len(curated) != 2 || string(curated[1].Key) != "there" || curated[1].Value != nil {
		t.Errorf("curated: %+v", curated)
	}
	if len(control) != 1 || string(control[0].Key) != "there" || control[0].Value != nil {
		t.Errorf("control: %+v", control)
	}
}

// What cannot be served is told with its reason; what stands behind it is
// served.
func TestWhatCannotBeServedIsADeadLetter(t *testing.T) {
	f := embeddedtest.Start(t)
	deleted := &kgo.Record{Topic: f.Topics.Samples, Value: []byte("deleted")}
	there := &kgo.Record{Topic: f.Topics.Samples, Value: []byte("there")}
	f.Publish(t, deleted, there)
	f.Delete(t, f.Topics.Samples, 0, there.Offset)
	selected(t, f, deleted, schemas.Selection{Role: schemas.RoleCurated, ID: "deleted"})
	broken := &kgo.Record{Topic: f.Topics.Selections, Key: []byte("broken"), Value: []byte("no Avro"), Headers: []kgo.RecordHeader{kafka.TextHeader("x", "y")}}
	f.Publish(t, broken, &kgo.Record{Topic: f.Topics.Selections})
	nowhere := &kgo.Record{Topic: f.Topics.Samples, Partition: 99}
	selected(t, f, nowhere, schemas.Selection{Role: schemas.RoleCurated, ID: "nowhere"})
	selected(t, f, there, schemas.Selection{Role: schemas.RoleCurated, ID: "there"})
	h := harvest(t, f, 10)

	var got []string
	letters := f.All(t, f.Topics.DeadLetter)
	for _, r := range letters {
		stage, _ := kafka.Header(r, kafka.HeaderErrorStage)
		reason, _ := kafka.Header(r, kafka.HeaderErrorReason)
		offset, _ := kafka.IntHeader(r, kafka.HeaderErrorOffset)
		got = append(got, fmt.Sprint(string(r.Key), " ", stage, " ", reason, " ", offset))
	}
	want := []string{
		"deleted harvest payload-deleted 0", "broken harvest selection-undecodable 1", " harvest selection-undecodable 2",
		"nowhere harvest payload-missing 3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if string(letters[1].Value) != "no Avro" || letters[1].Headers[0].Key != "x" {
		t.Errorf("the broken selection became %q with %v", letters[1].Value, letters[1].Headers)
	}
	curated := f.All(t, f.Topics.Curated)
	if len(curated) != 1 || string(curated[0].Value) != "there" {
		t.Errorf("curated holds %d records", len(curated))
	}
	if c, u, d := h.Counts(); c != 1 || u != 0 || d != 4 {
		t.Errorf("counts %d, %d, %d; want 1, 0, 4", c, u, d)
	}
}

// A sample that came in compressed may be too large to go out.
func TestASampleThatIsTooLargeToPublish(t *testing.T) {
	f := embeddedtest.Start(t)
	client, err := f.Cluster.NewClient("cream-large", kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(2*kafka.MaxMessageBytes), kgo.BrokerMaxWriteBytes(4*kafka.MaxMessageBytes),
		kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	large := &kgo.Record{Topic: f.Topics.Samples, Value: make([]byte, kafka.MaxMessageBytes+1)}
	if err := client.ProduceSync(t.Context(), large).FirstErr(); err != nil {
		t.Fatal(err)
	}
	selected(t, f, large, schemas.Selection{Role: schemas.RoleCurated, ID: "large"})
	harvest(t, f, 10)
	letters := f.All(t, f.Topics.DeadLetter)
	if len(letters) != 1 || string(letters[0].Key) != "large" {
		t.Fatalf("%d dead letters", len(letters))
	}
	if reason, _ := kafka.Header(letters[0], kafka.HeaderErrorReason); reason != "payload-too-large" {
		t.Errorf("reason %q", reason)
	}
}

// Selections may name the samples in any order, across transactions of the
// harvester and of those who wrote the samples, and over a restart.
func TestManySelectionsInAnyOrder(t *testing.T) {
	f := embeddedtest.Start(t)
	const n = 60
	var samples []*kgo.Record
	for i := range n {
		samples = append(samples, &kgo.Record{Topic: f.Topics.Samples, Partition: int32(i % 2), Value: fmt.Append(nil, "sample ", i)})
	}
	f.Publish(t, samples...)
	var want []string
	for i := range n {
		at := i * 37 % n
		selected(t, f, samples[at], schemas.Selection{Role: schemas.RoleCurated, ID: fmt.Sprint(at)})
		want = append(want, fmt.Sprintf("%d: sample %d", at, at))
		if i == n/2 {
			harvest(t, f, 7)
		}
	}
	harvest(t, f, 7)
	var got []string
	for _, r := range f.All(t, f.Topics.Curated) {
		got = append(got, fmt.Sprintf("%s: %s", r.Key, r.Value))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := harvester.New(harvester.Options{}); err == nil {
		t.Error("a harvester was made of nothing")
	}
}
