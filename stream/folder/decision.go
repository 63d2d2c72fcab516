package folder

import (
	"cream/schemas"
)

// Decision is a line of decisions.jsonl: why a sample was chosen. The lines
// are in the order of choosing, window by window.
type Decision struct {
	ID          string  `json:"id"`
	WindowStart int64   `json:"window_start"` // ms
	WindowEnd   int64   `json:"window_end"`
	Capability  string  `json:"capability"`
	Style       string  `json:"style"` // of the bin
	Source      string  `json:"source"`
	Score       float32 `json:"score"`
	Rank        int32   `json:"rank"`   // in the bin, from 1
	Cutoff      float32 `json:"cutoff"` // the score of the last one taken from the bin
	Round       int32   `json:"round"`  // of its turn, from 1
	OnArrival   bool    `json:"on_arrival,omitempty"`
	Replaces    string  `json:"replaces,omitempty"` // in a reservoir
}

// DecisionOf returns the line of a curated sample.
func DecisionOf(s *schemas.Selection) Decision {
	return Decision{
		ID: s.ID, WindowStart: s.WindowStart, WindowEnd: s.WindowEnd,
		Capability: s.Capability, Style: s.Style, Source: s.Source,
		Score: s.Score, Rank: s.Rank, Cutoff: s.Cutoff, Round: s.Round, OnArrival: s.OnArrival, Replaces: s.Replaces,
	}
}
