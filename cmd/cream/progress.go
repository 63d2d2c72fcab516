package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"cream/stream/batch"
	"cream/stream/pipeline"
)

// showProgress tells how far the run has come until ctx ends: on a terminal
// in one line that is written over, elsewhere in plain lines now and then.
func showProgress(ctx context.Context, out *os.File, line func(since time.Duration) string) {
	tty := term.IsTerminal(int(out.Fd()))
	every, end := 10*time.Second, "\n"
	if tty {
		every, end = 500*time.Millisecond, "\x1b[K\r"
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			if tty {
				io.WriteString(out, "\x1b[K")
			}
			return
		case <-ticker.C:
			fmt.Fprint(out, line(time.Since(began)), end)
		}
	}
}

// progressLine is the line of a pipeline. fraction is how much of the input has
// been read; nil where it has no end.
func progressLine(c pipeline.Progress, since time.Duration, fraction func() float64) string {
	rate := float64(c.Scored+c.Dead) / since.Seconds()
	line := fmt.Sprintf("samples %d  scored %d  dead %d  %.1f/s  windows %d  chosen %d",
		c.Samples, c.Scored, c.Dead, rate, c.Windows, c.Curated)
	if fraction == nil {
		return line
	}
	read := fraction()
	if read > 0 && rate > 0 && c.Windows == 0 {
		left := float64(c.Samples)/read - float64(c.Scored+c.Dead)
		eta := time.Duration(max(0, left) / rate * float64(time.Second))
		line += fmt.Sprintf("  ETA %s", eta.Round(time.Second))
	}
	return line
}

// showBatch tells how far a batch has come until ctx ends.
func showBatch(ctx context.Context, job *batch.Batch) {
	showProgress(ctx, os.Stderr, func(since time.Duration) string {
		p := job.Progress()
		return fmt.Sprintf("scored %d  dead %d  %.1f/s  read %.0f%%", p.Scored, p.Dead, float64(p.Scored+p.Dead)/since.Seconds(), 100*p.Read)
	})
}
