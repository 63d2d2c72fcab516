package console

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cream/schemas"
)

// Options of a Console.
type Options struct {
	// Address to listen on, host:port.
	Address string
	// Gatherer is what /metrics shows.
	Gatherer prometheus.Gatherer
	// Checks are what /readyz asks.
	Checks []Check
	// Status returns the counts. It is called about once a second, never
	// twice at a time.
	Status func(context.Context) (Status, error)
	// Picture returns a picture's bytes. It is asked for pictures of picked
	// samples only; that a URI stays in its folder is for it to see to.
	Picture func(context.Context, schemas.Image) ([]byte, error)
	// Keep is how many picks the page shows; 0 means DefaultKeep.
	Keep   int
	Logger *slog.Logger
}

// DefaultKeep is how many picks the page shows.
const DefaultKeep = 60

// Check is one condition of readiness.
type Check struct {
	Name  string
	Ready func() error // nil: ready
}

// Status is how the flow stands. The counts are totals.
type Status struct {
	// About tells what runs, such as the bundle and the policy.
	About []About

	Samples, Scored, Selected, Control, Dead, Windows int64

	// Lag is how far each stage is behind.
	Lag []Lag
	// WindowEnd is the end of the oldest open window; zero where there is
	// none, or none with an end.
	WindowEnd time.Time
	// Styles and Capabilities count the samples seen and chosen; nil where
	// that is not known here.
	Styles, Capabilities map[string]schemas.Count
}

// About is a line on what runs.
type About struct{ Name, Value string }

// Lag is how many records a stage is behind.
type Lag struct {
	Stage   string
	Records int64
}

// Console is the server. Its methods may be called from any goroutine.
type Console struct {
	opts Options
	page *template.Template

	mu    sync.Mutex
	picks picks
	pulse pulse
}

// New returns a Console that does not listen yet.
func New(opts Options) (*Console, error) {
	var errs []error
	if _, _, err := net.SplitHostPort(opts.Address); err != nil {
		errs = append(errs, fmt.Errorf("console address %q: %w: give host:port, such as 127.0.0.1:8080", opts.Address, err))
	}
	if opts.Gatherer == nil {
		errs = append(errs, errors.New("console: a Gatherer is needed"))
	}
	if opts.Status == nil {
		errs = append(errs, errors.New("console: a Status is needed"))
	}
	if opts.Picture == nil {
		errs = append(errs, errors.New("console: a Picture opener is needed"))
	}
	if opts.Logger == nil {
		errs = append(errs, errors.New("console: a Logger is needed"))
	}
	if opts.Keep < 0 {
		errs = append(errs, fmt.Errorf("console: keep is %d: it must not be negative", opts.Keep))
	}
	if opts.Keep == 0 {
		opts.Keep = DefaultKeep
	}
	page, err := parsePage()
	errs = append(errs, err)
	return &Console{opts: opts, page: page, picks: newPicks(opts.Keep), pulse: newPulse()}, errors.Join(errs...)
}

// Run listens and serves until ctx ends, and returns when all requests have
// ended.
func (c *Console) Run(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.opts.Address)
	if err != nil {
		return fmt.Errorf("start the console: %w: choose another address with --listen", err)
	}
	return c.serve(ctx, listener)
}

// shutdownTimeout is how long requests have to end.
const shutdownTimeout = 5 * time.Second

func (c *Console) serve(ctx context.Context, listener net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	server := &http.Server{
		Handler:           c.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		// Event streams end with ctx.
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(c.opts.Logger.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { failed <- server.Serve(listener) })
	running.Go(func() { c.watch(ctx) })

	select {
	case err := <-failed:
		stop()
		return fmt.Errorf("serve the console: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return errors.Join(fmt.Errorf("end the console: %w", err), server.Close())
	}
	return nil
}

//go:embed assets/style.css
var styleSheet []byte

//go:embed assets/live.js
var liveScript []byte

// Handler serves what the console has, without a listener; only Run keeps the
// counts up to date.
func (c *Console) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.servePage)
	mux.HandleFunc("GET /events", c.serveEvents)
	mux.HandleFunc("GET /pictures/{key}", c.servePicture)
	mux.HandleFunc("GET /style.css", serveAsset("text/css; charset=utf-8", styleSheet))
	mux.HandleFunc("GET /live.js", serveAsset("text/javascript; charset=utf-8", liveScript))
	mux.HandleFunc("GET /healthz", serveHealth)
	mux.HandleFunc("GET /readyz", c.serveReadiness)
	mux.Handle("GET /metrics", promhttp.HandlerFor(c.opts.Gatherer, promhttp.HandlerOpts{}))
	return guarded(mux)
}

// guarded forbids the browser whatever the page does not need.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

func serveAsset(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		w.Write(body)
	}
}
