package selection

import (
	"bytes"
	"cmp"
	"math/big"
	"slices"
)

// oracle is the method written down as it is defined, with everything sorted
// and counted afresh at each turn: slow, and plain to check by eye.
type oracle struct {
	policy  Policy
	names   []string // the bundle's
	earlier map[string]bool
}

type oraclePick struct {
	ID, Capability, Style string
	Round, Rank           int
	Cutoff                float32
}

// standing returns the record of each id that stands.
func standing(records []Candidate) []Candidate {
	best := make(map[string]Candidate)
	for _, c := range records {
		have, ok := best[c.ID]
		if !ok || cmp.Or(
			bytes.Compare(c.ContentHash[:8], have.ContentHash[:8]),
			cmp.Compare(c.Partition, have.Partition),
			cmp.Compare(c.Offset, have.Offset),
		) < 0 {
			best[c.ID] = c
		}
	}
	var all []Candidate
	for _, c := range best {
		all = append(all, c)
	}
	return all
}

func (o oracle) choose(records []Candidate) (picks []oraclePick, rounds int) {
	samples := standing(records)
	budget := int(o.policy.Budget.Count)
	if budget == 0 {
		ratio, _ := new(big.Rat).SetString(o.policy.Budget.Ratio.String())
		product := ratio.Mul(ratio, big.NewRat(int64(len(samples)), 1))
		budget = int(new(big.Int).Div(product.Num(), product.Denom()).Int64())
	}
	samples = slices.DeleteFunc(samples, func(c Candidate) bool { return o.earlier[c.ID] })
	shares := slices.Clone(o.policy.Capabilities)
	if len(shares) == 0 {
		for _, name := range o.names {
			shares = append(shares, Share{Name: name, Weight: Decimal{Units: 1}})
		}
	}
	taken := make(map[string]bool)
	remaining := budget
	for remaining > 0 && len(shares) > 0 {
		rounds++
		total := new(big.Rat)
		for _, s := range shares {
			total.Add(total, weightOf(s))
		}
		atStart := remaining
		var still []Share
		for _, s := range shares {
			bins := o.bins(samples, s.Name)
			for name, bin := range bins {
				if bin = slices.DeleteFunc(bin, func(c Candidate) bool { return taken[c.ID] }); len(bin) == 0 {
					delete(bins, name)
				} else {
					bins[name] = bin
				}
			}
			if len(bins) == 0 {
				continue
			}
			still = append(still, s)
			part := new(big.Rat).Mul(big.NewRat(int64(atStart), 1), new(big.Rat).Quo(weightOf(s), total))
			quota := int(new(big.Int).Div(part.Num(), part.Denom()).Int64())
			quota = min(max(quota, 1), remaining)
			turn := o.turn(bins, s.Name, quota, taken)
			for _, p := range turn {
				p.Round = rounds
				picks = append(picks, p)
			}
			remaining -= len(turn)
		}
		shares = still
	}
	// Rank and cutoff are by the whole window.
	type key struct{ capability, bin string }
	cutoffs := make(map[key]float32)
	byID := make(map[string]Candidate)
	for _, c := range samples {
		byID[c.ID] = c
	}
	for i, p := range picks {
		k := key{p.Capability, o.binName(byID[p.ID], p.Style)}
		cutoffs[k] = byID[p.ID].Scores[slices.Index(o.names, p.Capability)]
		bin := o.bins(samples, p.Capability)[k.bin]
		picks[i].Rank = 1 + slices.IndexFunc(bin, func(c Candidate) bool { return c.ID == p.ID })
	}
	for i, p := range picks {
		picks[i].Cutoff = cutoffs[key{p.Capability, o.binName(byID[p.ID], p.Style)}]
	}
	return picks, rounds
}

func weightOf(s Share) *big.Rat {
	r, _ := new(big.Rat).SetString(s.Weight.String())
	return r
}

func (o oracle) binName(c Candidate, style string) string {
	if o.policy.Bins == ByStyle {
		return style
	}
	return style + "+" + c.Source
}

// bins lays a capability's candidates into bins, each in its total order.
func (o oracle) bins(samples []Candidate, capability string) map[string][]Candidate {
	column := slices.Index(o.names, capability)
	bins := make(map[string][]Candidate)
	place := make(map[string]map[string]int)
	for _, c := range samples {
		if c.Scores[column] <= o.policy.Threshold {
			continue
		}
		for at, style := range c.Styles {
			name := o.binName(c, style)
			if place[name] == nil {
				place[name] = make(map[string]int)
			}
			place[name][c.ID] = at
			bins[name] = append(bins[name], c)
		}
	}
	for name, bin := range bins {
		slices.SortFunc(bin, func(a, b Candidate) int {
			return cmp.Or(
				cmp.Compare(place[name][a.ID], place[name][b.ID]),
				cmp.Compare(b.Scores[column], a.Scores[column]),
				cmp.Compare(lot(o.policy.Seed, []byte(a.ID)), lot(o.policy.Seed, []byte(b.ID))),
				bytes.Compare(a.ContentHash[:8], b.ContentHash[:8]),
			)
		})
	}
	return bins
}

func (o oracle) turn(bins map[string][]Candidate, capability string, quota int, taken map[string]bool) (picks []oraclePick) {
	var names []string
	for name := range bins {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(bins[a]), len(bins[b])), cmp.Compare(a, b))
	})
	part := max(quota/len(names), 1)
	debt := 0
	for _, name := range names {
		left := slices.DeleteFunc(slices.Clone(bins[name]), func(c Candidate) bool { return taken[c.ID] })
		take := min(part+debt, len(left), quota-len(picks))
		debt = max(part+debt-len(left), 0)
		for _, c := range left[:take] {
			taken[c.ID] = true
			style := name
			if o.policy.Bins == ByStyleAndSource {
				style = name[:len(name)-len("+"+c.Source)]
			}
			picks = append(picks, oraclePick{ID: c.ID, Capability: capability, Style: style})
		}
		if len(picks) == quota {
			break
		}
	}
	return picks
}

// control is the k ids with the smallest lots.
func (o oracle) control(records []Candidate, k int) (ids []string) {
	for _, c := range standing(records) {
		if !o.earlier[c.ID] {
			ids = append(ids, c.ID)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Compare(lot(o.policy.Seed+controlSalt, []byte(a)), lot(o.policy.Seed+controlSalt, []byte(b)))
	})
	return ids[:k]
}
