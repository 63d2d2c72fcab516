// Package golden reads the golden selections, for tests: pools, and what the
// mmSSR reference implementation selects from each. There are no ties in their
// scores, so that the answer is the only one.
package golden

import (
	"compress/gzip"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Case is a pool and what is selected from it.
type Case struct {
	Name         string `json:"-"` // of its file
	Ratio        json.Number
	Budget       int64   // samples: what Ratio comes to
	Threshold    float32 // a score counts above it
	Capabilities []string
	Samples      []Sample
	Rounds       int
	Steps        []Step
	Selected     []int // idx, ascending
}

// Sample is one of a pool.
type Sample struct {
	Idx    int
	Source string
	Styles []string
	Scores []float32 // in the order of Capabilities
}

// ID is the sample's idx as a text.
func (s Sample) ID() string { return strconv.Itoa(s.Idx) }

// Step is one turn: the capability whose it was and what it picked, by idx,
// ascending.
type Step struct {
	Capability string
	Picked     []int
}

// Read returns all cases, in the order of their files. They lie in the folder
// golden/selection of CREAM_SHARED or, where that is not set, of shared, which is
// relative to the package under test. The test is skipped where there are none.
func Read(t testing.TB, shared string) (all []*Case) {
	t.Helper()
	if set := os.Getenv("CREAM_SHARED"); set != "" {
		shared = set
	}
	files, err := filepath.Glob(filepath.Join(shared, "golden", "selection", "*.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("no golden selections in %s: set CREAM_SHARED to the folder that has golden/", shared)
	}
	for _, file := range files {
		all = append(all, read(t, file))
	}
	return all
}

func read(t testing.TB, file string) *Case {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	c := &Case{Name: filepath.Base(file)}
	if err := json.NewDecoder(z).Decode(c); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return c
}

// Pick is what is compared of one pick.
type Pick struct {
	Round      int
	Capability string
	ID         string // see Sample.ID
}

// Check fails the test where picks, in the order of choosing, are not the
// reference's, turn by turn.
func (c *Case) Check(t testing.TB, picks iter.Seq[Pick]) {
	t.Helper()
	var steps []Step
	var selected []int
	round := 0
	for p := range picks {
		idx, err := strconv.Atoi(p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(steps) == 0 || p.Round != round || p.Capability != steps[len(steps)-1].Capability {
			steps = append(steps, Step{Capability: p.Capability})
			round = p.Round
		}
		last := &steps[len(steps)-1]
		last.Picked = append(last.Picked, idx)
		selected = append(selected, idx)
	}
	for _, s := range steps {
		slices.Sort(s.Picked)
	}
	slices.Sort(selected)
	if diff := cmp.Diff(c.Steps, steps); diff != "" {
		t.Errorf("turns (-reference +ours):\n%s", diff)
	}
	if diff := cmp.Diff(c.Selected, selected); diff != "" {
		t.Errorf("selected (-reference +ours):\n%s", diff)
	}
}
