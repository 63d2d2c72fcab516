package text

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Features computes cheap features of a sample, by name. The names are a
// bundle's choice; scoring/train/src/cream_train/text.py defines the same.
type Features struct{ of []feature }

// facts are what features are computed from: texts after Cut.
type facts struct {
	question, answer           string
	lowQuestion, lowAnswer     string // ASCII letters in lower case
	questionRunes, answerRunes int
	turns, pictures            int
}

type feature func(facts) float64

// NewFeatures returns the named features, in that order.
func NewFeatures(names []string) (*Features, error) {
	known := knownFeatures()
	f := &Features{}
	for _, name := range names {
		compute, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("unknown feature %q: this version of cream knows %s", name, strings.Join(sortedNames(known), ", "))
		}
		f.of = append(f.of, compute)
	}
	return f, nil
}

func sortedNames(known map[string]feature) []string {
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Compute appends the features' values to dst.
func (f *Features) Compute(dst []float32, question, answer string, turns, pictures int) []float32 {
	question, answer = Cut(question), Cut(answer)
	s := facts{
		question: question, answer: answer, lowQuestion: asciiLower(question), lowAnswer: asciiLower(answer),
		questionRunes: utf8.RuneCountInString(question), answerRunes: utf8.RuneCountInString(answer),
		turns: turns, pictures: pictures,
	}
	for _, compute := range f.of {
		dst = append(dst, float32(compute(s)))
	}
	return dst
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func knownFeatures() map[string]feature {
	number := regexp.MustCompile(`[0-9]+`)
	coordinate := regexp.MustCompile(`[\[(] ?[0-9]+(\.[0-9]+)? ?, ?[0-9]`)
	option := regexp.MustCompile(`(^|[ \t\n(])[A-Ea-e][.):]`)
	return map[string]feature{
		"log_question_words":     func(s facts) float64 { return logOf(words(s.question)) },
		"log_answer_words":       func(s facts) float64 { return logOf(words(s.answer)) },
		"log_answer_chars":       func(s facts) float64 { return logOf(s.answerRunes) },
		"log_answer_lines":       func(s facts) float64 { return logOf(strings.Count(s.answer, "\n")) },
		"log_answer_sentences":   func(s facts) float64 { return logOf(strings.Count(s.answer, ". ") + strings.Count(s.answer, ".\n")) },
		"question_digit_share":   func(s facts) float64 { return share(count(s.question, '0', '9'), s.questionRunes) },
		"answer_digit_share":     func(s facts) float64 { return share(count(s.answer, '0', '9'), s.answerRunes) },
		"question_maths_share":   func(s facts) float64 { return share(maths(s.question), s.questionRunes) },
		"answer_maths_share":     func(s facts) float64 { return share(maths(s.answer), s.answerRunes) },
		"answer_upper_share":     func(s facts) float64 { return share(count(s.answer, 'A', 'Z'), s.answerRunes) },
		"answer_numbers":         func(s facts) float64 { return logOf(len(number.FindAllStringIndex(s.answer, -1))) },
		"question_options":       func(s facts) float64 { return logOf(len(option.FindAllStringIndex(s.question, -1))) },
		"answer_is_option":       answerIsOption,
		"answer_coordinates":     func(s facts) float64 { return truth(coordinate.MatchString(s.answer)) },
		"question_coordinates":   func(s facts) float64 { return truth(coordinate.MatchString(s.question)) },
		"answer_yes_no":          answerYesNo,
		"question_asks_word":     func(s facts) float64 { return has(s.lowQuestion, "single word", "one word", "phrase") },
		"question_asks_steps":    func(s facts) float64 { return has(s.lowQuestion, "step by step", "explain", "reason", "why") },
		"question_asks_letter":   func(s facts) float64 { return has(s.lowQuestion, "option's letter", "choose", "options:") },
		"question_asks_describe": func(s facts) float64 { return has(s.lowQuestion, "describe", "description", "caption") },
		"question_asks_compare":  func(s facts) float64 { return has(s.lowQuestion, "compare", "differ", "both", "same") },
		"question_asks_format":   func(s facts) float64 { return has(s.lowQuestion, "json", "format", "table", "list") },
		"question_asks_box":      func(s facts) float64 { return has(s.lowQuestion, "bounding box", "coordinate", "[x") },
		"answer_reasons":         func(s facts) float64 { return has(s.lowAnswer, "because", "therefore", "so the", "thus") },
		"answer_json":            func(s facts) float64 { return has(s.lowAnswer, "{", "|") },
		"answer_ends_sentence":   answerEndsSentence,
		"log_turns":              func(s facts) float64 { return logOf(s.turns) },
		"log_pictures":           func(s facts) float64 { return logOf(s.pictures) },
		"log_answer_words_per_turn": func(s facts) float64 {
			return math.Log1p(float64(words(s.answer)) / float64(max(s.turns, 1)))
		},
		"answer_is_yes_no": answerIsYesNo,
		"answer_is_number": answerIsNumber,
		"answer_compares": func(s facts) float64 {
			return has(s.lowAnswer, "while", "whereas", "both", "difference", " than ", "in contrast")
		},
		"answer_steps": func(s facts) float64 { return has(s.lowAnswer, "1.", "2.", "first", "then", "finally") },
		"question_asks_yes_no": func(s facts) float64 {
			return has(s.lowQuestion, "yes or no", "yes/no", "true or false", "is there", "are there")
		},
		"question_asks_choice": func(s facts) float64 {
			return has(s.lowQuestion, "letter of the", "correct option", "which of the following")
		},
		"question_asks_detail": func(s facts) float64 { return has(s.lowQuestion, "detail", "thorough", "comprehensive", "paragraph") },
		"question_asks_brief": func(s facts) float64 {
			return has(s.lowQuestion, "brief", "one sentence", "short sentence", "concise", "summar")
		},
		"question_asks_place": func(s facts) float64 { return has(s.lowQuestion, "locate", "where", "position", "bbox") },
		"question_asks_count": func(s facts) float64 { return has(s.lowQuestion, "how many", "count", "number of") },
		"question_asks_markup": func(s facts) float64 {
			return has(s.lowQuestion, "markdown", "csv", "bullet", "yaml", "html", "latex", "code")
		},
		"question_asks_several": func(s facts) float64 { return has(s.lowQuestion, "images", "pictures", "first image", "second image") },
		"question_asks_similar": func(s facts) float64 { return has(s.lowQuestion, "similar", " than ", "in common", "contrast") },
	}
}

func logOf(n int) float64 { return math.Log1p(float64(n)) }

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// words counts the runs of what is not white space.
func words(s string) int {
	n, inside := 0, false
	for i := range len(s) {
		blank := strings.IndexByte(space, s[i]) >= 0
		if !blank && !inside {
			n++
		}
		inside = !blank
	}
	return n
}

func count(s string, from, to byte) int {
	n := 0
	for i := range len(s) {
		if from <= s[i] && s[i] <= to {
			n++
		}
	}
	return n
}

func maths(s string) int {
	n := 0
	for i := range len(s) {
		if strings.IndexByte(`$\^=+<>{}`, s[i]) >= 0 {
			n++
		}
	}
	return n
}

func has(s string, needles ...string) float64 {
	return truth(slices.ContainsFunc(needles, func(needle string) bool { return strings.Contains(s, needle) }))
}

func answerIsOption(s facts) float64 {
	letter := strings.Trim(s.lowAnswer, space+".():")
	return truth(words(s.answer) <= 1 && len(letter) == 1 && 'a' <= letter[0] && letter[0] <= 'h')
}

func answerYesNo(s facts) float64 {
	said := strings.TrimLeft(s.lowAnswer, space)
	return truth(strings.HasPrefix(said, "yes") || strings.HasPrefix(said, "no"))
}

// answerIsYesNo tells by the letters that the answer begins with, and so takes
// "no." and not "nothing".
func answerIsYesNo(s facts) float64 {
	said := strings.TrimLeft(s.lowAnswer, space)
	end := strings.IndexFunc(said, func(r rune) bool { return r < 'a' || r > 'z' })
	if end >= 0 {
		said = said[:end]
	}
	return truth(said == "yes" || said == "no" || said == "true" || said == "false")
}

func answerIsNumber(s facts) float64 {
	const digits = "0123456789"
	return truth(strings.ContainsAny(s.answer, digits) && strings.Trim(s.answer, digits+" .,%+-/$") == "")
}

func answerEndsSentence(s facts) float64 {
	said := strings.TrimRight(s.answer, space)
	return truth(said != "" && strings.IndexByte(".!?", said[len(said)-1]) >= 0)
}
