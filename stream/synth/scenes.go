package synth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// scene is a place outdoors with many things in it.
type scene struct {
	weather string
	back    []thing // houses and trees
	front   []thing // people, cars and smaller things
}

// thing is an object of a scene.
type thing struct {
	kind   string
	paint  paint
	act    activity // of a person
	x      float64  // centre
	ground float64  // y of where it stands
}

// activity is what a person does, and why.
type activity struct{ doing, why string }

func weathers() []string { return []string{"sunny", "cloudy", "rainy", "snowy", "night"} }

// activities returns what people do in a weather.
func activities(weather string) []activity {
	out := []activity{
		{"walking a dog", "the dog needs to go out"},
		{"waving", "someone is being greeted"},
		{"carrying a bag", "something has been bought or packed"},
	}
	switch weather {
	case "rainy":
		out = append(out, activity{"holding an umbrella", "it is raining"}, activity{"holding an umbrella", "it is raining"})
	case "sunny":
		out = append(out, activity{"playing with a ball", "the weather is fine"})
	case "cloudy":
		out = append(out, activity{"flying a kite", "there is wind"})
	}
	return out
}

func newScene(r *rand.Rand) subject {
	s := &scene{weather: pick(r, weathers())}
	const slots, step = 6, 48.0
	for i := range slots {
		x := 30 + step*float64(i) + float64(between(r, -4, 4))
		switch roll := r.IntN(10); {
		case roll < 3 && i < slots-1:
			s.back = append(s.back, thing{kind: "house", paint: pick(r, paints()[:7]), x: x, ground: 168})
		case roll < 8:
			s.back = append(s.back, thing{kind: "tree", paint: paint{"green", rgb(0x3D8B4A)}, x: x, ground: 170})
		}
	}
	dog := false // beside the person before
	for i := range slots {
		if dog {
			dog = false
			continue
		}
		t := thing{x: 30 + step*float64(i) + float64(between(r, -3, 3)), ground: float64(between(r, 216, 228)), paint: pick(r, paints()[:7])}
		switch roll := r.IntN(10); {
		case roll < 4:
			t.kind, t.act = "person", pick(r, activities(s.weather))
			dog = t.act.doing == "walking a dog"
		case roll < 6:
			t.kind = "car"
		case roll < 7:
			t.kind, t.paint = "bench", paint{"brown", rgb(0x8A5A33)}
		case roll < 8:
			t.kind = "flower"
		default:
			continue
		}
		s.front = append(s.front, t)
	}
	if len(s.back) == 0 || len(s.front) < 2 {
		return newScene(r)
	}
	return s
}

func (s *scene) size() (int, int) { return 320, 240 }

func (s *scene) things() []thing { return append(slices.Clone(s.back), s.front...) }

func (s *scene) count(kind string) int {
	n := 0
	for _, t := range s.things() {
		if t.kind == kind {
			n++
		}
	}
	return n
}

// name tells a thing apart from all others; ok is false where it cannot.
func (s *scene) name(t thing) (name string, ok bool) {
	same, sameColour := 0, 0
	for _, o := range s.things() {
		if o.kind == t.kind {
			same++
			if o.paint.name == t.paint.name {
				sameColour++
			}
		}
	}
	switch {
	case same == 1:
		return "the " + t.kind, true
	case sameColour > 1:
		return "", false
	case t.kind == "person":
		return "the person in " + t.paint.name, true
	}
	return "the " + t.paint.name + " " + t.kind, true
}

func (s *scene) named() map[string]thing {
	out := make(map[string]thing)
	for _, t := range s.things() {
		if name, ok := s.name(t); ok {
			out[name] = t
		}
	}
	return out
}

func sceneKinds() []string { return []string{"house", "tree", "person", "car", "bench", "flower"} }

func (s *scene) facts(r *rand.Rand) []fact {
	kind := pick(r, sceneKinds())
	n := s.count(kind)
	total := len(s.things())
	var counts []string
	for _, k := range sceneKinds() {
		if m := s.count(k); m > 0 {
			counts = append(counts, strconv.Itoa(m)+" "+plural(k, m))
		}
	}
	weather := map[string]string{
		"sunny": "The sun shines from a clear sky.", "cloudy": "Clouds cover a pale sky, and nothing falls from them.",
		"rainy": "Streaks of rain fall from dark clouds.", "snowy": "White flakes fall, and the ground is white.",
		"night": "The sky is dark, with a moon and stars.",
	}
	facts := []fact{
		{topic: "count", question: "How many " + plural(kind, 2) + " are in the picture?", claim: "Is the number of " + plural(kind, 2) + " in the picture %s?",
			answer: strconv.Itoa(n), others: near(r, n)},
		{topic: "all", question: "How many houses, trees, people, cars, benches and flowers are there together?",
			claim:  "Is the number of houses, trees, people, cars, benches and flowers together %s?",
			answer: strconv.Itoa(total), others: near(r, total), steps: "I count " + listing(counts) + ". Together that makes " + strconv.Itoa(total) + "."},
		{topic: "weather", question: "Is the scene sunny, cloudy, rainy, snowy or at night?", claim: "Is the answer to \"sunny, cloudy, rainy, snowy or night\" for this scene: %s?",
			answer: s.weather, others: shuffled(r, without(weathers(), s.weather), 3), steps: weather[s.weather]},
	}
	names := sortedKeys(s.named())
	if len(names) > 0 {
		name := pick(r, names)
		t := s.named()[name]
		if strings.Count(name, " ") == 1 && t.kind != "person" {
			facts = append(facts, fact{topic: "colour", question: "What colour is " + name + "?", claim: "Is " + name + " %s?",
				answer: t.paint.name, others: shuffled(r, without(paintNames(), t.paint.name), 3)})
		}
		if t.kind == "person" {
			facts = append(facts, s.personFacts(r, name, t)...)
		}
	}
	return facts
}

func (s *scene) personFacts(r *rand.Rand, name string, t thing) []fact {
	var doings, whys []string
	for _, a := range []activity{{"walking a dog", "the dog needs to go out"}, {"waving", "someone is being greeted"},
		{"carrying a bag", "something has been bought or packed"}, {"holding an umbrella", "it is raining"},
		{"playing with a ball", "the weather is fine"}, {"flying a kite", "there is wind"}} {
		if a.doing != t.act.doing {
			doings, whys = append(doings, a.doing), append(whys, a.why)
		}
	}
	return []fact{
		{topic: "activity", question: "What is " + name + " doing?", claim: "Is " + name + " %s?", answer: t.act.doing, others: shuffled(r, doings, 3)},
		{topic: "why", question: "What is the likely reason that " + name + " is " + t.act.doing + "?", claim: "Is the likely reason that " + name + " is " + t.act.doing + " that %s?",
			answer: t.act.why, others: shuffled(r, whys, 3),
			steps: capital(name) + " is " + t.act.doing + ". People do that when " + t.act.why + "; nothing in the scene speaks against it."},
	}
}

func sortedKeys(m map[string]thing) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (s *scene) spots() []spot {
	named := s.named()
	var out []spot
	for _, name := range sortedKeys(named) {
		out = append(out, spot{name, named[name].box()})
	}
	return out
}

func (s *scene) quantities() []quantity {
	return []quantity{{"number of trees", s.count("tree")}, {"number of people", s.count("person")},
		{"number of houses", s.count("house")}, {"number of cars", s.count("car")}}
}

func (s *scene) setting() string {
	return map[string]string{"sunny": "on a sunny day", "cloudy": "under a cloudy sky", "rainy": "in the rain", "snowy": "in the snow", "night": "at night"}[s.weather]
}

func (s *scene) account() []string {
	var counts []string
	for _, k := range sceneKinds() {
		switch n := s.count(k); {
		case n == 1:
			counts = append(counts, article(k))
		case n > 1:
			counts = append(counts, strconv.Itoa(n)+" "+plural(k, n))
		}
	}
	out := []string{fmt.Sprintf("A scene outdoors %s with %s.", s.setting(), listing(counts))}
	row := func(where string, things []thing) {
		var list []string
		for len(things) > 0 {
			alike := 1
			for alike < len(things) && things[alike].describe(1) == things[0].describe(1) {
				alike++
			}
			list = append(list, things[0].describe(alike))
			things = things[alike:]
		}
		out = append(out, fmt.Sprintf("The %s shows, from left to right, %s.", where, listing(list)))
	}
	row("background", s.back)
	row("foreground", s.front)
	return out
}

// describe tells of n things that are alike.
func (t thing) describe(n int) string {
	if t.kind == "person" {
		if n > 1 {
			return fmt.Sprintf("%d people in %s who are %s", n, t.paint.name, t.act.doing)
		}
		return "a person in " + t.paint.name + " who is " + t.act.doing
	}
	if n > 1 {
		return fmt.Sprintf("%d %s %s", n, t.paint.name, plural(t.kind, n))
	}
	return article(t.paint.name + " " + t.kind)
}

func (s *scene) fields() []field {
	out := []field{{"weather", s.weather}}
	for _, k := range sceneKinds() {
		out = append(out, field{plural(k, 2), strconv.Itoa(s.count(k))})
	}
	return out
}
