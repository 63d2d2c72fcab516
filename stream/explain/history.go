package explain

import (
	"math/bits"
	"slices"

	"cream/selection"
)

// history finds what was chosen before of what is the same as a sample.
type history struct {
	q     *Inquiry
	picks []earlier
	// Places in picks; nil until they are asked for.
	ids             map[string][]int
	contents, texts map[uint64][]int
}

type earlier struct {
	pick       selection.Pick
	start, end int64
}

func (h *history) fill() {
	h.ids, h.contents, h.texts = make(map[string][]int), make(map[uint64][]int), make(map[uint64][]int)
	for _, w := range h.q.windows {
		if w.again == nil {
			continue
		}
		for pick := range w.again.Picks() {
			n := len(h.picks)
			h.picks = append(h.picks, earlier{pick, w.start, w.end})
			h.ids[pick.ID] = append(h.ids[pick.ID], n)
			if h.q.policy.Dedup.Content {
				h.contents[pick.Content] = append(h.contents[pick.Content], n)
			}
			if h.q.policy.Dedup.Near && pick.TextHash != 0 {
				h.texts[pick.TextHash] = append(h.texts[pick.TextHash], n)
			}
		}
	}
}

// of returns the sample that was chosen in place of the one that came to the
// window with the end: by a window before or, on arrival, by this one. nil
// where it is not among the windows.
func (h *history) of(id string, end int64) *Other {
	if h.ids == nil {
		h.fill()
	}
	found := slices.Clone(h.ids[id])
	for _, r := range h.q.asked[id].records {
		if r.end != end {
			continue
		}
		found = append(found, h.contents[r.content]...)
		for _, n := range h.texts[r.text] {
			if bits.OnesCount64(h.picks[n].pick.PictureHash^r.picture) <= int(h.q.policy.Dedup.Distance) {
				found = append(found, n)
			}
		}
	}
	var latest *Other
	for _, n := range found {
		e := &h.picks[n]
		if e.end > end || e.end == end && (!e.pick.OnArrival || e.pick.ID == id) || latest != nil && e.end <= latest.WindowEnd {
			continue
		}
		latest = &Other{ID: e.pick.ID, WindowStart: e.start, WindowEnd: e.end, Chosen: true}
	}
	return latest
}
