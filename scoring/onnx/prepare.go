package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"cream/schemas"
	"cream/scoring"
	"cream/scoring/bundle"
	"cream/scoring/media"
	"cream/scoring/text"
)

// preparer turns a sample into the graph's inputs. It is safe for use by many
// goroutines.
type preparer struct {
	loader    *media.Loader
	tokenizer *text.WordPiece
	features  *text.Features
	inputs    bundle.Inputs
	measures  *measures
}

// prepared is a sample as the graph reads it.
type prepared struct {
	pictures     [][]byte // each height × width × 3
	question     []int64  // ids, padded
	answer       []int64
	features     []float32
	pictureHash  uint64
	pictureBytes int64
	tokens       int64
	answerTokens int64
}

// shape is what samples of one batch have in common.
type shape struct{ question, answer int }

func (p *prepared) shape() shape { return shape{len(p.question), len(p.answer)} }

func newPreparer(b *bundle.Bundle, loader *media.Loader, m *measures) (*preparer, error) {
	tokenizer, err := text.NewWordPiece(bytes.NewReader(b.Vocabulary()))
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", b.Name, err)
	}
	features, err := text.NewFeatures(b.Inputs.Features)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", b.Name, err)
	}
	return &preparer{loader: loader, tokenizer: tokenizer, features: features, inputs: b.Inputs, measures: m}, nil
}

// prepare loads, decodes and tokenizes. Its error is an *scoring.InputError
// where the sample is at fault.
func (p *preparer) prepare(s *schemas.Sample) (*prepared, error) {
	began := time.Now()
	defer func() { p.measures.prepare.Observe(time.Since(began).Seconds()) }()
	question, answer := text.Texts(s.Conversation)
	if question == "" && answer == "" {
		return nil, &scoring.InputError{Reason: "conversation-empty", Err: errors.New("no turn says anything")}
	}
	out := &prepared{}
	for i, image := range s.Images {
		data, err := p.loader.Bytes(image)
		if err != nil {
			return nil, err
		}
		out.pictureBytes += int64(len(data))
		if i >= p.inputs.Pictures.MaxPerSample {
			continue // named and there, but more than the model looks at
		}
		size := p.inputs.Pictures.Size
		pixels, err := p.loader.Prepare(data, size[1], size[0])
		if err != nil {
			return nil, fmt.Errorf("picture %d%s: %w", i+1, named(image), err)
		}
		out.pictures = append(out.pictures, pixels.Pix)
		out.pictureHash = media.FoldHash(out.pictureHash, media.DifferenceHash(pixels))
	}
	questionIDs := p.tokenizer.Encode(text.Cut(question))
	answerIDs := p.tokenizer.Encode(text.Cut(answer))
	out.tokens = int64(len(questionIDs) + len(answerIDs))
	out.answerTokens = int64(len(answerIDs))
	out.question = p.tokenizer.Fit(questionIDs, p.inputs.Text.QuestionLengths)
	out.answer = p.tokenizer.Fit(answerIDs, p.inputs.Text.AnswerLengths)
	out.features = p.features.Compute(nil, question, answer, len(s.Conversation), len(s.Images))
	return out, nil
}

func named(image schemas.Image) string {
	if image.URI == "" {
		return ""
	}
	return " (" + image.URI + ")"
}
