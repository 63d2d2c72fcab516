package synth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// town is a map: streets in a grid, and places at its crossings. North is up.
type town struct {
	river  int // the row of blocks that it runs through
	places []place
}

type place struct {
	name     string
	col, row int
	paint    paint
}

// A map has so many crossings each way, so far apart in pixels.
const (
	townCols, townRows = 5, 4
	townStep           = 58.0
	townLeft, townTop  = 40.0, 42.0
)

func placeNames() []string {
	return []string{"Bakery", "School", "Museum", "Station", "Market", "Library", "Hospital", "Theatre", "Café", "Church"}
}

func newTown(r *rand.Rand) subject {
	t := &town{river: r.IntN(townRows - 1)}
	crossings := r.Perm(townCols * townRows)
	for i, name := range shuffled(r, placeNames(), between(r, 4, 6)) {
		t.places = append(t.places, place{name, crossings[i] % townCols, crossings[i] / townCols, paints()[i]})
	}
	return t
}

func (p place) at() (x, y float64) {
	return townLeft + townStep*float64(p.col), townTop + townStep*float64(p.row)
}

func (p place) the() string { return "the " + p.name }

func (t *town) size() (int, int) { return 320, 260 }

func (t *town) draw(c *canvas) {
	c.clear(rgb(0xE9EDDF))
	y := townTop + townStep*(float64(t.river)+.5)
	c.rect(rgb(0xA9D3EE), 0, y-10, 320, 20)
	c.text(small, rgb(0x2D6E97), left, 4, y+4, "River")
	for row := range townRows {
		c.rect(rgb(0xFFFFFF), 0, townTop+townStep*float64(row)-5, 320, 10)
	}
	for col := range townCols {
		c.rect(rgb(0xFFFFFF), townLeft+townStep*float64(col)-5, 0, 10, 260)
	}
	for _, p := range t.places {
		x, y := p.at()
		c.circle(rgb(0xFFFFFF), x, y, 11)
		c.circle(p.paint.rgb, x, y, 9)
		c.circle(rgb(0xFFFFFF), x, y, 3)
		width := 7.2 * float64(len(p.name))
		c.rect(rgb(0xFFFFFF), x-width/2-2, y+12, width+4, 15)
		c.text(small, ink(), middle, x, y+23, p.name)
	}
	c.polygon(ink(), point{304, 6}, point{310, 22}, point{304, 18}, point{298, 22})
	c.text(strong, ink(), middle, 304, 36, "N")
}

// direction names where one place lies as seen from another.
func direction(from, to place) string {
	vertical, horizontal := "", ""
	switch {
	case to.row < from.row:
		vertical = "north"
	case to.row > from.row:
		vertical = "south"
	}
	switch {
	case to.col < from.col:
		horizontal = "west"
	case to.col > from.col:
		horizontal = "east"
	}
	if vertical != "" && horizontal != "" {
		return vertical + "-" + horizontal
	}
	return vertical + horizontal
}

func blocks(a, b place) int { return abs(a.col-b.col) + abs(a.row-b.row) }

func abs(n int) int { return max(n, -n) }

// way describes the walk from one place to another: along the row first.
func way(from, to place) string {
	var legs []string
	leg := func(n int, positive, negative string) {
		if n != 0 {
			if n < 0 {
				n, positive = -n, negative
			}
			legs = append(legs, fmt.Sprintf("%d %s %s", n, plural("block", n), positive))
		}
	}
	leg(to.col-from.col, "east", "west")
	leg(to.row-from.row, "south", "north")
	return strings.Join(legs, " and ")
}

func (t *town) facts(r *rand.Rand) []fact {
	two := shuffled(r, t.places, 2)
	a, b := two[0], two[1]
	n := blocks(a, b)
	compass := []string{"north", "south", "east", "west", "north-east", "north-west", "south-east", "south-west"}
	toward := direction(a, b)
	facts := []fact{
		{topic: "blocks", question: fmt.Sprintf("How many blocks is it to walk from %s to %s along the streets?", a.the(), b.the()),
			claim:  fmt.Sprintf("Is the walk from %s to %s along the streets %%s blocks long?", a.the(), b.the()),
			answer: strconv.Itoa(n), others: near(r, n),
			steps: fmt.Sprintf("From %s one walks %s to reach %s. Together that makes %d.", a.the(), way(a, b), b.the(), n)},
		{topic: "direction", question: fmt.Sprintf("In which direction from %s does %s lie?", a.the(), b.the()),
			claim:  fmt.Sprintf("Does %s lie %%s of %s?", b.the(), a.the()),
			answer: toward, others: shuffled(r, without(compass, toward), 3),
			steps: fmt.Sprintf("North is up on the map. From %s one walks %s to reach %s.", a.the(), way(a, b), b.the())},
		{topic: "places", question: "How many places are marked on the map?", claim: "Is the number of places marked on the map %s?",
			answer: strconv.Itoa(len(t.places)), others: near(r, len(t.places)), steps: "The marks are " + listing(t.names()) + "."},
		{topic: "colour", question: "Which colour is the mark of " + a.the() + "?", claim: "Is the mark of " + a.the() + " %s?",
			answer: a.paint.name, others: shuffled(r, without(paintNames(), a.paint.name), 3)},
	}
	if nearest, ok := t.nearest(a); ok {
		facts = append(facts, fact{topic: "nearest", question: "Which place is nearest to " + a.the() + ", in blocks along the streets?",
			claim: "Is the %s the place nearest to " + a.the() + "?", answer: nearest.name,
			others: without(without(t.names(), a.name), nearest.name), steps: t.distances(a)})
	}
	return facts
}

// nearest returns the place nearest to another, if no two are equally near.
func (t *town) nearest(from place) (place, bool) {
	var rest []place
	for _, p := range t.places {
		if p != from {
			rest = append(rest, p)
		}
	}
	slices.SortStableFunc(rest, func(a, b place) int { return blocks(from, a) - blocks(from, b) })
	return rest[0], blocks(from, rest[0]) < blocks(from, rest[1])
}

func (t *town) distances(from place) string {
	var out []string
	for _, p := range t.places {
		if p != from {
			out = append(out, fmt.Sprintf("%d to %s", blocks(from, p), p.the()))
		}
	}
	return fmt.Sprintf("Counted in blocks from %s, it is %s.", from.the(), listing(out))
}

func (t *town) names() []string {
	var out []string
	for _, p := range t.places {
		out = append(out, p.name)
	}
	return out
}

func (t *town) spots() []spot {
	var out []spot
	for _, p := range t.places {
		x, y := p.at()
		out = append(out, spot{"the round mark of " + p.the(), box{x - 11, y - 11, x + 11, y + 11}})
	}
	return out
}

func (t *town) quantities() []quantity {
	return []quantity{{"number of marked places", len(t.places)}, {"number of places north of the river", t.northern()}}
}

func (t *town) northern() int {
	n := 0
	for _, p := range t.places {
		if p.row <= t.river {
			n++
		}
	}
	return n
}

func (t *town) account() []string {
	out := []string{fmt.Sprintf("A town map with a grid of streets, a river and %d marked places: %s.", len(t.places), listing(t.names()))}
	first := t.places[0]
	for _, p := range t.places[1:] {
		out = append(out, fmt.Sprintf("%s lies %s of %s, %d %s away.", capital(p.the()), direction(first, p), first.the(), blocks(first, p), plural("block", blocks(first, p))))
	}
	return append(out, "The river runs from west to east, and an arrow in the upper right corner shows that north is up.")
}

func (t *town) fields() []field {
	out := []field{{"north_is", "up"}, {"places", strconv.Itoa(len(t.places))}}
	for _, p := range t.places {
		out = append(out, field{strings.ToLower(p.name), fmt.Sprintf("column %d, row %d", p.col+1, p.row+1)})
	}
	return out
}
