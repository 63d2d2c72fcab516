package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"cream/schemas"
)

// Sample is a generated sample and what is known of it.
type Sample struct {
	ID       string
	Source   string
	Style    string // of the first exchange
	Form     string // FormSingle, FormMultiTurn or FormFewShot
	Flaw     string // FlawNone, or how the sample was spoilt
	Quality  float64
	Pictures []Picture
	Turns    []schemas.Turn
}

// Picture is an encoded picture: JPEG or PNG, by the name's ending.
type Picture struct {
	Name string // unique among all samples of a seed
	Data []byte
}

// Forms of a conversation.
const (
	FormSingle    = "single"
	FormMultiTurn = "multi-turn"
	FormFewShot   = "few-shot"
)

// Flaws: how a sample may be spoilt.
const (
	FlawNone      = "none"
	FlawWrong     = "wrong-answer"
	FlawVague     = "vague-answer"
	FlawTruncated = "truncated-answer"
	FlawBlank     = "blank-picture"
	FlawMismatch  = "picture-mismatch" // the picture is another sample's
)

// Schema returns the sample as a record of the stream, with inline pictures
// and no event time of its own.
func (s *Sample) Schema() *schemas.Sample {
	out := &schemas.Sample{
		ID: s.ID, Source: s.Source, EventTime: schemas.NoTime, Conversation: s.Turns,
		Metadata: map[string]string{
			"style": s.Style, "form": s.Form, "flaw": s.Flaw,
			"quality": strconv.FormatFloat(s.Quality, 'f', -1, 64),
		},
	}
	for _, p := range s.Pictures {
		out.Images = append(out.Images, schemas.Image{Data: p.Data})
	}
	return out
}

// imageFolder holds the pictures beside a file of samples.
const imageFolder = "images"

// LLaVA returns the sample as a line of LLaVA JSON, without the line's end.
// The pictures are named by their paths: images/ and their names.
func (s *Sample) LLaVA() ([]byte, error) {
	type message struct {
		From  string `json:"from"`
		Value string `json:"value"`
	}
	line := struct {
		ID            string    `json:"id"`
		Source        string    `json:"source"`
		Image         any       `json:"image,omitempty"`
		Conversations []message `json:"conversations"`
		Style         string    `json:"style"`
		Form          string    `json:"form"`
		Quality       float64   `json:"quality"`
		Flaw          string    `json:"flaw"`
	}{ID: s.ID, Source: s.Source, Style: s.Style, Form: s.Form, Quality: s.Quality, Flaw: s.Flaw}
	var paths []string
	for _, p := range s.Pictures {
		paths = append(paths, path.Join(imageFolder, p.Name))
	}
	switch len(paths) {
	case 0:
	case 1:
		line.Image = paths[0]
	default:
		line.Image = paths
	}
	for _, t := range s.Turns {
		from := "human"
		if t.Role == schemas.RoleAssistant {
			from = "gpt"
		}
		line.Conversations = append(line.Conversations, message{from, t.Text})
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		return nil, fmt.Errorf("write sample %s as JSON: %w", s.ID, err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Write writes the next n samples to dir: samples.jsonl and images/. What is
// there under these names is replaced.
func (g *Generator) Write(ctx context.Context, dir string, n int) (err error) {
	if err := os.MkdirAll(filepath.Join(dir, imageFolder), 0o755); err != nil {
		return fmt.Errorf("make the output folder: %w", err)
	}
	file, err := os.Create(filepath.Join(dir, "samples.jsonl"))
	if err != nil {
		return fmt.Errorf("create the output: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		s, err := g.Next()
		if err != nil {
			return err
		}
		for _, p := range s.Pictures {
			if err := os.WriteFile(filepath.Join(dir, imageFolder, p.Name), p.Data, 0o644); err != nil {
				return fmt.Errorf("write a picture: %w", err)
			}
		}
		line, err := s.LLaVA()
		if err != nil {
			return err
		}
		if _, err := file.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
	}
	return nil
}
