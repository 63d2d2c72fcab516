package synth

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// timetable lists the stops of one train.
type timetable struct {
	train  string
	stops  []string
	leaves []int // minutes after midnight
	tracks []int
}

func newTimetable(r *rand.Rand) subject {
	t := &timetable{train: fmt.Sprintf("%s %d", pick(r, []string{"Express", "Local", "Night train", "Coast line"}), between(r, 10, 99))}
	names := []string{"Ashford", "Brook", "Castle Hill", "Dover", "Elm Park", "Fairview", "Grange", "Holt"}
	at := 5 * between(r, 72, 200)
	for _, s := range shuffled(r, names, between(r, 4, 6)) {
		t.stops = append(t.stops, s)
		t.leaves = append(t.leaves, at)
		t.tracks = append(t.tracks, between(r, 1, 9))
		at += between(r, 6, 38)
	}
	return t
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func (t *timetable) size() (int, int) { return 300, 96 + 26*len(t.stops) }

func (t *timetable) row(i int) box { y := 78 + 26*float64(i); return box{14, y, 286, y + 26} }

func (t *timetable) draw(c *canvas) {
	c.clear(rgb(0xFFFFFF))
	c.rect(rgb(0x1F3A5F), 0, 0, 300, 44)
	c.text(title, rgb(0xFFFFFF), left, 14, 29, t.train)
	for _, h := range []struct {
		x    float64
		a    align
		name string
	}{{20, left, "Stop"}, {200, right, "Leaves"}, {280, right, "Track"}} {
		c.text(small, faded(), h.a, h.x, 68, h.name)
	}
	for i, stop := range t.stops {
		b := t.row(i)
		if i%2 == 0 {
			c.rect(rgb(0xEDF1F6), b.x0, b.y0, b.x1-b.x0, b.y1-b.y0)
		}
		c.text(body, ink(), left, 20, b.y0+18, stop)
		c.text(mono, ink(), right, 200, b.y0+18, clock(t.leaves[i]))
		c.text(mono, ink(), right, 280, b.y0+18, strconv.Itoa(t.tracks[i]))
	}
}

func (t *timetable) facts(r *rand.Rand) []fact {
	n := len(t.stops)
	i := r.IntN(n)
	a := r.IntN(n - 1)
	b := a + 1 + r.IntN(n-1-a)
	took := t.leaves[b] - t.leaves[a]
	return []fact{
		{topic: "leaves", question: "When does the train leave " + t.stops[i] + "?", claim: "Does the train leave " + t.stops[i] + " at %s?",
			answer: clock(t.leaves[i]), others: []string{clock(t.leaves[i] + 5), clock(t.leaves[i] + 10), clock(t.leaves[i] - 7)}},
		{topic: "track", question: "From which track does the train leave " + t.stops[i] + "?", claim: "Does the train leave " + t.stops[i] + " from track %s?",
			answer: strconv.Itoa(t.tracks[i]), others: near(r, t.tracks[i])},
		{topic: "last", question: "Which is the last stop on the list?", claim: "Is %s the last stop on the list?",
			answer: t.stops[n-1], others: without(t.stops, t.stops[n-1])},
		{topic: "stops", question: "How many stops does the list have?", claim: "Does the list have exactly %s stops?",
			answer: strconv.Itoa(n), others: near(r, n), steps: "The stops are " + listing(t.stops) + "."},
		{topic: "took", question: fmt.Sprintf("How many minutes lie between leaving %s and leaving %s?", t.stops[a], t.stops[b]),
			claim:  fmt.Sprintf("Do exactly %%s minutes lie between leaving %s and leaving %s?", t.stops[a], t.stops[b]),
			answer: strconv.Itoa(took), others: near(r, took),
			steps: fmt.Sprintf("The train leaves %s at %s and %s at %s. From %s to %s it is %d minutes.",
				t.stops[a], clock(t.leaves[a]), t.stops[b], clock(t.leaves[b]), clock(t.leaves[a]), clock(t.leaves[b]), took)},
	}
}

func (t *timetable) spots() []spot {
	var out []spot
	for i, stop := range t.stops {
		out = append(out, spot{"the row of " + stop, t.row(i)})
	}
	return out
}

func (t *timetable) quantities() []quantity {
	n := len(t.stops)
	return []quantity{{"number of stops", n}, {"time from the first to the last stop in minutes", t.leaves[n-1] - t.leaves[0]}}
}

func (t *timetable) account() []string {
	n := len(t.stops)
	out := []string{fmt.Sprintf("A timetable of the %s with %d stops, from %s to %s.", t.train, n, t.stops[0], t.stops[n-1])}
	for i, stop := range t.stops {
		out = append(out, fmt.Sprintf("It leaves %s at %s from track %d.", stop, clock(t.leaves[i]), t.tracks[i]))
	}
	return append(out, fmt.Sprintf("From the first to the last stop it takes %d minutes.", t.leaves[n-1]-t.leaves[0]))
}

func (t *timetable) fields() []field {
	out := []field{{"train", t.train}}
	for i, stop := range t.stops {
		out = append(out, field{strings.ToLower(strings.ReplaceAll(stop, " ", "_")), clock(t.leaves[i])})
	}
	return out
}
