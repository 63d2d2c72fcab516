package synthetic

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"

	"cream/selection"
)

// Shape says what a pool looks like.
type Shape struct {
	Seed         uint64
	Capabilities int
	Styles       int
	Sources      int
}

// Pool yields synthetic candidates by number: number i is always the same,
// whatever was asked for before. Scores are continuous from 0 to 5, a fifth
// of them 0; a candidate good at one capability tends to be good at others.
// Some styles and sources are several times as common as others, and three
// in ten candidates have a second or third style, near the first.
type Pool struct {
	shape   Shape
	names   []string
	styles  []string
	sources []string
}

// NewPool returns the pool of a shape.
func NewPool(s Shape) *Pool {
	return &Pool{
		shape:   s,
		names:   numbered("capability", s.Capabilities),
		styles:  numbered("style", s.Styles),
		sources: numbered("source", s.Sources),
	}
}

func numbered(word string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s %02d", word, i)
	}
	return names
}

// Capabilities are the names that the candidates' scores stand for.
func (p *Pool) Capabilities() []string { return p.names }

// Fill makes c candidate number i, using c's slices again. Ids are UUIDs of
// 36 characters. Event times are all 0.
func (p *Pool) Fill(i uint64, c *selection.Candidate) {
	rng := rand.New(rand.NewPCG(p.shape.Seed, i))
	c.ID = uuid(rng.Uint64(), i)
	c.Source = p.sources[skewed(rng, p.shape.Sources)]
	c.Styles = c.Styles[:0]
	style := skewed(rng, p.shape.Styles)
	for range 1 + rng.IntN(10)/7*(1+rng.IntN(2)) {
		c.Styles = append(c.Styles, p.styles[style%p.shape.Styles])
		style += 1 + rng.IntN(2)
	}
	quality := rng.Float64()
	c.Scores = c.Scores[:0]
	for range p.shape.Capabilities {
		score := float32(2.5 * (quality + rng.Float64()))
		if rng.IntN(5) == 0 {
			score = 0
		}
		c.Scores = append(c.Scores, score)
	}
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], i)
	c.ContentHash = sha256.Sum256(number[:])
	c.EventTime = 0
	c.Partition = int32(i % 12)
	c.Offset = int64(i / 12)
	c.SampleOffset = c.Offset
}

// skewed draws below n, low numbers about four times as often as high ones.
func skewed(rng *rand.Rand, n int) int {
	return int(math.Pow(rng.Float64(), 1.5) * float64(n))
}

// uuid formats 122 bits as a UUID of version 4.
func uuid(high, low uint64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], high)
	binary.BigEndian.PutUint64(b[8:], low)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
