package pipeline_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cream/selection"
	"cream/stream/batch"
	"cream/stream/folder"
)

// What files alone come to is what the stream comes to: byte for byte, from
// the scores that the stream wrote and from the samples.
func TestTheStreamAndFilesChooseAlike(t *testing.T) {
	input := dated(lines(600))
	input = append(input, input[3], input[5][:len(input[5])-1]+`, "more": 1}`, `{"id": "broken"`)
	path := writeInput(t, input)
	for _, policy := range []string{
		"budget: {ratio: 0.3}",
		"budget: {count: 7}\nwindow: {size: 1m}\ncapabilities: {humanities: 2, logical_deduction: 1}\nthreshold: 1",
	} {
		out, streamed := run{input: path, policy: policy}.once(t)
		p, err := selection.ParsePolicy("policy.yaml", []byte(policy), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		bundle := hashScorer{}.Vocabulary().Capabilities
		ofScores, err := batch.Capabilities(p, nil, bundle, bundle)
		if err != nil {
			t.Fatal(err)
		}
		scores := filepath.Join(out, folder.ScoresFile)
		for name, o := range map[string]batch.Options{
			"scores":             {Scores: scores, Capabilities: ofScores},
			"samples":            {Samples: path, Scorer: hashScorer{}, Capabilities: bundle},
			"scores and samples": {Scores: scores, Samples: path, Capabilities: ofScores},
		} {
			t.Run(p.Version()+"/"+name, func(t *testing.T) {
				o.Policy, o.Workers, o.Dir = p, 2, t.TempDir()
				b, err := batch.New(o)
				if err != nil {
					t.Fatal(err)
				}
				summary, err := b.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, file := range []string{folder.DecisionsFile, folder.WindowsFile, folder.PolicyFile} {
					if diff := cmp.Diff(readAll(t, out, file), readAll(t, o.Dir, file)); diff != "" {
						t.Errorf("%s (-stream +files):\n%s", file, diff)
					}
				}
				// The stream leaves these in the order of its partitions.
				files := []string{folder.ScoresFile, folder.CuratedFile, folder.ControlFile}
				if o.Samples == "" {
					files = files[:1] // the others hold score lines
				}
				for _, file := range files {
					want, got := readLines(t, out, file), readLines(t, o.Dir, file)
					slices.Sort(want)
					slices.Sort(got)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s (-stream +files):\n%s", file, diff)
					}
				}
				if summary.Selected != streamed.Selected || summary.Scored != streamed.Scored || summary.Duplicates != streamed.Duplicates || summary.Control != streamed.Control {
					t.Errorf("the stream: %+v, files: %+v", streamed, summary)
				}
				if o.Samples != "" && (summary.Dead != 1 || summary.Samples != streamed.Samples) {
					t.Errorf("the stream: %+v, files: %+v", streamed, summary)
				}
			})
		}
	}
}

func readAll(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
