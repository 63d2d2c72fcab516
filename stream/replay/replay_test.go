package replay_test

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"cream/schemas"
	"cream/selection"
	"cream/stream/batch"
	"cream/stream/embedded/embeddedtest"
	"cream/stream/folder"
	"cream/stream/harvester"
	"cream/stream/kafka"
	"cream/stream/replay"
	"cream/stream/selector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func capabilities() []string { return []string{"humanities", "stem"} }

// score makes a sample and its score. What they hold follows from the id.
func score(t *testing.T, f *embeddedtest.Flow, partition int32, id string, eventTime int64) {
	t.Helper()
	sample := &kgo.Record{Topic: f.Topics.Samples, Partition: partition, Key: []byte(id), Value: []byte(sampleOf(id))}
	f.Publish(t, sample)
	digest := fnv.New64a()
	digest.Write([]byte(id))
	sum := digest.Sum64()
	value, err := f.Codec.EncodeScore(&schemas.Score{
		ID: id, Source: fmt.Sprint("source ", sum%3), EventTime: eventTime,
		Topic: f.Topics.Samples, Partition: partition, Offset: sample.Offset, ContentHash: digest.Sum(make([]byte, 24)),
		Styles: []string{[]string{"yes/no", "coordinate"}[sum/3%2]},
		Scores: map[string]float32{"humanities": float32(sum / 7 % 500), "stem": float32(sum / 11 % 500)},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: partition, Key: []byte(id), Value: value})
}

func sampleOf(id string) string { return fmt.Sprintf(`{"id": %q,  "of": "it"}`, id) }

func policy() selection.Policy {
	p := selection.DefaultPolicy()
	p.Window = selection.Window{Size: 10 * time.Second, Lateness: 2 * time.Second, Idle: time.Minute}
	return p
}

// flow is a flow with the scores of 33 seconds, ten a second. The samples lie
// at other offsets than their scores, and one is withdrawn.
func flow(t *testing.T) *embeddedtest.Flow {
	t.Helper()
	f := embeddedtest.Start(t)
	f.Publish(t, &kgo.Record{Topic: f.Topics.Samples, Partition: 0, Value: []byte("unscored")})
	score(t, f, 1, "withdrawn", 500)
	for i := range 330 {
		score(t, f, int32(i%embeddedtest.Partitions), fmt.Sprintf("s%04d", i), int64(100*i))
	}
	score(t, f, 1, "withdrawn", 600)
	f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Partition: 1, Key: []byte("withdrawn")},
		&kgo.Record{Topic: f.Topics.Scores, Partition: 0, Key: []byte("bad"), Value: []byte("no score")})
	return f
}

func logOf(f *embeddedtest.Flow) replay.LogOptions {
	return replay.LogOptions{Reader: f.Reader, Topics: f.Topics, Codec: f.Codec, Capabilities: capabilities(), Span: replay.Always()}
}

// toFolder replays into a folder.
func toFolder(t *testing.T, o replay.LogOptions, p selection.Policy) (string, *folder.Summary) {
	t.Helper()
	dir := t.TempDir()
	b, err := batch.New(batch.Options{Source: replay.NewLog(o), Stage: replay.Stage, Policy: p, Capabilities: capabilities(), Workers: 1, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	summary, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dir, summary
}

// streamed lets a selector choose, and returns the decisions on the topic of
// the windows that it has closed.
func streamed(t *testing.T, f *embeddedtest.Flow, p selection.Policy, windows int) {
	t.Helper()
	s, err := selector.New(selector.Options{
		Cluster: f.Cluster, Topics: f.Topics, Group: "select", ScoreGroup: "score", TransactionalID: "select",
		Policy: p, Capabilities: capabilities(), Codec: f.Codec, Now: func() time.Time { return time.UnixMilli(0) },
		Metrics: f.Metrics, Measures: selector.NewMeasures(prometheus.NewRegistry()), Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	f.Await(t, f.Topics.Windows, windows)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// selections returns what a topic has of windows that end up to a time, in the
// order of choosing.
func selections(t *testing.T, f *embeddedtest.Flow, topic, role string, until int64) (all []schemas.Selection) {
	t.Helper()
	for _, r := range f.All(t, topic) {
		if r.Value == nil {
			continue
		}
		s, err := f.Codec.DecodeSelection(t.Context(), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if s.Role == role && s.WindowEnd <= until {
			all = append(all, *s)
		}
	}
	slices.SortFunc(all, func(a, b schemas.Selection) int {
		return cmp.Or(cmp.Compare(a.WindowStart, b.WindowStart), cmp.Compare(a.Order, b.Order))
	})
	return all
}

func decisions(t *testing.T, dir string, until int64) (all []folder.Decision) {
	t.Helper()
	for d, err := range folder.ReadDecisions(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if d.WindowEnd <= until {
			all = append(all, d)
		}
	}
	return all
}

func lines(t *testing.T, dir, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// The same policy comes to what the stream chose; what is copied is the
// samples, byte for byte, or their score lines.
func TestAReplayChoosesAsTheStream(t *testing.T) {
	f := flow(t)
	streamed(t, f, policy(), 3)
	o := logOf(f)
	o.Samples = true
	dir, summary := toFolder(t, o, policy())
	var want []folder.Decision
	for _, s := range selections(t, f, f.Topics.Selections, schemas.RoleCurated, 30_000) {
		want = append(want, folder.DecisionOf(&s))
	}
	if diff := gocmp.Diff(want, decisions(t, dir, 30_000)); diff != "" || len(want) == 0 {
		t.Errorf("decisions (-stream +replay):\n%s", diff)
	}
	if summary.Windows != 4 || summary.Scored != 330 || summary.Dead != 1 || summary.Samples != 331 || summary.Reasons["score-undecodable"] != 1 {
		t.Errorf("%+v", summary)
	}
	chosen := decisions(t, dir, math.MaxInt64)
	var samples []string
	for _, d := range chosen {
		samples = append(samples, sampleOf(d.ID))
	}
	got := lines(t, dir, folder.CuratedFile)
	slices.Sort(samples)
	slices.Sort(got)
	if diff := gocmp.Diff(samples, got); diff != "" {
		t.Errorf("samples (-chosen +copied):\n%s", diff)
	}
	if twins := lines(t, dir, folder.ControlFile); len(twins) != int(summary.Control) {
		t.Errorf("%d twins, %d in the summary", len(twins), summary.Control)
	}

	// Without the samples they are score lines; and the folder selects alike.
	scores, _ := toFolder(t, logOf(f), policy())
	if diff := gocmp.Diff(lines(t, dir, folder.DecisionsFile), lines(t, scores, folder.DecisionsFile)); diff != "" {
		t.Error(diff)
	}
	all := lines(t, scores, folder.ScoresFile)
	for _, line := range lines(t, scores, folder.CuratedFile) {
		if !slices.Contains(all, line) {
			t.Errorf("%s is no score line", line)
		}
	}
}

func TestASpan(t *testing.T) {
	f := flow(t)
	o := logOf(f)
	o.Span = replay.Span{From: 12_000, To: 20_001}.Whole(10 * time.Second)
	if diff := gocmp.Diff(replay.Span{From: 10_000, To: 30_000}, o.Span); diff != "" {
		t.Error(diff)
	}
	if _, summary := toFolder(t, o, policy()); summary.Windows != 2 || summary.Scored != 200 {
		t.Errorf("%+v", summary)
	}
	one := policy()
	one.Window.Size = 0
	o.Span = replay.Span{From: 12_000, To: 20_001}.Whole(0)
	if _, summary := toFolder(t, o, one); summary.Windows != 1 || summary.Scored != 81 {
		t.Errorf("%+v", summary)
	}
	if always := replay.Always(); always.Whole(time.Hour) != always {
		t.Error(always.Whole(time.Hour))
	}
}

// Samples that retention has taken are dead letters; the choice stays.
func TestSamplesThatAreGone(t *testing.T) {
	f := flow(t)
	f.Delete(t, f.Topics.Samples, 0, 100)
	o := logOf(f)
	o.Samples = true
	dir, summary := toFolder(t, o, policy())
	gone := summary.Reasons["payload-deleted"]
	copied := len(lines(t, dir, folder.CuratedFile)) + len(lines(t, dir, folder.ControlFile))
	if gone == 0 || summary.Dead != 1 || summary.Selected == 0 {
		t.Errorf("%+v", summary)
	}
	both := summary.Selected + summary.Control
	if int64(copied)+gone > both || copied == 0 {
		t.Errorf("%d copied and %d gone of %d", copied, gone, both)
	}
}

// into publishes a replay to the topics of a prefix.
func into(t *testing.T, f *embeddedtest.Flow, prefix string, p selection.Policy) (kafka.Topics, *replay.Result, error) {
	t.Helper()
	target := kafka.DefaultTopics(prefix)
	_, err := target.Create(t.Context(), f.Admin, kafka.Layout{Partitions: embeddedtest.Partitions, OutputPartitions: 1, Replication: 1})
	if err != nil {
		t.Fatal(err)
	}
	result, err := replay.Into(t.Context(), replay.IntoOptions{
		Log: logOf(f), Cluster: f.Cluster, Policy: p, Target: target, Codec: f.Codec, Prefix: prefix,
	})
	return target, result, err
}

func TestIntoOtherTopics(t *testing.T) {
	f := flow(t)
	streamed(t, f, policy(), 3)
	target, result, err := into(t, f, "new-", policy())
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{schemas.RoleCurated, schemas.RoleControl} {
		want, got := selections(t, f, f.Topics.Selections, role, 30_000), selections(t, f, target.Selections, role, 30_000)
		if diff := gocmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%s (-stream +replay):\n%s", role, diff)
		}
	}
	windows := func(topic string) (all []*schemas.Window) {
		for _, r := range f.All(t, topic) {
			w, err := f.Codec.DecodeWindow(t.Context(), r.Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, w)
		}
		return all
	}
	// The stream counts the withdrawn one as seen.
	if diff := gocmp.Diff(windows(f.Topics.Windows)[1:], windows(target.Windows)[1:3], cmpopts.IgnoreFields(schemas.Window{}, "Sketches.SamplesChosen")); diff != "" {
		t.Errorf("windows (-stream +replay):\n%s", diff)
	}
	if result.Windows != 4 || result.Scored != 330 || result.Dead != 1 {
		t.Errorf("%+v", result)
	}
	if _, _, err := into(t, f, "new-", policy()); err == nil || !strings.Contains(err.Error(), "holds records already") {
		t.Errorf("a second replay says %v", err)
	}
	if _, _, err := into(t, f, "", policy()); err == nil || !strings.Contains(err.Error(), "another prefix") {
		t.Errorf("a replay into the flow itself says %v", err)
	}

	h, err := harvester.New(harvester.Options{
		Cluster: f.Cluster, Topics: target, Group: "new-harvest", Instance: "one", MaxPoll: 64, Codec: f.Codec, Metrics: f.Metrics, Logger: f.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Drain()
	if err := h.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	curated := f.All(t, target.Curated)
	if int64(len(curated)) != result.Selected {
		t.Errorf("%d samples are harvested, of %d chosen", len(curated), result.Selected)
	}
	for _, r := range curated {
		if string(r.Value) != sampleOf(string(r.Key)) {
			t.Errorf("%s is harvested as %s", r.Key, r.Value)
		}
	}
}

// What is taken on arrival is published, too.
func TestIntoOtherTopicsOnArrival(t *testing.T) {
	f := flow(t)
	p := policy()
	p.Emission = selection.OnArrival
	p.Window.Size = time.Minute // long enough to learn cutoffs in
	target, result, err := into(t, f, "new-", p)
	if err != nil {
		t.Fatal(err)
	}
	all := selections(t, f, target.Selections, schemas.RoleCurated, math.MaxInt64)
	arrived := 0
	for _, s := range all {
		if s.OnArrival {
			arrived++
		}
	}
	if int64(len(all)) != result.Selected || arrived == 0 {
		t.Errorf("%d are published, %d of them on arrival, of %d", len(all), arrived, result.Selected)
	}
}

// Samples that are no JSON on the topic are written as JSON.
func TestSamplesInAvro(t *testing.T) {
	f := embeddedtest.Start(t)
	sample := &schemas.Sample{
		ID: "a", Source: "web", EventTime: 1000, Conversation: []schemas.Turn{{Role: schemas.RoleUser, Text: "?"}},
		Images: []schemas.Image{{Data: []byte{255, 216, 255}}},
	}
	value, err := f.Codec.EncodeSample(sample)
	if err != nil {
		t.Fatal(err)
	}
	f.Publish(t, &kgo.Record{Topic: f.Topics.Samples, Value: value})
	if value, err = f.Codec.EncodeScore(&schemas.Score{
		ID: "a", Source: "web", Topic: f.Topics.Samples, ContentHash: make([]byte, 32), Styles: []string{"yes/no"},
		Scores: map[string]float32{"humanities": 1, "stem": 1},
	}); err != nil {
		t.Fatal(err)
	}
	f.Publish(t, &kgo.Record{Topic: f.Topics.Scores, Key: []byte("a"), Value: value})
	p := selection.DefaultPolicy()
	p.Budget = selection.Budget{Count: 1}
	o := logOf(f)
	o.Samples = true
	dir, _ := toFolder(t, o, p)
	got, err := schemas.ParseSample([]byte(lines(t, dir, folder.CuratedFile)[0]))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(sample, got); diff != "" {
		t.Errorf("(-published +written):\n%s", diff)
	}
}
