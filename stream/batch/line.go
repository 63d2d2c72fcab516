package batch

import (
	"context"
	"crypto/sha256"
	"fmt"

	"cream/schemas"
	"cream/selection"
	"cream/stream/folder"
	"cream/stream/ingester"
)

// result is what became of a row: a score line, or why there is none.
type result struct {
	row  row
	line folder.ScoreLine // its scores in the order of the columns
	text []byte           // the line as JSON
	err  error            // a *schemas.FormatError or a *scoring.InputError
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
func (b *Batch) readLines(_ context.Context, chunk []row) ([]result, error) {
	out := make([]result, len(chunk))
	for i, r := range chunk {
		out[i].row = r
		out[i].line, out[i].err = b.readLine(r)
		if out[i].err == nil {
			out[i].text = out[i].line.Append(nil)
		}
	}
	return out, nil
}

func (b *Batch) readLine(r row) (folder.ScoreLine, error) {
	if err := tooLarge(r); err != nil {
		return folder.ScoreLine{}, err
	}
	line, err := folder.ParseScoreLine(r.value)
	if err == nil {
		err = b.columns.arrange(&line)
	}
	return line, err
}

// candidate is a result in the machine's form. c is written over, and so are
// its scores. Where the line brings no content hash, that of the line itself
// tells records with one id apart.
func candidate(r *result, sampleRow int64, c *selection.Candidate) {
	*c = selection.Candidate{
		ID: r.line.ID, Source: r.line.Source, Styles: r.line.Styles, Scores: c.Scores,
		EventTime: r.line.EventTime, Offset: r.row.number, SampleOffset: sampleRow,
	}
	for i := range c.Scores {
		c.Scores[i] = r.line.Scores[i].Value
	}
	if len(r.line.ContentHash) > 0 {
		copy(c.ContentHash[:], r.line.ContentHash)
	} else {
		c.ContentHash = sha256.Sum256(r.text)
	}
}
