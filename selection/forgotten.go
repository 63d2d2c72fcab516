package selection

import (
	"encoding/binary"
	"slices"
	"unsafe"
)

// forgotten is a set of ids, of those that were kept and of those whose records
// were dropped, with what has to be known of the latter: 12 bytes for up to 16
// capabilities, and some 15 with the room to grow in.
//
// It is split into shards by the upper bits of the hash of an id. A shard is a
// table whose entries lie in the order of their hashes, each at its place in
// proportion or after it with no gap between: Amble and Knuth, "Ordered hash
// tables", 1974. So a search ends early though few places are free, and a
// shard grows in one pass, by an eighth. (By a fifth it would be 4 % quicker,
// but not always keep within 16 bytes.)
type forgotten struct {
	shards [forgottenShards]forgottenShard
	stride int // bytes of an entry
}

type forgottenShard struct {
	entries []byte // none or places*stride and some for what is pushed over the end
	used    uint32
	places  uint32
}

// An entry is a word of the remaining 54 bits of the hash above 10 bits of the
// content hash, the kind in 2 bytes, and a bit for each capability. An entry
// whose word is 0 is free.
//
// Two ids with one hash of 64 bits count as one.
const (
	forgottenBits   = 10
	forgottenShards = 1 << forgottenBits
	kindAt          = 8
	aboveAt         = 10

	// packedKind marks an entry whose id has its record in the pack: who
	// looks for an id and does not find it here need not look there.
	packedKind = 1<<16 - 1
	// goneKind marks one whose record was withdrawn.
	goneKind = 1<<16 - 2
	// forgettableKinds is how many kinds an entry can tell apart.
	forgettableKinds = goneKind
)

// record is what is remembered of a dropped record.
type record struct {
	content uint16 // its first 10 bits
	kind    uint32
	above   uint64 // bit c: it scores above the threshold for capability c
}

func newForgotten(columns int) *forgotten {
	return &forgotten{stride: aboveAt + (columns+7)/8}
}

// shardOf returns a hash's shard and what an entry holds of the hash, never 0.
func (f *forgotten) shardOf(hash uint64) (s *forgottenShard, rest uint64) {
	return &f.shards[hash>>(64-forgottenBits)], max(hash<<forgottenBits>>forgottenBits, 1)
}

// home is where an entry belongs.
func (s *forgottenShard) home(rest uint64) int {
	return int(rest >> 22 * uint64(s.places) >> 32) // the upper 32 of 54 bits will do
}

func word(entry []byte) uint64 { return binary.LittleEndian.Uint64(entry) }

// spot is where an id is, or, if it is not found, would go, until the next put.
type spot struct {
	hash  uint64
	at    int
	found bool
}

// expect says that an id is about to be searched for.
func (f *forgotten) expect(hash uint64) {
	if s, rest := f.shardOf(hash); s.places > 0 {
		home := s.home(rest) * f.stride
		prefetch(unsafe.Pointer(&s.entries[home]))
		prefetch(unsafe.Pointer(&s.entries[min(home+cacheLine, len(s.entries)-1)])) // what put pushes on
	}
}

// find searches for an id.
func (f *forgotten) find(hash uint64) spot {
	s, rest := f.shardOf(hash)
	if s.places == 0 {
		return spot{hash: hash}
	}
	at := s.home(rest) * f.stride
	for at < len(s.entries) {
		have := word(s.entries[at:]) >> forgottenBits
		if have >= rest {
			return spot{hash: hash, at: at, found: have == rest}
		}
		if have == 0 {
			break
		}
		at += f.stride
	}
	return spot{hash: hash, at: at}
}

// at returns what is remembered of an id that was found.
func (f *forgotten) at(p spot) record {
	s, _ := f.shardOf(p.hash)
	return f.get(s.entries[p.at:][:f.stride])
}

// get returns what an entry says.
func (f *forgotten) get(entry []byte) record {
	var above uint64
	for i, b := range entry[aboveAt:] {
		above |= uint64(b) << (8 * i)
	}
	return record{
		content: uint16(word(entry) & (1<<forgottenBits - 1)),
		kind:    uint32(binary.LittleEndian.Uint16(entry[kindAt:])),
		above:   above,
	}
}

func (f *forgotten) set(entry []byte, rest uint64, r record) {
	binary.LittleEndian.PutUint64(entry, rest<<forgottenBits|uint64(r.content))
	binary.LittleEndian.PutUint16(entry[kindAt:], uint16(r.kind))
	for i := range entry[aboveAt:] {
		entry[aboveAt+i] = byte(r.above >> (8 * i))
	}
}

// put adds or overwrites an id at its spot.
func (f *forgotten) put(p spot, r record) {
	s, rest := f.shardOf(p.hash)
	if !p.found {
		if s.places == 0 {
			// Of different sizes, so that not all grow at one time.
			f.resize(s, 8+int(p.hash>>(64-forgottenBits)%8))
			p = f.find(p.hash)
		}
		for 100*uint64(s.used+1) > 88*uint64(s.places) || !f.makeRoom(s, p.at) {
			f.resize(s, int(s.places)*9/8+1)
			p = f.find(p.hash)
		}
		s.used++
	}
	f.set(s.entries[p.at:][:f.stride], rest, r)
}

// makeRoom pushes the entries from at on up to the next free place, and
// returns false where there is none.
func (f *forgotten) makeRoom(s *forgottenShard, at int) bool {
	free := at
	for free < len(s.entries) && word(s.entries[free:]) != 0 {
		free += f.stride
	}
	if free == len(s.entries) {
		return false
	}
	copy(s.entries[at+f.stride:free+f.stride], s.entries[at:free])
	return true
}

// resize gives a shard at least so many places.
func (f *forgotten) resize(s *forgottenShard, places int) {
	const over = 8 // places past the last home
	old := s.entries
	for {
		entries := slices.Grow([]byte(nil), (places+over)*f.stride)
		places = cap(entries)/f.stride - over // what the allocator rounds up to
		s.entries, s.places = entries[:(places+over)*f.stride], uint32(places)
		if f.refill(s, old) {
			return
		}
		places += places/8 + 1
	}
}

// refill puts entries into an empty shard, and returns whether they fit.
func (f *forgotten) refill(s *forgottenShard, entries []byte) bool {
	next := 0
	for from := 0; from < len(entries); from += f.stride {
		entry := entries[from:][:f.stride]
		if word(entry) == 0 {
			continue
		}
		to := max(next, s.home(word(entry)>>forgottenBits)*f.stride)
		if to == len(s.entries) {
			return false
		}
		copy(s.entries[to:], entry)
		next = to + f.stride
	}
	return true
}

// each calls do for every id that was dropped.
func (f *forgotten) each(do func(hash uint64, r record)) {
	for i := range f.shards {
		entries := f.shards[i].entries
		for at := 0; at < len(entries); at += f.stride {
			entry := entries[at:][:f.stride]
			if word(entry) == 0 {
				continue
			}
			if r := f.get(entry); r.kind < forgettableKinds {
				do(uint64(i)<<(64-forgottenBits)|word(entry)>>forgottenBits, r)
			}
		}
	}
}

// cacheLine is about how far a cache reads at once, in bytes.
const cacheLine = 64
