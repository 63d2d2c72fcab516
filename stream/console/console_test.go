package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"cream/schemas"
)

// onePixel is a whole GIF.
const onePixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

func options() Options {
	return Options{
		Address:  "127.0.0.1:0",
		Gatherer: prometheus.NewRegistry(),
		Status:   func(context.Context) (Status, error) { return Status{}, nil },
		Picture:  func(_ context.Context, im schemas.Image) ([]byte, error) { return im.Data, nil },
		Logger:   slog.New(slog.DiscardHandler),
	}
}

func newConsole(t *testing.T, opts Options) *Console {
	t.Helper()
	c, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func get(t *testing.T, c *Console, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

func pick(id string) Picked {
	at := time.UnixMilli(1_700_000_000_000)
	return Picked{
		ID: id, Source: "photos", Capability: "scene_understanding", Style: "yes/no", Score: 3.42, Cutoff: 2.9, Rank: 2,
		WindowStart: at, WindowEnd: at.Add(time.Minute),
		Turns: []schemas.Turn{{Role: schemas.RoleUser, Text: "<image>\nIs it " + id + "?"}, {Role: schemas.RoleAssistant, Text: "Yes"}},
	}
}

func TestNewNamesEveryMistake(t *testing.T) {
	_, err := New(Options{Address: "nowhere", Keep: -1})
	if err == nil {
		t.Fatal("options without anything are taken")
	}
	for _, want := range []string{"nowhere", "Gatherer", "Status", "Picture", "Logger", "keep"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}

func TestPageOfNothing(t *testing.T) {
	body := get(t, newConsole(t, options()), "/").Body.String()
	if !strings.Contains(body, "Nothing has been chosen yet") || strings.Contains(body, `id="empty" hidden`) {
		t.Errorf("an empty page does not say what it waits for:\n%s", body)
	}
}

func TestPageShowsWhy(t *testing.T) {
	opts := options()
	opts.Status = func(context.Context) (Status, error) {
		return Status{
			Samples: 1234567, Selected: 12, Dead: 3, About: []About{{"policy", "abc123"}}, Lag: []Lag{{"score", 42}},
			Styles:       map[string]schemas.Count{"yes/no": {Seen: 40, Chosen: 10}},
			Capabilities: map[string]schemas.Count{"humanities": {Seen: 44, Chosen: 11}},
		}, nil
	}
	c := newConsole(t, opts)
	status, err := opts.Status(t.Context())
	c.pulse.beat(time.Now(), status, err)
	p := pick("s-1")
	c.Add(p)
	c.Add(pick("s-2"))
	body := get(t, c, "/").Body.String()
	for _, want := range []string{
		"1\u202F234\u202F567", "policy", "abc123", "<b>42</b>", "scene understanding", "yes/no", "<b>3.42</b>", "2nd of its bin", "2.90",
		"Is it s-1?", "humanities", "photos", `width="25.00%"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if first, second := strings.Index(body, "Is it s-2?"), strings.Index(body, "Is it s-1?"); first > second {
		t.Error("the newest pick is not the first")
	}
}

func TestPageOfHostileSamples(t *testing.T) {
	c := newConsole(t, options())
	p := pick(`"><script>alert(1)</script>`)
	p.Source = "javascript:alert(2)"
	p.Style = `<img src=x onerror=alert(3)>`
	p.Capability = "{{.}}"
	p.Turns = []schemas.Turn{
		{Role: schemas.RoleUser, Text: "<script>alert(4)</script>\xff\xfe\x00\r\n\r\nevent: status\r\ndata: forged" + strings.Repeat("é", 100_000)},
		{Role: "<b>system</b>", Text: "</article></ol><h1>owned</h1>"},
	}
	p.Pictures = []schemas.Image{{URI: `../../etc/passwd"><script>`}}
	c.Add(p)
	for name, body := range map[string]string{"page": get(t, c, "/").Body.String(), "events": stream(t, c, "/events?since=0")} {
		for _, bad := range []string{"<script>alert", "<img src=x", "<b>system", "<h1>owned", "javascript:alert(2)\"", "etc/passwd"} {
			if strings.Contains(body, bad) {
				t.Errorf("the %s holds %q as it was given", name, bad)
			}
		}
		if !strings.Contains(body, "&lt;script&gt;alert(4)") {
			t.Errorf("the %s does not show the text escaped", name)
		}
		if len(body) > 100_000 {
			t.Errorf("the %s has %d bytes", name, len(body))
		}
	}
	// A line's end in a text ends no field of an event.
	events := 0
	for line := range strings.Lines(strings.ReplaceAll(stream(t, c, "/events?since=0"), "\r", "\n")) {
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if field == "event" {
			events++
		} else if field != "" && field != "id" && field != "data" || value == "forged" {
			t.Errorf("a line of its own: %q", line)
		}
	}
	if events != 3 {
		t.Errorf("%d events, want 3", events)
	}
}

// stream reads what /events says before it waits.
func stream(t *testing.T, c *Console, target string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil))
	return w.Body.String()
}

func TestFilters(t *testing.T) {
	c := newConsole(t, options())
	c.Add(pick("s-1"))
	other := pick("s-2")
	other.Style = "coordinate"
	c.Add(other)
	for target, want := range map[string][2]bool{
		"/": {true, true}, "/?style=yes%2Fno": {true, false}, "/?style=coordinate": {false, true},
		"/?source=photos": {true, true}, "/?capability=humanities": {false, false}, "/?style=yes%2Fno&source=maps": {false, false},
	} {
		body := get(t, c, target).Body.String()
		if got := [2]bool{strings.Contains(body, "Is it s-1?"), strings.Contains(body, "Is it s-2?")}; got != want {
			t.Errorf("%s shows s-1: %v, s-2: %v", target, got[0], got[1])
		}
	}
}

func TestKeepsTheLast(t *testing.T) {
	opts := options()
	opts.Keep = 3
	c := newConsole(t, opts)
	for i := range 10 {
		c.Add(pick(fmt.Sprint("s-", i)))
	}
	picked, next := c.since(0, filter{})
	if len(picked) != 3 || picked[0].ID != "s-9" || picked[2].ID != "s-7" || next != 10 {
		t.Errorf("%d picks, next %d: %v", len(picked), next, picked)
	}
	// Large pictures push old picks out before their number does.
	for i := range 12 {
		p := pick(fmt.Sprint("large-", i))
		p.Pictures = []schemas.Image{{Data: make([]byte, maxPicture)}, {Data: make([]byte, maxPicture)}, {Data: make([]byte, maxPicture+1)}}
		c.Add(p)
		if c.picks.bytes > maxKept {
			t.Fatalf("%d bytes of pictures are kept", c.picks.bytes)
		}
	}
}

func TestPictures(t *testing.T) {
	opts := options()
	asked := 0
	opts.Picture = func(_ context.Context, im schemas.Image) ([]byte, error) {
		asked++
		switch im.URI {
		case "":
			return im.Data, nil
		case "large.gif":
			return append([]byte(onePixel), make([]byte, maxPicture)...), nil
		}
		return nil, fmt.Errorf("open %s: it leads out of the folder", im.URI)
	}
	c := newConsole(t, opts)
	p := pick("s-1")
	p.Pictures = []schemas.Image{
		{Data: []byte(onePixel)}, {Data: []byte("<svg onload=alert(1)>")}, {Data: []byte("<html><script>alert(1)</script>")},
		{URI: "../../secret.gif"}, {URI: "large.gif"},
	}
	c.Add(p)
	for n, want := range []int{http.StatusOK, http.StatusUnsupportedMediaType, http.StatusUnsupportedMediaType, http.StatusNotFound, http.StatusNotFound} {
		w := get(t, c, "/pictures/"+pictureKey("s-1", n))
		if w.Code != want {
			t.Errorf("picture %d: status %d, want %d", n, w.Code, want)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("picture %d: headers %v", n, w.Header())
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("picture %d: the answer tells the path: %s", n, w.Body)
		}
	}
	if got := get(t, c, "/pictures/"+pictureKey("s-1", 0)).Header().Get("Content-Type"); got != "image/gif" {
		t.Errorf("content type %q", got)
	}
	// What is no key of a kept pick never reaches the opener.
	asked = 0
	for _, target := range []string{"/pictures/nothing", "/pictures/..%2F..%2Fetc%2Fpasswd", "/pictures/" + pictureKey("s-9", 0), "/pictures/"} {
		if w := get(t, c, target); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", target, w.Code)
		}
	}
	if asked != 0 {
		t.Errorf("the opener was asked %d times", asked)
	}
}

func TestReadiness(t *testing.T) {
	var broken error
	opts := options()
	opts.Checks = []Check{{"score", func() error { return nil }}, {"select", func() error { return broken }}}
	c := newConsole(t, opts)
	type answer struct {
		Ready  bool
		Checks []struct {
			Name, Error string
			Ready       bool
		}
	}
	for _, want := range []struct {
		broken error
		code   int
	}{{nil, http.StatusOK}, {errors.New("the broker is gone"), http.StatusServiceUnavailable}} {
		broken = want.broken
		w := get(t, c, "/readyz")
		var got answer
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if w.Code != want.code || got.Ready != (broken == nil) || len(got.Checks) != 2 || !got.Checks[0].Ready {
			t.Errorf("with %v: status %d, %+v", broken, w.Code, got)
		}
		if broken != nil && got.Checks[1].Error != broken.Error() {
			t.Errorf("the reason is missing: %+v", got)
		}
	}
	if w := get(t, c, "/healthz"); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
		t.Errorf("/healthz: %d %s", w.Code, w.Body)
	}
}

func TestStatusThatFailsKeepsTheCounts(t *testing.T) {
	c := newConsole(t, options())
	at := time.Unix(0, 0)
	c.pulse.beat(at, Status{Scored: 100}, nil)
	c.pulse.beat(at.Add(2*time.Second), Status{Scored: 150}, nil)
	c.pulse.beat(at.Add(3*time.Second), Status{}, errors.New("no broker answers"))
	body := get(t, c, "/").Body.String()
	for _, want := range []string{"150", "25.0 a second", "no broker answers"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// The status is asked for at every beat, and ends with the context.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options()
		asked := int64(0)
		opts.Status = func(context.Context) (Status, error) { asked++; return Status{Scored: asked * 7}, nil }
		c := newConsole(t, opts)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); c.watch(ctx) }()
		time.Sleep(20*beat + beat/2)
		if p, _ := c.current(); p.rate != 7 || p.status.Scored != 21*7 {
			t.Errorf("rate %v, scored %d", p.rate, p.status.Scored)
		}
		cancel()
		<-done
	})
}

// A page gets each pick once, and its stream ends with the console.
func TestEventsAndShutdown(t *testing.T) {
	defer goleak.VerifyNone(t)
	c := newConsole(t, options())
	c.Add(pick("s-0"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.serve(ctx, listener) }()

	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	base := "http://" + listener.Addr().String()
	_, next := c.since(0, filter{})
	response, err := client.Get(fmt.Sprintf("%s/events?since=%d", base, next))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	lines := bufio.NewScanner(response.Body)
	until := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Is it s-0?") {
				t.Error("the stream repeats what the page has")
			}
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the stream ended before %q: %v", want, lines.Err())
	}
	until("event: status")
	c.Add(pick("s-1"))
	until("event: picks")
	until("Is it s-1?")

	// A browser that goes away takes its stream with it.
	gone, err := client.Get(base + "/events")
	if err != nil {
		t.Fatal(err)
	}
	gone.Body.Close()

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the stream did not end in order: %v", err)
	}
}

func TestRunSaysThatTheAddressIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	opts := options()
	opts.Address = taken.Addr().String()
	if err := newConsole(t, opts).Run(t.Context()); err == nil || !strings.Contains(err.Error(), opts.Address) {
		t.Errorf("error %v", err)
	}
}
