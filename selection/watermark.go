package selection

import (
	"math"
	"time"
)

// Watermarks derives event time from what the partitions have shown. A
// partition's watermark is its highest event time less the allowed lateness;
// the stream's is the lowest over the partitions that are not idle, and never
// goes back.
type Watermarks struct {
	lateness   int64
	partitions map[int32]*partitionTime
	reached    int64
}

type partitionTime struct {
	highest int64
	idle    bool
}

// NewWatermarks returns a tracker in which every one of the partitions holds
// the watermark back until it has shown a record or is idle.
func NewWatermarks(lateness time.Duration, partitions []int32) *Watermarks {
	w := &Watermarks{
		lateness:   lateness.Milliseconds(),
		partitions: make(map[int32]*partitionTime, len(partitions)),
		reached:    math.MinInt64,
	}
	for _, p := range partitions {
		w.partitions[p] = &partitionTime{highest: math.MinInt64}
	}
	return w
}

// Observe takes note of a record's event time (ms). The partition is not, or
// no longer, idle.
func (w *Watermarks) Observe(partition int32, eventTime int64) {
	p := w.partitions[partition]
	if p == nil {
		p = &partitionTime{highest: math.MinInt64}
		w.partitions[partition] = p
	}
	p.highest = max(p.highest, eventTime)
	p.idle = false
}

// Idle says that nothing is to be expected from the partition for now: it
// does not hold the watermark back until it is observed again.
func (w *Watermarks) Idle(partition int32) {
	p := w.partitions[partition]
	if p == nil {
		p = &partitionTime{highest: math.MinInt64}
		w.partitions[partition] = p
	}
	p.idle = true
}

// AllIdle reports whether there is no partition left to wait for: time for a
// Close event.
func (w *Watermarks) AllIdle() bool {
	for _, p := range w.partitions {
		if !p.idle {
			return false
		}
	}
	return true
}

// Time returns the stream's watermark (ms), and false as long as there is
// none: no record yet, or a partition still to be heard of.
func (w *Watermarks) Time() (int64, bool) {
	lowest, waiting := int64(math.MaxInt64), false
	for _, p := range w.partitions {
		if p.idle {
			continue
		}
		waiting = true
		lowest = min(lowest, p.highest)
	}
	if waiting && lowest != math.MinInt64 {
		w.reached = max(w.reached, lowest-w.lateness)
	}
	return w.reached, w.reached != math.MinInt64
}
