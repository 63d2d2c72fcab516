package explain

import (
	"cream/selection"
	"cream/stream/folder"
)

// Outcome is what became of a sample.
type Outcome string

// The outcomes. Of a sample that came to several windows it is the first in
// this order that one of them has.
const (
	Chosen      Outcome = "chosen"
	Replaced    Outcome = "replaced" // it was a member of a reservoir
	NotChosen   Outcome = "not chosen"
	Same        Outcome = "the same as another"
	Earlier     Outcome = "chosen by an earlier window" // it, or one that is the same
	Open        Outcome = "its window is open"
	Withdrawn   Outcome = "withdrawn"
	Filtered    Outcome = "filtered by the policy"
	OtherBundle Outcome = "of another bundle"
	Late        Outcome = "late"
	Dead        Outcome = "dead"
	Unknown     Outcome = "not known"
)

var outcomes = []Outcome{Chosen, Replaced, NotChosen, Same, Earlier, Open, Withdrawn, Filtered, OtherBundle, Late, Dead, Unknown}

// Account is what became of a sample.
type Account struct {
	ID      string   `json:"id"`
	Outcome Outcome  `json:"outcome"`
	Source  string   `json:"source,omitempty"`
	Styles  []string `json:"styles,omitempty"`
	Records int      `json:"records,omitempty"` // of scores; of several in a window the one with the lowest content hash stands
	// Windows are those that it came to, in the order of time.
	Windows []Window `json:"windows,omitempty"`
	// Dead are the dead letters of its id, without the originals.
	Dead []folder.DeadLetter `json:"dead_letters,omitempty"`
	// Control tells that it is in the uniform random twin.
	Control bool `json:"control,omitempty"`
}

// Window is what became of a sample in a window.
type Window struct {
	// Reservoir says that it is what one for ever is as this window, the last
	// that closed, left it: Order and Standings are among all that ever came,
	// and Decision is that of the window that it became a member by.
	Reservoir bool `json:"reservoir,omitempty"`

	Start   int64   `json:"window_start"` // ms
	End     int64   `json:"window_end"`
	Outcome Outcome `json:"outcome"`
	// Decision is why it was chosen, as it was published; Order its place in
	// the window's order of choosing, 0 where the re-run does not choose it.
	Decision *folder.Decision `json:"decision,omitempty"`
	Order    int              `json:"order,omitempty"`
	// Other is the sample that stands for it, that was chosen before it, or
	// that took its place in a reservoir.
	Other *Other `json:"other,omitempty"`
	// Why says why the policy does not judge it.
	Why string `json:"why,omitempty"`
	// Differs says what the re-run comes to, where that is not what was
	// published; of an open window what it would come to if it closed now.
	Differs string `json:"differs,omitempty"`
	// Standings are its places in every bin that it lies in, for every
	// capability, in the order of their turns.
	Standings []Standing `json:"standings,omitempty"`
}

// Other is another sample that explains what became of one.
type Other struct {
	ID          string `json:"id"`
	WindowStart int64  `json:"window_start"`
	WindowEnd   int64  `json:"window_end"`
	Chosen      bool   `json:"chosen"`
}

// Standing is a place in a bin for a capability: see selection.Standing.
type Standing struct {
	Capability string   `json:"capability"`
	Bin        string   `json:"bin"`
	Style      string   `json:"style"`
	Score      float32  `json:"score"`
	Place      int      `json:"place"`
	Rank       int      `json:"rank"` // 0: no candidate
	Size       int      `json:"size"`
	Missed     *float32 `json:"missed,omitempty"` // by so much it is below the cutoff
	Last       *Cutoff  `json:"last,omitempty"`
	Why        string   `json:"why,omitempty"` // "": chosen by it
}

// Cutoff is the last pick that a capability took from a bin.
type Cutoff struct {
	ID    string  `json:"id"`
	Score float32 `json:"score"`
	Place int     `json:"place"`
	Rank  int     `json:"rank"`
}

func standingOf(s selection.Standing) Standing {
	out := Standing{
		Capability: s.Capability, Bin: s.Bin, Style: s.Style, Score: s.Score, Place: s.Place, Rank: s.Rank, Size: s.Size, Why: s.Why,
	}
	if missed, ok := s.Missed(); ok && s.Why != "" {
		out.Missed = &missed
	}
	if s.Last != nil {
		out.Last = &Cutoff{ID: s.Last.ID, Score: s.Last.Score, Place: s.Last.Place, Rank: s.Last.Rank}
	}
	return out
}
