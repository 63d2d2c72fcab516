package folder

import "cream/schemas"

// Summary is summary.json.
type Summary struct {
	Samples      int64                    `json:"samples"` // elements of the input
	Scored       int64                    `json:"scored"`
	Duplicates   int64                    `json:"duplicates"` // scored records whose id came before
	Selected     int64                    `json:"selected"`
	Control      int64                    `json:"control"`
	Dead         int64                    `json:"dead"` // could not be scored: scored + dead = samples
	Late         int64                    `json:"late"` // scored, but behind the close of their window
	Windows      int64                    `json:"windows"`
	Filtered     int64                    `json:"filtered,omitempty"`  // not judged by the policy
	SetAside     int64                    `json:"set_aside,omitempty"` // scored by other bundles than the policy's
	Shortfalls   []string                 `json:"shortfalls,omitempty"`
	Approximate  []string                 `json:"approximate,omitempty"` // why a window's choice may not be the exact one
	Reasons      map[string]int64         `json:"dead_letters"`          // by reason
	Styles       map[string]schemas.Count `json:"styles"`
	Capabilities map[string]schemas.Count `json:"capabilities"`
}

// NewSummary returns the summary of nothing.
func NewSummary() *Summary {
	return &Summary{Reasons: map[string]int64{}, Styles: map[string]schemas.Count{}, Capabilities: map[string]schemas.Count{}}
}

// AddWindow counts a window in; of a reservoir for ever, the last counts for all.
func (s *Summary) AddWindow(w *schemas.Window, reservoir bool) {
	s.Windows++
	s.Filtered += w.Filtered
	s.SetAside += w.SetAside
	if reservoir {
		s.Approximate, s.Shortfalls = nil, nil
		clear(s.Styles)
		clear(s.Capabilities)
	}
	if w.Approximate != "" {
		s.Approximate = append(s.Approximate, w.Approximate)
	}
	if w.Shortfall != "" {
		s.Shortfalls = append(s.Shortfalls, w.Shortfall)
	}
	add(s.Styles, w.Styles)
	add(s.Capabilities, w.Capabilities)
}

func add(to, counts map[string]schemas.Count) {
	for name, c := range counts {
		to[name] = schemas.Count{Seen: to[name].Seen + c.Seen, Chosen: to[name].Chosen + c.Chosen}
	}
}
