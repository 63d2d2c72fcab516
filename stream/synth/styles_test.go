package synth

import (
	"encoding/json"
	"fmt"
	"image"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestExchanges checks that every style says of a fact what the fact says.
func TestExchanges(t *testing.T) {
	for i := range 1200 {
		r := rand.New(rand.NewPCG(13, uint64(i)))
		s := makers()[i%len(makers())].make(r)
		f := pick(r, s.facts(r))

		choice := askChoice(r, f)
		if !strings.Contains(choice.question, "\n"+choice.answer+". "+f.answer+"\n") || choice.wrong == choice.answer {
			t.Errorf("%q: answer %q", choice.question, choice.answer)
		}
		claim := askClaim(r, f)
		if got := strings.HasPrefix(claim.question, fmt.Sprintf(f.claim, f.answer)); got != (claim.answer == "Yes") {
			t.Errorf("%q: answer %q, truth %q", claim.question, claim.answer, f.answer)
		}
		if steps := askSteps(r, s); !strings.Contains(steps.answer, "So the answer is ") {
			t.Errorf("no conclusion: %q", steps.answer)
		}
		form := askForm(r, s)
		if strings.Contains(form.question, "JSON") {
			var got map[string]string
			if err := json.Unmarshal([]byte(form.answer), &got); err != nil {
				t.Errorf("%q: %v", form.answer, err)
			}
			for _, field := range s.fields() {
				if got[field.name] != field.value {
					t.Errorf("%q: want %s: %s", form.answer, field.name, field.value)
				}
			}
		}
		for _, style := range Styles() {
			if style == Comparison || !offers(s, style) {
				continue
			}
			if e := ask(r, s, style); e.question == "" || e.answer == "" || e.answer == e.wrong || e.style != style {
				t.Errorf("%T in style %q: %+v", s, style, e)
			}
		}
		if len(s.quantities()) > 0 {
			other := makers()[i%len(makers())].make(r)
			if e := askComparison(r, s, other); e.answer == e.wrong || e.question == "" {
				t.Errorf("%T: %+v", s, e)
			}
		}
	}
}

var boxed = regexp.MustCompile(`^\[([\d.]+), ([\d.]+), ([\d.]+), ([\d.]+)\]$`)

// TestBoxes looks at the pixels: the figure's colour is inside of its box, and
// fills it to the edges.
func TestBoxes(t *testing.T) {
	c, err := newCanvas()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		r := rand.New(rand.NewPCG(17, uint64(i)))
		s := newShapes(r).(*shapes)
		c.img = image.NewRGBA(image.Rect(0, 0, 320, 240))
		s.draw(c)
		for k, spot := range s.spots() {
			b := spot.box
			seen := box{320, 240, 0, 0}
			for y := int(b.y0) - 4; y < int(b.y1)+4; y++ {
				for x := int(b.x0) - 4; x < int(b.x1)+4; x++ {
					if c.img.RGBAAt(x, y) == s.list[k].paint.rgb {
						seen = box{min(seen.x0, float64(x)), min(seen.y0, float64(y)), max(seen.x1, float64(x)), max(seen.y1, float64(y))}
					}
				}
			}
			const slack = 7 // the outline, and the sharp points of a star
			if seen.x0 < b.x0 || seen.y0 < b.y0 || seen.x1 > b.x1 || seen.y1 > b.y1 ||
				seen.x0-b.x0 > slack || seen.y0-b.y0 > slack || b.x1-seen.x1 > slack || b.y1-seen.y1 > slack {
				t.Errorf("%s: box %v, painted %v", spot.name, b, seen)
			}
		}
	}
	for i := range 600 {
		r := rand.New(rand.NewPCG(19, uint64(i)))
		s := makers()[i%len(makers())].make(r)
		if !offers(s, Coordinate) {
			continue
		}
		m := boxed.FindStringSubmatch(askBox(r, s).answer)
		if m == nil {
			t.Fatal("not a box: " + askBox(r, s).answer)
		}
		var v [4]float64
		for k := range v {
			v[k], _ = strconv.ParseFloat(m[k+1], 64)
		}
		if v[0] >= v[2] || v[1] >= v[3] || v[2] > 1 || v[3] > 1 {
			t.Errorf("%T: box %v", s, v)
		}
	}
}
