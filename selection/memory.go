package selection

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Chosen is a sample that an earlier window chose, as a caller reads it back
// from its own output.
type Chosen struct {
	ID  string
	End int64 // of the window, ms
	// Content is the first 8 bytes of the content hash, big-endian.
	Content               uint64
	PictureHash, TextHash uint64
	// Capability, Style and Cutoff are how it was taken on arrival, where its
	// window may still be open.
	Capability, Style, Source string
	Cutoff                    float32
	Cost                      uint64 // of the budget; 0 counts as 1
	// Withdrawn says that it was chosen, as far as has been told, and then
	// withdrawn.
	Withdrawn bool
}

// hashes are what is remembered of a chosen sample.
type hashes struct{ id, content, picture, text uint64 }

func (c Chosen) hashes() hashes {
	return hashes{id: xxhash.Sum64String(c.ID), content: c.Content, picture: c.PictureHash, text: c.TextHash}
}

// memory holds what windows have chosen, for the horizon: what is the same is
// not chosen again.
type memory struct {
	horizon int64            // ms
	ids     map[uint64]int64 // hash of an id → end of the latest window that chose it
	// contents likewise, and near by the hash of the text; nil where the
	// policy does not ask.
	contents map[uint64]int64
	near     map[uint64][]picture
	pruned   int64 // up to which time prune has looked
}

// picture is the perceptual hash of a chosen sample's pictures.
type picture struct {
	hash uint64
	end  int64 // of its window
}

func newMemory(p *Policy, horizon time.Duration, closedThrough int64) *memory {
	m := &memory{ids: make(map[uint64]int64), pruned: closedThrough}
	m.widen(p, horizon)
	return m
}

// widen makes it hold what a policy asks for, too, from now on.
func (m *memory) widen(p *Policy, horizon time.Duration) {
	m.horizon = max(m.horizon, horizonOf(p, horizon))
	if p.Dedup.Content && m.contents == nil {
		m.contents = make(map[uint64]int64)
	}
	if p.Dedup.Near && m.near == nil {
		m.near = make(map[uint64][]picture)
	}
}

// horizonOf returns for how long (ms) a policy wants to remember, unless it
// says for so long.
func horizonOf(p *Policy, horizon time.Duration) int64 {
	return cmp.Or(p.Dedup.Horizon, horizon, DefaultHorizon).Milliseconds()
}

func (m *memory) add(h hashes, end int64) {
	m.ids[h.id] = max(m.ids[h.id], end)
	if m.contents != nil {
		m.contents[h.content] = max(m.contents[h.content], end)
	}
	if m.near != nil && h.text != unknownText {
		m.near[h.text] = append(m.near[h.text], picture{hash: h.picture, end: end})
	}
}

// asksForContent tells whether the policy looks at more than ids: then a window
// looks at what it has taken itself, too.
func (m *memory) asksForContent() bool { return m.contents != nil || m.near != nil }

// forget makes an id one that was never chosen. What is like it stays
// remembered: it was published.
func (m *memory) forget(id uint64) { delete(m.ids, id) }

// prune drops what is beyond the horizon, once in a while.
func (m *memory) prune(closedThrough int64) {
	if closedThrough-m.pruned < m.horizon/24 {
		return
	}
	m.pruned = closedThrough
	beyond := closedThrough - m.horizon
	old := func(_ uint64, end int64) bool { return end <= beyond }
	maps.DeleteFunc(m.ids, old)
	maps.DeleteFunc(m.contents, old)
	for text, pictures := range m.near {
		pictures = slices.DeleteFunc(pictures, func(p picture) bool { return p.end <= beyond })
		if m.near[text] = pictures; len(pictures) == 0 {
			delete(m.near, text)
		}
	}
}

// history is what earlier windows chose, as a window sees it.
type history struct {
	memory *memory
	dedup  Dedup
	after  int64 // ends up to this are beyond the horizon
}

func (h history) isEmpty() bool { return len(h.memory.ids) == 0 && !h.looksAtContent() }

// looksAtContent tells whether more than ids is compared.
func (h history) looksAtContent() bool {
	return h.dedup.Content && len(h.memory.contents) > 0 || h.dedup.Near && len(h.memory.near) > 0
}

func (h history) has(idHash uint64) bool {
	end, ok := h.memory.ids[idHash]
	return ok && end > h.after
}

// hasContent tells whether the same sample by another id was chosen.
func (h history) hasContent(c hashes) bool {
	if end, ok := h.memory.contents[c.content]; h.dedup.Content && ok && end > h.after {
		return true
	}
	return h.dedup.Near && c.text != unknownText && slices.ContainsFunc(h.memory.near[c.text], func(p picture) bool {
		return p.end > h.after && alike(p.hash, c.picture, h.dedup.Distance)
	})
}

// unknownText is the hash of a text that there is not, or that nobody hashed:
// such a sample is like no other.
const unknownText = 0

// alike tells whether two perceptual hashes differ in few bits.
func alike(a, b uint64, distance uint8) bool { return bits.OnesCount64(a^b) <= int(distance) }
