package pipeline_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"

	"cream/schemas"
	"cream/scoring"
	"cream/stream/embedded"
	"cream/stream/folder"
	"cream/stream/kafka"
	"cream/stream/pipeline"
)

// tellingScorer writes the id of every sample that it scores to a pipe.
type tellingScorer struct {
	hashScorer
	out io.Writer
}

func (t tellingScorer) Score(ctx context.Context, samples []*schemas.Sample) ([]scoring.Result, error) {
	results, err := t.hashScorer.Score(ctx, samples)
	if err == nil {
		var ids strings.Builder
		for _, s := range samples {
			fmt.Fprintln(&ids, s.ID)
		}
		_, err = io.WriteString(t.out, ids.String())
	}
	return results, err
}

const childEnv = "CREAM_TEST_CHILD_DATA"

// Moments at which a child kills itself: when all is scored, in the middle of
// the selector's work or of its commit; when its window is committed; when the
// harvester has begun.
func moments(samples int64) map[string]func(pipeline.Progress) bool {
	return map[string]func(pipeline.Progress) bool{
		"scored":    func(p pipeline.Progress) bool { return p.Scored == samples },
		"selected":  func(p pipeline.Progress) bool { return p.Windows > 0 },
		"harvested": func(p pipeline.Progress) bool { return p.Curated > 0 },
	}
}

const samples = 3000

// TestChild is not a test of its own: TestKill9 runs it in processes that it
// kills, or that kill themselves.
func TestChild(t *testing.T) {
	data := os.Getenv(childEnv)
	if data == "" {
		t.Skip("only as a child of TestKill9")
	}
	r := run{
		input: os.Getenv("CREAM_TEST_CHILD_INPUT"), data: data, policy: "budget: {ratio: 0.3}",
		scorer: tellingScorer{out: os.NewFile(3, "scored ids")},
	}
	if now := moments(samples)[os.Getenv("CREAM_TEST_CHILD_MOMENT")]; now != nil {
		r.watch = func(p pipeline.Progress) {
			if now(p) {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		}
	}
	r.once(t)
}

// child runs the flow in a process of its own, and returns the ids that it
// scored. It is killed once these are so many, or kills itself at a moment; it
// lives on where killAfter is 0 and moment is "".
func child(t *testing.T, input, data string, killAfter int, moment string) []string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childEnv+"="+data, "CREAM_TEST_CHILD_INPUT="+input, "CREAM_TEST_CHILD_MOMENT="+moment)
	cmd.ExtraFiles = []*os.File{write}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	var ids []string
	for scan := bufio.NewScanner(read); scan.Scan(); {
		ids = append(ids, scan.Text())
		if len(ids) == killAfter {
			cmd.Process.Kill()
		}
	}
	err = cmd.Wait()
	switch killed := killAfter > 0 || moment != ""; {
	case err == nil && moment != "":
		t.Errorf("a child came to its end and not to the moment %q", moment)
	case err != nil && !killed:
		t.Fatal(err)
	}
	return ids
}

var ingested = regexp.MustCompile(`"event_time":\d+,`)

// TestKill9 kills the process, broker and all, at several moments, starts it
// again on the same folder, and wants the result of a run that nothing
// disturbed.
func TestKill9(t *testing.T) {
	input := writeInput(t, dated(lines(samples)))
	wantDir, _ := run{input: input, policy: "budget: {ratio: 0.3}"}.once(t)

	data := t.TempDir()
	var scored []string
	whileScoring := []int{1, 400, 300, 900, 650}
	for _, after := range whileScoring {
		scored = append(scored, child(t, input, data, after, "")...)
	}
	for _, moment := range []string{"scored", "scored", "selected", "harvested"} {
		scored = append(scored, child(t, input, data, 0, moment)...)
	}
	scored = append(scored, child(t, input, data, 0, "")...)
	// The same folder once more: nothing is left to do but to read it.
	gotDir, summary := run{input: input, data: data, policy: "budget: {ratio: 0.3}"}.once(t)

	if summary.Samples != samples || summary.Scored != samples || summary.Dead != 0 || summary.Duplicates != 0 || summary.Windows != 1 {
		t.Errorf("after the kills: %+v", *summary)
	}
	const inFlight = 2 * 100 // sessions × samples of a transaction
	if most := samples + len(whileScoring)*inFlight; len(scored) > most {
		t.Errorf("%d samples were scored, want at most %d", len(scored), most)
	}
	for _, name := range []string{folder.DecisionsFile, folder.CuratedFile, folder.ControlFile, folder.ScoresFile} {
		want, got := readLines(t, wantDir, name), readLines(t, gotDir, name)
		if name == folder.ScoresFile { // which have the time of ingest
			for i := range min(len(want), len(got)) {
				want[i], got[i] = ingested.ReplaceAllString(want[i], ""), ingested.ReplaceAllString(got[i], "")
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s is not that of an undisturbed run:\n%s", name, diff)
		}
	}
}

// TestOffsetsThatAKillLost: where scores are there and the offsets that go with
// them are not, nothing is scored again.
func TestOffsetsThatAKillLost(t *testing.T) {
	input, data := writeInput(t, append(lines(400), "broken")), t.TempDir()
	once := func() *folder.Summary {
		_, summary := run{input: input, data: data, policy: "budget: {ratio: 0.3}"}.once(t)
		return summary
	}
	want := once()
	broker, err := embedded.Open(embedded.Options{Dir: data, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	client, err := kafka.Cluster{Brokers: broker.Addrs()}.NewClient("test")
	if err != nil {
		t.Fatal(err)
	}
	var back kadm.Offsets
	for p := range int32(4) {
		back.AddOffset("samples", p, 3, -1)
	}
	err = kadm.NewClient(client).CommitAllOffsets(t.Context(), kafka.DefaultGroups("").Score, back)
	client.Close()
	if err := errors.Join(err, broker.Close()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, once()); diff != "" {
		t.Error(diff)
	}
}
