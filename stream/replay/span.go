package replay

import (
	"math"
	"time"
)

// Span is a part of event time in ms: from From up to To.
type Span struct{ From, To int64 }

// Always is the span of all event times.
func Always() Span { return Span{0, math.MaxInt64} }

func (s Span) has(t int64) bool { return s.From <= t && t < s.To }

// Whole returns the span with the windows that its ends lie in: a window that
// it cut would choose from a part of its samples.
func (s Span) Whole(window time.Duration) Span {
	size := window.Milliseconds()
	if size <= 0 {
		return s
	}
	s.From -= s.From % size
	if part := s.To % size; part > 0 && s.To <= math.MaxInt64-size {
		s.To += size - part
	}
	return s
}
