package selection

// Event is what a Machine is stepped with: *Candidate, Withdraw, Change,
// Watermark or Close.
type Event interface{ event() }

// Candidate is a scored sample. The machine keeps nothing of it: the caller
// may use the same Candidate and its slices again.
type Candidate struct {
	ID     string // 1 to 65535 bytes
	Source string
	// Styles are the sample's, most probable first, never empty.
	Styles []string
	// Scores holds one finite number for each of Options.Capabilities.
	Scores []float32
	// ContentHash is the SHA-256 of the sample; only its first 8 bytes are
	// kept and compared.
	ContentHash [32]byte
	// PictureHash is a perceptual hash of the pictures, TextHash one of the
	// normalised text: read where the policy looks for near duplicates.
	PictureHash, TextHash uint64
	// Tokens and Bytes are what the sample costs, AnswerTokens the length of
	// its answers: read where the policy's budget or method is by them. Less
	// than 2^32; a sample that costs nothing counts as 1.
	Tokens, Bytes, AnswerTokens int64
	// Metadata is read for the fields that the policy names.
	Metadata map[string]string
	// Bundle is the name and version of what scored it, with a space between:
	// read where the policy names bundles.
	Bundle    string
	EventTime int64 // ms since the Unix epoch, from 0 to the end of the year 9999
	// Partition and Offset are where the score record lies. The sample lies
	// in the partition of the same number, at SampleOffset. A partition is
	// below 65536, an offset below 2^48.
	Partition    int32
	Offset       int64
	SampleOffset int64
}

// Watermark says that event time has reached Time (ms): the windows that end
// there or before close, in the order of their ends. It does nothing to the
// one window of a policy without a window size.
type Watermark struct{ Time int64 }

// Close says that nothing more is to be expected, the input having ended or
// all partitions being idle: all open windows close, in order.
type Close struct{}

// Withdraw says that a sample must not be used: its open windows let go of it.
// One that comes again with its id, later, is a new one. Partition and Offset
// are those of the record that says so.
type Withdraw struct {
	ID        string
	Partition int32
	Offset    int64
}

func (*Candidate) event() {}
func (Withdraw) event()   {}
func (Change) event()     {}
func (Watermark) event()  {}
func (Close) event()      {}

// Outcome is what became of a Candidate.
type Outcome uint8

// The outcomes. Of Watermark and Close events it is None.
const (
	None Outcome = iota
	// Accepted: it is the first record with its id in its window.
	Accepted
	// Duplicate: its window had a record with its id; one of the two stands.
	Duplicate
	// Late: its window has closed. The record belongs in dead-letter.
	Late
	// Filtered: the policy does not judge it: see Policy.Require and Exclude.
	Filtered
	// Withdrawn: an open window had it, and has let go of it.
	Withdrawn
	// SetAside: a bundle scored it that is not among the policy's.
	SetAside
	// Settled: its window had closed before the restart, and so had the
	// reading of it: there is nothing left to do.
	Settled
)

// Effects is what an event leads to, for the caller to carry out.
type Effects struct {
	Outcome Outcome
	// Taken is the Candidate as a pick, where the policy's emission is on
	// arrival and it was taken.
	Taken *Pick
	// From is, of a Change, the start of the windows from which on it holds.
	From   int64
	Closed []*ClosedWindow // in the order of their ends
}
