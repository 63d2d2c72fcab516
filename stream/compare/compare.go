package compare

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"cream/stream/folder"
)

// Result is two selections, A and B, in numbers.
type Result struct {
	A            Side     `json:"a"`
	B            Side     `json:"b"`
	Chosen       Overlap  `json:"chosen"`
	Moved        int      `json:"moved"` // of Chosen.Both: for another capability or style
	Inputs       Overlap  `json:"inputs"`
	Styles       []Row    `json:"styles"`
	Capabilities []Row    `json:"capabilities"`
	Sources      []Row    `json:"sources"`
	Windows      []Window `json:"windows,omitempty"` // those that both have

	onlyA, onlyB []folder.Decision
	inA, inB     map[uint64]bool // ids of the inputs, by their hashes
}

// Side is one of the selections.
type Side struct {
	Folder   string   `json:"folder"`
	Policies []string `json:"policies"` // versions of those that its windows were chosen by
	Selected int      `json:"selected"`
	Windows  int      `json:"windows"`
	// Score is the mean score of the chosen for the capability that each was
	// chosen for; AllScores that of all their scores.
	Score     float64 `json:"score"`
	AllScores float64 `json:"all_scores"`
}

// Overlap is how much two sets of ids have in common.
type Overlap struct {
	Both    int     `json:"both"`
	OnlyA   int     `json:"only_a"`
	OnlyB   int     `json:"only_b"`
	Jaccard float64 `json:"jaccard"` // both of all; 1 where there are none
}

// Row is how many were chosen of something.
type Row struct {
	Name string `json:"name"`
	A    int    `json:"a"`
	B    int    `json:"b"`
}

// Difference is how many more B has.
func (r Row) Difference() int { return r.B - r.A }

// Window is a window that both have.
type Window struct {
	Start  int64   `json:"window_start"` // ms
	End    int64   `json:"window_end"`
	Chosen Overlap `json:"chosen"`
}

func overlap(both, onlyA, onlyB int) Overlap {
	o := Overlap{Both: both, OnlyA: onlyA, OnlyB: onlyB, Jaccard: 1}
	if all := both + onlyA + onlyB; all > 0 {
		o.Jaccard = float64(both) / float64(all)
	}
	return o
}

// side is a folder that has been read.
type side struct {
	Side
	decisions map[string]folder.Decision // by id: the first
	order     []string
	ids       map[uint64]bool
	windows   map[span]bool
}

type span struct{ start, end int64 }

// Folders compares two folders that curate, replay or up --once left.
func Folders(a, b string) (*Result, error) {
	sideA, err := read(a)
	if err != nil {
		return nil, err
	}
	sideB, err := read(b)
	if err != nil {
		return nil, err
	}
	r := &Result{A: sideA.Side, B: sideB.Side, inA: sideA.ids, inB: sideB.ids}
	var styles, capabilities, sources counts
	windows := make(map[span]*[3]int) // both, only A, only B
	for w := range sideA.windows {
		if sideB.windows[w] {
			windows[w] = &[3]int{}
		}
	}
	note := func(d folder.Decision, of int) {
		if n := windows[span{d.WindowStart, d.WindowEnd}]; n != nil {
			n[of]++
		}
	}
	both := 0
	for _, id := range sideA.order {
		d := sideA.decisions[id]
		styles.add(d.Style, 0)
		capabilities.add(d.Capability, 0)
		sources.add(d.Source, 0)
		other, ok := sideB.decisions[id]
		if !ok {
			r.onlyA = append(r.onlyA, d)
			note(d, 1)
			continue
		}
		both++
		if other.Capability != d.Capability || other.Style != d.Style {
			r.Moved++
		}
		if other.WindowEnd == d.WindowEnd && other.WindowStart == d.WindowStart {
			note(d, 0)
		} else {
			note(d, 1)
			note(other, 2)
		}
	}
	for _, id := range sideB.order {
		d := sideB.decisions[id]
		styles.add(d.Style, 1)
		capabilities.add(d.Capability, 1)
		sources.add(d.Source, 1)
		if _, ok := sideA.decisions[id]; !ok {
			r.onlyB = append(r.onlyB, d)
			note(d, 2)
		}
	}
	r.Chosen = overlap(both, len(r.onlyA), len(r.onlyB))
	common := 0
	for id := range sideA.ids {
		if sideB.ids[id] {
			common++
		}
	}
	r.Inputs = overlap(common, len(sideA.ids)-common, len(sideB.ids)-common)
	r.Styles, r.Capabilities, r.Sources = styles.rows(), capabilities.rows(), sources.rows()
	for _, w := range slices.SortedFunc(maps.Keys(windows), func(a, b span) int { return cmp.Compare(a.start, b.start) }) {
		n := windows[w]
		r.Windows = append(r.Windows, Window{Start: w.start, End: w.end, Chosen: overlap(n[0], n[1], n[2])})
	}
	return r, nil
}

func read(dir string) (*side, error) {
	if _, err := folder.ReadSummary(dir); err != nil {
		return nil, err
	}
	s := &side{
		Side: Side{Folder: dir}, decisions: make(map[string]folder.Decision),
		ids: make(map[uint64]bool), windows: make(map[span]bool),
	}
	for w, err := range folder.ReadWindows(dir) {
		if err != nil {
			return nil, err
		}
		s.windows[span{w.Start, w.End}] = true
		if !slices.Contains(s.Policies, w.Policy) {
			s.Policies = append(s.Policies, w.Policy)
		}
	}
	s.Windows = len(s.windows)
	var score, all mean
	for d, err := range folder.ReadDecisions(dir) {
		if err != nil {
			return nil, err
		}
		if _, again := s.decisions[d.ID]; again {
			continue // by a window far from the first
		}
		s.decisions[d.ID] = d
		s.order = append(s.order, d.ID)
		score.add(float64(d.Score))
	}
	for l, err := range folder.ReadScores(dir) {
		if err != nil {
			return nil, err
		}
		id := xxhash.Sum64String(l.ID)
		if s.ids[id] {
			continue
		}
		s.ids[id] = true
		if _, chosen := s.decisions[l.ID]; chosen {
			for _, v := range l.Scores {
				all.add(float64(v.Value))
			}
		}
	}
	s.Selected, s.Score, s.AllScores = len(s.order), score.value(), all.value()
	return s, nil
}

// mean is a mean of numbers; 0 of none.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float64) {
	m.sum += v
	m.n++
}

func (m *mean) value() float64 { return m.sum / math.Max(float64(m.n), 1) }

// counts are rows by name.
type counts map[string]*Row

func (c *counts) add(name string, side int) {
	if *c == nil {
		*c = make(counts)
	}
	row := (*c)[name]
	if row == nil {
		row = &Row{Name: name}
		(*c)[name] = row
	}
	if side == 0 {
		row.A++
	} else {
		row.B++
	}
}

// rows returns them with what differs most first.
func (c counts) rows() (all []Row) {
	for _, row := range c {
		all = append(all, *row)
	}
	slices.SortFunc(all, func(a, b Row) int {
		return cmp.Or(
			cmp.Compare(max(b.Difference(), -b.Difference()), max(a.Difference(), -a.Difference())),
			cmp.Compare(b.A+b.B, a.A+a.B), cmp.Compare(a.Name, b.Name),
		)
	})
	return all
}

// Differing says in words how the inputs differ; "" where they are the same.
func (r *Result) Differing() string {
	switch o := r.Inputs; {
	case o.OnlyA+o.OnlyB == 0:
		return ""
	case o.Both == 0:
		return "The two are of different inputs: no sample is in both."
	default:
		return fmt.Sprintf("The inputs differ: %d samples are in both, %d only in A's and %d only in B's.", o.Both, o.OnlyA, o.OnlyB)
	}
}
