package synth

import (
	"fmt"
	"image"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestFactsAreTrue recomputes every answer from the subject's data, by the
// words of the question.
func TestFactsAreTrue(t *testing.T) {
	asked := map[string]int{}
	for i := range 4000 {
		r := rand.New(rand.NewPCG(11, uint64(i)))
		m := makers()[i%len(makers())]
		s := m.make(r)
		for _, f := range s.facts(r) {
			asked[fmt.Sprintf("%T %s", s, f.topic)]++
			if want, ok := truth(t, s, f); !ok {
				t.Fatalf("%T: nobody checks the topic %q", s, f.topic)
			} else if want != f.answer {
				t.Errorf("%T %+v\n%q: answer %q, want %q", s, s, f.question, f.answer, want)
			}
			if len(f.others) == 0 || slices.Contains(f.others, f.answer) || hasTwice(f.others) {
				t.Errorf("%q: answer %q, wrong ones %q", f.question, f.answer, f.others)
			}
			if strings.Count(f.claim, "%s") != 1 || strings.Contains(fmt.Sprintf(f.claim, "x"), "%!") {
				t.Errorf("claim %q", f.claim)
			}
		}
		if !slices.ContainsFunc(s.facts(r), func(f fact) bool { return f.steps != "" }) {
			t.Errorf("%T has nothing to reason about", s)
		}
	}
	for what, n := range asked {
		if n < 20 {
			t.Errorf("%s: asked %d times only", what, n)
		}
	}
}

func hasTwice(list []string) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(list)))) != len(list)
}

// truth answers a fact's question again, in another way than the subject does.
func truth(t *testing.T, s subject, f fact) (answer string, known bool) {
	t.Helper()
	switch s := s.(type) {
	case *shapes:
		return shapesTruth(s, f)
	case *barChart:
		return seriesTruth(s.series, f)
	case *lineChart:
		return seriesTruth(s.series, f)
	case *pieChart:
		if s.total() != 100 {
			t.Errorf("shares %v", s.values)
		}
		return seriesTruth(s.series, f)
	case *receipt:
		return receiptTruth(s, f)
	case *poster:
		return posterTruth(s, f)
	case *timetable:
		return timetableTruth(s, f)
	case *geometry:
		return geometryTruth(t, s, f)
	case *town:
		return townTruth(s, f)
	case *scene:
		return sceneTruth(s, f)
	case *problem:
		return problemTruth(f)
	}
	return "", false
}

// words returns what a pattern's groups match in a question.
func words(question, pattern string) []string {
	m := regexp.MustCompile(pattern).FindStringSubmatch(question)
	if m == nil {
		return make([]string, 9)
	}
	return m[1:]
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

func shapesTruth(s *shapes, f fact) (string, bool) {
	pictured := func(kind, colour string) (out []shape) {
		for _, f := range s.list {
			if (kind == "" || f.kind == kind) && (colour == "" || f.paint.name == colour) {
				out = append(out, f)
			}
		}
		return out
	}
	switch f.topic {
	case "count":
		return strconv.Itoa(len(pictured("", ""))), true
	case "count-colour":
		return strconv.Itoa(len(pictured("", words(f.question, `shapes are (\w+)\?`)[0]))), true
	case "colour":
		kind := words(f.question, `is the (\w+)\?`)[0]
		if len(pictured(kind, "")) != 1 {
			return "ambiguous", true
		}
		return pictured(kind, "")[0].paint.name, true
	case "largest":
		var best shape
		for _, f := range s.list {
			if f.radius > best.radius {
				best = f
			}
		}
		return best.kind, true
	case "leftmost":
		w := words(f.question, `: the (\w+) (\w+) or the (\w+) (\w+)\?`)
		a, b := pictured(w[1], w[0])[0], pictured(w[3], w[2])[0]
		if b.x < a.x {
			a = b
		}
		return a.name(), true
	}
	return "", false
}

func seriesTruth(s series, f fact) (string, bool) {
	value := map[string]int{}
	sum, high, low := 0, s.labels[0], s.labels[0]
	for i, label := range s.labels {
		value[label] = s.values[i]
		sum += s.values[i]
		if value[label] > value[high] {
			high = label
		}
		if value[label] < value[low] {
			low = label
		}
	}
	switch f.topic {
	case "highest":
		return high, true
	case "lowest":
		return low, true
	case "value":
		return strconv.Itoa(value[words(f.question, `value for (.+)\?`)[0]]), true
	case "difference":
		w := words(f.question, `is (.+) higher than (.+)\?`)
		return strconv.Itoa(value[w[0]] - value[w[1]]), true
	case "total":
		return strconv.Itoa(sum), true
	}
	return "", false
}

func receiptTruth(s *receipt, f fact) (string, bool) {
	switch f.topic {
	case "total":
		sum := 0.0
		for _, i := range s.items {
			sum += float64(i.number) * float64(i.price) / 100
		}
		return strconv.FormatFloat(sum, 'f', 2, 64), true
	case "date":
		return s.date, true
	case "lines":
		return strconv.Itoa(len(s.items)), true
	case "price":
		name := words(f.question, `one (\w+) cost`)[0]
		for _, i := range s.items {
			if strings.EqualFold(i.name, name) {
				return strconv.FormatFloat(float64(i.price)/100, 'f', 2, 64), true
			}
		}
	}
	return "", false
}

func posterTruth(s *poster, f fact) (string, bool) {
	switch f.topic {
	case "event":
		return s.event, true
	case "place":
		return s.place, true
	case "date":
		return s.date, true
	case "hour":
		return s.hour, true
	case "end":
		h, m, _ := strings.Cut(s.hour, ":")
		hour, minute := number(h)+1, number(m)+30
		if minute >= 60 {
			hour, minute = hour+1, minute-60
		}
		return fmt.Sprintf("%d:%02d", hour, minute), true
	case "tickets":
		price, _ := strconv.ParseFloat(s.price, 64)
		return strconv.FormatFloat(price*float64(number(words(f.question, `do (\d+) tickets`)[0])), 'f', 2, 64), true
	}
	return "", false
}

func timetableTruth(s *timetable, f fact) (string, bool) {
	leaves, track := map[string]int{}, map[string]int{}
	for i, stop := range s.stops {
		leaves[stop], track[stop] = s.leaves[i], s.tracks[i]
	}
	switch f.topic {
	case "leaves":
		at := leaves[words(f.question, `leave (.+)\?`)[0]]
		return fmt.Sprintf("%02d:%02d", at/60, at%60), at < 24*60
	case "track":
		return strconv.Itoa(track[words(f.question, `leave (.+)\?`)[0]]), true
	case "last":
		last := s.stops[0]
		for _, stop := range s.stops {
			if leaves[stop] > leaves[last] {
				last = stop
			}
		}
		return last, true
	case "stops":
		return strconv.Itoa(len(leaves)), true
	case "took":
		w := words(f.question, `leaving (.+) and leaving (.+)\?`)
		return strconv.Itoa(leaves[w[1]] - leaves[w[0]]), true
	}
	return "", false
}

func geometryTruth(t *testing.T, s *geometry, f fact) (string, bool) {
	if s.a*s.a+s.b*s.b != s.c*s.c {
		t.Errorf("%d² + %d² is not %d²", s.a, s.b, s.c)
	}
	half := 1
	around := 2*s.a + 2*s.b
	kind := "rectangle"
	if s.triangle {
		half, around, kind = 2, s.a+s.b+s.c, "right triangle"
	}
	switch f.topic {
	case "kind":
		return kind, true
	case "area":
		return strconv.FormatFloat(float64(s.a*s.b)/float64(half), 'f', -1, 64), true
	case "perimeter":
		return strconv.Itoa(around), true
	case "long":
		return strconv.Itoa(s.c), true
	}
	return "", false
}

func townTruth(s *town, f fact) (string, bool) {
	at := map[string]image.Point{}
	for _, p := range s.places {
		at[p.name] = image.Pt(p.col, p.row)
	}
	walk := func(a, b string) int {
		d := at[a].Sub(at[b])
		return max(d.X, -d.X) + max(d.Y, -d.Y)
	}
	switch f.topic {
	case "blocks":
		w := words(f.question, `from the (\S+) to the (\S+) along`)
		return strconv.Itoa(walk(w[0], w[1])), true
	case "direction":
		w := words(f.question, `from the (\S+) does the (\S+) lie`)
		d := at[w[1]].Sub(at[w[0]])
		return map[image.Point]string{{0, -1}: "north", {0, 1}: "south", {-1, 0}: "west", {1, 0}: "east",
			{-1, -1}: "north-west", {1, -1}: "north-east", {-1, 1}: "south-west", {1, 1}: "south-east"}[image.Pt(sign(d.X), sign(d.Y))], true
	case "places":
		return strconv.Itoa(len(at)), true
	case "colour":
		name := words(f.question, `mark of the (\S+)\?`)[0]
		for _, p := range s.places {
			if p.name == name {
				return p.paint.name, true
			}
		}
	case "nearest":
		from := words(f.question, `nearest to the (\S+),`)[0]
		var best []string
		for name := range at {
			switch {
			case name == from:
			case len(best) == 0 || walk(from, name) < walk(from, best[0]):
				best = []string{name}
			case walk(from, name) == walk(from, best[0]):
				best = append(best, name)
			}
		}
		return strings.Join(best, "|"), true
	}
	return "", false
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func sceneTruth(s *scene, f fact) (string, bool) {
	singular := map[string]string{"houses": "house", "trees": "tree", "people": "person", "cars": "car", "benches": "bench", "flowers": "flower"}
	find := func(kind, colour string) (out []thing) {
		for _, t := range append(slices.Clone(s.front), s.back...) {
			if (kind == "" || t.kind == kind) && (colour == "" || t.paint.name == colour) {
				out = append(out, t)
			}
		}
		return out
	}
	person := func() thing {
		w := words(f.question, `the person(?: in (\w+))?`)
		if found := find("person", w[0]); len(found) == 1 {
			return found[0]
		}
		return thing{act: activity{"ambiguous", "ambiguous"}}
	}
	switch f.topic {
	case "count":
		return strconv.Itoa(len(find(singular[words(f.question, `How many (\w+) are`)[0]], ""))), true
	case "all":
		return strconv.Itoa(len(find("", ""))), true
	case "weather":
		return s.weather, true
	case "colour":
		if found := find(words(f.question, `is the (\w+)\?`)[0], ""); len(found) == 1 {
			return found[0].paint.name, true
		}
	case "activity":
		return person().act.doing, true
	case "why":
		return map[string]string{"holding an umbrella": "it is raining", "flying a kite": "there is wind", "playing with a ball": "the weather is fine",
			"walking a dog": "the dog needs to go out", "waving": "someone is being greeted", "carrying a bag": "something has been bought or packed"}[person().act.doing], true
	}
	return "", false
}

func problemTruth(f fact) (string, bool) {
	switch f.topic {
	case "travel":
		w := words(f.question, `at (\d+) km/h for (\d+) hours`)
		return strconv.Itoa(number(w[0]) * number(w[1])), true
	case "discount":
		w := words(f.question, `costs (\d+) euros and is reduced by (\d+) %`)
		return strconv.FormatFloat(float64(number(w[0]))*(1-float64(number(w[1]))/100), 'f', 0, 64), true
	case "seating":
		shorter := map[string]bool{}
		var names []string
		for _, m := range regexp.MustCompile(`(\w+) is taller than (\w+)`).FindAllStringSubmatch(f.question, -1) {
			shorter[m[2]] = true
			names = append(names, m[1])
		}
		names = slices.DeleteFunc(names, func(n string) bool { return shorter[n] })
		return strings.Join(names, "|"), true
	case "progression":
		w := words(f.question, `(\d+), (\d+), (\d+), (\d+), (\d+)\?`)
		return strconv.Itoa(2*number(w[4]) - number(w[3])), true
	case "general":
		return map[string]string{
			"iron": "Fe", "gold": "Au", "silver": "Ag", "sodium": "Na", "lead": "Pb", "tin": "Sn",
			"Hamlet": "William Shakespeare", "Faust": "Johann Wolfgang von Goethe", "Don Quixote": "Miguel de Cervantes",
			"War and Peace": "Leo Tolstoy", "Pride and Prejudice": "Jane Austen", "the Divine Comedy": "Dante Alighieri",
			"France": "Paris", "Japan": "Tokyo", "Egypt": "Cairo", "Peru": "Lima", "Norway": "Oslo", "Kenya": "Nairobi",
		}[words(f.question, `(?:of|wrote) (.+)\?`)[0]], true
	}
	return "", false
}
