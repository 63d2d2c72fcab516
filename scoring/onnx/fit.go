package onnx

import (
	"errors"
	"fmt"
	"math"

	ort "github.com/yalue/onnxruntime_go"

	"cream/scoring/bundle"
)

// probe runs the graph on a made-up sample, so that a manifest that does not
// fit it is found before the first real one. It also warms the device up.
func probe(s session, b *bundle.Bundle) error {
	size, text := b.Inputs.Pictures.Size, b.Inputs.Text
	sample := &prepared{
		pictures: [][]byte{make([]byte, size[0]*size[1]*3)},
		question: make([]int64, text.QuestionLengths[0]), answer: make([]int64, text.AnswerLengths[0]),
		features: make([]float32, len(b.Inputs.Features)),
	}
	batch, err := assemble([]*job{{prepared: sample}}, b)
	if err != nil {
		return err
	}
	defer batch.destroy()
	if err := s.Run(batch.inputs, []ort.Value{batch.scores, batch.styles}); err != nil {
		return errors.Join(misfits(b), fmt.Errorf("%s and its graph %s do not fit: %w", b.At(""), b.Model, err))
	}
	return nil
}

// misfits names what the graph gives or takes in another number than the
// manifest lists, where the graph tells.
func misfits(b *bundle.Bundle) error {
	inputs, outputs, err := ort.GetInputOutputInfoWithONNXData(b.Graph())
	if err != nil {
		return nil // the run's own error says it
	}
	var errs []error
	for _, c := range []struct {
		of   []ort.InputOutputInfo
		name string
		key  string
		want int
	}{
		{outputs, "scores", "capabilities", len(b.Capabilities)},
		{outputs, "styles", "styles", len(b.Styles)},
		{inputs, "features", "inputs.features", len(b.Inputs.Features)},
	} {
		for _, tensor := range c.of {
			if dims := tensor.Dimensions; tensor.Name == c.name && len(dims) > 0 {
				if has := dims[len(dims)-1]; has > 0 && has < math.MaxInt32 && int(has) != c.want {
					errs = append(errs, fmt.Errorf("%s: %s: %d are listed; the graph's %s expect %d", b.At(c.key), c.key, c.want, c.name, has))
				}
			}
		}
	}
	return errors.Join(errs...)
}
