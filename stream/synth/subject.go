package synth

import (
	"math/rand/v2"
	"strconv"
)

// subject is what a sample is about. All that it tells is true of it.
type subject interface {
	// facts are closed questions with their answers. Subjects of one maker
	// share the topics of theirs where they can.
	facts(r *rand.Rand) []fact
	// spots are the things in the picture that a box can be drawn around.
	spots() []spot
	// quantities are what two subjects of one maker can be compared by.
	quantities() []quantity
	// account says what there is, in sentences; the first is the summary.
	account() []string
	// fields are the subject's data, by name.
	fields() []field
}

// drawn is a subject with a picture. Text problems have none.
type drawn interface {
	subject
	size() (width, height int)
	draw(c *canvas)
}

// fact is a closed question and its answer.
type fact struct {
	topic    string   // the kind of question
	question string   // ends with a question mark
	claim    string   // the same as a yes/no question, with %s for the answer
	answer   string   // a word or a short phrase
	others   []string // wrong answers of the same kind
	steps    string   // how the answer is reached; empty where it is plain to see
}

// spot is a thing and its box in pixels.
type spot struct {
	name string
	box  box
}

type box struct{ x0, y0, x1, y1 float64 }

func (b box) overlaps(o box) bool {
	return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1
}

func (b box) grown(by float64) box { return box{b.x0 - by, b.y0 - by, b.x1 + by, b.y1 + by} }

// quantity is a number under a name that fits "Which picture has more …?".
type quantity struct {
	name  string
	value int
}

type field struct{ name, value string }

// maker invents subjects of one kind.
type maker struct {
	source string
	make   func(r *rand.Rand) subject
}

func makers() []maker {
	return []maker{
		{"synth_shapes", newShapes},
		{"synth_shapes", newGeometry},
		{"synth_charts", newBarChart},
		{"synth_charts", newLineChart},
		{"synth_charts", newPieChart},
		{"synth_documents", newReceipt},
		{"synth_documents", newPoster},
		{"synth_documents", newTimetable},
		{"synth_scenes", newScene},
		{"synth_scenes", newScene},
		{"synth_maps", newTown},
		{"synth_text", newProblem},
	}
}

// near returns three numbers other than n, near it and not negative.
func near(r *rand.Rand, n int) []string {
	step := max(1, n/10)
	var out []string
	for _, k := range r.Perm(7) {
		if m := n + (k-3)*step; m != n && m >= 0 && len(out) < 3 {
			out = append(out, strconv.Itoa(m))
		}
	}
	return out
}

// without returns the list without one element.
func without(list []string, drop string) []string {
	var out []string
	for _, s := range list {
		if s != drop {
			out = append(out, s)
		}
	}
	return out
}
