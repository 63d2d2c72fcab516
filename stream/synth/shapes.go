package synth

import (
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// paint is a colour with the name that people give it.
type paint struct {
	name string
	rgb  color.RGBA
}

func paints() []paint {
	return []paint{
		{"red", rgb(0xD6322E)}, {"blue", rgb(0x2B62C9)}, {"green", rgb(0x2E9B4F)}, {"yellow", rgb(0xF2C31B)},
		{"orange", rgb(0xF0802A)}, {"purple", rgb(0x8443B5)}, {"pink", rgb(0xEE7FB4)}, {"black", rgb(0x26262B)},
	}
}

func paintNames() []string {
	var out []string
	for _, p := range paints() {
		out = append(out, p.name)
	}
	return out
}

func shapeKinds() []string {
	return []string{"circle", "square", "triangle", "star", "diamond", "hexagon", "cross"}
}

// shape is a figure in a colour; no two in a picture are of one kind and colour.
type shape struct {
	kind   string
	paint  paint
	x, y   float64 // centre
	radius float64
}

func (s shape) name() string { return "the " + s.paint.name + " " + s.kind }

func (s shape) box() box { return box{s.x - s.radius, s.y - s.radius, s.x + s.radius, s.y + s.radius} }

// shapes are figures on a plain ground.
type shapes struct {
	ground color.RGBA
	list   []shape
}

func newShapes(r *rand.Rand) subject {
	s := &shapes{ground: pick(r, []color.RGBA{rgb(0xF6F3EC), rgb(0xE8F0F4), rgb(0xEFE9F4), rgb(0xE9F2E6), rgb(0xDDE0E6)})}
	w, h := s.size()
	wanted := between(r, 4, 8)
	used := make(map[string]bool)
	for tries := 0; len(s.list) < wanted && tries < 200; tries++ {
		radius := float64(between(r, 16, 42))
		next := shape{kind: pick(r, shapeKinds()), paint: pick(r, paints()), radius: radius,
			x: float64(between(r, int(radius)+6, w-int(radius)-6)), y: float64(between(r, int(radius)+6, h-int(radius)-6))}
		clash := func(o shape) bool { return next.box().grown(5).overlaps(o.box()) || next.radius == o.radius }
		if used[next.name()] || slices.ContainsFunc(s.list, clash) {
			continue
		}
		used[next.name()] = true
		s.list = append(s.list, next)
	}
	return s
}

func (s *shapes) size() (int, int) { return 320, 240 }

func (s *shapes) draw(c *canvas) {
	c.clear(s.ground)
	for _, f := range s.list {
		soft := shade(s.ground, 0.87)
		c.polygon(soft, outline(f.kind, f.x+3, f.y+4, f.radius)...)
		c.polygon(shade(f.paint.rgb, 0.7), outline(f.kind, f.x, f.y, f.radius)...)
		c.polygon(f.paint.rgb, outline(f.kind, f.x, f.y, f.radius-2)...)
	}
}

// outline is a figure's path.
func outline(kind string, x, y, radius float64) []point {
	ring := func(n int, turn float64, radii ...float64) []point {
		out := make([]point, n)
		for i := range out {
			a := turn + 2*math.Pi*float64(i)/float64(n)
			d := radius * radii[i%len(radii)]
			out[i] = point{x + d*math.Cos(a), y + d*math.Sin(a)}
		}
		return out
	}
	switch kind {
	case "square":
		return ring(4, math.Pi/4, 1.3)
	case "triangle":
		return ring(3, -math.Pi/2, 1)
	case "star":
		return ring(10, -math.Pi/2, 1, .42)
	case "diamond":
		return ring(4, 0, .72, 1)
	case "hexagon":
		return ring(6, 0, 1)
	case "cross":
		a, b := radius*.9, radius*.33
		return []point{{x - b, y - a}, {x + b, y - a}, {x + b, y - b}, {x + a, y - b}, {x + a, y + b}, {x + b, y + b},
			{x + b, y + a}, {x - b, y + a}, {x - b, y + b}, {x - a, y + b}, {x - a, y - b}, {x - b, y - b}}
	}
	return arc(x, y, radius, radius, 0, 2*math.Pi)
}

func (s *shapes) facts(r *rand.Rand) []fact {
	n := len(s.list)
	leftToRight := slices.Clone(s.list)
	slices.SortFunc(leftToRight, func(a, b shape) int { return int(a.x - b.x) })
	var order []string
	for _, f := range leftToRight {
		order = append(order, f.name())
	}
	one := pick(r, s.list)
	colours := make(map[string]int)
	var names []string
	for _, f := range s.list {
		if colours[f.paint.name]++; colours[f.paint.name] == 1 {
			names = append(names, f.paint.name)
		}
	}
	colour := pick(r, names)
	var ofColour []string
	for _, f := range s.list {
		if f.paint.name == colour {
			ofColour = append(ofColour, f.kind)
		}
	}
	facts := []fact{{
		topic: "count", question: "How many shapes are in the picture?", claim: "Is the number of shapes in the picture %s?",
		answer: strconv.Itoa(n), others: near(r, n),
		steps: "From left to right I see " + listing(order) + ". Counting them gives " + strconv.Itoa(n) + ".",
	}, {
		topic: "count-colour", question: "How many shapes are " + colour + "?", claim: "Is the number of " + colour + " shapes %s?",
		answer: strconv.Itoa(colours[colour]), others: near(r, colours[colour]),
		steps: "There are " + strconv.Itoa(n) + " shapes: " + listing(order) + ". The " + colour + " ones: " + strings.Join(ofColour, ", ") + ".",
	}}
	if s.only(one.kind) {
		facts = append(facts, fact{
			topic: "colour", question: "What colour is the " + one.kind + "?", claim: "Is the " + one.kind + " %s?",
			answer: one.paint.name, others: shuffled(r, without(paintNames(), one.paint.name), 3),
		})
	}
	largest := s.largest()
	if s.only(largest.kind) {
		facts = append(facts, fact{
			topic: "largest", question: "Which kind of shape is the largest?", claim: "Is the %s the largest shape?",
			answer: largest.kind, others: shuffled(r, without(shapeKinds(), largest.kind), 3),
		})
	}
	a, b := leftToRight[0], leftToRight[n-1]
	return append(facts, fact{
		topic: "leftmost", question: "Which shape is the furthest to the left: " + pairing(r, a.name(), b.name()) + "?",
		claim: "Is %s the shape furthest to the left?", answer: a.name(), others: []string{b.name()},
		steps: fmt.Sprintf("The centre of %s is at %.0f %% of the picture's width, that of %s at %.0f %%. The smaller number is further to the left.",
			a.name(), a.x/3.2, b.name(), b.x/3.2),
	})
}

func (s *shapes) only(kind string) bool {
	n := 0
	for _, f := range s.list {
		if f.kind == kind {
			n++
		}
	}
	return n == 1
}

func (s *shapes) largest() shape {
	return slices.MaxFunc(s.list, func(a, b shape) int { return int(a.radius - b.radius) })
}

func (s *shapes) spots() []spot {
	var out []spot
	for _, f := range s.list {
		b := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
		for _, p := range outline(f.kind, f.x, f.y, f.radius) {
			b = box{min(b.x0, p.x), min(b.y0, p.y), max(b.x1, p.x), max(b.y1, p.y)}
		}
		out = append(out, spot{f.name(), b})
	}
	return out
}

func (s *shapes) quantities() []quantity {
	out := []quantity{{"number of shapes", len(s.list)}}
	for _, colour := range []string{"red", "blue", "green"} {
		n := 0
		for _, f := range s.list {
			if f.paint.name == colour {
				n++
			}
		}
		out = append(out, quantity{"number of " + colour + " shapes", n})
	}
	return out
}

func (s *shapes) account() []string {
	var names []string
	for _, f := range s.list {
		names = append(names, article(f.paint.name+" "+f.kind))
	}
	out := []string{fmt.Sprintf("%d shapes on a plain ground: %s.", len(s.list), listing(names))}
	for _, f := range s.list {
		out = append(out, fmt.Sprintf("%s is in the %s part of the picture.", capital(f.name()), region(f.x/320, f.y/240)))
	}
	return append(out, capital(s.largest().name())+" is the largest of them. No two of the shapes touch.")
}

func (s *shapes) fields() []field {
	out := []field{{"shapes", strconv.Itoa(len(s.list))}, {"largest", s.largest().paint.name + " " + s.largest().kind}}
	for i, f := range s.list[:3] {
		out = append(out, field{fmt.Sprintf("shape_%d", i+1), f.paint.name + " " + f.kind + " (" + region(f.x/320, f.y/240) + ")"})
	}
	return out
}
