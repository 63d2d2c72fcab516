package pipeline_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/schemas"
	"cream/scoring"
	"cream/stream/exporter"
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

// TestChild is not a test of its own: TestKill9 runs it in processes that it
// kills.
func TestChild(t *testing.T) {
	data := os.Getenv(childEnv)
	if data == "" {
		t.Skip("only as a child of TestKill9")
	}
	pipe := os.NewFile(3, "scored ids")
	run{input: os.Getenv("CREAM_TEST_CHILD_INPUT"), data: data, policy: "budget: {ratio: 0.3}", scorer: tellingScorer{out: pipe}}.once(t)
}

// child runs the flow in a process of its own. It is killed once it has
// scored so many samples, and lives on where killAfter is 0. The ids that it
// scored are returned.
func child(t *testing.T, input, data string, killAfter int) []string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childEnv+"="+data, "CREAM_TEST_CHILD_INPUT="+input)
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
	if err := cmd.Wait(); err != nil && killAfter == 0 {
		t.Fatal(err)
	}
	return ids
}

// TestKill9 kills the process, broker and all, at several moments, starts it
// again on the same folder, and wants the result of a run that nothing
// disturbed.
func TestKill9(t *testing.T) {
	const samples = 3000
	input := writeInput(t, lines(samples))
	wantDir, _ := run{input: input, policy: "budget: {ratio: 0.3}"}.once(t)

	data := t.TempDir()
	var scored []string
	moments := []int{1, 400, 300, 900, 650}
	for _, after := range moments {
		scored = append(scored, child(t, input, data, after)...)
	}
	scored = append(scored, child(t, input, data, 0)...)
	// The same folder once more: nothing is left to do but to read it.
	gotDir, summary := run{input: input, data: data, policy: "budget: {ratio: 0.3}"}.once(t)

	if summary.Samples != samples || summary.Scored != samples || summary.Dead != 0 || summary.Duplicates != 0 || summary.Windows != 1 {
		t.Errorf("after the kills: %+v", *summary)
	}
	const inFlight = 2 * 100 // sessions × samples of a transaction
	if most := samples + len(moments)*inFlight; len(scored) > most {
		t.Errorf("%d samples were scored, want at most %d", len(scored), most)
	}
	for _, name := range []string{exporter.DecisionsFile, exporter.CuratedFile, exporter.ControlFile, exporter.ScoresFile} {
		want, got := readLines(t, wantDir, name), readLines(t, gotDir, name)
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s is not that of an undisturbed run:\n%s", name, diff)
		}
	}
}
