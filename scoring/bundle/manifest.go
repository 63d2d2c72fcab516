package bundle

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Manifest is manifest.yaml: what a bundle is, and what its graph expects.
type Manifest struct {
	Format       int          `yaml:"format"` // of this file: 1
	Name         string       `yaml:"name"`
	Version      string       `yaml:"version"`
	Description  string       `yaml:"description"`
	Licence      string       `yaml:"licence"`
	Authors      string       `yaml:"authors"`
	Provenance   []Provenance `yaml:"provenance"`
	Capabilities []string     `yaml:"capabilities"` // in the order of the graph's scores
	Styles       []string     `yaml:"styles"`       // in the order of the graph's styles
	// ScoreRange is the lowest and the highest score.
	ScoreRange []float32 `yaml:"score_range"`
	// StyleThreshold is the probability from which a style is named.
	StyleThreshold float32 `yaml:"style_threshold"`
	Model          string  `yaml:"model"` // the graph's file
	Inputs         Inputs  `yaml:"inputs"`
	// Files has the SHA-256 of every file that the bundle needs.
	Files map[string]string `yaml:"files"`
}

// Provenance tells where a part came from.
type Provenance struct {
	What    string `yaml:"what"`
	From    string `yaml:"from"`
	Licence string `yaml:"licence"`
}

// Inputs is how a sample becomes what the graph reads.
type Inputs struct {
	Pictures Pictures `yaml:"pictures"`
	Text     Text     `yaml:"text"`
	// Features are the cheap text features, by name, in order.
	Features []string `yaml:"features"`
}

// Pictures is how a picture is prepared.
type Pictures struct {
	Size         []int  `yaml:"size"`   // height, width
	Resize       string `yaml:"resize"` // squash
	Filter       string `yaml:"filter"` // bilinear
	Layout       string `yaml:"layout"` // nhwc
	Type         string `yaml:"type"`   // uint8
	MaxPerSample int    `yaml:"max_per_sample"`
}

// Text is how a conversation is prepared.
type Text struct {
	Tokenizer       string `yaml:"tokenizer"` // wordpiece
	Vocabulary      string `yaml:"vocabulary"`
	Lowercase       bool   `yaml:"lowercase"`
	QuestionLengths []int  `yaml:"question_lengths"` // tokens, ascending
	AnswerLengths   []int  `yaml:"answer_lengths"`
	Truncation      string `yaml:"truncation"` // head-tail
}

// parseManifest reads a manifest, strictly.
func parseManifest(name string, text []byte) (*Manifest, error) {
	var m Manifest
	if err := yaml.UnmarshalWithOptions(text, &m, yaml.Strict()); err != nil {
		var where yaml.Error
		if errors.As(err, &where) && where.GetToken() != nil {
			return nil, fmt.Errorf("%s: %w", at(name, where.GetToken().Position.Line), err)
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	where := lines(text)
	var errs []error
	for _, mistake := range m.check() {
		errs = append(errs, fmt.Errorf("%s: %s: %s", at(name, where[mistake.key]), mistake.key, mistake.text))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &m, nil
}

type mistake struct{ key, text string }

// check returns every mistake.
func (m *Manifest) check() []mistake {
	var out []mistake
	wrong := func(key, format string, args ...any) {
		out = append(out, mistake{key, fmt.Sprintf(format, args...)})
	}
	oneOf := func(key, got string, known ...string) {
		if !slices.Contains(known, got) {
			wrong(key, "%q is not known; expected %s", got, strings.Join(known, " or "))
		}
	}
	if m.Format != 1 {
		wrong("format", "%d is not known to this version of cream; expected 1", m.Format)
	}
	if m.Name == "" || m.Version == "" {
		wrong("name", "a bundle needs a name and a version")
	}
	if m.Licence == "" {
		wrong("licence", "a bundle tells its licence")
	}
	for key, names := range map[string][]string{"capabilities": m.Capabilities, "styles": m.Styles} {
		if len(names) == 0 {
			wrong(key, "is empty; expected at least one name")
		}
		for i, n := range names {
			if n == "" || slices.Contains(names[:i], n) {
				wrong(key, "%q is empty or stands twice", n)
			}
		}
	}
	if len(m.ScoreRange) != 2 || !(m.ScoreRange[0] < m.ScoreRange[1]) {
		wrong("score_range", "%v is no range; expected [lowest, highest]", m.ScoreRange)
	}
	if !(m.StyleThreshold > 0 && m.StyleThreshold <= 1) {
		wrong("style_threshold", "%v is no probability above 0", m.StyleThreshold)
	}
	p, t := m.Inputs.Pictures, m.Inputs.Text
	if len(p.Size) != 2 || slices.ContainsFunc(p.Size, func(n int) bool { return n < 1 || n > 4096 }) {
		wrong("inputs.pictures.size", "%v; expected [height, width], 1 to 4096 each", p.Size)
	}
	if p.MaxPerSample < 1 {
		wrong("inputs.pictures.max_per_sample", "%d; expected at least 1", p.MaxPerSample)
	}
	oneOf("inputs.pictures.resize", p.Resize, "squash")
	oneOf("inputs.pictures.filter", p.Filter, "bilinear")
	oneOf("inputs.pictures.layout", p.Layout, "nhwc")
	oneOf("inputs.pictures.type", p.Type, "uint8")
	oneOf("inputs.text.tokenizer", t.Tokenizer, "wordpiece")
	oneOf("inputs.text.truncation", t.Truncation, "head-tail")
	if !t.Lowercase {
		wrong("inputs.text.lowercase", "false; the WordPiece tokenizer here is the uncased one")
	}
	for key, lengths := range map[string][]int{"inputs.text.question_lengths": t.QuestionLengths, "inputs.text.answer_lengths": t.AnswerLengths} {
		if len(lengths) == 0 || !slices.IsSorted(lengths) || lengths[0] < 4 || lengths[len(lengths)-1] > math.MaxInt16 {
			wrong(key, "%v; expected lengths in tokens from 4, ascending", lengths)
		}
	}
	for key, file := range map[string]string{"model": m.Model, "inputs.text.vocabulary": t.Vocabulary} {
		if _, ok := m.Files[file]; !ok {
			wrong(key, "%q is not among files; expected its name and SHA-256 there", file)
		}
	}
	for file, sum := range m.Files {
		if digest, err := hex.DecodeString(sum); err != nil || len(digest) != 32 {
			wrong("files", "%s: %q is no SHA-256; expected 64 hexadecimal digits", file, sum)
		}
		if file == "" || path.IsAbs(file) || path.Clean(file) != file || strings.HasPrefix(file, "..") {
			wrong("files", "%q; expected a path within the bundle's folder", file)
		}
	}
	slices.SortFunc(out, func(a, b mistake) int { return strings.Compare(a.key+a.text, b.key+b.text) })
	return out
}
