package synth

import (
	"math"
	"math/rand/v2"
	"strings"
)

// draft is a sample before its pictures are drawn.
type draft struct {
	maker     maker
	style     string
	form      string
	flaw      string
	drawn     []drawn
	opening   string // before the first question: the places of the pictures, and the examples
	exchanges []exchange
	richness  float64 // 0 to 1: how much there is to learn from it
}

// compose makes a draft in a style, sound or spoilt.
func compose(r *rand.Rand, style string) draft {
	d := draft{style: style, flaw: FlawNone}
	d.maker = pick(r, makers())
	subject := d.maker.make(r)
	for !offers(subject, style) {
		d.maker = pick(r, makers())
		subject = d.maker.make(r)
	}
	d.converse(r, subject)
	words := 0
	for _, e := range d.exchanges {
		words += len(strings.Fields(e.answer))
	}
	d.richness = min(1, float64(words)/60)
	d.spoil(r)
	return d
}

// Shares of the forms, in percent.
const (
	fewShotShare   = 30 // of the samples that ask for a word
	multiTurnShare = 20 // of the others, but for comparisons
)

func (d *draft) converse(r *rand.Rand, s subject) {
	d.form = FormSingle
	d.show(s)
	if d.style == Comparison {
		second := d.maker.make(r)
		d.show(second)
		d.exchanges = []exchange{askComparison(r, s, second)}
		return
	}
	if d.style == Word && r.IntN(100) < fewShotShare {
		d.giveExamples(r, s)
		return
	}
	d.exchanges = []exchange{ask(r, s, d.style)}
	if r.IntN(100) < multiTurnShare {
		for _, style := range shuffled(r, Styles(), 1+r.IntN(2)) {
			if style != d.style && style != Comparison && offers(s, style) {
				d.exchanges = append(d.exchanges, ask(r, s, style))
			}
		}
		if len(d.exchanges) > 1 {
			d.form = FormMultiTurn
		}
	}
}

// show adds a subject's picture, if it has one.
func (d *draft) show(s subject) {
	if s, ok := s.(drawn); ok {
		d.drawn = append(d.drawn, s)
		d.opening += "<image>\n"
	}
}

// giveExamples asks the same of three subjects and gives the answers for the
// first two.
func (d *draft) giveExamples(r *rand.Rand, s subject) {
	f := pick(r, s.facts(r))
	var examples []subject
	var answered strings.Builder
	for range 40 { // most subjects of a maker share their topics; not all do
		if len(examples) == 2 {
			break
		}
		example := d.maker.make(r)
		for _, g := range example.facts(r) {
			if g.topic == f.topic {
				examples = append(examples, example)
				answered.WriteString(marker(example) + "Question: " + g.question + "\nAnswer: " + g.answer + "\n\n")
				break
			}
		}
	}
	if len(examples) < 2 {
		d.exchanges = []exchange{askWord(r, f)}
		return
	}
	d.form = FormFewShot
	d.drawn = nil
	for _, e := range append(examples, s) {
		d.show(e)
	}
	d.opening = answered.String() + marker(s)
	d.exchanges = []exchange{{
		style: Word, question: "Question: " + f.question + "\nAnswer:", answer: f.answer, wrong: pick(r, f.others),
	}}
}

func marker(s subject) string {
	if _, ok := s.(drawn); ok {
		return "<image>\n"
	}
	return ""
}

// flawShares is how many samples in a hundred have each flaw; the others have
// none.
func flawShares() map[string]int {
	return map[string]int{FlawWrong: 10, FlawVague: 10, FlawTruncated: 8, FlawBlank: 4, FlawMismatch: 6}
}

// spoil gives the sample a flaw, or leaves it as it is.
func (d *draft) spoil(r *rand.Rand) {
	roll := r.IntN(100)
	flaw := FlawNone
	for _, f := range []string{FlawWrong, FlawVague, FlawTruncated, FlawBlank, FlawMismatch} {
		if roll -= flawShares()[f]; roll < 0 {
			flaw = f
			break
		}
	}
	last := &d.exchanges[len(d.exchanges)-1]
	if flaw == FlawTruncated && len(strings.Fields(last.answer)) < 6 {
		flaw = FlawWrong // there is nothing to cut
	}
	if (flaw == FlawBlank || flaw == FlawMismatch) && len(d.drawn) == 0 {
		flaw = FlawVague
	}
	d.flaw = flaw
	switch flaw {
	case FlawWrong:
		last.answer = d.wrong(r, *last)
	case FlawVague:
		last.answer = pick(r, []string{
			"It depends.", "Something like that, I think.", "There are some things.", "It is hard to say, maybe one of them.", "As can be seen.",
		})
	case FlawTruncated:
		words := strings.Fields(last.answer)
		last.answer = strings.Join(words[:2+len(words)/4], " ")
	case FlawMismatch:
		other := pick(r, makers())
		for other.source == d.maker.source || other.source == "synth_text" {
			other = pick(r, makers())
		}
		for i := range d.drawn {
			d.drawn[i] = other.make(r).(drawn)
		}
	}
}

// wrong returns an answer that is not right: for a description, another
// subject's.
func (d *draft) wrong(r *rand.Rand, e exchange) string {
	answer := e.wrong
	for answer == "" || answer == e.answer {
		answer = ask(r, d.maker.make(r), e.style).answer
	}
	return answer
}

// quality is what a trainer may expect of the sample: 0.7 to 1 without a flaw,
// by how much there is to learn from it, and a part of that with one.
func (d *draft) quality() float64 {
	kept := map[string]float64{
		FlawNone: 1, FlawTruncated: 0.5, FlawVague: 0.3, FlawWrong: 0.2, FlawMismatch: 0.15, FlawBlank: 0.05,
	}
	q := (0.7 + 0.3*d.richness) * kept[d.flaw]
	return math.Round(q*100) / 100
}
