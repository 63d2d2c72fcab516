package selector

import (
	"fmt"

	"cream/schemas"
	"cream/selection"
)

// BundleOf is how a policy names a bundle: by its name and version.
func BundleOf(name, version string) string { return name + " " + version }

// CandidateOf is a score in the machine's form, with its scores in the order of
// the capabilities. Partition and offset are where the score lies.
func CandidateOf(score *schemas.Score, capabilities []string, partition int32, offset int64) (*selection.Candidate, error) {
	if score.Partition != partition {
		return nil, fmt.Errorf("sample %q lies in partition %d and its score in %d: samples and scores must have the same number of partitions", score.ID, score.Partition, partition)
	}
	c := &selection.Candidate{
		ID: score.ID, Source: score.Source, Styles: score.Styles, EventTime: score.EventTime,
		Scores:    make([]float32, len(capabilities)),
		Partition: partition, Offset: offset, SampleOffset: score.Offset,
		PictureHash: score.PictureHash, TextHash: score.TextHash, Metadata: score.Metadata,
		Tokens: score.Tokens, AnswerTokens: score.AnswerTokens, Bytes: score.Bytes,
		Bundle: BundleOf(score.Bundle, score.BundleVersion),
	}
	copy(c.ContentHash[:], score.ContentHash)
	for i, name := range capabilities {
		value, ok := score.Scores[name]
		if !ok {
			return nil, fmt.Errorf("sample %q has no score for %s: another bundle scored it (%s %s)", score.ID, name, score.Bundle, score.BundleVersion)
		}
		c.Scores[i] = value
	}
	return c, nil
}
