package onnx

import (
	"time"
)

// gather puts prepared samples of one shape together until a batch is full, or
// its oldest has waited for linger. Such a batch goes out when the one before
// it has left for the session, for one is laid out ahead while the session
// runs; until then one that is not full grows. gather ends when ready is
// closed, once everything has gone out.
func gather(ready <-chan *job, batches chan<- []*job, size int, linger time.Duration) {
	defer close(batches)
	waiting := make(map[shape][]*job)
	since := make(map[shape]time.Time) // when a shape's oldest sample came
	var full [][]*job
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		// What goes out next, if anything: a full batch, else the one whose
		// oldest sample has waited longest, once it has waited for linger.
		var next []*job
		var from shape
		if len(full) > 0 {
			next = full[0]
		} else {
			var oldest time.Time
			for s, at := range since {
				if oldest.IsZero() || at.Before(oldest) {
					oldest, from = at, s
				}
			}
			if !oldest.IsZero() {
				if wait := linger - time.Since(oldest); wait <= 0 {
					next = waiting[from]
				} else {
					timer.Reset(wait)
				}
			}
		}
		out := batches
		if next == nil {
			out = nil
		}
		select {
		case j, ok := <-ready:
			if !ok {
				for _, batch := range full {
					batches <- batch
				}
				for _, batch := range waiting {
					batches <- batch
				}
				return
			}
			s := j.prepared.shape()
			if len(waiting[s]) == 0 {
				since[s] = time.Now()
			}
			waiting[s] = append(waiting[s], j)
			if len(waiting[s]) == size {
				full = append(full, waiting[s])
				delete(waiting, s)
				delete(since, s)
			}
		case out <- next:
			if len(full) > 0 {
				full = full[1:]
			} else {
				delete(waiting, from)
				delete(since, from)
			}
		case <-timer.C:
		}
	}
}
