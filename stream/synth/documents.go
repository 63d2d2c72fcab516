package synth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Documents are set line by line; a line's place is known before it is drawn.
const (
	documentWidth = 280
	lineHeight    = 19.0
	charWidth     = 7.2 // of the mono face
)

// receipt is a shop's bill. Prices are in cents.
type receipt struct {
	shop, date string
	items      []item
}

type item struct {
	name   string
	number int
	price  int // of one
}

func (i item) sum() int { return i.number * i.price }

func money(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func newReceipt(r *rand.Rand) subject {
	goods := []string{"Bread", "Milk", "Coffee", "Butter", "Cheese", "Honey", "Tea", "Rice", "Olives", "Soap", "Candles", "Notebook"}
	rc := &receipt{
		shop: pick(r, []string{"CORNER SHOP", "MILL BAKERY", "GREEN GROCER", "HARBOUR STORE", "VILLAGE MARKET"}),
		date: randomDate(r),
	}
	for _, name := range shuffled(r, goods, between(r, 3, 6)) {
		rc.items = append(rc.items, item{name, between(r, 1, 4), 5 * between(r, 13, 180)})
	}
	return rc
}

func randomDate(r *rand.Rand) string {
	return fmt.Sprintf("%d %s %d", between(r, 1, 28), pick(r, []string{"January", "March", "April", "June", "July", "September", "October", "December"}), between(r, 2019, 2025))
}

func (rc *receipt) total() int {
	sum := 0
	for _, i := range rc.items {
		sum += i.sum()
	}
	return sum
}

func (rc *receipt) size() (int, int) { return documentWidth, 150 + int(lineHeight)*len(rc.items) }

// baseline returns the y of item i's line; the total's follows the last.
func (rc *receipt) baseline(i int) float64 { return 92 + lineHeight*float64(i) }

func (rc *receipt) draw(c *canvas) {
	c.clear(rgb(0xFBFAF5))
	c.text(title, ink(), middle, documentWidth/2, 32, rc.shop)
	c.text(mono, faded(), middle, documentWidth/2, 53, rc.date)
	c.dashes(20, 66)
	for i, it := range rc.items {
		y := rc.baseline(i)
		c.text(mono, ink(), left, 20, y, fmt.Sprintf("%d x %s", it.number, it.name))
		c.text(mono, faded(), right, 195, y, money(it.price))
		c.text(mono, ink(), right, 260, y, money(it.sum()))
	}
	end := rc.baseline(len(rc.items))
	c.dashes(20, end-8)
	c.text(strong, ink(), left, 20, end+14, "TOTAL")
	c.text(strong, ink(), right, 260, end+14, money(rc.total()))
	c.text(small, faded(), middle, documentWidth/2, end+40, "Thank you for your visit")
}

func (c *canvas) dashes(x0, y float64) {
	for x := x0; x < float64(documentWidth)-x0; x += 7 {
		c.rect(faded(), x, y, 4, 1)
	}
}

func (rc *receipt) facts(r *rand.Rand) []fact {
	it := pick(r, rc.items)
	total := rc.total()
	var sums []string
	for _, i := range rc.items {
		sums = append(sums, money(i.sum()))
	}
	others := func(cents int) []string {
		return []string{money(cents + 5*between(r, 2, 60)), money(cents + 5*between(r, 61, 99)), money(cents/2 + 5)}
	}
	facts := []fact{{
		topic: "total", question: "What is the total of the receipt?", claim: "Is the total of the receipt %s?",
		answer: money(total), others: others(total),
		steps: "The lines come to " + listing(sums) + ". " + strings.Join(sums, " + ") + " = " + money(total) + ", which is what the line TOTAL says.",
	}, {
		topic: "date", question: "What is the date on the receipt?", claim: "Is the receipt dated %s?",
		answer: rc.date, others: otherDates(r, rc.date),
	}, {
		topic: "lines", question: "How many different goods were bought?", claim: "Were exactly %s different goods bought?",
		answer: strconv.Itoa(len(rc.items)), others: near(r, len(rc.items)),
	}, {
		topic: "price", question: fmt.Sprintf("What does one %s cost?", strings.ToLower(it.name)), claim: fmt.Sprintf("Does one %s cost %%s?", strings.ToLower(it.name)),
		answer: money(it.price), others: others(it.price),
		steps: fmt.Sprintf("The line says %d x %s at %s each, together %s.", it.number, it.name, money(it.price), money(it.sum())),
	}}
	return facts
}

func otherDates(r *rand.Rand, date string) []string {
	var out []string
	for len(out) < 3 {
		if d := randomDate(r); d != date && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

func (rc *receipt) spots() []spot {
	var out []spot
	for i, it := range rc.items {
		y := rc.baseline(i)
		width := charWidth * float64(len(fmt.Sprintf("%d x %s", it.number, it.name)))
		out = append(out, spot{"the text \"" + fmt.Sprintf("%d x %s", it.number, it.name) + "\"", box{20, y - 11, 20 + width, y + 4}})
	}
	return out
}

func (rc *receipt) quantities() []quantity {
	return []quantity{{"number of different goods", len(rc.items)}, {"total in cents", rc.total()}}
}

func (rc *receipt) account() []string {
	out := []string{fmt.Sprintf("A receipt of %s over %s for %d different goods.", rc.shop, money(rc.total()), len(rc.items)),
		"It is dated " + rc.date + "."}
	for _, it := range rc.items {
		out = append(out, fmt.Sprintf("%d x %s at %s comes to %s.", it.number, it.name, money(it.price), money(it.sum())))
	}
	return append(out, fmt.Sprintf("The total is set in bold: %s. Below it, the shop says thank you for the visit.", money(rc.total())))
}

func (rc *receipt) fields() []field {
	out := []field{{"shop", rc.shop}, {"date", rc.date}}
	for i, it := range rc.items {
		out = append(out, field{fmt.Sprintf("item_%d", i+1), fmt.Sprintf("%d x %s %s", it.number, it.name, money(it.sum()))})
	}
	return append(out, field{"total", money(rc.total())})
}

// poster announces an event.
type poster struct {
	event, place, date, hour, price string
	accent                          paint
}

func newPoster(r *rand.Rand) subject {
	return &poster{
		event: pick(r, events()), place: pick(r, places()), date: randomDate(r),
		hour: fmt.Sprintf("%d:%02d", between(r, 9, 20), pick(r, []int{0, 15, 30, 45})), price: money(50 * between(r, 4, 40)),
		accent: pick(r, paints()[:6]),
	}
}

func events() []string {
	return []string{"Spring Concert", "Book Fair", "Science Night", "Chess Open", "Poetry Evening", "Harvest Market", "Film Festival", "Robot Workshop"}
}

func places() []string {
	return []string{"Town Hall", "Old Library", "City Park", "Harbour Hall", "North School", "Mill Theatre"}
}

func (p *poster) size() (int, int) { return documentWidth, 260 }

func (p *poster) rows() []field {
	return []field{{"Place", p.place}, {"Date", p.date}, {"Begins at", p.hour}, {"Price", p.price}}
}

func (p *poster) panel(i int) box { y := 92 + 38*float64(i); return box{24, y, 256, y + 30} }

func (p *poster) draw(c *canvas) {
	c.clear(rgb(0xFFFFFF))
	c.rect(p.accent.rgb, 0, 0, documentWidth, 76)
	on := rgb(0xFFFFFF)
	if p.accent.name == "yellow" {
		on = ink()
	}
	c.text(title, on, middle, documentWidth/2, 46, p.event)
	for i, row := range p.rows() {
		b := p.panel(i)
		c.rect(shade(p.accent.rgb, 7), b.x0, b.y0, b.x1-b.x0, b.y1-b.y0)
		c.text(body, faded(), left, b.x0+10, b.y0+20, row.name)
		c.text(strong, ink(), right, b.x1-10, b.y0+20, row.value)
	}
}

func (p *poster) facts(r *rand.Rand) []fact {
	minutes := func(by int) string {
		var h, m int
		fmt.Sscanf(p.hour, "%d:%d", &h, &m)
		return fmt.Sprintf("%d:%02d", (h*60+m+by)/60, (h*60+m+by)%60)
	}
	persons := between(r, 2, 5)
	cents, _ := strconv.Atoi(strings.ReplaceAll(p.price, ".", ""))
	return []fact{
		{topic: "event", question: "Which event does the poster announce?", claim: "Does the poster announce the %s?",
			answer: p.event, others: shuffled(r, without(events(), p.event), 3)},
		{topic: "place", question: "Where does the event take place?", claim: "Does the event take place at %s?",
			answer: p.place, others: shuffled(r, without(places(), p.place), 3)},
		{topic: "date", question: "On which date is the event?", claim: "Is the event on %s?", answer: p.date, others: otherDates(r, p.date)},
		{topic: "hour", question: "At what time does the event begin?", claim: "Does the event begin at %s?",
			answer: p.hour, others: []string{minutes(30), minutes(60), minutes(75)}},
		{topic: "end", question: "The event lasts 90 minutes. When does it end?", claim: "The event lasts 90 minutes. Does it end at %s?",
			answer: minutes(90), others: []string{minutes(60), minutes(120), minutes(105)},
			steps: fmt.Sprintf("The poster says that it begins at %s. An hour later it is %s, and 30 minutes after that it is %s.", p.hour, minutes(60), minutes(90))},
		{topic: "tickets", question: fmt.Sprintf("What do %d tickets cost together?", persons), claim: fmt.Sprintf("Do %d tickets cost %%s together?", persons),
			answer: money(persons * cents), others: []string{money((persons + 1) * cents), money((persons - 1) * cents), money(persons*cents + 50)},
			steps: fmt.Sprintf("One ticket costs %s. %d x %s = %s.", p.price, persons, p.price, money(persons*cents))},
	}
}

func (p *poster) spots() []spot {
	var out []spot
	for i, row := range p.rows() {
		out = append(out, spot{"the panel with the " + strings.ToLower(row.name), p.panel(i)})
	}
	out[2].name = "the panel that says when it begins"
	return append(out, spot{"the heading's coloured band", box{0, 0, documentWidth, 76}})
}

func (p *poster) quantities() []quantity {
	cents, _ := strconv.Atoi(strings.ReplaceAll(p.price, ".", ""))
	return []quantity{{"price in cents", cents}}
}

func (p *poster) account() []string {
	return []string{
		fmt.Sprintf("A poster for the %s at %s on %s.", p.event, p.place, p.date),
		fmt.Sprintf("The name of the event stands in bold letters on %s band at the top.", article(p.accent.name)),
		"Below it are four panels with a label on the left and its value in bold on the right.",
		fmt.Sprintf("They say that the place is %s, that the date is %s, that it begins at %s, and that the price is %s.", p.place, p.date, p.hour, p.price),
	}
}

func (p *poster) fields() []field {
	return []field{{"event", p.event}, {"place", p.place}, {"date", p.date}, {"begins_at", p.hour}, {"price", p.price}}
}
