package pipeline_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"cream/schemas"
	"cream/scoring"
	"cream/selection"
	"cream/stream/folder"
	"cream/stream/ingester"
	"cream/stream/kafka"
	"cream/stream/pipeline"
)

// hashScorer rates a sample by hashes of its id and text: any scores will do
// to test what carries them.
type hashScorer struct{ fail func(id string) error }

func (hashScorer) Vocabulary() scoring.Vocabulary {
	return scoring.Vocabulary{
		Model: "hash", Version: "1",
		Capabilities: []string{"logical_deduction", "scene_understanding", "humanities"},
		Styles:       []string{"yes/no", "coordinate"},
	}
}

func (h hashScorer) Score(ctx context.Context, samples []*schemas.Sample) ([]scoring.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	results := make([]scoring.Result, len(samples))
	for i, s := range samples {
		if len(s.Conversation) == 0 {
			results[i].Err = &scoring.InputError{Reason: "conversation-empty", Err: fmt.Errorf("sample %q says nothing", s.ID)}
			continue
		}
		if h.fail != nil {
			if err := h.fail(s.ID); err != nil {
				return nil, err
			}
		}
		digest := fnv.New64a()
		fmt.Fprint(digest, s.ID, s.Conversation)
		sum := digest.Sum64()
		results[i].Rating = scoring.Rating{
			Scores: []float32{float32(sum % 5), float32(sum/7%50) / 10, float32(sum/11%500) / 100},
			Styles: []string{h.Vocabulary().Styles[sum/13%2]},
		}
	}
	return results, nil
}

// lines makes n samples as JSON lines.
func lines(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(`{"id": "s%05d", "source": "src%d",  "conversations": [{"from": "human", "value": "Wie viele ☃? %d <b>"}, {"from":"gpt","value":"%d"}]}`, i, i%5, i, i*7)
	}
	return out
}

// dated gives lines a time, over seven minutes: without one the time of ingest
// is a sample's, and no two runs write the same scores.
func dated(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = line[:len(line)-1] + fmt.Sprintf(`, "collected_at": %d}`, 1_700_000_000_000+i%7*60_000)
	}
	return out
}

func writeInput(t *testing.T, lines []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

type run struct {
	input, data, policy string
	scorer              scoring.Scorer
	watch               func(pipeline.Progress) // called over and over while it runs
}

// once runs a file through the whole stream and returns the output folder.
func (r run) once(t *testing.T) (string, *folder.Summary) {
	t.Helper()
	policy, err := selection.ParsePolicy("policy.yaml", []byte(r.policy), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	source, err := ingester.OpenFile(r.input)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	codec, err := schemas.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	if r.data == "" {
		r.data = t.TempDir()
	}
	if r.scorer == nil {
		r.scorer = hashScorer{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	p, err := pipeline.Open(ctx, pipeline.Options{
		DataDir: r.data, DataLimit: 1 << 30, Source: source, Once: true,
		Topics: kafka.DefaultTopics(""), Groups: kafka.DefaultGroups(""), Codec: codec, Policy: policy, Scorer: r.scorer,
		Sessions: 2, MaxPoll: 100, MaxAhead: 5 * time.Minute, Instance: fmt.Sprint(rand.Uint64()),
		Now: time.Now, Registerer: prometheus.NewRegistry(), Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	if r.watch != nil {
		go func() {
			for ctx.Err() == nil {
				r.watch(p.Progress())
				runtime.Gosched()
			}
		}()
	}
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := ctx.Err(); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	summary, err := p.Export(ctx, out)
	if err != nil {
		t.Fatal(err)
	}
	return out, summary
}

func readLines(t *testing.T, dir, name string) []string {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out []string
	scan := bufio.NewScanner(file)
	scan.Buffer(nil, 64<<20)
	for scan.Scan() {
		out = append(out, scan.Text())
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOnceAccountsForEverySample(t *testing.T) {
	input := lines(1000)
	broken := []string{`{"id": "x", "conversations": [`, `{"id": "empty", "conversations": []}`, "{\"id\": \"nul\x00\"}", "{\"id\": \"\xff\"}"}
	all := append(slices.Clone(input), broken...)
	all = append(all, input[17])
	out, summary := run{input: writeInput(t, all), policy: "budget: {ratio: 0.3}"}.once(t)

	if summary.Samples != 1005 || summary.Scored != 1001 || summary.Dead != 4 || summary.Duplicates != 1 {
		t.Errorf("samples %d, scored %d, dead %d, duplicates %d; want 1005, 1001, 4, 1",
			summary.Samples, summary.Scored, summary.Dead, summary.Duplicates)
	}
	if summary.Selected != 300 || summary.Control != 300 || summary.Windows != 1 {
		t.Errorf("selected %d, control %d, windows %d; want 300, 300, 1", summary.Selected, summary.Control, summary.Windows)
	}
	given := make(map[string]bool)
	for _, line := range input {
		given[line] = true
	}
	for _, name := range []string{folder.CuratedFile, folder.ControlFile} {
		seen := make(map[string]bool)
		for _, line := range readLines(t, out, name) {
			if !given[line] || seen[line] {
				t.Errorf("%s: %s was not given so, or stands twice", name, line)
			}
			seen[line] = true
		}
		if len(seen) != 300 {
			t.Errorf("%s has %d samples, want 300", name, len(seen))
		}
	}
	for i, line := range readLines(t, out, folder.DeadLetterFile) {
		var dead struct {
			Reason, Error, Stage string
			Input                int
			Original             *string
			Base64               []byte `json:"original_base64"`
		}
		if err := json.Unmarshal([]byte(line), &dead); err != nil {
			t.Fatal(err)
		}
		original := dead.Base64
		if dead.Original != nil {
			original = []byte(*dead.Original)
		}
		if dead.Reason == "" || dead.Error == "" || dead.Input < 1000 || !bytes.Equal(original, []byte(broken[dead.Input-1000])) {
			t.Errorf("dead letter %d does not tell what was wrong with which input: %s", i, line)
		}
	}
}

func TestTheSameChoiceAgain(t *testing.T) {
	input := lines(700)
	first, _ := run{input: writeInput(t, input), policy: "budget: {ratio: 0.3}"}.once(t)
	shuffled := slices.Clone(input)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	second, _ := run{input: writeInput(t, shuffled), policy: "budget: {ratio: 0.3}"}.once(t)
	if diff := cmp.Diff(readLines(t, first, folder.DecisionsFile), readLines(t, second, folder.DecisionsFile)); diff != "" {
		t.Errorf("the input's order changed the decisions:\n%s", diff)
	}
	for _, name := range []string{folder.CuratedFile, folder.ControlFile} {
		a, b := readLines(t, first, name), readLines(t, second, name)
		slices.Sort(a)
		slices.Sort(b)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("the input's order changed %s:\n%s", name, diff)
		}
	}
}
