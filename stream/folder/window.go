package folder

import "cream/schemas"

// Window is a line of windows.jsonl: what happened in a window.
type Window struct {
	Start        int64                    `json:"window_start"` // ms
	End          int64                    `json:"window_end"`
	Policy       string                   `json:"policy"` // its version
	Records      int64                    `json:"records"`
	Samples      int64                    `json:"samples"` // distinct ids: the n of the budget
	Duplicates   int64                    `json:"duplicates"`
	Earlier      int64                    `json:"earlier"` // of samples, those that an earlier window had chosen
	Budget       int64                    `json:"budget"`
	Selected     int64                    `json:"selected"`
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
		Records: w.Records, Samples: w.Samples, Duplicates: w.Duplicates, Earlier: w.Earlier,
		Budget: w.Budget, Selected: w.Selected, Control: w.Control, Rounds: w.Rounds,
		Shortfall: w.Shortfall, Approximate: w.Approximate, Styles: w.Styles, Capabilities: w.Capabilities,
	}
}
