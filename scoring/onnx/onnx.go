package onnx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	ort "github.com/yalue/onnxruntime_go"

	"cream/schemas"
	"cream/scoring"
	"cream/scoring/bundle"
	"cream/scoring/media"
)

// Options of a Scorer.
type Options struct {
	Bundle   *bundle.Bundle
	Library  string // ONNX Runtime's; "" looks for it (FindLibrary)
	Provider string // CPU, CUDA, TensorRT or Auto
	Threads  int    // of the session
	MaxBatch int    // samples
	// Linger is how long a sample waits for others of its shape. Its batch goes
	// out, however full, once it has waited so long and no batch is laid out
	// ahead: a sample waits longer while the session has one running and the
	// next one ready.
	Linger     time.Duration
	Workers    int // goroutines that load, decode and tokenize
	Loader     *media.Loader
	Registerer prometheus.Registerer
	Logger     *slog.Logger
}

func (o Options) check() error {
	var errs []error
	if o.Bundle == nil || o.Loader == nil || o.Registerer == nil || o.Logger == nil {
		errs = append(errs, errors.New("onnx: Bundle, Loader, Registerer and Logger must be set"))
	}
	for name, n := range map[string]int{"Threads": o.Threads, "MaxBatch": o.MaxBatch, "Workers": o.Workers} {
		if n < 1 {
			errs = append(errs, fmt.Errorf("onnx: %s is %d, not at least 1", name, n))
		}
	}
	if o.Linger < 0 {
		errs = append(errs, fmt.Errorf("onnx: Linger is %s, and must not be negative", o.Linger))
	}
	return errors.Join(errs...)
}

// Scorer rates samples with a bundle.
type Scorer struct {
	opts     Options
	provider string
	session  session
	preparer *preparer
	measures *measures

	slots           chan struct{} // one for each sample in flight: what bounds memory
	incoming, ready chan *job
	batches         chan []*job
	laidOut, ran    chan *batch
	busy            atomic.Int64 // nanoseconds in which the session ran

	mu     sync.RWMutex // held for reading while a caller hands over
	closed bool
	ended  sync.WaitGroup
}

var _ scoring.Scorer = (*Scorer)(nil)

// session runs the graph: ONNX Runtime's.
type session interface {
	Run(inputs, outputs []ort.Value) error
	Destroy() error
}

// job is one sample on its way.
type job struct {
	sample   *schemas.Sample
	prepared *prepared
	result   scoring.Result
	failed   error // the scorer's own failure
	done     *sync.WaitGroup
}

// Open loads the library and the bundle and starts the scorer. Close ends it.
func Open(opts Options) (*Scorer, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	library, err := FindLibrary(opts.Library)
	if err != nil {
		return nil, err
	}
	if err := openEnvironment(library); err != nil {
		return nil, err
	}
	m := newMeasures(opts.Registerer)
	p, err := newPreparer(opts.Bundle, opts.Loader, m)
	if err != nil {
		return nil, err
	}
	session, provider, err := openSession(opts.Bundle.Graph(), opts.Provider, opts.Threads, opts.Logger)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", opts.Bundle.Name, err)
	}
	if err := probe(session, opts.Bundle); err != nil {
		return nil, errors.Join(fmt.Errorf("bundle %s: %w", opts.Bundle.Name, err), session.Destroy())
	}
	s := newScorer(opts, session, p, m)
	s.provider = provider
	s.start()
	return s, nil
}

func newScorer(opts Options, session session, p *preparer, m *measures) *Scorer {
	return &Scorer{
		opts: opts, session: session, preparer: p, measures: m,
		slots:    make(chan struct{}, 8*opts.MaxBatch),
		incoming: make(chan *job), ready: make(chan *job),
		batches: make(chan []*job), laidOut: make(chan *batch), ran: make(chan *batch),
	}
}

// Vocabulary implements scoring.Scorer.
func (s *Scorer) Vocabulary() scoring.Vocabulary {
	b := s.opts.Bundle
	return scoring.Vocabulary{Model: b.Name, Version: b.Version, Capabilities: b.Capabilities, Styles: b.Styles}
}

// Provider returns where the session runs.
func (s *Scorer) Provider() string { return s.provider }

// Busy returns how long the session has run in all.
func (s *Scorer) Busy() time.Duration { return time.Duration(s.busy.Load()) }

var errClosed = errors.New("onnx: the scorer is closed")

// Score implements scoring.Scorer. When ctx ends it returns at once; samples
// that were handed over are still finished, for nobody.
func (s *Scorer) Score(ctx context.Context, samples []*schemas.Sample) ([]scoring.Result, error) {
	jobs := make([]*job, len(samples))
	var done sync.WaitGroup
	for i, sample := range samples {
		jobs[i] = &job{sample: sample, done: &done}
		if err := s.hand(ctx, jobs[i]); err != nil {
			return nil, err
		}
	}
	finished := make(chan struct{})
	go func() { done.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	results := make([]scoring.Result, len(jobs))
	for i, j := range jobs {
		if j.failed != nil {
			return nil, j.failed
		}
		results[i] = j.result
	}
	return results, nil
}

// hand passes a sample to the workers, once there is a place for it.
func (s *Scorer) hand(ctx context.Context, j *job) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return errClosed
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	j.done.Add(1)
	select {
	case s.incoming <- j:
		return nil
	case <-ctx.Done():
		<-s.slots
		j.done.Done()
		return ctx.Err()
	}
}

// Close ends the scorer once what it has in hand is finished.
func (s *Scorer) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.incoming)
	s.mu.Unlock()
	s.ended.Wait()
	return s.session.Destroy()
}

func (s *Scorer) finish(j *job) {
	j.prepared = nil
	<-s.slots
	j.done.Done()
}

// rating makes a sample's rating of its rows of the outputs. A value that is
// no number is the sample's fault: its scores depend on nothing else, and
// would be the same on another try.
func (s *Scorer) rating(p *prepared, scores, styles []float32) (scoring.Rating, error) {
	b := s.opts.Bundle
	out := scoring.Rating{
		Scores: make([]float32, len(scores)), PictureHash: p.pictureHash,
		Tokens: p.tokens, AnswerTokens: p.answerTokens, PictureBytes: p.pictureBytes,
	}
	for i, v := range scores {
		if math.IsNaN(float64(v)) {
			return scoring.Rating{}, notANumber(b.Capabilities[i])
		}
		out.Scores[i] = min(max(v, b.ScoreRange[0]), b.ScoreRange[1])
	}
	order := make([]int, 0, len(styles))
	for i, v := range styles {
		if math.IsNaN(float64(v)) {
			return scoring.Rating{}, notANumber("style " + b.Styles[i])
		}
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(x, y int) int {
		switch {
		case styles[x] > styles[y]:
			return -1
		case styles[x] < styles[y]:
			return 1
		}
		return 0
	})
	for n, i := range order {
		if n == 0 || styles[i] >= b.StyleThreshold {
			out.Styles = append(out.Styles, b.Styles[i])
		}
	}
	return out, nil
}

func notANumber(what string) error {
	return &scoring.InputError{Reason: "score-not-a-number", Err: fmt.Errorf("the model says NaN for %s", what)}
}
