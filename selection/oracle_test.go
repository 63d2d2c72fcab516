package selection

import (
	"bytes"
	"cmp"
	"math/big"
	"math/bits"
	"slices"
	"strings"
)

// oracle is the method written down as it is defined, with everything sorted
// and counted afresh at each pick: slow, and plain to check by eye.
type oracle struct {
	policy  Policy
	names   []string // the bundle's
	earlier []Candidate
	carried int

	samples         []Candidate // in the running
	budget, left    int
	round           int
	taken, passed   map[string]bool
	closed          map[string]bool // "style x", …
	samplesOf       map[string]int  // chosen, by "style x", …
	spentOf         map[string]int
	picks           []oraclePick
	distinct, same  int
	chosenEarlier   int
	missedMinimums  int
	filtered, aside int
}

type oraclePick struct {
	ID, Capability, Style string
	Round, Rank           int
	Cutoff                float32
}

func (o *oracle) judged(records []Candidate) (judged []Candidate) {
	for _, c := range records {
		switch {
		case len(o.policy.Bundles) > 0 && !slices.Contains(o.policy.Bundles, c.Bundle):
			o.aside++
		case !o.policy.Require.isEmpty() && !named(o.policy.Require, c, true), named(o.policy.Exclude, c, false):
			o.filtered++
		default:
			judged = append(judged, c)
		}
	}
	return judged
}

// named tells whether all, or any, of the conditions that are set hold.
func named(f Filter, c Candidate, all bool) bool {
	var holds []bool
	if len(f.Sources) > 0 {
		holds = append(holds, slices.Contains(f.Sources, c.Source))
	}
	if len(f.Styles) > 0 {
		holds = append(holds, slices.ContainsFunc(f.Styles, func(s string) bool { return slices.Contains(c.Styles, s) }))
	}
	for field, values := range f.Metadata {
		value, ok := c.Metadata[field]
		holds = append(holds, ok && slices.Contains(values, value))
	}
	if all {
		return !slices.Contains(holds, false)
	}
	return slices.Contains(holds, true)
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

func sameContent(a, b Candidate) bool { return bytes.Equal(a.ContentHash[:8], b.ContentHash[:8]) }

func (o *oracle) nearlySame(a, b Candidate) bool {
	return a.TextHash != 0 && a.TextHash == b.TextHash &&
		bits.OnesCount64(a.PictureHash^b.PictureHash) <= int(o.policy.Dedup.Distance)
}

// isSame tells whether the policy takes two samples for the same.
func (o *oracle) isSame(a, b Candidate) bool {
	d := o.policy.Dedup
	return d.Content && sameContent(a, b) || d.Near && o.nearlySame(a, b)
}

// stand keeps, of samples that are the same by one rule, the best.
func (o *oracle) stand(samples []Candidate, same func(a, b Candidate) bool) (stand []Candidate) {
	sum := func(c Candidate) (sum float64) {
		for _, s := range o.shares() {
			sum += float64(c.Scores[slices.Index(o.names, s.Name)])
		}
		return sum
	}
	slices.SortFunc(samples, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(sum(b), sum(a)), o.tie(a, b))
	})
	for _, c := range samples {
		if !slices.ContainsFunc(stand, func(s Candidate) bool { return same(s, c) }) {
			stand = append(stand, c)
		}
	}
	return stand
}

func (o *oracle) tie(a, b Candidate) int {
	return cmp.Or(
		cmp.Compare(lot(o.policy.Seed, []byte(a.ID)), lot(o.policy.Seed, []byte(b.ID))),
		bytes.Compare(a.ContentHash[:8], b.ContentHash[:8]),
	)
}

func (o *oracle) shares() []Share {
	if len(o.policy.Capabilities) > 0 {
		return o.policy.Capabilities
	}
	var shares []Share
	for _, name := range o.names {
		shares = append(shares, Share{Name: name, Weight: Decimal{Units: 1}})
	}
	return shares
}

func (o *oracle) cost(c Candidate) int {
	switch {
	case o.policy.Budget.Tokens > 0:
		return max(int(c.Tokens), 1)
	case o.policy.Budget.Bytes > 0:
		return max(int(c.Bytes), 1)
	}
	return 1
}

func part(n int, share Decimal, up bool) int {
	ratio, _ := new(big.Rat).SetString(share.String())
	product := ratio.Mul(ratio, big.NewRat(int64(n), 1))
	num := product.Num()
	if up {
		num = new(big.Int).Add(num, new(big.Int).Sub(product.Denom(), big.NewInt(1)))
	}
	return int(new(big.Int).Div(num, product.Denom()).Int64())
}

// choose leaves the window's picks in o.picks.
func (o *oracle) choose(records []Candidate) {
	o.taken, o.passed, o.closed = make(map[string]bool), make(map[string]bool), make(map[string]bool)
	o.samplesOf, o.spentOf = make(map[string]int), make(map[string]int)
	all := standing(o.judged(records))
	o.distinct = len(all)
	all = slices.DeleteFunc(all, func(c Candidate) bool {
		return slices.ContainsFunc(o.earlier, func(e Candidate) bool { return e.ID == c.ID || o.isSame(e, c) })
	})
	o.chosenEarlier = o.distinct - len(all)
	o.samples = all
	if o.policy.Dedup.Content {
		o.samples = o.stand(o.samples, sameContent)
	}
	if o.policy.Dedup.Near {
		o.samples = o.stand(o.samples, o.nearlySame)
	}
	o.same = len(all) - len(o.samples)
	b := o.policy.Budget
	switch {
	case b.byCost():
		o.budget = int(b.Tokens + b.Bytes)
	case b.Count > 0:
		o.budget = int(b.Count)
	default:
		o.budget = part(o.distinct, b.Ratio, false)
	}
	o.budget += o.carried
	o.left = o.budget
	for _, l := range o.minimums() {
		want, have, byCost := o.minimum(l)
		shares := o.shares()
		if l.Of == ofCapability {
			shares = slices.DeleteFunc(slices.Clone(shares), func(s Share) bool { return s.Name != l.Name })
		}
		o.play(shares, max(want-have, 0), byCost && b.byCost(), func(c Candidate, capability, style string) bool {
			return l.Of == ofCapability && capability == l.Name ||
				l.Of == ofStyle && o.styleOf(c, style) == l.Name || l.Of == ofSource && c.Source == l.Name
		})
	}
	o.play(o.shares(), o.left, b.byCost(), func(Candidate, string, string) bool { return true })
	for _, l := range o.minimums() {
		if want, have, _ := o.minimum(l); have < want {
			o.missedMinimums++
		}
	}
	o.rank()
}

func (o *oracle) minimums() (limits []Limit) {
	for _, of := range []string{ofCapability, ofStyle, ofSource} {
		var some []Limit
		for _, l := range o.policy.Limits {
			if l.Of == of && !l.Min.isZero() {
				some = append(some, l)
			}
		}
		slices.SortFunc(some, func(a, b Limit) int { return strings.Compare(a.Name, b.Name) })
		limits = append(limits, some...)
	}
	return limits
}

func (o *oracle) minimum(l Limit) (want, have int, byCost bool) {
	name := l.Of + " " + l.Name
	if l.Min.Share.IsZero() {
		return int(l.Min.Count), o.samplesOf[name], false
	}
	return part(o.budget, l.Min.Share, true), o.spentOf[name], true
}

// play runs rounds among what counts.
func (o *oracle) play(shares []Share, want int, byCost bool, counts func(c Candidate, capability, style string) bool) {
	for want > 0 && o.left > 0 && len(shares) > 0 {
		o.round++
		total := new(big.Rat)
		for _, s := range shares {
			total.Add(total, weightOf(s))
		}
		atStart, chosen := want, len(o.picks)
		var still []Share
		for _, s := range shares {
			bins := o.bins(s.Name, func(c Candidate, style string) bool { return counts(c, s.Name, style) && o.available(c, style) })
			if len(bins) == 0 || o.closed["capability "+s.Name] {
				continue
			}
			still = append(still, s)
			share := new(big.Rat).Mul(big.NewRat(int64(atStart), 1), new(big.Rat).Quo(weightOf(s), total))
			quota := int(new(big.Int).Div(share.Num(), share.Denom()).Int64())
			quota = min(max(quota, 1), want)
			want -= min(o.turn(bins, s.Name, quota, byCost), want)
		}
		shares = still
		if len(o.picks) == chosen {
			o.round--
		}
	}
}

func weightOf(s Share) *big.Rat {
	r, _ := new(big.Rat).SetString(s.Weight.String())
	return r
}

// available tells whether a candidate can still be taken from a bin.
func (o *oracle) available(c Candidate, style string) bool {
	return !o.taken[c.ID] && !o.passed[c.ID] && !o.closed["source "+c.Source] && !o.closed["style "+o.styleOf(c, style)]
}

// styleOf is the style that a pick counts for.
func (o *oracle) styleOf(c Candidate, binStyle string) string {
	if slices.Contains(o.policy.Bins.keys(), "style") {
		return binStyle
	}
	return c.Styles[0]
}

// oracleBin is a bin in its total order.
type oracleBin struct {
	name, style string
	candidates  []Candidate
}

// bins lays the capability's candidates into bins, by name.
func (o *oracle) bins(capability string, keep func(c Candidate, style string) bool) []oracleBin {
	column := slices.Index(o.names, capability)
	byName := make(map[string]*oracleBin)
	place := make(map[string]map[string]int)
	for _, c := range o.samples {
		if c.Scores[column] <= o.policy.threshold(capability) {
			continue
		}
		styles := c.Styles
		if !slices.Contains(o.policy.Bins.keys(), "style") {
			styles = styles[:1]
		}
		for at, style := range styles {
			if !keep(c, style) {
				continue
			}
			var parts []string
			for _, k := range o.policy.Bins.keys() {
				switch k {
				case "style":
					parts = append(parts, style)
				case "source":
					parts = append(parts, c.Source)
				default:
					parts = append(parts, c.Metadata[strings.TrimPrefix(k, metadataPrefix)])
				}
			}
			name := strings.Join(parts, "+")
			if byName[name] == nil {
				byName[name] = &oracleBin{name: name}
				if slices.Contains(o.policy.Bins.keys(), "style") {
					byName[name].style = style
				}
				place[name] = make(map[string]int)
			}
			place[name][c.ID] = at
			byName[name].candidates = append(byName[name].candidates, c)
		}
	}
	var bins []oracleBin
	for name, bin := range byName {
		slices.SortFunc(bin.candidates, func(a, b Candidate) int {
			return cmp.Or(
				cmp.Compare(place[name][a.ID], place[name][b.ID]),
				cmp.Compare(b.Scores[column], a.Scores[column]),
				o.tie(a, b),
			)
		})
		bins = append(bins, *bin)
	}
	slices.SortFunc(bins, func(a, b oracleBin) int {
		return cmp.Or(cmp.Compare(len(a.candidates), len(b.candidates)), cmp.Compare(a.name, b.name))
	})
	return bins
}

func (o *oracle) turn(bins []oracleBin, capability string, quota int, byCost bool) (took int) {
	part := max(quota/len(bins), 1)
	debt := 0
	for _, bin := range bins {
		allowed, spent := part+debt, 0
		for spent < allowed && took < quota && o.left > 0 && !o.closed["capability "+capability] {
			at := slices.IndexFunc(bin.candidates, func(c Candidate) bool {
				style := bin.style
				if style == "" {
					style = c.Styles[0]
				}
				return o.available(c, style)
			})
			if at < 0 {
				break
			}
			c := bin.candidates[at]
			cost := o.cost(c)
			if cost > o.left {
				o.passed[c.ID] = true
				continue
			}
			style := o.styleOf(c, bin.style)
			of := []string{"capability " + capability, "style " + style, "source " + c.Source}
			if full := slices.IndexFunc(of, func(name string) bool { return o.full(name, cost) }); full >= 0 {
				o.closed[of[full]] = true
				continue
			}
			for _, name := range of {
				o.samplesOf[name]++
				o.spentOf[name] += cost
			}
			o.taken[c.ID] = true
			o.left -= cost
			o.picks = append(o.picks, oraclePick{ID: c.ID, Capability: capability, Style: style, Round: o.round})
			if !byCost {
				cost = 1
			}
			spent += cost
			took += cost
		}
		debt = max(allowed-spent, 0)
	}
	return took
}

// full tells whether one more pick of a cost would be above the maximum.
func (o *oracle) full(name string, cost int) bool {
	of, value, _ := strings.Cut(name, " ")
	at := slices.IndexFunc(o.policy.Limits, func(l Limit) bool { return l.Of == of && l.Name == value })
	if at < 0 {
		at = slices.IndexFunc(o.policy.Limits, func(l Limit) bool { return l.Of == of && l.Name == Others })
	}
	if at < 0 || o.policy.Limits[at].Max == nil {
		return false
	}
	m := *o.policy.Limits[at].Max
	if m.Share.IsZero() {
		return o.samplesOf[name]+1 > int(m.Count)
	}
	return o.spentOf[name]+cost > part(o.budget, m.Share, false)
}

// rank gives the picks their ranks and cutoffs, which are by the whole window.
func (o *oracle) rank() {
	type key struct{ capability, bin string }
	cutoffs := make(map[key]float32)
	keys := make([]key, len(o.picks))
	for i, p := range o.picks {
		for _, bin := range o.bins(p.Capability, func(Candidate, string) bool { return true }) {
			at := slices.IndexFunc(bin.candidates, func(c Candidate) bool { return c.ID == p.ID })
			if at < 0 || bin.style != "" && bin.style != p.Style {
				continue
			}
			keys[i] = key{p.Capability, bin.name}
			o.picks[i].Rank = at + 1
			cutoffs[keys[i]] = bin.candidates[at].Scores[slices.Index(o.names, p.Capability)]
		}
	}
	for i := range o.picks {
		o.picks[i].Cutoff = cutoffs[keys[i]]
	}
}

// control is the k ids with the smallest lots.
func (o *oracle) control(k int) (ids []string) {
	for _, c := range o.samples {
		ids = append(ids, c.ID)
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Compare(lot(o.policy.Seed+controlSalt, []byte(a)), lot(o.policy.Seed+controlSalt, []byte(b)))
	})
	return ids[:k]
}
