package synth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// problem is a question in words alone.
type problem struct {
	fact
	background []string // what lies behind the answer
	given      []field
}

func newProblem(r *rand.Rand) subject {
	return pick(r, []func(*rand.Rand) *problem{travel, discount, seating, progression, general})(r)
}

func (p *problem) facts(*rand.Rand) []fact { return []fact{p.fact} }
func (p *problem) spots() []spot           { return nil }
func (p *problem) quantities() []quantity  { return nil }
func (p *problem) fields() []field         { return append(slices.Clone(p.given), field{"answer", p.answer}) }
func (p *problem) account() []string {
	return append([]string{"The answer is " + p.answer + "."}, append(p.background, p.steps)...)
}

func travel(r *rand.Rand) *problem {
	speed, hours := 5*between(r, 6, 24), between(r, 2, 6)
	who := pick(r, []string{"train", "bus", "ship", "lorry"})
	km := speed * hours
	return &problem{fact{
		topic: "travel", question: fmt.Sprintf("A %s travels at %d km/h for %d hours. How many kilometres does it cover?", who, speed, hours),
		claim:  fmt.Sprintf("A %s travels at %d km/h for %d hours. Does it cover %%s km?", who, speed, hours),
		answer: strconv.Itoa(km), others: near(r, km),
		steps: fmt.Sprintf("Distance is speed times time. %d x %d = %d.", speed, hours, km),
	}, []string{"At a constant speed, the distance grows in proportion to the time."},
		[]field{{"speed_km_h", strconv.Itoa(speed)}, {"hours", strconv.Itoa(hours)}}}
}

func discount(r *rand.Rand) *problem {
	price, percent := 20*between(r, 2, 40), 5*between(r, 1, 12)
	off := price * percent / 100
	thing := pick(r, []string{"coat", "lamp", "bicycle", "chair", "radio"})
	return &problem{fact{
		topic: "discount", question: fmt.Sprintf("A %s costs %d euros and is reduced by %d %%. What does it cost now, in euros?", thing, price, percent),
		claim:  fmt.Sprintf("A %s costs %d euros and is reduced by %d %%%%. Does it cost %%s euros now?", thing, price, percent),
		answer: strconv.Itoa(price - off), others: near(r, price-off),
		steps: fmt.Sprintf("%d %% of %d is %d. %d - %d = %d.", percent, price, off, price, off, price-off),
	}, []string{"A reduction in percent is taken from the old price."},
		[]field{{"old_price", strconv.Itoa(price)}, {"reduction_percent", strconv.Itoa(percent)}}}
}

func seating(r *rand.Rand) *problem {
	names := shuffled(r, []string{"Ada", "Ben", "Cleo", "Dan", "Eva", "Finn"}, 4)
	return &problem{fact{
		topic: "seating", question: fmt.Sprintf("%s is taller than %s, %s is taller than %s, and %s is taller than %s. Who is the tallest?",
			names[1], names[2], names[0], names[1], names[2], names[3]),
		claim: fmt.Sprintf("%s is taller than %s, %s is taller than %s, and %s is taller than %s. Is %%s the tallest?",
			names[1], names[2], names[0], names[1], names[2], names[3]),
		answer: names[0], others: names[1:],
		steps: fmt.Sprintf("Put in order, the statements say %s.", strings.Join(names, " > ")),
	}, []string{"Being taller is transitive: who is taller than someone is taller than all whom that one exceeds."},
		[]field{{"second", names[1]}, {"shortest", names[3]}}}
}

func progression(r *rand.Rand) *problem {
	first, step := between(r, 1, 20), between(r, 2, 12)
	terms := make([]string, 5)
	for i := range terms {
		terms[i] = strconv.Itoa(first + i*step)
	}
	next := first + 5*step
	return &problem{fact{
		topic: "progression", question: "Which number continues the sequence " + strings.Join(terms, ", ") + "?",
		claim:  "Does %s continue the sequence " + strings.Join(terms, ", ") + "?",
		answer: strconv.Itoa(next), others: near(r, next),
		steps: fmt.Sprintf("Each number is %d more than the one before. %s + %d = %d.", step, terms[4], step, next),
	}, []string{"In an arithmetic sequence the difference of neighbours is constant."},
		[]field{{"first", terms[0]}, {"difference", strconv.Itoa(step)}}}
}

// general asks for knowledge that does not change.
func general(r *rand.Rand) *problem {
	kinds := []struct {
		question, claim, why string
		known                [][2]string
	}{
		{"What is the chemical symbol of %s?", "Is the chemical symbol of %s %%s?", "Chemical symbols often come from the element's Latin name.",
			[][2]string{{"iron", "Fe"}, {"gold", "Au"}, {"silver", "Ag"}, {"sodium", "Na"}, {"lead", "Pb"}, {"tin", "Sn"}}},
		{"Who wrote %s?", "Was %s written by %%s?", "The work is among its author's best known.",
			[][2]string{{"Hamlet", "William Shakespeare"}, {"Faust", "Johann Wolfgang von Goethe"}, {"Don Quixote", "Miguel de Cervantes"},
				{"War and Peace", "Leo Tolstoy"}, {"Pride and Prejudice", "Jane Austen"}, {"the Divine Comedy", "Dante Alighieri"}}},
		{"What is the capital of %s?", "Is the capital of %s %%s?", "The capital is where the government has its seat.",
			[][2]string{{"France", "Paris"}, {"Japan", "Tokyo"}, {"Egypt", "Cairo"}, {"Peru", "Lima"}, {"Norway", "Oslo"}, {"Kenya", "Nairobi"}}},
	}
	k := pick(r, kinds)
	two := shuffled(r, k.known, 4)
	about, answer := two[0][0], two[0][1]
	return &problem{fact{
		topic: "general", question: fmt.Sprintf(k.question, about), claim: fmt.Sprintf(k.claim, about),
		answer: answer, others: []string{two[1][1], two[2][1], two[3][1]},
		steps: fmt.Sprintf("The other candidates belong elsewhere: %s goes with %s, and %s with %s.", two[1][1], two[1][0], two[2][1], two[2][0]),
	}, []string{k.why}, []field{{"asked_about", about}}}
}
