package synth

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// The nine interaction styles.
const (
	MultiChoice = "multi-choice"
	Coordinate  = "coordinate"
	YesNo       = "yes/no"
	Word        = "word/short-phrase"
	Short       = "short description"
	Detailed    = "detailed description"
	Comparison  = "comparison"
	Chain       = "chain-of-thought"
	Specified   = "specified style"
)

// Styles returns all nine.
func Styles() []string {
	return []string{MultiChoice, Coordinate, YesNo, Word, Short, Detailed, Comparison, Chain, Specified}
}

// exchange is a question and its answer.
type exchange struct {
	style    string
	question string
	answer   string
	wrong    string // an answer of the same form that is not right; empty for descriptions
}

// offers tells whether a subject has what a style asks about.
func offers(s subject, style string) bool {
	switch style {
	case Coordinate:
		return len(s.spots()) > 0
	case Comparison:
		return len(s.quantities()) > 0
	}
	return true
}

// ask makes an exchange about a subject in a style other than Comparison.
func ask(r *rand.Rand, s subject, style string) exchange {
	var e exchange
	switch style {
	case MultiChoice:
		e = askChoice(r, pick(r, s.facts(r)))
	case Coordinate:
		e = askBox(r, s)
	case YesNo:
		e = askClaim(r, pick(r, s.facts(r)))
	case Word:
		e = askWord(r, pick(r, s.facts(r)))
	case Short:
		e = askSummary(r, s)
	case Detailed:
		e = askAccount(r, s)
	case Chain:
		e = askSteps(r, s)
	case Specified:
		e = askForm(r, s)
	}
	e.style = style
	return e
}

func askWord(r *rand.Rand, f fact) exchange {
	return exchange{answer: f.answer, wrong: pick(r, f.others), question: f.question + pick(r, []string{
		"\nAnswer with a word or a short phrase.", "\nGive only the answer.", " Keep the answer to a few words.",
	})}
}

func askChoice(r *rand.Rand, f fact) exchange {
	choices := append([]string{f.answer}, shuffled(r, f.others, min(3, len(f.others)))...)
	choices = shuffled(r, choices, len(choices))
	e := exchange{question: f.question}
	for i, c := range choices {
		letter := string(rune('A' + i))
		e.question += "\n" + letter + ". " + c
		if c == f.answer {
			e.answer = letter
		} else {
			e.wrong = letter
		}
	}
	e.question += "\nAnswer with the letter of the right choice."
	return e
}

func askClaim(r *rand.Rand, f fact) exchange {
	claimed, answer, wrong := f.answer, "Yes", "No"
	if r.IntN(2) == 0 {
		claimed, answer, wrong = pick(r, f.others), wrong, answer
	}
	return exchange{question: fmt.Sprintf(f.claim, claimed) + " Answer yes or no.", answer: answer, wrong: wrong}
}

// askBox asks for a box as fractions of the picture's width and height.
func askBox(r *rand.Rand, s subject) exchange {
	target := pick(r, s.spots())
	w, h := s.(drawn).size()
	fractions := func(b box) string {
		return fmt.Sprintf("[%.2f, %.2f, %.2f, %.2f]", b.x0/float64(w), b.y0/float64(h), b.x1/float64(w), b.y1/float64(h))
	}
	mirrored := box{float64(w) - target.box.x1, float64(h) - target.box.y1, float64(w) - target.box.x0, float64(h) - target.box.y0}
	if mirrored.overlaps(target.box) {
		mirrored = box{0, 0, target.box.x1 / 2, target.box.y1 / 2}
	}
	return exchange{
		question: fmt.Sprintf(pick(r, []string{
			"Where is %s? Give the bounding box as [x1, y1, x2, y2], each from 0 to 1.",
			"Locate %s with a bounding box [x1, y1, x2, y2] in fractions of the picture's size.",
		}), target.name),
		answer: fractions(target.box), wrong: fractions(mirrored),
	}
}

func askSummary(r *rand.Rand, s subject) exchange {
	if _, ok := s.(drawn); !ok {
		return exchange{question: s.facts(r)[0].question + " Answer in one sentence.", answer: s.account()[0]}
	}
	return exchange{answer: s.account()[0], question: pick(r, []string{
		"Describe the picture in one sentence.", "What does the picture show, in short?", "Write a brief caption for this picture.",
	})}
}

func askAccount(r *rand.Rand, s subject) exchange {
	answer := strings.Join(s.account(), " ")
	if _, ok := s.(drawn); !ok {
		return exchange{question: s.facts(r)[0].question + " Explain in detail, with what lies behind it.", answer: answer}
	}
	return exchange{answer: answer, question: pick(r, []string{
		"Describe the picture in detail.", "Give a thorough description of everything that can be seen.",
		"Explain in detail what this picture shows.",
	})}
}

func askSteps(r *rand.Rand, s subject) exchange {
	var reasoned []fact
	for _, f := range s.facts(r) {
		if f.steps != "" {
			reasoned = append(reasoned, f)
		}
	}
	f := pick(r, reasoned)
	return exchange{
		question: f.question + pick(r, []string{" Think step by step.", " Explain your reasoning before you answer.", "\nShow how you get there, one step after the other."}),
		answer:   f.steps + " So the answer is " + f.answer + ".",
		wrong:    "It can be seen at once. So the answer is " + pick(r, f.others) + ".",
	}
}

// askForm asks for the subject's data in a form that is laid down.
func askForm(r *rand.Rand, s subject) exchange {
	about := "from the picture"
	if _, ok := s.(drawn); !ok {
		about = "of this problem: " + s.facts(r)[0].question
	}
	fields := s.fields()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	keys := strings.Join(names, ", ")
	// Wrong is every value under the next one's name.
	shifted := make([]field, len(fields))
	for i, f := range fields {
		shifted[i] = field{f.name, fields[(i+1)%len(fields)].value}
	}
	question, write := "", asJSON
	switch r.IntN(3) {
	case 0:
		question = "Extract the data " + about + "\nAnswer with a JSON object with the keys " + keys + ", and nothing else."
	case 1:
		question = "List the data " + about + "\nAnswer with one line of the form `key: value` for each of: " + keys + "."
		write = asLines
	case 2:
		question = "Tabulate the data " + about + "\nAnswer with a Markdown table with the columns field and value, and the rows " + keys + "."
		write = asTable
	}
	return exchange{question: question, answer: write(fields), wrong: write(shifted)}
}

// asJSON keeps the order of the fields.
func asJSON(fields []field) string {
	quote := func(s string) string {
		b, _ := json.Marshal(s) // a string always marshals
		return string(b)
	}
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = quote(f.name) + ": " + quote(f.value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func asLines(fields []field) string {
	lines := make([]string, len(fields))
	for i, f := range fields {
		lines[i] = f.name + ": " + f.value
	}
	return strings.Join(lines, "\n")
}

func asTable(fields []field) string {
	rows := "| field | value |\n|---|---|"
	for _, f := range fields {
		rows += "\n| " + f.name + " | " + f.value + " |"
	}
	return rows
}

// askComparison asks about two pictures.
func askComparison(r *rand.Rand, first, second subject) exchange {
	other := second.quantities()
	i := r.IntN(len(other))
	a, b := first.quantities()[i], other[i]
	verdict := func(first, second int) string {
		switch {
		case first > second:
			return fmt.Sprintf("The %s is greater in the first picture: it is %d there and %d in the second.", a.name, first, second)
		case second > first:
			return fmt.Sprintf("The %s is greater in the second picture: it is %d there and %d in the first.", a.name, second, first)
		}
		return fmt.Sprintf("The %s is the same in both pictures: %d.", a.name, first)
	}
	e := exchange{style: Comparison, answer: verdict(a.value, b.value), wrong: verdict(b.value+1, a.value)}
	if r.IntN(2) == 0 {
		e.question = fmt.Sprintf("Compare the two pictures. In which one is the %s greater?", a.name)
		return e
	}
	e.question = fmt.Sprintf("Compare the two pictures: what do they show, and how do they differ in the %s?", a.name)
	e.answer = "The first picture: " + first.account()[0] + " The second picture: " + second.account()[0] + " " + e.answer
	e.wrong = "The first picture: " + second.account()[0] + " The second picture: " + first.account()[0] + " " + e.wrong
	return e
}
