package console

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pulse is the state that the page repeats: the last status, the rate, and a
// channel that closes when there is news.
type pulse struct {
	status Status
	err    error
	rate   float64 // samples scored a second; negative where it is not known
	past   []sighting
	news   chan struct{}
}

// sighting is a count at a time.
type sighting struct {
	at     time.Time
	scored int64
}

const (
	beat          = time.Second
	rateSightings = 10 // the rate is taken over so many beats
)

func newPulse() pulse { return pulse{news: make(chan struct{}), rate: -1} }

// watch asks for the status at every beat, and tells the open pages.
func (c *Console) watch(ctx context.Context) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	now := time.Now()
	for {
		status, err := c.opts.Status(ctx)
		if ctx.Err() != nil {
			return
		}
		c.mu.Lock()
		c.pulse.beat(now, status, err)
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case now = <-ticker.C:
		}
	}
}

// beat takes a status in. One that failed leaves the last counts standing.
func (p *pulse) beat(now time.Time, status Status, err error) {
	if p.err = err; err == nil {
		p.status = status
		p.past = append(p.past, sighting{now, status.Scored})
		if len(p.past) > rateSightings {
			p.past = p.past[1:]
		}
		first := p.past[0]
		if took := now.Sub(first.at).Seconds(); took > 0 {
			p.rate = float64(status.Scored-first.scored) / took
		}
	}
	close(p.news)
	p.news = make(chan struct{})
}

// current returns the state, and the channel that closes when it has changed.
func (c *Console) current() (pulse, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pulse, c.pulse.news
}

// serveEvents streams the page's parts as they change: "picks" holds the
// cards of new picks, newest first, "status" and "coverage" those parts anew.
func (c *Console) serveEvents(w http.ResponseWriter, r *http.Request) {
	flow := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	f := filterFrom(r.URL.Query())
	next := c.resume(r)
	for {
		_, news := c.current()
		var cards []kept
		cards, next = c.since(next, f)
		v := c.view(f, cards)
		v.Next = next
		// Not every writer has deadlines; a test's recorder has none.
		_ = flow.SetWriteDeadline(time.Now().Add(writeTimeout))
		for _, part := range []string{"picks", "status", "coverage"} {
			if part == "picks" && len(cards) == 0 {
				continue
			}
			if err := c.sendPart(w, part, v); err != nil {
				return // the browser has gone
			}
		}
		if err := flow.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-news:
		}
	}
}

// writeTimeout is how long a browser may take to read an event.
const writeTimeout = 10 * time.Second

// resume returns the first pick that a page lacks: it says so itself, at
// first in its address, later in the header of a connection that it repeats.
func (c *Console) resume(r *http.Request) int64 {
	_, latest := c.since(0, filter{})
	said := cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("since"))
	next, err := strconv.ParseInt(said, 10, 64)
	if err != nil || next > latest { // another process counted
		return latest
	}
	return next
}

func (c *Console) sendPart(w http.ResponseWriter, part string, v view) error {
	var html bytes.Buffer
	if err := c.page.ExecuteTemplate(&html, part, v); err != nil {
		return fmt.Errorf("render %s: %w", part, err)
	}
	// An event's data ends at an empty line, so that each line is a field of its own.
	lines := strings.NewReplacer("\r\n", "\ndata: ", "\r", "\ndata: ", "\n", "\ndata: ").Replace(html.String())
	_, err := fmt.Fprintf(w, "event: %s\nid: %d\ndata: %s\n\n", part, v.Next, lines)
	return err
}
