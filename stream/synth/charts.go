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

// series is what a chart shows: a value for each label, no two of them equal.
type series struct {
	title, unit string
	labels      []string
	values      []int
}

func newSeries(r *rand.Rand, theme chartTheme, n int) series {
	s := series{title: theme.title, unit: theme.unit}
	first := 0
	if theme.ordered {
		first = r.IntN(len(theme.labels) - n + 1)
		s.labels = theme.labels[first : first+n]
	} else {
		s.labels = shuffled(r, theme.labels, n)
	}
	for len(s.values) < n {
		if v := between(r, theme.low, theme.high); !slices.Contains(s.values, v) {
			s.values = append(s.values, v)
		}
	}
	return s
}

type chartTheme struct {
	title, unit string
	labels      []string
	ordered     bool // the labels have an order of their own
	low, high   int
}

func countThemes() []chartTheme {
	return []chartTheme{
		{"Fruit sold on market day", "boxes", []string{"Apples", "Pears", "Plums", "Grapes", "Figs", "Limes"}, false, 12, 95},
		{"Books lent by genre", "books", []string{"Crime", "Poetry", "Travel", "History", "Comics", "Science"}, false, 20, 180},
		{"Members of the clubs", "members", []string{"Chess", "Choir", "Rowing", "Judo", "Drama", "Garden"}, false, 8, 70},
		{"Birds counted at the lake", "birds", []string{"Swans", "Ducks", "Gulls", "Herons", "Coots", "Terns"}, false, 5, 60},
	}
}

func timeThemes() []chartTheme {
	months := []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	return []chartTheme{
		{"Visitors of the museum", "visitors", months, true, 110, 640},
		{"Rain over the year", "mm", months, true, 12, 140},
		{"Bicycles repaired", "bicycles", months, true, 15, 90},
	}
}

func shareThemes() []chartTheme {
	return []chartTheme{
		{"How pupils come to school", "%", []string{"On foot", "By bus", "By bike", "By car", "By train"}, false, 0, 0},
		{"Where the budget goes", "%", []string{"Rent", "Food", "Travel", "Savings", "Leisure"}, false, 0, 0},
		{"Electricity by source", "%", []string{"Wind", "Solar", "Hydro", "Gas", "Nuclear"}, false, 0, 0},
	}
}

func (s series) highest() int { return slices.Index(s.values, slices.Max(s.values)) }
func (s series) lowest() int  { return slices.Index(s.values, slices.Min(s.values)) }

func (s series) total() int {
	sum := 0
	for _, v := range s.values {
		sum += v
	}
	return sum
}

func (s series) with(unit int) string {
	if s.unit == "%" {
		return strconv.Itoa(unit) + " %"
	}
	return strconv.Itoa(unit) + " " + s.unit
}

func (s series) facts(r *rand.Rand) []fact {
	h, l := s.highest(), s.lowest()
	ab := r.Perm(len(s.labels))
	a, b := ab[0], ab[1]
	if s.values[a] < s.values[b] {
		a, b = b, a
	}
	diff := s.values[a] - s.values[b]
	var each []string
	for i, label := range s.labels {
		each = append(each, label+" "+strconv.Itoa(s.values[i]))
	}
	reading := "The chart gives " + listing(each) + "."
	facts := []fact{{
		topic: "highest", question: "Which category has the highest value in the chart?", claim: "Does %s have the highest value in the chart?",
		answer: s.labels[h], others: without(s.labels, s.labels[h]),
		steps: reading + fmt.Sprintf(" The largest of these is %d.", s.values[h]),
	}, {
		topic: "lowest", question: "Which category has the lowest value in the chart?", claim: "Is %s the category with the lowest value?",
		answer: s.labels[l], others: without(s.labels, s.labels[l]),
		steps: reading + fmt.Sprintf(" The smallest of these is %d.", s.values[l]),
	}, {
		topic: "value", question: "What is the value for " + s.labels[a] + "?", claim: "Is the value for " + s.labels[a] + " %s?",
		answer: strconv.Itoa(s.values[a]), others: near(r, s.values[a]),
	}, {
		topic: "difference", question: fmt.Sprintf("By how much is %s higher than %s?", s.labels[a], s.labels[b]),
		claim:  fmt.Sprintf("Is %s higher than %s by %%s?", s.labels[a], s.labels[b]),
		answer: strconv.Itoa(diff), others: near(r, diff),
		steps: fmt.Sprintf("%s has %d and %s has %d. %d - %d = %d.", s.labels[a], s.values[a], s.labels[b], s.values[b], s.values[a], s.values[b], diff),
	}}
	if s.unit == "%" {
		return facts
	}
	total := s.total()
	sum := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(s.values)), " + "), "[]")
	return append(facts, fact{
		topic: "total", question: "What is the sum of all values in the chart?", claim: "Is the sum of all values in the chart %s?",
		answer: strconv.Itoa(total), others: near(r, total),
		steps: reading + fmt.Sprintf(" %s = %d.", sum, total),
	})
}

func (s series) quantities() []quantity {
	return []quantity{{"number of categories", len(s.labels)}, {"highest value", s.values[s.highest()]}, {"lowest value", s.values[s.lowest()]}}
}

func (s series) describe(kind string) []string {
	h, l := s.highest(), s.lowest()
	out := []string{fmt.Sprintf("%s titled %q, in which %s is highest with %s.", capital(article(kind)), s.title, s.labels[h], s.with(s.values[h]))}
	for i, label := range s.labels {
		out = append(out, fmt.Sprintf("%s stands at %s.", label, s.with(s.values[i])))
	}
	return append(out, fmt.Sprintf("The lowest is %s, which is %d less than the highest.", s.labels[l], s.values[h]-s.values[l]))
}

func (s series) fields() []field {
	out := []field{{"title", s.title}}
	for i, label := range s.labels {
		out = append(out, field{strings.ToLower(strings.ReplaceAll(label, " ", "_")), strconv.Itoa(s.values[i])})
	}
	return out
}

// Geometry of the charts with axes, in pixels.
const (
	chartWidth, chartHeight = 320, 240
	plotLeft, plotRight     = 38.0, 308.0
	plotTop, plotBottom     = 58.0, 206.0
)

func ink() color.RGBA   { return rgb(0x2A2F38) }
func faded() color.RGBA { return rgb(0x6B7280) }

// axes draws the frame of a chart and returns the height of a value.
func (s series) axes(c *canvas) (y func(int) float64) {
	c.clear(rgb(0xFFFFFF))
	c.text(strong, ink(), middle, chartWidth/2, 22, s.title)
	c.text(small, faded(), left, 6, 44, s.unit)
	top := slices.Max(s.values)
	step := niceStep(top)
	top = (top + step - 1) / step * step
	y = func(v int) float64 { return plotBottom - float64(v)/float64(top)*(plotBottom-plotTop) }
	for v := 0; v <= top; v += step {
		c.rect(rgb(0xE3E5EA), plotLeft, math.Round(y(v)), plotRight-plotLeft, 1)
		c.text(small, faded(), right, plotLeft-5, y(v)+4, strconv.Itoa(v))
	}
	c.rect(ink(), plotLeft, plotBottom, plotRight-plotLeft, 1)
	return y
}

// niceStep is 1, 2 or 5 times a power of ten, for four to eight lines.
func niceStep(top int) int {
	for step := 1; ; step *= 10 {
		for _, m := range []int{1, 2, 5} {
			if top/(step*m) < 6 {
				return step * m
			}
		}
	}
}

type barChart struct {
	series
	bars color.RGBA
}

func newBarChart(r *rand.Rand) subject {
	return &barChart{newSeries(r, pick(r, countThemes()), between(r, 4, 6)), pick(r, paints()[:6]).rgb}
}

func (b *barChart) size() (int, int) { return chartWidth, chartHeight }

func (b *barChart) bar(i int) box {
	slot := (plotRight - plotLeft) / float64(len(b.values))
	x := plotLeft + slot*float64(i)
	top := slices.Max(b.values)
	step := niceStep(top)
	top = (top + step - 1) / step * step
	return box{x + slot*.18, plotBottom - float64(b.values[i])/float64(top)*(plotBottom-plotTop), x + slot*.82, plotBottom}
}

func (b *barChart) draw(c *canvas) {
	b.axes(c)
	for i, label := range b.labels {
		bar := b.bar(i)
		c.rect(b.bars, bar.x0, bar.y0, bar.x1-bar.x0, bar.y1-bar.y0)
		c.text(small, ink(), middle, (bar.x0+bar.x1)/2, bar.y0-3, strconv.Itoa(b.values[i]))
		c.text(small, ink(), middle, (bar.x0+bar.x1)/2, plotBottom+15, label)
	}
}

func (b *barChart) spots() []spot {
	var out []spot
	for i, label := range b.labels {
		out = append(out, spot{"the bar of " + label, b.bar(i)})
	}
	return out
}

func (b *barChart) account() []string { return b.describe("bar chart") }

type lineChart struct {
	series
	stroke color.RGBA
}

func newLineChart(r *rand.Rand) subject {
	return &lineChart{newSeries(r, pick(r, timeThemes()), between(r, 5, 7)), pick(r, paints()[:6]).rgb}
}

func (l *lineChart) size() (int, int) { return chartWidth, chartHeight }

func (l *lineChart) draw(c *canvas) {
	y := l.axes(c)
	slot := (plotRight - plotLeft) / float64(len(l.values))
	var last point
	for i, v := range l.values {
		at := point{plotLeft + slot*(float64(i)+.5), y(v)}
		if i > 0 {
			c.line(l.stroke, 2.5, last, at)
		}
		last = at
	}
	for i, v := range l.values {
		x := plotLeft + slot*(float64(i)+.5)
		c.circle(shade(l.stroke, .8), x, y(v), 4)
		label := y(v) - 8
		valley := i > 0 && i < len(l.values)-1 && v < l.values[i-1] && v < l.values[i+1]
		if valley && y(v) < plotBottom-20 {
			label = y(v) + 17
		}
		c.text(small, ink(), middle, x, label, strconv.Itoa(v))
		c.text(small, ink(), middle, x, plotBottom+15, l.labels[i])
	}
}

func (l *lineChart) spots() []spot { return nil }

func (l *lineChart) account() []string { return l.describe("line chart") }

// pieChart shows shares that sum to 100.
type pieChart struct{ series }

func newPieChart(r *rand.Rand) subject {
	theme := pick(r, shareThemes())
	n := between(r, 3, 5)
	s := series{title: theme.title, unit: theme.unit, labels: shuffled(r, theme.labels, n)}
	for {
		s.values = nil
		rest := 100
		for i := range n - 1 {
			v := between(r, 6, max(7, rest*2/(n-i)-6))
			s.values = append(s.values, v)
			rest -= v
		}
		s.values = append(s.values, rest)
		sorted := slices.Sorted(slices.Values(s.values))
		if sorted[0] >= 6 && len(slices.Compact(sorted)) == n {
			return &pieChart{s}
		}
	}
}

func (p *pieChart) size() (int, int) { return chartWidth, chartHeight }

func (p *pieChart) draw(c *canvas) {
	c.clear(rgb(0xFFFFFF))
	c.text(strong, ink(), middle, chartWidth/2, 22, p.title)
	const cx, cy, radius = 112.0, 132.0, 88.0
	from := -math.Pi / 2
	for i, v := range p.values {
		to := from + 2*math.Pi*float64(v)/100
		col := paints()[i].rgb
		c.polygon(col, append(arc(cx, cy, radius, radius, from, to), point{cx, cy})...)
		c.line(rgb(0xFFFFFF), 2, point{cx, cy}, point{cx + radius*math.Cos(from), cy + radius*math.Sin(from)})
		mid := (from + to) / 2
		label := rgb(0xFFFFFF)
		if paints()[i].name == "yellow" {
			label = ink()
		}
		c.text(strong, label, middle, cx+radius*.66*math.Cos(mid), cy+radius*.66*math.Sin(mid)+5, strconv.Itoa(v)+"%")
		legend := 86 + float64(i)*24
		c.rect(col, 220, legend, 13, 13)
		c.text(body, ink(), left, 240, legend+11, p.labels[i])
		from = to
	}
}

func (p *pieChart) spots() []spot { return nil }

func (p *pieChart) account() []string { return p.describe("pie chart") }
