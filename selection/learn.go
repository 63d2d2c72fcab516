package selection

import (
	"math"
	"slices"
	"strings"
)

// learnt is what a machine knows of the windows before: for every capability
// and bin, how far into the bin their exact choices reached.
//
// How far is told by a coordinate that does not depend on the scale of the
// scores: the place of the style in the sample's list, from 0, plus the part
// of the capability's recent scores that are higher. What weighs for how long
// is a number of candidates: a horizon of horizonCandidates, or the last window
// where that is larger.
type learnt struct {
	rules   *rules
	columns int
	bins    map[string]int
	known   bool      // some window has been learnt from
	had     []bool    // by bin: some window that was learnt from had it
	cells   []cell    // by bin and capability
	usual   []usual   // likewise: what the cells say
	cutoffs []cutoff  // likewise: and that as scores, at the last refresh
	first   []float32 // likewise: the score to reach in the first place
	row     []float32 // scratch of later
	scores  []recent  // by capability
	size    float64   // candidates of a window, expected

	seen     uint64    // candidates observed
	due      uint64    // seen when the cutoffs are to be refreshed
	sampleAt uint64    // seen when the next scores are to be kept
	draws    []float64 // by bin and capability: see drawFor
	drawnFor int64
	kinds    map[*pack]*laid
	last     *pack // whose kinds were asked for last,
	lastLaid *laid
}

// laid is the numbers of the bins that the kinds of a window lie in: those of
// kind k are bins[start[k]:start[k+1]], by place.
type laid struct{ start, bins []uint32 }

func (l *laid) has(kind uint32) bool    { return int(kind)+1 < len(l.start) }
func (l *laid) of(kind uint32) []uint32 { return l.bins[l.start[kind]:l.start[kind+1]] }

// cell is the decayed sums of what was learnt of a capability and bin.
type cell struct {
	candidates float64 // that the bin had
	served     float64 // those of windows that took from it
	reach      float64 // of these, times the coordinate of the last pick
}

// usual is what a window usually takes of a bin for a capability.
type usual struct {
	part  float64 // of the windows, those that take from it; less than any number: none did
	reach float64 // of these, how far
}

// usual returns what a cell says.
func (c cell) usual() usual {
	if c.served == 0 {
		return usual{part: math.Inf(-1)}
	}
	return usual{part: c.served / c.candidates, reach: c.reach / c.served}
}

// cutoff is what a candidate has to reach: an earlier place, or in this place
// a score not below.
type cutoff struct {
	score float32
	place int32 // -1: nothing reaches it
}

const (
	horizonCandidates = 5_000
	// recentScores is how many scores of each capability are kept.
	recentScores = 1024
	// The controller: cutoffs move by gain times the part of the budget by
	// which the window is behind, less the part that it may be.
	urgency = 5.0
	atRest  = 0.02
	maxMove = 0.6
	squeeze = 5.0
)

func newLearnt(r *rules) *learnt {
	l := &learnt{rules: r, columns: len(r.columns), bins: make(map[string]int), kinds: make(map[*pack]*laid)}
	l.scores = make([]recent, l.columns)
	return l
}

// forget drops what was learnt, and keeps the numbers of the bins.
func (l *learnt) forget() {
	clear(l.cells)
	clear(l.had)
}

// recent is a capability's last scores above the threshold: in the order of
// arrival, and sorted.
type recent struct {
	ring   []float32
	at     int
	sorted []float32
}

func (r *recent) add(score float32) {
	if len(r.ring) < recentScores {
		r.ring = append(r.ring, score)
		i, _ := slices.BinarySearch(r.sorted, score)
		r.sorted = slices.Insert(r.sorted, i, score)
	} else {
		from, _ := slices.BinarySearch(r.sorted, r.ring[r.at])
		to, _ := slices.BinarySearch(r.sorted, score)
		if from < to {
			to--
			copy(r.sorted[from:to], r.sorted[from+1:])
		} else {
			copy(r.sorted[to+1:from+1], r.sorted[to:])
		}
		r.sorted[to], r.ring[r.at] = score, score
		r.at = (r.at + 1) % recentScores
	}
}

// above returns the part of the scores that are higher than one.
func (r *recent) above(score float32) float64 {
	if len(r.sorted) == 0 {
		return 0
	}
	lo, _ := slices.BinarySearch(r.sorted, score)
	hi, _ := slices.BinarySearch(r.sorted, math.Nextafter32(score, math.MaxFloat32))
	return 1 - (float64(lo)+float64(hi))/2/float64(len(r.sorted))
}

// score returns the score that so large a part is above, from 0 to 1.
func (r *recent) score(above float64) float32 {
	x := (1 - above) * float64(len(r.sorted))
	i, up := int(x), 0
	if x-float64(i) >= 0.5 { // math.Round, for what is not negative
		up = 1
	}
	if i += up; i >= len(r.sorted) {
		return math.MaxFloat32
	}
	return r.sorted[i]
}

// observe keeps a candidate's scores, of every so many: those kept are of the
// last horizon, or of one window where that is larger.
func (l *learnt) observe(c *Candidate, inWindow uint32) {
	l.seen++
	if l.seen < l.sampleAt && l.seen > recentScores/4 {
		return
	}
	l.sampleAt = l.seen + uint64(max(horizonCandidates, l.size, float64(inWindow))/recentScores)
	for column, score := range l.rules.columns {
		if s := c.Scores[score]; s > l.rules.thresholds[column] {
			l.scores[column].add(s)
		}
	}
}

// binsOf returns the numbers of the bins that a kind of an open window lies
// in, by place.
func (l *learnt) binsOf(p *pack, kind uint32) []uint32 {
	if l.last != p {
		if l.kinds[p] == nil {
			l.kinds[p] = &laid{start: []uint32{0}}
		}
		l.last, l.lastLaid = p, l.kinds[p]
	}
	for known := l.lastLaid; !known.has(kind); known.start = append(known.start, uint32(len(known.bins))) {
		k := p.kinds.all[len(known.start)-1]
		styles := p.kinds.styleLists[k.list]
		keys := l.rules.policy.Bins.keys()
		if !slices.Contains(keys, "style") {
			styles = styles[:1]
		}
		for _, style := range styles {
			name := strings.Join(p.kinds.parts(bin{style: style, source: k.source, values: k.values}, keys), "\x00")
			n, ok := l.bins[name]
			if !ok {
				n = len(l.bins)
				l.bins[name] = n
				l.had = append(l.had, false)
				l.cells = append(l.cells, make([]cell, l.columns)...)
				for range l.columns {
					l.cutoffs, l.first = append(l.cutoffs, cutoff{place: -1}), append(l.first, outOfReach())
					l.usual = append(l.usual, cell{}.usual())
				}
			}
			known.bins = append(known.bins, uint32(n))
		}
	}
	return l.lastLaid.of(kind)
}

// release lets go of a window that has closed.
func (l *learnt) release(p *pack) {
	delete(l.kinds, p)
	l.last = nil
}

// best returns the capability and the place of the bin for which a candidate
// is furthest above the cutoff; false where it is above none.
func (l *learnt) best(c *Candidate, bins []uint32, w *window) (column, place int, ok bool) {
	most := float32(-math.SmallestNonzeroFloat32) // 0 is enough
	columns, thresholds := l.rules.columns, l.rules.thresholds
	for at, b := range bins {
		cuts := l.first[int(b)*len(columns):][:len(columns)]
		if at > 0 {
			cuts = l.later(b, at)
		}
		for k, from := range columns {
			score := c.Scores[from]
			if margin := score - cuts[k]; margin > most && score > thresholds[k] {
				most, column, place, ok = margin, k, at, true
			}
		}
	}
	if ok || !l.known {
		return column, place, ok
	}
	return l.bestOfNew(c, bins, w)
}

// outOfReach is the score to reach where nothing does.
func outOfReach() float32 { return float32(math.Inf(1)) }

// in returns the score to reach in a place.
func (c cutoff) in(place int) float32 {
	switch {
	case int(c.place) == place:
		return c.score
	case int(c.place) > place:
		return 0 // all are taken
	}
	return outOfReach()
}

// later returns the scores to reach in a place of a bin that is not the first,
// by capability.
func (l *learnt) later(b uint32, place int) []float32 {
	l.row = l.row[:0]
	for _, c := range l.cutoffs[int(b)*l.columns:][:l.columns] {
		l.row = append(l.row, c.in(place))
	}
	return l.row
}

// bestOfNew is best for a bin that no window had: the smallest bins are served
// first, and this is likely to be one. As it proves not to be, it has had its
// part of the budget.
func (l *learnt) bestOfNew(c *Candidate, bins []uint32, w *window) (column, place int, ok bool) {
	for at, b := range bins {
		if l.had[b] {
			continue
		}
		if w.arrived.came(b) > uint64(l.size)/uint64(len(l.bins))/4+1 {
			continue
		}
		for k := range l.columns {
			score := c.Scores[l.rules.columns[k]]
			if score > l.rules.thresholds[k] && (!ok || score > c.Scores[l.rules.columns[column]]) {
				column, place, ok = k, at, true
			}
		}
	}
	return column, place, ok
}

// refreshIfDue works the cutoffs out anew, by the scores of late and by how
// far the window is behind its budget.
func (l *learnt) refreshIfDue(w *window) {
	if !l.known || l.seen < l.due {
		return
	}
	l.due = l.seen + max(32, uint64(len(l.cells)/16))
	total := float64(w.rules.policy.Budget.of(uint64(max(l.size, float64(w.distinct()))), w.rules.policy.Window.Size))
	behind := (float64(w.allowed()) - float64(w.arrived.spent)) / max(total, 1)
	move := behind - atRest
	if move > 0 {
		move *= 1 + urgency*move
	}
	move = min(move, maxMove)
	l.drawFor(w.start)
	ahead, stretch := max(move, 0), 1+min(move*squeeze, 0)
	for first := 0; first < len(l.usual); first += l.columns {
		usual, draws := l.usual[first:][:l.columns], l.draws[first:][:l.columns]
		cutoffs, inFirst := l.cutoffs[first:][:l.columns], l.first[first:][:l.columns]
		for column := range usual {
			reach := ahead
			if draws[column] < usual[column].part+ahead {
				reach += usual[column].reach * stretch
			}
			if reach <= 0 {
				cutoffs[column].place, inFirst[column] = -1, outOfReach()
				continue
			}
			place := int32(reach)
			cutoffs[column] = cutoff{place: place, score: l.scores[column].score(reach - float64(place))}
			inFirst[column] = cutoffs[column].in(0)
		}
	}
}

// drawFor draws a number from 0 to 1 for every cell, the same whenever it is
// for the same window: a bin that only some windows take from is open in some.
func (l *learnt) drawFor(start int64) {
	if l.drawnFor != start {
		l.draws, l.drawnFor = l.draws[:0], start
	}
	window := lot(uint64(start), nil)
	for i := len(l.draws); i < len(l.cells); i++ {
		l.draws = append(l.draws, float64(window^mix(uint64(i)))/math.MaxUint64)
	}
}

// learn takes in how far a choice reached into every bin.
func (l *learnt) learn(ch *chooser) {
	p := ch.pack
	size := float64(p.n)
	decay := math.Exp(-size / horizonCandidates)
	if !l.known {
		l.size = size
	}
	l.size = decay*l.size + (1-decay)*size
	l.known, l.due = true, 0
	l.dropStale()
	for i := range l.cells {
		l.cells[i].candidates *= decay
		l.cells[i].served *= decay
		l.cells[i].reach *= decay
	}
	numbers, places := l.numbersOf(ch)
	cells := len(ch.layout.all) * p.columns
	counts, reach := make([]float64, cells), make([]float64, cells)
	for i, size := range ch.sizes {
		counts[i] = float64(size)
	}
	ranks := make([]uint32, cells)
	for _, k := range ch.picks {
		i := int(k.bin)*p.columns + int(k.capability)
		if k.rank < ranks[i] {
			continue
		}
		ranks[i] = k.rank
		place := slices.Index(ch.layout.of(p.kind(k.candidate)), k.bin)
		reach[i] = float64(place) + l.scores[k.capability].above(p.score(int(k.capability), k.candidate))
		if float64(k.rank) >= counts[i] {
			reach[i] = float64(places[k.bin]) // all of it
		}
	}
	for b, n := range numbers {
		l.had[n] = true
		for column := range p.columns {
			from, to := b*p.columns+column, &l.cells[n*l.columns+column]
			to.candidates += counts[from]
			if ranks[from] > 0 {
				to.served += counts[from]
				to.reach += counts[from] * reach[from]
			}
		}
	}
	for i, c := range l.cells {
		l.usual[i] = c.usual()
	}
}

// dropStale forgets bins that no window of late had, once they are many.
func (l *learnt) dropStale() {
	stale := make([]bool, len(l.had))
	n := 0
	for b := range stale {
		stale[b] = !slices.ContainsFunc(l.cells[b*l.columns:][:l.columns], func(c cell) bool { return c.candidates > leastWeight })
		if stale[b] {
			n++
		}
	}
	if n < 1024 || 2*n < len(stale) {
		return
	}
	names := make([]string, len(l.had)) // in the order of their numbers
	for name, b := range l.bins {
		names[b] = name
	}
	kept := &learnt{bins: make(map[string]int)}
	for b, name := range names {
		if stale[b] {
			continue
		}
		kept.bins[name] = len(kept.had)
		kept.had = append(kept.had, l.had[b])
		kept.cells = append(kept.cells, l.cells[b*l.columns:][:l.columns]...)
		kept.cutoffs = append(kept.cutoffs, l.cutoffs[b*l.columns:][:l.columns]...)
	}
	l.bins, l.had, l.cells, l.cutoffs = kept.bins, kept.had, kept.cells, kept.cutoffs
	clear(l.kinds) // open windows ask for their numbers anew
	l.last = nil
}

// leastWeight is how many candidates, decayed, a bin is worth remembering for.
const leastWeight = 0.01

// numbersOf returns our number of every bin of a choice, and in how many
// places samples list its style.
func (l *learnt) numbersOf(ch *chooser) (numbers, places []int) {
	numbers, places = make([]int, len(ch.layout.all)), make([]int, len(ch.layout.all))
	for kind := range ch.pack.kinds.all {
		ours := l.binsOf(ch.pack, uint32(kind))
		for place, b := range ch.layout.of(uint32(kind)) {
			numbers[b] = int(ours[place])
			places[b] = max(places[b], place+1)
		}
	}
	return numbers, places
}
