package batch

import (
	"context"
	"crypto/sha256"
	"fmt"

	"cream/schemas"
	"cream/selection"
	"cream/stream/folder"
	"cream/stream/ingester"
	"cream/stream/selector"
)

func fault(reason, id string, err error) error {
	return &schemas.FormatError{Reason: reason, ID: id, Err: err}
}

// tooLarge refuses a row that is larger than a sample may be.
func tooLarge(r row) error {
	if r.size <= ingester.MaxSample {
		return nil
	}
	return fault("sample-too-large", "", fmt.Errorf("%d bytes are more than %d: give large pictures as files, not inline", r.size, ingester.MaxSample))
}

// readLines reads rows of a score file.
func (c columns) readLines(_ context.Context, chunk []row) ([]Scored, error) {
	out := make([]Scored, len(chunk))
	for i, r := range chunk {
		out[i] = scoredOf(r)
		if out[i].Err = tooLarge(r); out[i].Err != nil {
			continue
		}
		if out[i].Line, out[i].Err = folder.ParseScoreLine(r.value); out[i].Err == nil {
			c.finish(&out[i])
		}
	}
	return out, nil
}

// finish settles what of a score line goes to the machine and to scores.jsonl.
func (c columns) finish(s *Scored) {
	s.scores = make([]float32, len(c.names))
	if s.Err = c.read(&s.Line, s.scores); s.Err == nil {
		s.text = s.Line.Append(nil)
	}
}

// candidate is a score in the machine's form. Where the line brings no content
// hash, that of the line itself tells records with one id apart.
func candidate(s *Scored) *selection.Candidate {
	c := &selection.Candidate{
		ID: s.Line.ID, Source: s.Line.Source, Styles: s.Line.Styles, Scores: s.scores,
		EventTime: s.Line.EventTime, Partition: s.Partition, Offset: s.Offset, SampleOffset: s.Copied,
		PictureHash: s.Line.PictureHash, TextHash: s.Line.TextHash, Metadata: s.Line.Metadata,
		Tokens: s.Line.Tokens, AnswerTokens: s.Line.AnswerTokens, Bytes: s.Line.Bytes,
		Bundle: selector.BundleOf(s.Line.Bundle, s.Line.BundleVersion),
	}
	if len(s.Line.ContentHash) > 0 {
		copy(c.ContentHash[:], s.Line.ContentHash)
	} else {
		c.ContentHash = sha256.Sum256(s.text)
	}
	return c
}
