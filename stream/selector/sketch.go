package selector

import (
	"fmt"

	"github.com/axiomhq/hyperloglog"

	"cream/schemas"
	"cream/selection"
)

// distinct estimates how many different samples, sources and contents there
// were. Sketches of windows merge.
type distinct struct {
	samples, sources, contents *hyperloglog.Sketch
}

func newDistinct() *distinct {
	return &distinct{hyperloglog.New14(), hyperloglog.New14(), hyperloglog.New14()}
}

func (d *distinct) insert(id, source string, content []byte) {
	d.samples.Insert([]byte(id))
	d.sources.Insert([]byte(source))
	d.contents.Insert(content)
}

func (d *distinct) merge(other *distinct) error {
	if err := d.samples.Merge(other.samples); err != nil {
		return err
	}
	if err := d.sources.Merge(other.sources); err != nil {
		return err
	}
	return d.contents.Merge(other.contents)
}

// sketches marshals what a window saw and what it chose.
func sketches(seen, chosen *distinct) (schemas.Sketches, error) {
	var out schemas.Sketches
	for _, s := range []struct {
		sketch *hyperloglog.Sketch
		into   *[]byte
	}{
		{seen.samples, &out.SamplesSeen}, {chosen.samples, &out.SamplesChosen},
		{seen.sources, &out.SourcesSeen}, {chosen.sources, &out.SourcesChosen},
		{seen.contents, &out.ContentsSeen}, {chosen.contents, &out.ContentsChosen},
	} {
		text, err := s.sketch.MarshalBinary()
		if err != nil {
			return out, fmt.Errorf("write a sketch: %w", err)
		}
		*s.into = text
	}
	return out, nil
}

// Seen holds the sketches of what open windows have seen, by their end.
// Like the machine's, its content comes again when the log is replayed.
type Seen map[int64]*distinct

// Insert takes note of a candidate of the window with the end.
func (b Seen) Insert(end int64, c *selection.Candidate) {
	d := b[end]
	if d == nil {
		d = newDistinct()
		b[end] = d
	}
	d.insert(c.ID, c.Source, c.ContentHash[:8])
}

// take removes and returns the sketches of a window that has closed.
func (b Seen) take(end int64) *distinct {
	d := b[end]
	delete(b, end)
	if d == nil {
		d = newDistinct()
	}
	return d
}
