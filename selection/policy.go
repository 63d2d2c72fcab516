package selection

import (
	"math"
	"strings"
	"time"
)

// Policy says what is chosen. It is data: two machines with equal policies
// and equal input choose alike, and Version names it in everything written.
type Policy struct {
	// Method is how a window's budget is filled.
	Method Method
	Window Window
	Budget Budget
	// Emission is when picks leave.
	Emission Emission
	// Capabilities are those selected for, in the order in which they take
	// their turns. Empty: all of the bundle's, in its order.
	Capabilities []Share
	// Threshold: a sample is a candidate for a capability only where its
	// score is greater. Scores are float32, and so is this.
	Threshold float32
	// Thresholds has the capabilities that have one of their own.
	Thresholds map[string]float32
	Bins       Bins
	// Limits bound how many are chosen of a style, source or capability.
	Limits []Limit
	// A sample is judged only if Require admits it and Exclude does not name
	// it. Others do not count in any n.
	Require, Exclude Filter
	// Bundles are the bundles, as "name version", whose scores are compared
	// with each other; scores of others are set aside. Empty: any.
	Bundles []string
	Dedup   Dedup
	// Control asks for the uniform random twin of every window's picks.
	Control bool
	// Seed breaks ties between equal scores and draws the control.
	Seed uint64
}

// Window is the part of a Policy about event time.
type Window struct {
	// Size is the length of the tumbling windows, aligned to the Unix epoch,
	// in whole milliseconds. 0 is unset: one window over all time, which only
	// a Close event closes. A stream that does not end wants DefaultSize.
	Size time.Duration
	// Global asks for one reservoir for ever: when a window closes, its
	// candidates join all that came before, and what changed among the best of
	// them all is published.
	Global bool
	// Lateness is how far a record may lag behind the latest event time of
	// its partition and still find its window open.
	Lateness time.Duration
	// Idle is how long a partition may bring nothing before it ceases to
	// hold the watermark back.
	Idle time.Duration
}

// Share is a capability selected for and its part of a round, in proportion
// to the weights of the others.
type Share struct {
	Name   string
	Weight Decimal // above 0, below 1e6, at most 6 places
}

// Bins says what a capability's candidates are laid into bins by: one or
// more of "style", "source" and "metadata.FIELD", joined by "+". A bin's name
// is its values, joined likewise.
type Bins string

// The usual ways of laying out bins.
const (
	ByStyleAndSource Bins = "style+source"
	ByStyle          Bins = "style"
)

const metadataPrefix = "metadata."

// keys returns what the bins are by, in the order of their name.
func (b Bins) keys() []string { return strings.Split(string(b), "+") }

// Method is a way of filling a window's budget. All but MMSSR are baselines,
// to check claims with: they know budgets, filters, dedup and thresholds, and
// neither limits nor the order of capabilities.
type Method string

// The methods.
const (
	// MMSSR is the method: see the package comment.
	MMSSR Method = "mmssr"
	// Random draws uniformly.
	Random Method = "random"
	// StyleRandom draws from one style after the other, uniformly in each. A
	// sample's style is its first.
	StyleRandom Method = "style-random"
	// TopScore takes the highest sums of scores over the capabilities
	// selected for.
	TopScore Method = "top-score"
	// Length takes the longest answers.
	Length Method = "length"
	// ScoreDiversity takes, one by one, the sample with the highest sum of
	// scores divided by one more than the number already taken of its bin.
	ScoreDiversity Method = "score-diversity"
)

// Methods lists them all.
func Methods() []Method {
	return []Method{MMSSR, Random, StyleRandom, TopScore, Length, ScoreDiversity}
}

// Dedup says which samples count as the same, beside those with one id. Of
// such in one window the best stands: the highest sum of scores over the
// capabilities selected for, then as in a bin. One that is the same as a
// sample that a window before chose, within Horizon, is not chosen.
type Dedup struct {
	// Content: samples of the same bytes are the same.
	Content bool
	// Near: samples of the same normalised text are the same where the
	// perceptual hashes of their pictures differ in at most Distance bits.
	Near     bool
	Distance uint8 // 0 to 64
	// Horizon is how long, in event time, what was chosen is remembered, ids
	// included. 0: DefaultHorizon, or ever where the input has an end.
	Horizon time.Duration
}

// The defaults, where they are not the zero value.
const (
	// DefaultSize is the window of a stream without an end. A policy does
	// not imply it: who runs a stream sets it.
	DefaultSize     = 10 * time.Minute
	DefaultLateness = time.Minute
	DefaultIdle     = 30 * time.Second
)

// maxCount bounds Budget.Count; a window cannot hold more candidates.
const maxCount = math.MaxUint32

// DefaultPolicy is what an empty policy.yaml says: 30 % of every window, as
// in the paper's main result, with the window's size unset.
func DefaultPolicy() Policy {
	return Policy{
		Method:   MMSSR,
		Window:   Window{Lateness: DefaultLateness, Idle: DefaultIdle},
		Budget:   Budget{Ratio: Decimal{Units: 3, Places: 1}},
		Emission: OnClose,
		Bins:     ByStyleAndSource,
		Control:  true,
		Seed:     1,
	}
}

// weightPlaces is how many decimal places a weight may have: all are scaled
// to whole numbers of this grain, so that shares are exact.
const weightPlaces = 6

// grains returns the weight in units of 10^-weightPlaces.
func (s Share) grains() uint64 {
	return s.Weight.Units * pow10(weightPlaces-s.Weight.Places)
}
