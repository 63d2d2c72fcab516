package online

import (
	"fmt"
	"time"

	"cream/selection"
)

// Options of a measurement.
type Options struct {
	Stream     Stream
	Candidates int // of the whole stream
	Window     int // candidates of a window
	// Uneven lets windows have, in turn, a tenth of Window, as much, and twice.
	Uneven bool
	// Policy is for a window; its size is set by the measurement, and its bins
	// are those that coverage is counted in.
	Policy selection.Policy
}

// Outcome is what a way of choosing came to.
type Outcome struct {
	Budget, Selected, OnArrival int64
	Windows                     int
	// Score is the sum of all scores of what was chosen.
	Score float64
	// Covered counts, window by window, the capabilities and bins that it has
	// a candidate for: one above the threshold. WholeCovered counts them once.
	Covered, WholeCovered int
	// Decisions is the time of all steps with a candidate.
	Decisions time.Duration
}

// Comparison is a way of choosing beside its yardsticks.
type Comparison struct {
	Arrival Outcome // taken or left on arrival
	Close   Outcome // the exact choice in the same windows
	Whole   Outcome // the exact choice over the whole stream, of the same size
	Random  Outcome // drawn at random in the same windows
}

// Compare runs the stream through all of them.
func Compare(o Options) (c Comparison, err error) {
	windows := int64(o.windows())
	for _, way := range []struct {
		to     *Outcome
		adjust func(*selection.Policy)
	}{
		{&c.Arrival, func(p *selection.Policy) { p.Emission = selection.OnArrival }},
		{&c.Close, func(*selection.Policy) {}},
		{&c.Random, func(p *selection.Policy) { p.Method = selection.Random }},
		{&c.Whole, func(p *selection.Policy) { p.Window.Size, p.Budget.Count = 0, p.Budget.Count*uint64(windows) }},
	} {
		policy := o.Policy
		policy.Control = false
		policy.Window.Size = time.Duration(o.Window) * time.Millisecond
		way.adjust(&policy)
		if *way.to, err = o.run(policy); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Run is what one policy comes to, in the stream's windows.
func Run(o Options) (Outcome, error) {
	policy := o.Policy
	policy.Control = false
	policy.Window.Size = time.Duration(o.Window) * time.Millisecond
	return o.run(policy)
}

// unevenParts are the sizes of windows in turn, in tenths of Window.
var unevenParts = []int{1, 10, 20}

// eventTime returns when candidate i comes, in ms: window k spans [k*Window,
// (k+1)*Window).
func (o Options) eventTime(i int) int64 {
	if !o.Uneven {
		return int64(i)
	}
	cycle := 0
	for _, tenths := range unevenParts {
		cycle += o.Window * tenths / 10
	}
	k, rest := i/cycle*len(unevenParts), i%cycle
	for _, tenths := range unevenParts {
		size := o.Window * tenths / 10
		if rest < size {
			return int64(k*o.Window + rest*o.Window/size)
		}
		rest -= size
		k++
	}
	return 0
}

func (o Options) windows() int { return int(o.eventTime(o.Candidates-1))/o.Window + 1 }

func (o Options) run(policy selection.Policy) (Outcome, error) {
	m, err := selection.New(selection.Options{Policy: policy, Capabilities: o.Stream.Capabilities})
	if err != nil {
		return Outcome{}, fmt.Errorf("stream %s: %w", o.Stream.Name, err)
	}
	var out Outcome
	picked := make(map[int64][]int) // by window
	close := func(e selection.Event) error {
		effects, err := m.Step(e)
		for _, w := range effects.Closed {
			out.Windows++
			out.Budget += w.Summary.Budget - w.Summary.CarriedIn
			out.Selected += w.Summary.Selected
			out.OnArrival += w.Summary.OnArrival
			for p := range w.Picks() {
				picked[w.Summary.End] = append(picked[w.Summary.End], int(p.SampleOffset))
			}
		}
		return err
	}
	var c selection.Candidate
	for i := range o.Candidates {
		o.Stream.Fill(i, o.Candidates, &c)
		c.EventTime, c.Partition, c.Offset, c.SampleOffset = o.eventTime(i), 0, int64(i), int64(i)
		if err := close(selection.Watermark{Time: c.EventTime}); err != nil {
			return out, err
		}
		began := time.Now()
		if _, err := m.Step(&c); err != nil {
			return out, fmt.Errorf("stream %s: candidate %d: %w", o.Stream.Name, i, err)
		}
		out.Decisions += time.Since(began)
	}
	if err := close(selection.Close{}); err != nil {
		return out, err
	}
	o.count(&out, policy, picked)
	return out, nil
}

// cell is a capability in a bin of style and source.
type cell struct {
	capability    int
	style, source string
}

func (o Options) count(out *Outcome, policy selection.Policy, picked map[int64][]int) {
	whole := make(map[cell]bool)
	var c selection.Candidate
	for _, picks := range picked {
		covered := make(map[cell]bool)
		for _, i := range picks {
			o.Stream.Fill(i, o.Candidates, &c)
			for k, score := range c.Scores {
				out.Score += float64(score)
				if score > policy.Threshold {
					at := cell{k, c.Styles[0], c.Source}
					covered[at], whole[at] = true, true
				}
			}
		}
		out.Covered += len(covered)
	}
	out.WholeCovered = len(whole)
}
