package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/scoring/onnx"
	"cream/stream/folder"
)

// cream runs a command line in this process and returns what it prints.
func cream(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(io.Discard)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// needsModel skips a test where ONNX Runtime is not there; CI brings it.
func needsModel(t *testing.T) {
	t.Helper()
	if _, err := onnx.FindLibrary(""); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func photo(t *testing.T, path string) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, 80, 60))
	for y := range 60 {
		for x := range 80 {
			p.SetRGBA(x, y, color.RGBA{uint8(3 * x), uint8(4 * y), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	write(t, path, b.Bytes())
	return b.Bytes()
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readLines(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var lines []string
	scan := bufio.NewScanner(file)
	scan.Buffer(nil, 64<<20)
	for scan.Scan() {
		lines = append(lines, scan.Text())
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func readSummary(t *testing.T, dir string) (s folder.Summary) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, folder.SummaryFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestUpWithBadInput runs the program as a user would, on a file in which most
// is wrong: every element is accounted for, with its reason, and what is right
// is chosen from as if nothing had been.
func TestUpWithBadInput(t *testing.T) {
	needsModel(t)
	dir := t.TempDir()
	jpg := photo(t, filepath.Join(dir, "ok.jpg"))
	write(t, filepath.Join(dir, "cut.jpg"), jpg[:len(jpg)/2])
	sample := func(id, picture, answer string) string {
		line, err := json.Marshal(map[string]any{"id": id, "image": picture, "conversations": []map[string]string{
			{"from": "human", "value": "<image>\nWhat is it?"}, {"from": "gpt", "value": answer},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return string(line)
	}
	bad := map[string]string{
		`{"id": "broken", "conversations": [`:                                                                      "invalid-json",
		sample("missing", "nowhere.jpg", "A thing."):                                                               "image-missing",
		sample("outside", "../../../etc/passwd", "A thing."):                                                       "image-missing",
		sample("cut", "cut.jpg", "A thing."):                                                                       "image-undecodable",
		`{"id": "silent", "conversations": []}`:                                                                    "conversation-empty",
		"{\"id\": \"nul\", \"conversations\": [{\"from\": \"human\", \"value\": \"a\x00\"}]}":                      "nul-byte",
		"{\"id\": \"utf8\", \"conversations\": [{\"from\": \"human\", \"value\": \"a\xff\"}]}":                     "invalid-utf8",
		`{"id": "ahead", "collected_at": "2999-01-01T00:00:00Z", "conversations": [{"from":"human","value":"?"}]}`: "event-time-ahead",
		strings.Repeat("x", 17<<20):                                                                                "sample-too-large",
	}
	var lines []string
	for line := range bad {
		lines = append(lines, line)
	}
	for i := range 9 {
		lines = append(lines, sample(string(rune('a'+i)), "ok.jpg", "A thing, number "+strings.Repeat("one ", i)))
	}
	lines = append(lines, sample("a", "ok.jpg", "Said twice."),
		`{"id": "text", "conversations": [{"from":"human","value":"Why?"},{"from":"gpt","value":"Because."}]}`)
	input := filepath.Join(dir, "in.jsonl")
	write(t, input, []byte(strings.Join(lines, "\n")))
	out := filepath.Join(dir, "out")
	if _, err := cream(t, "up", "--input", input, "--once", "--out", out, "--log-level", "error"); err != nil {
		t.Fatal(err)
	}
	s := readSummary(t, out)
	if s.Samples != 20 || s.Scored != 11 || s.Dead != 9 || s.Duplicates != 1 || s.Selected != 3 || s.Control != 3 || s.Windows != 1 {
		t.Errorf("summary: %+v", s)
	}
	got := make(map[string]int64)
	for _, reason := range bad {
		got[reason]++
	}
	if diff := cmp.Diff(got, s.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	for _, line := range readLines(t, filepath.Join(out, folder.CuratedFile)) {
		if !slices.Contains(lines, line) {
			t.Errorf("a chosen line is not one of the input: %.200s", line)
		}
	}
}

// TestUpOnRealSamples: exactly the budget is chosen, the lines are the input's,
// and the order of the input does not matter.
func TestUpOnRealSamples(t *testing.T) {
	needsModel(t)
	shared := os.Getenv("CREAM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	pool := filepath.Join(shared, "pool")
	if _, err := os.Stat(pool); err != nil {
		t.Skipf("no real samples: set CREAM_SHARED to the folder that has pool/: %v", err)
	}
	all := readLines(t, filepath.Join(pool, "samples.jsonl"))
	var lines []string
	for i := 0; i < len(all); i += len(all) / 120 { // of all sources
		lines = append(lines, all[i])
	}
	run := func(lines []string) string {
		dir := t.TempDir()
		input, out := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "out")
		write(t, input, []byte(strings.Join(lines, "\n")+"\n"))
		_, err := cream(t, "up", "--input", input, "--media-root", pool, "--once", "--out", out, "--log-level", "error")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := run(lines)
	s := readSummary(t, out)
	n := int64(len(lines))
	if s.Samples != n || s.Scored != n || s.Dead != 0 || s.Selected != n*3/10 || s.Control != n*3/10 {
		t.Errorf("of %d samples: %+v", n, s)
	}
	curated := readLines(t, filepath.Join(out, folder.CuratedFile))
	for _, line := range curated {
		if !slices.Contains(lines, line) {
			t.Errorf("a chosen line is not one of the input: %.200s", line)
		}
	}
	slices.Reverse(lines)
	again := run(lines)
	for _, name := range []string{folder.DecisionsFile} {
		if diff := cmp.Diff(readLines(t, filepath.Join(out, name)), readLines(t, filepath.Join(again, name))); diff != "" {
			t.Errorf("%s differs when the input is reversed:\n%s", name, diff)
		}
	}
}

func TestUpRefusesBeforeItStarts(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "in.jsonl")
	write(t, input, []byte("{}\n"))
	policy := filepath.Join(dir, "policy.yaml")
	write(t, policy, []byte("window: {size: 10m}\ncapabilities: [humanitys]\nbudgets: {ratio: 0.3}\n"))
	out := filepath.Join(dir, "out")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"policy": {[]string{"--input", input, "--policy", policy},
			[]string{policy + ":2", `"humanities"`, policy + ":3", `"budget"`}},
		"no bundle": {[]string{"--input", input, "--bundle", dir}, []string{dir, "manifest.yaml"}},
		"no input":  {[]string{"--input", filepath.Join(dir, "none.jsonl")}, []string{"none.jsonl"}},
		"generated": {nil, []string{"--input"}},
		"no room":   {[]string{"--input", input, "--out", filepath.Join(input, "below-a-file")}, []string{"--out", "in.jsonl"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cream(t, append([]string{"up", "--once", "--out", out, "--log-level", "error"}, c.args...)...)
			if err == nil {
				t.Fatal("it ran")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if left, err := os.ReadDir(out); err == nil && len(left) > 0 {
				t.Errorf("it wrote %v", left)
			}
		})
	}
}
