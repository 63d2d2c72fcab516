package onnx

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	ort "github.com/yalue/onnxruntime_go"

	"cream/schemas"
	"cream/scoring"
)

// standIn is a session that runs a batch when it is told to, and says three
// for everything.
type standIn struct {
	rows  []int         // of each batch that was begun
	begin chan struct{} // nil: at once
	err   error
}

func (s *standIn) Run(_, outputs []ort.Value) error {
	s.rows = append(s.rows, int(outputs[0].GetShape()[0]))
	if s.begin != nil {
		<-s.begin
	}
	for _, v := range outputs {
		values := v.(*ort.Tensor[float32]).GetData()
		for i := range values {
			values[i] = 3
		}
	}
	return s.err
}

func (s *standIn) Destroy() error { return nil }

// flow runs a test in a bubble where it can wait until every goroutine of a
// scorer waits in turn. send scores one sample; the results of all come when
// the scorer is closed.
func flow(t *testing.T, session *standIn, change func(*Options, *measures), test func(t *testing.T, send func())) (results []scoring.Result, errs []error) {
	t.Helper()
	if err := openEnvironment(library(t)); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		opts := options(t)
		m := newMeasures(opts.Registerer)
		change(&opts, m)
		p, err := newPreparer(opts.Bundle, opts.Loader, m)
		if err != nil {
			t.Fatal(err)
		}
		if session.begin != nil {
			session.begin = make(chan struct{}) // the bubble's own
		}
		s := newScorer(opts, session, p, m)
		s.start()
		type answer struct {
			results []scoring.Result
			err     error
		}
		answers := make(chan answer)
		sent := 0
		test(t, func() {
			sent++
			go func() {
				results, err := s.Score(t.Context(), []*schemas.Sample{sample(fmt.Sprint("Question ", sent), "Yes.")})
				answers <- answer{results, err}
			}()
			synctest.Wait()
		})
		if session.begin != nil {
			close(session.begin)
		}
		for range sent {
			a := <-answers
			results, errs = append(results, a.results...), append(errs, a.err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return results, errs
}

// TestOneBatchIsLaidOutAhead: while a batch runs and one is laid out, samples
// that come go into one batch, though they need not linger.
func TestOneBatchIsLaidOutAhead(t *testing.T) {
	session := &standIn{begin: make(chan struct{})}
	results, errs := flow(t, session, func(o *Options, _ *measures) { o.Linger = 0 }, func(_ *testing.T, send func()) {
		for range 5 {
			send()
		}
	})
	if err := errors.Join(errs...); err != nil || len(results) != 5 {
		t.Errorf("%d results, %v", len(results), err)
	}
	if want := []int{1, 1, 3}; !slices.Equal(session.rows, want) {
		t.Errorf("batches of %v, want %v", session.rows, want)
	}
}

// slow is a metric that takes its time.
type slow struct {
	prometheus.Histogram
	leave chan struct{}
}

func (s slow) Observe(v float64) {
	<-s.leave
	s.Histogram.Observe(v)
}

// TestSessionDoesNotWaitForDelivery: a batch runs while the results of the one
// before it are on their way, which are still there then.
func TestSessionDoesNotWaitForDelivery(t *testing.T) {
	session := &standIn{}
	var held slow
	results, errs := flow(t, session, func(o *Options, m *measures) {
		o.Linger = 0
		held = slow{m.batch, make(chan struct{})}
		m.batch = held
	}, func(t *testing.T, send func()) {
		send()
		send()
		if len(session.rows) != 2 {
			t.Errorf("%d batches began while the first one's results were on their way, want 2", len(session.rows))
		}
		close(held.leave)
	})
	if err := errors.Join(errs...); err != nil || len(results) != 2 {
		t.Errorf("%d results, %v", len(results), err)
	}
	for _, r := range results {
		if r.Err != nil || len(r.Rating.Scores) == 0 || slices.ContainsFunc(r.Rating.Scores, func(v float32) bool { return v != 3 }) {
			t.Errorf("got %v, %v", r.Rating.Scores, r.Err)
		}
	}
}

// TestSessionThatFails is nobody's fault: each of the callers is told.
func TestSessionThatFails(t *testing.T) {
	broken := errors.New("the device is gone")
	results, errs := flow(t, &standIn{err: broken}, func(*Options, *measures) {}, func(_ *testing.T, send func()) {
		send()
		send()
	})
	if len(results) != 0 || len(errs) != 2 || !errors.Is(errs[0], broken) || !errors.Is(errs[1], broken) {
		t.Errorf("got %v, %v, want %v twice", results, errs, broken)
	}
}
