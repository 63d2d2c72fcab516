package explain

import (
	"context"
	"path/filepath"

	"cream/selection"
	"cream/stream/batch"
	"cream/stream/folder"
)

// FolderOptions are of an inquiry into a folder that curate or up --once left.
type FolderOptions struct {
	Dir          string
	Policy       selection.Policy // the folder's
	Capabilities []string         // as the selection had them: see batch.Capabilities
	IDs          []string
	Workers      int // goroutines that read lines
}

// Folder explains what became of samples in a folder.
func Folder(ctx context.Context, o FolderOptions) (*Report, error) {
	if _, err := folder.ReadSummary(o.Dir); err != nil {
		return nil, err
	}
	// All of an input that has an end is remembered.
	q, err := New(Options{Policy: o.Policy, Capabilities: o.Capabilities, IDs: o.IDs, Horizon: selection.WholeHorizon})
	if err != nil {
		return nil, err
	}
	if q.reservoir != nil {
		q.reservoir.onlyEnd = true
	}
	var withdrawn int64
	for w, err := range folder.ReadWindows(o.Dir) {
		if err != nil {
			return nil, err
		}
		q.Closed(&w)
		withdrawn += w.Withdrawn
	}
	for d, err := range folder.ReadDecisions(o.Dir) {
		if err != nil {
			return nil, err
		}
		q.Decision(&d, "")
	}
	for d, err := range folder.ReadDeadLetters(o.Dir) {
		if err != nil {
			return nil, err
		}
		q.DeadLetter(d)
	}
	if err := batch.Candidates(ctx, filepath.Join(o.Dir, folder.ScoresFile), o.Capabilities, o.Workers, q.Score); err != nil {
		return nil, err
	}
	r, err := q.Report()
	if err != nil {
		return nil, err
	}
	r.Withdrawn = withdrawn
	return r, nil
}
