package console

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"cream/schemas"
)

// Picked is a chosen sample, and why it was chosen.
type Picked struct {
	ID         string
	Source     string
	Capability string
	Style      string
	Score      float32
	Cutoff     float32 // the score of the last one taken from the bin
	Rank       int     // place in the bin, from 1
	// WindowStart and WindowEnd bound the window; zero where it is the whole input.
	WindowStart, WindowEnd time.Time
	Turns                  []schemas.Turn
	Pictures               []schemas.Image
}

// What the page keeps of a sample, however large it is.
const (
	maxTurns    = 24
	maxText     = 6000     // bytes of a turn
	maxPictures = 8        // of a sample
	maxPicture  = 8 << 20  // bytes of a picture
	maxKept     = 64 << 20 // bytes of inline pictures of all picks
)

// picks are the samples chosen last, oldest first.
type picks struct {
	keep  int
	list  []kept
	next  int64 // number of the next pick
	bytes int   // of inline pictures in list
}

// kept is a pick under a number that grows.
type kept struct {
	number int64
	bytes  int
	Picked
}

func newPicks(keep int) picks {
	return picks{keep: keep}
}

// Add shows a pick on the page, in place of the oldest one.
func (c *Console) Add(p Picked) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.picks.add(p)
}

func (ps *picks) add(p Picked) {
	k := kept{number: ps.next, Picked: p}
	ps.next++
	k.trim()
	ps.list = append(ps.list, k)
	ps.bytes += k.bytes
	for len(ps.list) > ps.keep || (ps.bytes > maxKept && len(ps.list) > 1) {
		ps.bytes -= ps.list[0].bytes
		ps.list = slices.Delete(ps.list, 0, 1)
	}
}

// trim cuts a pick to what the page shows of it.
func (k *kept) trim() {
	turns := k.Turns[:min(len(k.Turns), maxTurns)]
	k.Turns = make([]schemas.Turn, len(turns))
	for i, t := range turns {
		text := t.Text
		if len(text) > maxText {
			text = strings.ToValidUTF8(text[:maxText], "") + " …"
		}
		k.Turns[i] = schemas.Turn{Role: t.Role, Text: strings.ToValidUTF8(text, "\uFFFD")}
	}
	k.Pictures = slices.Clone(k.Pictures[:min(len(k.Pictures), maxPictures)])
	for i, im := range k.Pictures {
		if len(im.Data) > maxPicture {
			k.Pictures[i] = schemas.Image{} // too large to show
		}
		k.bytes += len(k.Pictures[i].Data)
	}
}

// since returns the picks from a number on that pass the filter, newest
// first, and the number to ask for next time.
func (c *Console) since(number int64, f filter) ([]kept, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []kept
	for _, k := range slices.Backward(c.picks.list) {
		if k.number >= number && f.passes(k.Picked) {
			out = append(out, k)
		}
	}
	return out, c.picks.next
}

// pictureKey names the n-th picture of a sample in the page's addresses.
func pictureKey(id string, n int) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(n) + " " + id))
	return hex.EncodeToString(sum[:12])
}

// picture finds a kept pick's picture.
func (c *Console) picture(key string) (schemas.Image, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range slices.Backward(c.picks.list) {
		for n, im := range k.Pictures {
			if pictureKey(k.ID, n) == key {
				return im, im.Data != nil || im.URI != ""
			}
		}
	}
	return schemas.Image{}, false
}
