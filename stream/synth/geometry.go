package synth

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// geometry is a right triangle or a rectangle with its measures.
type geometry struct {
	triangle bool
	a, b, c  int // the legs and the hypotenuse; the sides and the diagonal
	paint    paint
}

func newGeometry(r *rand.Rand) subject {
	t := pick(r, [][3]int{{3, 4, 5}, {5, 12, 13}, {8, 15, 17}, {7, 24, 25}, {20, 21, 29}, {9, 12, 15}, {12, 16, 20}, {15, 20, 25}})
	k := between(r, 1, 3)
	return &geometry{r.IntN(2) == 0, k * t[0], k * t[1], k * t[2], pick(r, paints()[:6])}
}

func (g *geometry) kind() string {
	if g.triangle {
		return "right triangle"
	}
	return "rectangle"
}

func (g *geometry) size() (int, int) { return 320, 240 }

func (g *geometry) figure() box {
	w, h := 190.0, 190*float64(g.a)/float64(g.b)
	if h > 150 {
		w, h = w*150/h, 150
	}
	h = max(h, 50)
	return box{160 - w/2, 112 - h/2, 160 + w/2, 112 + h/2}
}

func (g *geometry) draw(c *canvas) {
	c.clear(rgb(0xFFFFFF))
	for x := 0.0; x < 320; x += 16 {
		c.rect(rgb(0xEEF1F5), x, 0, 1, 240)
		c.rect(rgb(0xEEF1F5), 0, x, 320, 1)
	}
	f := g.figure()
	a, b, corner := point{f.x0, f.y0}, point{f.x1, f.y1}, point{f.x0, f.y1}
	path := []point{a, corner, b}
	if !g.triangle {
		path = append(path, point{f.x1, f.y0})
	}
	c.polygon(shade(g.paint.rgb, 4), path...)
	for i, p := range path {
		c.line(g.paint.rgb, 2.5, p, path[(i+1)%len(path)])
	}
	for _, l := range [][2]point{{{f.x0 + 10, f.y1}, {f.x0 + 10, f.y1 - 10}}, {{f.x0, f.y1 - 10}, {f.x0 + 10, f.y1 - 10}}} {
		c.line(ink(), 1.2, l[0], l[1])
	}
	c.text(strong, ink(), right, f.x0-8, (f.y0+f.y1)/2+5, fmt.Sprintf("%d cm", g.a))
	c.text(strong, ink(), middle, (f.x0+f.x1)/2, f.y1+20, fmt.Sprintf("%d cm", g.b))
	if !g.triangle {
		c.line(faded(), 1.2, a, b)
		c.text(strong, faded(), left, (f.x0+f.x1)/2+8, (f.y0+f.y1)/2-6, "d = ?")
	} else {
		c.text(strong, faded(), left, (f.x0+f.x1)/2+8, (f.y0+f.y1)/2-6, "c = ?")
	}
}

func (g *geometry) area() int {
	if g.triangle {
		return g.a * g.b / 2
	}
	return g.a * g.b
}

func (g *geometry) perimeter() int {
	if g.triangle {
		return g.a + g.b + g.c
	}
	return 2 * (g.a + g.b)
}

func (g *geometry) facts(r *rand.Rand) []fact {
	long, letter := "diagonal d", "d"
	areaSteps := fmt.Sprintf("The area of a rectangle is the product of its sides: %d x %d = %d.", g.a, g.b, g.area())
	aroundSteps := fmt.Sprintf("The perimeter is twice the sum of the sides: 2 x (%d + %d) = %d.", g.a, g.b, g.perimeter())
	pythagoras := fmt.Sprintf("%d² + %d² = %d + %d = %d, and the square root of it is %d.", g.a, g.b, g.a*g.a, g.b*g.b, g.c*g.c, g.c)
	if g.triangle {
		long, letter = "hypotenuse c", "c"
		areaSteps = fmt.Sprintf("The area of a right triangle is half the product of its legs: %d x %d / 2 = %d.", g.a, g.b, g.area())
		aroundSteps = "The third side follows from Pythagoras: " + pythagoras + fmt.Sprintf(" The perimeter is %d + %d + %d = %d.", g.a, g.b, g.c, g.perimeter())
	}
	return []fact{
		{topic: "kind", question: "Which kind of figure is drawn?", claim: "Is the figure a %s?", answer: g.kind(),
			others: without([]string{"right triangle", "rectangle", "circle", "hexagon"}, g.kind())},
		{topic: "area", question: "What is the area of the figure in square centimetres?", claim: "Is the area of the figure %s square centimetres?",
			answer: strconv.Itoa(g.area()), others: near(r, g.area()), steps: areaSteps},
		{topic: "perimeter", question: "What is the perimeter of the figure in centimetres?", claim: "Is the perimeter of the figure %s centimetres?",
			answer: strconv.Itoa(g.perimeter()), others: near(r, g.perimeter()), steps: aroundSteps},
		{topic: "long", question: "How long is the " + long + " in centimetres?", claim: "Is the " + long + " %s centimetres long?",
			answer: strconv.Itoa(g.c), others: near(r, g.c),
			steps: fmt.Sprintf("The sides of %d cm and %d cm meet at a right angle, so that Pythagoras holds for %s: ", g.a, g.b, letter) + pythagoras},
	}
}

func (g *geometry) spots() []spot { return []spot{{"the " + g.kind(), g.figure()}} }

func (g *geometry) quantities() []quantity {
	return []quantity{{"area in square centimetres", g.area()}, {"perimeter in centimetres", g.perimeter()}}
}

func (g *geometry) account() []string {
	long := "its diagonal d is drawn and asked for"
	if g.triangle {
		long = "its hypotenuse c is asked for"
	}
	return []string{
		fmt.Sprintf("%s with sides of %d cm and %d cm on squared paper.", capital(article(g.paint.name+" "+g.kind())), g.a, g.b),
		fmt.Sprintf("The side on the left is marked %d cm and the one at the bottom %d cm.", g.a, g.b),
		"A small square in the lower left corner marks the right angle, and " + long + ".",
		fmt.Sprintf("By Pythagoras it is %d cm long.", g.c),
	}
}

func (g *geometry) fields() []field {
	return []field{{"figure", g.kind()}, {"colour", g.paint.name}, {"left_side", fmt.Sprintf("%d cm", g.a)}, {"bottom_side", fmt.Sprintf("%d cm", g.b)}}
}
