package selection

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// rules is a policy applied to a bundle: what every window goes by.
type rules struct {
	policy  Policy
	version string
	columns []int    // for each capability selected for, its place in Candidate.Scores
	names   []string // their names
	weights []uint64 // and their weights, in grains
	// thresholds has each capability's; a score has to be above it.
	thresholds []float32
	bundle     []string
	scores     int // len(Candidate.Scores)
	// What candidates must be kept with, beside their scores.
	keepCost, keepLength, keepNear bool
	fields                         []string // of metadata, that bins are by
	bundles                        map[string]bool
	filtering                      bool // the policy requires or excludes something
	keepAll                        bool // see Options.KeepAll
	few                            uint64
	fewSuffice                     bool // see bounded

	slack       uint64 // leastSlack, and
	compactFrom uint32 // compactFrom, but in tests
	keptPlaces  uint64 // keptPlaces, but in tests
	safety      uint64 // safety, but in tests
}

func newRules(p Policy, bundle []string) (rules, error) {
	r := rules{
		policy: p, version: p.Version(), bundle: bundle, scores: len(bundle),
		keepCost: p.Budget.byCost(), keepLength: p.Method == Length, keepNear: p.Dedup.Near,
		filtering: !p.Require.isEmpty() || !p.Exclude.isEmpty(),
		slack:     leastSlack, compactFrom: compactFrom, keptPlaces: keptPlaces, safety: safety,
	}
	if p.KeepsAll() == "" {
		r.few, r.fewSuffice = p.Budget.fixed(p.Window.Size)
	}
	if len(p.Bundles) > 0 {
		r.bundles = make(map[string]bool)
		for _, b := range p.Bundles {
			r.bundles[b] = true
		}
	}
	for _, k := range p.Bins.keys() {
		if field, ok := strings.CutPrefix(k, metadataPrefix); ok {
			r.fields = append(r.fields, field)
		}
	}
	var errs []error
	if err := p.Validate(); err != nil {
		errs = append(errs, err)
	}
	if len(bundle) == 0 {
		errs = append(errs, errors.New("the bundle names no capabilities"))
	}
	for i, name := range bundle {
		if slices.Contains(bundle[:i], name) {
			errs = append(errs, fmt.Errorf("the bundle names the capability %q twice", name))
		}
	}
	shares := p.Capabilities
	if len(shares) == 0 {
		for _, name := range bundle {
			shares = append(shares, Share{Name: name, Weight: Decimal{Units: 1}})
		}
	}
	for _, s := range shares {
		column := slices.Index(bundle, s.Name)
		if column < 0 {
			errs = append(errs, fmt.Errorf("capabilities: the bundle has no %q%s", s.Name, didYouMean(s.Name, bundle)))
			continue
		}
		r.columns = append(r.columns, column)
		r.names = append(r.names, s.Name)
		r.weights = append(r.weights, s.grains())
		r.thresholds = append(r.thresholds, p.threshold(s.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Thresholds)) {
		if !slices.Contains(bundle, name) {
			errs = append(errs, fmt.Errorf("threshold: the bundle has no %q%s", name, didYouMean(name, bundle)))
		}
	}
	for _, l := range p.Limits {
		if l.Of == ofCapability && l.Name != Others && !slices.Contains(bundle, l.Name) {
			errs = append(errs, fmt.Errorf("limits.capability: the bundle has no %q%s", l.Name, didYouMean(l.Name, bundle)))
		}
	}
	if p.Budget.Rate > 0 && p.Window.Size == 0 {
		errs = append(errs, errors.New("budget.rate without window.size: a rate needs windows of a length, such as 10m"))
	}
	if p.Emission == OnArrival && p.Budget.Ratio.IsZero() && p.Window.Size == 0 {
		errs = append(errs, fmt.Errorf("emission %s without window.size: how much may be spent by when is only known of a ratio or of windows of a length", OnArrival))
	}
	return r, errors.Join(errs...)
}

func (r *rules) fromBundle(bundle string) bool { return r.bundles == nil || r.bundles[bundle] }

// admits tells whether the policy judges the candidate.
func (r *rules) admits(c *Candidate) bool {
	return !r.filtering || (r.policy.Require.admits(c) && !r.policy.Exclude.names(c))
}

// bounded returns the count of a budget that no state beyond the first of each
// bin is needed for: see compact.go.
func (r *rules) bounded() (count uint64, ok bool) {
	return r.few, r.fewSuffice && !r.keepAll
}

// cost returns what a candidate takes of the budget.
func (r *rules) cost(c *Candidate) uint32 {
	switch {
	case !r.keepCost:
		return 1
	case r.policy.Budget.Tokens > 0:
		return uint32(max(c.Tokens, 1))
	}
	return uint32(max(c.Bytes, 1))
}

const (
	maxID        = 1<<16 - 1
	maxPartition = 1<<16 - 1
	maxOffset    = 1<<48 - 1
)

// valid returns why a candidate cannot be used.
func (r *rules) valid(c *Candidate) error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
	}
	switch {
	case c.ID == "" || len(c.ID) > maxID:
		return fault("an id of %d bytes; expected 1 to %d", len(c.ID), maxID)
	case len(c.Styles) == 0:
		return fault("no style; expected at least one")
	case len(c.Scores) != r.scores:
		return fault("%d scores; expected %d, one for each capability of the bundle", len(c.Scores), r.scores)
	case c.EventTime < 0 || c.EventTime > EndOfTime:
		return fault("event time %d ms; expected 0 to %d", c.EventTime, int64(EndOfTime))
	case c.Partition < 0 || c.Partition > maxPartition:
		return fault("partition %d; expected 0 to %d", c.Partition, maxPartition)
	case c.Offset < 0 || c.Offset > maxOffset || c.SampleOffset < 0 || c.SampleOffset > maxOffset:
		return fault("offsets %d and %d; expected 0 to %d", c.Offset, c.SampleOffset, int64(maxOffset))
	}
	if uint64(c.Tokens)|uint64(c.Bytes)|uint64(c.AnswerTokens) > math.MaxUint32 {
		return fault("%d tokens, %d bytes, %d tokens of answers; expected 0 to %d", c.Tokens, c.Bytes, c.AnswerTokens, uint32(math.MaxUint32))
	}
	for _, s := range c.Scores {
		if s-s != 0 {
			return fault("a score of %v; expected a finite number", s)
		}
	}
	return nil
}

// thresholdText says what the threshold is, if it is one for all.
func (r *rules) thresholdText() string {
	if len(r.policy.Thresholds) > 0 {
		return ""
	}
	return fmt.Sprintf(" %v", r.policy.Threshold)
}
