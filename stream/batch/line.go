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

// result is what became of a row: a score line, or why there is none.
type result struct {
	row    row
	line   folder.ScoreLine
	scores []float32 // one for each column
	text   []byte    // the line as JSON
	err    error     // a *schemas.FormatError or a *scoring.InputError
}

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
func (c columns) readLines(_ context.Context, chunk []row) ([]result, error) {
	out := make([]result, len(chunk))
	for i, r := range chunk {
		out[i].row = r
		if out[i].err = tooLarge(r); out[i].err != nil {
			continue
		}
		if out[i].line, out[i].err = folder.ParseScoreLine(r.value); out[i].err == nil {
			c.finish(&out[i])
		}
	}
	return out, nil
}

// finish settles what of a score line goes to the machine and to scores.jsonl.
func (c columns) finish(r *result) {
	r.scores = make([]float32, len(c.names))
	if r.err = c.read(&r.line, r.scores); r.err == nil {
		r.text = r.line.Append(nil)
	}
}

// candidate is a result in the machine's form. Where the line brings no content
// hash, that of the line itself tells records with one id apart.
func candidate(r *result, sampleRow int64) *selection.Candidate {
	c := &selection.Candidate{
		ID: r.line.ID, Source: r.line.Source, Styles: r.line.Styles, Scores: r.scores,
		EventTime: r.line.EventTime, Offset: r.row.number, SampleOffset: sampleRow,
		PictureHash: r.line.PictureHash, TextHash: r.line.TextHash, Metadata: r.line.Metadata,
		Tokens: r.line.Tokens, AnswerTokens: r.line.AnswerTokens, Bytes: r.line.Bytes,
		Bundle: selector.BundleOf(r.line.Bundle, r.line.BundleVersion),
	}
	if len(r.line.ContentHash) > 0 {
		copy(c.ContentHash[:], r.line.ContentHash)
	} else {
		c.ContentHash = sha256.Sum256(r.text)
	}
	return c
}
