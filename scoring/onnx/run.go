package onnx

import (
	"errors"
	"fmt"
	"sync"
	"time"

	ort "github.com/yalue/onnxruntime_go"

	"cream/scoring"
)

// start begins the scorer's goroutines: workers, gatherer, the one that lays
// batches out, the one that runs the session, and the one that delivers. Each
// ends when the channel before it is closed, and closes the one behind it.
func (s *Scorer) start() {
	var workers sync.WaitGroup
	for range s.opts.Workers {
		workers.Go(s.work)
	}
	s.ended.Go(func() {
		workers.Wait()
		close(s.ready)
	})
	s.ended.Go(func() { gather(s.ready, s.batches, s.opts.MaxBatch, s.opts.Linger) })
	s.ended.Go(s.layOut)
	s.ended.Go(s.run)
	s.ended.Go(s.deliver)
}

// work prepares samples.
func (s *Scorer) work() {
	for j := range s.incoming {
		p, err := s.preparer.prepare(j.sample)
		if err == nil {
			j.prepared = p
			s.ready <- j
			continue
		}
		j.fault(err)
		s.finish(j)
	}
}

// layOut makes tensors of the next batch while the session runs. It takes no
// further batch until the session has taken this one.
func (s *Scorer) layOut() {
	defer close(s.laidOut)
	for jobs := range s.batches {
		b, err := assemble(jobs, s.opts.Bundle)
		if err != nil {
			s.fail(jobs, err)
			continue
		}
		s.laidOut <- b
	}
}

// run runs the session, and does nothing else: the device waits for it.
func (s *Scorer) run() {
	defer close(s.ran)
	for b := range s.laidOut {
		began := time.Now()
		b.err = s.session.Run(b.inputs, []ort.Value{b.scores, b.styles})
		b.took = time.Since(began)
		s.ran <- b
	}
}

// deliver gives each sample of a batch its result while the session runs the
// next one.
func (s *Scorer) deliver() {
	for b := range s.ran {
		s.busy.Add(int64(b.took))
		s.measures.session.Add(b.took.Seconds())
		if b.err != nil {
			s.fail(b.jobs, fmt.Errorf("run the model on %d samples: %w", len(b.jobs), b.err))
		} else {
			s.rate(b)
		}
		b.destroy()
	}
}

func (s *Scorer) rate(b *batch) {
	s.measures.batch.Observe(float64(len(b.jobs)))
	s.measures.samples.Add(float64(len(b.jobs)))
	scores, styles := b.scores.GetData(), b.styles.GetData()
	perScore, perStyle := len(scores)/b.rows, len(styles)/b.rows
	for i, j := range b.jobs {
		rating, err := s.rating(j.prepared, scores[i*perScore:(i+1)*perScore], styles[i*perStyle:(i+1)*perStyle])
		if err == nil {
			j.result.Rating = rating
		} else {
			j.fault(err)
		}
		s.finish(j)
	}
}

// fault tells the sample's own fault, which is its result, from the scorer's
// failure.
func (j *job) fault(err error) {
	err = fmt.Errorf("sample %q: %w", j.sample.ID, err)
	var input *scoring.InputError
	if errors.As(err, &input) {
		j.result.Err = &scoring.InputError{Reason: input.Reason, Err: err}
	} else {
		j.failed = err
	}
}

func (s *Scorer) fail(jobs []*job, err error) {
	for _, j := range jobs {
		j.failed = err
		s.finish(j)
	}
}
