package compare

import (
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"

	"cream/stream/explain"
	"cream/stream/folder"
)

// Shown is a sample that only one side chose, as the page shows it.
type Shown struct {
	folder.Decision
	// Elsewhere says what the other side made of it.
	Elsewhere string
	Question  string
	Answer    string
	Pictures  []Picture
	Missing   string // why there is no conversation, or no picture
}

// Shown returns samples that only one side chose, at most so many of each,
// spread over what they were chosen for.
func (r *Result) Shown(limit int) (onlyA, onlyB []*Shown) {
	return spread(r.onlyA, limit), spread(r.onlyB, limit)
}

// spread takes, in turn, the best of every capability and style, and puts what
// it took in the order of these.
func spread(all []folder.Decision, limit int) []*Shown {
	type group struct{ capability, style string }
	groups := make(map[group][]folder.Decision)
	var order []group
	for _, d := range all {
		g := group{d.Capability, d.Style}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], d)
	}
	for _, g := range groups {
		slices.SortStableFunc(g, func(a, b folder.Decision) int { return cmp.Compare(b.Score, a.Score) })
	}
	var taken []*Shown
	for round := 0; len(taken) < min(limit, len(all)); round++ {
		for _, g := range order {
			if round < len(groups[g]) && len(taken) < limit {
				taken = append(taken, &Shown{Decision: groups[g][round]})
			}
		}
	}
	slices.SortStableFunc(taken, func(a, b *Shown) int {
		return cmp.Or(cmp.Compare(a.Capability, b.Capability), cmp.Compare(a.Style, b.Style), cmp.Compare(b.Score, a.Score))
	})
	return taken
}

// ids lists the ids of samples.
func ids(shown []*Shown) (all []string) {
	for _, s := range shown {
		all = append(all, s.ID)
	}
	return all
}

// explainBy says of each sample what the other side made of it. explained
// returns the other side's accounts.
func explainBy(shown []*Shown, input map[uint64]bool, explained func(ids []string) (*explain.Report, error)) error {
	var known []*Shown
	for _, s := range shown {
		if input[xxhash.Sum64String(s.ID)] {
			known = append(known, s)
		} else {
			s.Elsewhere = "not in the input"
		}
	}
	if len(known) == 0 {
		return nil
	}
	report, err := explained(ids(known))
	if err != nil {
		return err
	}
	for i := range report.Accounts {
		known[i].Elsewhere = report.Accounts[i].Brief()
	}
	return nil
}
