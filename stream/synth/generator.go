package synth

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"cream/schemas"
)

// Options of a Generator.
type Options struct {
	// Seed names the stream: equal seeds give equal samples.
	Seed int64
}

// Generator yields samples. It is not safe for use by several goroutines.
type Generator struct {
	seed   int64
	next   int64
	canvas *canvas
}

// New returns a Generator at its first sample.
func New(opts Options) (*Generator, error) {
	c, err := newCanvas()
	if err != nil {
		return nil, err
	}
	return &Generator{seed: opts.Seed, canvas: c}, nil
}

// Skip passes over the next n samples, at once.
func (g *Generator) Skip(n int64) { g.next += n }

// Next returns the next sample.
func (g *Generator) Next() (*Sample, error) {
	number := g.next
	g.next++
	var key [32]byte
	copy(key[:], "cream synth")
	binary.BigEndian.PutUint64(key[16:], uint64(g.seed))
	binary.BigEndian.PutUint64(key[24:], uint64(number))
	r := rand.New(rand.NewChaCha8(key))

	id := fmt.Sprintf("synth-%d-%09d", g.seed, number)
	draft := compose(r, pick(r, Styles()))
	s := &Sample{
		ID: id, Source: draft.maker.source, Style: draft.style, Form: draft.form,
		Flaw: draft.flaw, Quality: draft.quality(),
	}
	for i, subject := range draft.drawn {
		data, ext, err := g.canvas.render(subject, draft.flaw == FlawBlank)
		if err != nil {
			return nil, fmt.Errorf("draw picture %d of %s: %w", i, id, err)
		}
		name := id + ext
		if len(draft.drawn) > 1 {
			name = fmt.Sprintf("%s-%d%s", id, i+1, ext)
		}
		s.Pictures = append(s.Pictures, Picture{Name: name, Data: data})
	}
	for i, e := range draft.exchanges {
		question := e.question
		if i == 0 {
			question = draft.opening + question
		}
		s.Turns = append(s.Turns,
			schemas.Turn{Role: schemas.RoleUser, Text: question},
			schemas.Turn{Role: schemas.RoleAssistant, Text: e.answer})
	}
	return s, nil
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// shuffled returns n elements of the list in random order.
func shuffled[T any](r *rand.Rand, list []T, n int) []T {
	out := make([]T, n)
	for i, from := range r.Perm(len(list))[:n] {
		out[i] = list[from]
	}
	return out
}

// between returns a number from low to high, both included.
func between(r *rand.Rand, low, high int) int { return low + r.IntN(high-low+1) }
