package selection

import (
	"fmt"
	"math/rand/v2"

	"pgregory.net/rapid"
)

// pool is a random pool and a policy for it.
type pool struct {
	policy  Policy
	names   []string
	records []Candidate
}

func (p pool) options() Options { return Options{Policy: p.policy, Capabilities: p.names} }

// drawPool draws pools rich in what is hard: ties in score, several styles,
// thresholds that leave few candidates, ids given twice with the same or
// another content, budgets near nothing and near all.
func drawPool(t *rapid.T) pool {
	p := pool{policy: DefaultPolicy()}
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "pool"), 0))
	for i := range rapid.IntRange(1, 5).Draw(t, "capabilities") {
		p.names = append(p.names, fmt.Sprintf("c%d", i))
	}
	styles, sources := 1+rng.IntN(5), 1+rng.IntN(4)
	most := 1 + rng.IntN(styles)
	grain := float32(rapid.SampledFrom([]int{1, 2, 1000}).Draw(t, "grain"))
	twice := rapid.SampledFrom([]int{0, 10, 50}).Draw(t, "percent given twice")
	n := rapid.IntRange(0, 200).Draw(t, "n")
	for i := range n {
		id := fmt.Sprint("id-", i)
		if i > 0 && rng.IntN(100) < twice {
			id = p.records[rng.IntN(i)].ID
		}
		c := Candidate{
			ID: id, Source: fmt.Sprint("s", rng.IntN(sources)),
			Partition: int32(rng.IntN(3)), Offset: int64(i), SampleOffset: int64(2 * i),
			EventTime: int64(rng.IntN(5000)),
		}
		for _, s := range rng.Perm(styles)[:1+rng.IntN(most)] {
			c.Styles = append(c.Styles, fmt.Sprint("t", s))
		}
		for range p.names {
			c.Scores = append(c.Scores, max(float32(rng.IntN(int(6*grain)))/grain-1, 0))
		}
		c.ContentHash[0] = byte(rng.IntN(3)) // equal ones too
		p.records = append(p.records, c)
	}
	if rapid.Bool().Draw(t, "by count") {
		p.policy.Budget = Budget{Count: rapid.Uint64Range(1, uint64(n+5)).Draw(t, "count")}
	} else {
		p.policy.Budget = Budget{Ratio: Decimal{Units: rapid.Uint64Range(1, 100).Draw(t, "percent"), Places: 2}}
	}
	p.policy.Threshold = rapid.SampledFrom([]float32{-1, 0, 1.5, 3}).Draw(t, "threshold")
	p.policy.Seed = rapid.Uint64Range(0, 3).Draw(t, "seed")
	if rapid.Bool().Draw(t, "by style") {
		p.policy.Bins = ByStyle
	}
	if rapid.Bool().Draw(t, "weighted") {
		for _, i := range rng.Perm(len(p.names))[:1+rng.IntN(len(p.names))] {
			weight := Decimal{Units: uint64(1 + rng.IntN(40)), Places: uint8(rng.IntN(2))}
			p.policy.Capabilities = append(p.policy.Capabilities, Share{Name: p.names[i], Weight: weight})
		}
	}
	return p
}

// enrich gives a drawn pool what the policies beyond the reference are about:
// limits, costs, filters, other bins, samples that are the same.
func (p *pool) enrich(t *rapid.T) {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "riches"), 0))
	styles, sources := make(map[string]bool), make(map[string]bool)
	for i := range p.records {
		c := &p.records[i]
		c.Tokens, c.Bytes = int64(rng.IntN(30)), int64(rng.IntN(3))
		c.TextHash, c.PictureHash = uint64(rng.IntN(4)), uint64(rng.IntN(8))
		c.Metadata = map[string]string{"language": []string{"en", "de", ""}[rng.IntN(3)]}
		c.Bundle = []string{"one 1", "one 2"}[rng.IntN(8)/7]
		styles[c.Styles[0]], sources[c.Source] = true, true
	}
	draw := func(what string) bool { return rapid.IntRange(0, 2).Draw(t, what) == 0 }
	if draw("by cost") {
		n := rapid.Uint64Range(1, uint64(15*len(p.records)+1)).Draw(t, "cost")
		p.policy.Budget = Budget{Tokens: n}
		if rng.IntN(2) == 0 {
			p.policy.Budget = Budget{Bytes: n/10 + 1}
		}
	}
	p.policy.Bins = rapid.SampledFrom([]Bins{
		ByStyle, ByStyleAndSource, "source", "metadata.language", "metadata.language+style", "source+metadata.language",
	}).Draw(t, "bins")
	if draw("thresholds") {
		p.policy.Thresholds = map[string]float32{"c0": 1}
		p.policy.Capabilities = nil
	}
	p.policy.Dedup = Dedup{Content: draw("by content"), Near: draw("near")}
	if p.policy.Dedup.Near {
		p.policy.Dedup.Distance = uint8(rng.IntN(3))
	}
	if draw("of one bundle") {
		p.policy.Bundles = []string{"one 1"}
	}
	if draw("filters") {
		p.policy.Require = Filter{Metadata: map[string][]string{"language": {"en", "de"}}}
		p.policy.Exclude = Filter{Sources: []string{"s1"}, Styles: []string{"t2"}}
	}
	if !draw("limits") {
		return
	}
	amount := func(low, high int) Amount {
		if rng.IntN(2) == 0 {
			return Amount{Count: uint64(low + rng.IntN(high-low)/2)}
		}
		return Amount{Share: Decimal{Units: uint64(1 + rng.IntN(high)), Places: 2}}
	}
	limit := func(of, name string) {
		l := Limit{Of: of, Name: name}
		if name != Others && rng.IntN(2) == 0 {
			l.Min = amount(1, 30)
		}
		if most := amount(0, 60); name == Others || rng.IntN(2) == 0 && most.Share.IsZero() != l.Min.Share.IsZero() {
			l.Max = &most
		}
		if l.Max != nil || !l.Min.isZero() {
			p.policy.Limits = append(p.policy.Limits, l)
		}
	}
	for _, name := range p.names {
		if len(p.policy.Capabilities) == 0 && rng.IntN(3) == 0 {
			limit(ofCapability, name)
		}
	}
	for _, name := range []string{"t0", "t1", "nothing has it", Others} {
		if rng.IntN(3) == 0 {
			limit(ofStyle, name)
		}
	}
	for _, name := range []string{"s0", "s1", Others} {
		if rng.IntN(3) == 0 {
			limit(ofSource, name)
		}
	}
}
