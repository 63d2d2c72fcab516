package exporter

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/stream/ingester"
	"cream/stream/kafka"
	"cream/stream/scorer"
	"cream/stream/selector"
)

// Options of an export.
type Options struct {
	Reader *kafka.Reader
	Topics kafka.Topics
	Codec  *schemas.Codec
	Dir    string // made where it is not there; files in it are replaced
}

// Summary is summary.json.
type Summary struct {
	Samples      int64                    `json:"samples"` // elements of the input
	Scored       int64                    `json:"scored"`
	Duplicates   int64                    `json:"duplicates"` // scored records whose id came before
	Selected     int64                    `json:"selected"`
	Control      int64                    `json:"control"`
	Dead         int64                    `json:"dead"` // could not be scored: scored + dead = samples
	Late         int64                    `json:"late"` // scored, but behind the close of their window
	Windows      int64                    `json:"windows"`
	Shortfalls   []string                 `json:"shortfalls,omitempty"`
	Approximate  []string                 `json:"approximate,omitempty"` // why a window's choice may not be the exact one
	Reasons      map[string]int64         `json:"dead_letters"`          // by reason
	Styles       map[string]schemas.Count `json:"styles"`
	Capabilities map[string]schemas.Count `json:"capabilities"`
}

// Files that an export writes.
const (
	CuratedFile    = "curated.jsonl"
	ControlFile    = "control.jsonl"
	DecisionsFile  = "decisions.jsonl"
	ScoresFile     = "scores.jsonl"
	DeadLetterFile = "dead-letter.jsonl"
	SummaryFile    = "summary.json"
)

// Export reads the topics as they are at this moment and writes the files.
// Each appears whole or not at all; summary.json comes last.
func Export(ctx context.Context, opts Options) (*Summary, error) {
	if err := os.MkdirAll(opts.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("export: make the folder: %w", err)
	}
	e := &export{Options: opts, seed: maphash.MakeSeed(), sum: Summary{
		Reasons: map[string]int64{}, Styles: map[string]schemas.Count{}, Capabilities: map[string]schemas.Count{},
	}}
	for _, step := range []func(context.Context) error{
		e.curated, e.control, e.decisions, e.scores, e.deadLetters, e.windows, e.samples,
	} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
	}
	err := e.write(SummaryFile, func(w *bufio.Writer) error {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(e.sum)
	})
	return &e.sum, err
}

type export struct {
	Options
	seed maphash.Seed
	sum  Summary
}

func (e *export) curated(ctx context.Context) error {
	return e.values(ctx, CuratedFile, e.Topics.Curated, &e.sum.Selected)
}

func (e *export) control(ctx context.Context) error {
	return e.values(ctx, ControlFile, e.Topics.Control, &e.sum.Control)
}

// values writes a topic's samples, a line each, as they are; but those whose
// JSON spans lines are made one.
func (e *export) values(ctx context.Context, file, topic string, count *int64) error {
	return e.write(file, func(w *bufio.Writer) error {
		return e.Reader.Scan(ctx, topic, func(r *kgo.Record) error {
			*count++
			w.Write(oneLine(r.Value))
			return w.WriteByte('\n')
		})
	})
}

func oneLine(value []byte) []byte {
	if bytes.IndexByte(value, '\n') < 0 {
		return value
	}
	var line bytes.Buffer
	if json.Compact(&line, value) != nil {
		return value
	}
	return line.Bytes()
}

// decision is a line of decisions.jsonl.
type decision struct {
	ID          string  `json:"id"`
	WindowStart int64   `json:"window_start"` // ms
	WindowEnd   int64   `json:"window_end"`
	Capability  string  `json:"capability"`
	Style       string  `json:"style"`
	Source      string  `json:"source"`
	Score       float32 `json:"score"`
	Rank        int32   `json:"rank"`
	Cutoff      float32 `json:"cutoff"`
	order       int32
}

func (e *export) decisions(ctx context.Context) error {
	var all []decision
	err := e.Reader.Scan(ctx, e.Topics.Selections, func(r *kgo.Record) error {
		s, err := e.Codec.DecodeSelection(ctx, r.Value)
		if err == nil && s.Role == schemas.RoleCurated {
			all = append(all, decision{s.ID, s.WindowStart, s.WindowEnd, s.Capability, s.Style, s.Source, s.Score, s.Rank, s.Cutoff, s.Order})
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b decision) int {
		return cmp.Or(cmp.Compare(a.WindowStart, b.WindowStart), cmp.Compare(a.order, b.order))
	})
	return e.write(DecisionsFile, func(w *bufio.Writer) error {
		out := encoder(w)
		for _, d := range all {
			if err := out.Encode(d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *export) scores(ctx context.Context) error {
	seen := make(map[uint64]struct{}) // of ids; two of them in 2^64 look alike
	return e.write(ScoresFile, func(w *bufio.Writer) error {
		out := encoder(w)
		return e.Reader.Scan(ctx, e.Topics.Scores, func(r *kgo.Record) error {
			s, err := e.Codec.DecodeScore(ctx, r.Value)
			if err != nil {
				return err
			}
			e.sum.Scored++
			id := maphash.String(e.seed, s.ID)
			if _, ok := seen[id]; ok {
				e.sum.Duplicates++
			}
			seen[id] = struct{}{}
			return out.Encode(struct {
				ID     string             `json:"id"`
				Source string             `json:"source"`
				Styles []string           `json:"styles"`
				Scores map[string]float32 `json:"scores"`
			}{s.ID, s.Source, s.Styles, s.Scores})
		})
	})
}

func (e *export) deadLetters(ctx context.Context) error {
	return e.write(DeadLetterFile, func(w *bufio.Writer) error {
		out := encoder(w)
		return e.Reader.Scan(ctx, e.Topics.DeadLetter, func(r *kgo.Record) error {
			var line struct {
				Reason   string  `json:"reason"`
				Error    string  `json:"error"`
				Stage    string  `json:"stage"`
				ID       string  `json:"id,omitempty"`
				Input    *int64  `json:"input,omitempty"` // the element's number in the input, from 0
				Original *string `json:"original,omitempty"`
				Base64   string  `json:"original_base64,omitempty"`
			}
			line.Reason, _ = kafka.Header(r, kafka.HeaderErrorReason)
			line.Error, _ = kafka.Header(r, kafka.HeaderErrorMessage)
			line.Stage, _ = kafka.Header(r, kafka.HeaderErrorStage)
			line.ID = string(r.Key)
			if n, ok := kafka.IntHeader(r, kafka.HeaderInput); ok {
				line.Input = &n
			}
			if utf8.Valid(r.Value) {
				text := string(r.Value)
				line.Original = &text
			} else { // JSON cannot hold it as it is
				line.Base64 = base64.StdEncoding.EncodeToString(r.Value)
			}
			e.sum.Reasons[line.Reason]++
			if line.Stage == ingester.Stage || line.Stage == scorer.Stage {
				e.sum.Dead++
			} else if line.Reason == selector.ReasonLate {
				e.sum.Late++
			}
			return out.Encode(line)
		})
	})
}

func (e *export) windows(ctx context.Context) error {
	return e.Reader.Scan(ctx, e.Topics.Windows, func(r *kgo.Record) error {
		w, err := e.Codec.DecodeWindow(ctx, r.Value)
		if err != nil {
			return err
		}
		e.sum.Windows++
		if w.Approximate != "" {
			e.sum.Approximate = append(e.sum.Approximate, w.Approximate)
		}
		if w.Shortfall != "" {
			e.sum.Shortfalls = append(e.sum.Shortfalls, w.Shortfall)
		}
		for name, c := range w.Styles {
			add(e.sum.Styles, name, c)
		}
		for name, c := range w.Capabilities {
			add(e.sum.Capabilities, name, c)
		}
		return nil
	})
}

func add(to map[string]schemas.Count, name string, c schemas.Count) {
	to[name] = schemas.Count{Seen: to[name].Seen + c.Seen, Chosen: to[name].Chosen + c.Chosen}
}

// samples counts the input: what lies on samples, and what was too large to
// get there.
func (e *export) samples(ctx context.Context) error {
	count := func(*kgo.Record) error { e.sum.Samples++; return nil }
	if err := e.Reader.Scan(ctx, e.Topics.Samples, count); err != nil {
		return err
	}
	return e.Reader.Scan(ctx, e.Topics.DeadLetter, func(r *kgo.Record) error {
		if stage, _ := kafka.Header(r, kafka.HeaderErrorStage); stage == ingester.Stage {
			e.sum.Samples++
		}
		return nil
	})
}

func encoder(w *bufio.Writer) *json.Encoder {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out
}

// write makes a file under another name and renames it once it is whole.
func (e *export) write(name string, fill func(*bufio.Writer) error) (err error) {
	path := filepath.Join(e.Dir, name)
	file, err := os.CreateTemp(e.Dir, name+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, file.Close(), os.Remove(file.Name())))
		}
	}()
	w := bufio.NewWriterSize(file, 1<<20)
	if err := fill(w); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), file.Chmod(0o644)); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
