package scoring

import (
	"context"
	"errors"

	"cream/schemas"
)

// Vocabulary names what a scorer rates. Both lists are ordered: a Rating's
// scores follow Capabilities, and the capabilities take their turns in
// selection in this order unless the policy says otherwise.
type Vocabulary struct {
	Model        string // name of the bundle or judge
	Version      string
	Capabilities []string
	Styles       []string
}

// Rating is what a scorer says of one sample.
type Rating struct {
	// Scores holds one value for each of Vocabulary.Capabilities, 0 to 5.
	Scores []float32
	// Styles are names out of Vocabulary.Styles, most probable first, never empty.
	Styles []string
	// PictureHash is a perceptual hash of the sample's pictures (a 64-bit
	// difference hash of each, folded in order); 0 where it has none.
	PictureHash uint64
	// Tokens counts the text tokens of the whole conversation.
	Tokens int64
	// AnswerTokens counts, of Tokens, those of the answers.
	AnswerTokens int64
	// PictureBytes counts the bytes of the encoded pictures.
	PictureBytes int64
}

// Result is a sample's rating, or why it cannot be rated.
type Result struct {
	Rating Rating
	// Err is the sample's own fault (an *InputError): it belongs in
	// dead-letter and will not do better on a second try.
	Err error
}

// Scorer rates samples. It is safe for use by many goroutines at once and
// puts the samples of all of them together into batches.
type Scorer interface {
	Vocabulary() Vocabulary
	// Score returns one Result for each sample, in order. The error is for
	// the scorer's own failure (the device is gone, ctx has ended): none of the
	// samples is at fault, and the call may be repeated.
	Score(ctx context.Context, samples []*schemas.Sample) ([]Result, error)
}

// InputError is a fault of the sample itself.
type InputError struct {
	// Reason is a short, fixed key, fit for a metric's label: "image-missing",
	// "image-undecodable", "image-too-large", "conversation-empty",
	// "score-not-a-number", …
	Reason string
	// Err tells a person what was wrong and where.
	Err error
}

// Error tells a person; the reason is a key of its own.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// ReasonOf returns the reason of an InputError in err's chain, or "invalid".
func ReasonOf(err error) string {
	var in *InputError
	if errors.As(err, &in) {
		return in.Reason
	}
	return "invalid"
}
