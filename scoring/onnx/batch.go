package onnx

import (
	"errors"
	"fmt"
	"time"

	ort "github.com/yalue/onnxruntime_go"

	"cream/scoring/bundle"
)

// batch is the graph's inputs and outputs for some samples of one shape.
type batch struct {
	jobs   []*job
	rows   int // samples
	inputs []ort.Value
	scores *ort.Tensor[float32] // [rows, capabilities]
	styles *ort.Tensor[float32] // [rows, styles]

	took time.Duration // of the session's run
	err  error         // why it did not run
}

// assemble lays the samples out. It is done while the session runs the batch
// before.
func assemble(jobs []*job, b *bundle.Bundle) (_ *batch, err error) {
	out := &batch{jobs: jobs, rows: len(jobs)}
	defer func() {
		if err != nil {
			out.destroy()
		}
	}()
	size := b.Inputs.Pictures.Size
	bytes := size[0] * size[1] * 3
	s := jobs[0].prepared.shape()
	question := make([]int64, 0, out.rows*s.question)
	answer := make([]int64, 0, out.rows*s.answer)
	features := make([]float32, 0, out.rows*len(b.Inputs.Features))
	count := 0
	for _, j := range jobs {
		count += len(j.prepared.pictures)
	}
	pictures := make([]uint8, 0, max(count, 1)*bytes)
	owner := make([]int64, 0, max(count, 1))
	for i, j := range jobs {
		p := j.prepared
		for _, picture := range p.pictures {
			pictures = append(pictures, picture...)
			owner = append(owner, int64(i))
		}
		question = append(question, p.question...)
		answer = append(answer, p.answer...)
		features = append(features, p.features...)
	}
	if len(owner) == 0 { // the graph wants one picture at least: nobody's
		pictures, owner = pictures[:bytes], []int64{-1}
	}
	rows := int64(out.rows)
	var errs [9]error
	out.inputs = make([]ort.Value, 7)
	out.inputs[0], errs[0] = tensor(pictures, int64(len(owner)), int64(size[0]), int64(size[1]), 3)
	out.inputs[1], errs[1] = tensor(owner, int64(len(owner)))
	out.inputs[2], errs[2] = tensor(question, rows, int64(s.question))
	out.inputs[3], errs[3] = tensor(mask(question), rows, int64(s.question))
	out.inputs[4], errs[4] = tensor(answer, rows, int64(s.answer))
	out.inputs[5], errs[5] = tensor(mask(answer), rows, int64(s.answer))
	out.inputs[6], errs[6] = tensor(features, rows, int64(len(b.Inputs.Features)))
	out.scores, errs[7] = ort.NewEmptyTensor[float32](ort.NewShape(rows, int64(len(b.Capabilities))))
	out.styles, errs[8] = ort.NewEmptyTensor[float32](ort.NewShape(rows, int64(len(b.Styles))))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("lay out a batch of %d samples: %w", len(jobs), err)
	}
	return out, nil
}

// tensor returns an untyped nil on error, not a typed one: destroy looks.
func tensor[T ort.TensorData](data []T, shape ...int64) (ort.Value, error) {
	t, err := ort.NewTensor(ort.NewShape(shape...), data)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// mask is 1 where there is a token and 0 where padding is.
func mask(ids []int64) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		if id != 0 {
			out[i] = 1
		}
	}
	return out
}

func (b *batch) destroy() {
	for _, v := range b.inputs {
		if v != nil {
			v.Destroy()
		}
	}
	for _, t := range []*ort.Tensor[float32]{b.scores, b.styles} {
		if t != nil {
			t.Destroy()
		}
	}
}
