package folder

import "cream/schemas"

// Window is a line of windows.jsonl: what happened in a window.
type Window struct {
	Start        int64                    `json:"window_start"` // ms
	End          int64                    `json:"window_end"`
	Policy       string                   `json:"policy"` // its version
	Records      int64                    `json:"records"`
	Filtered     int64                    `json:"filtered,omitempty"`  // not judged by the policy
	SetAside     int64                    `json:"set_aside,omitempty"` // of other bundles than the policy's
	Withdrawn    int64                    `json:"withdrawn,omitempty"`
	Samples      int64                    `json:"samples"` // distinct ids: the n of the budget
	Duplicates   int64                    `json:"duplicates"`
	Same         int64                    `json:"same,omitempty"` // of samples, the same as another by content
	Earlier      int64                    `json:"earlier"`        // of samples, those that an earlier window had chosen
	Budget       int64                    `json:"budget"`
	Unit         string                   `json:"unit"` // of the budget: samples, tokens or bytes
	Spent        int64                    `json:"spent"`
	CarriedIn    int64                    `json:"carried_in,omitempty"` // of the budget, handed on by earlier windows
	CarriedOut   int64                    `json:"carried_out,omitempty"`
	Selected     int64                    `json:"selected"`
	Added        int64                    `json:"added,omitempty"` // to a reservoir, of selected
	Removed      int64                    `json:"removed,omitempty"`
	OnArrival    int64                    `json:"on_arrival,omitempty"`  // of selected
	InExact      int64                    `json:"in_exact,omitempty"`    // of selected, that the exact choice has too
	ExactScore   float64                  `json:"exact_score,omitempty"` // all scores of selected, as a part of the exact choice's
	Control      int64                    `json:"control"`
	Rounds       int32                    `json:"rounds"`
	Shortfall    string                   `json:"shortfall,omitempty"`
	Approximate  string                   `json:"approximate,omitempty"`
	Styles       map[string]schemas.Count `json:"styles"`
	Capabilities map[string]schemas.Count `json:"capabilities"`
}

// WindowOf returns the line of a window.
func WindowOf(w *schemas.Window) Window {
	return Window{
		Start: w.Start, End: w.End, Policy: w.Policy,
		Records: w.Records, Filtered: w.Filtered, SetAside: w.SetAside, Withdrawn: w.Withdrawn, Same: w.Same,
		Unit: w.Unit, Spent: w.Spent, CarriedIn: w.CarriedIn, CarriedOut: w.CarriedOut,
		Added: w.Added, Removed: w.Removed, OnArrival: w.OnArrival, InExact: w.InExact, ExactScore: w.ExactScore, Samples: w.Samples, Duplicates: w.Duplicates, Earlier: w.Earlier,
		Budget: w.Budget, Selected: w.Selected, Control: w.Control, Rounds: w.Rounds,
		Shortfall: w.Shortfall, Approximate: w.Approximate, Styles: w.Styles, Capabilities: w.Capabilities,
	}
}
