package selection

import (
	"slices"
	"unsafe"
)

// table finds candidates by the hashes of their ids. Searching it is mostly
// waiting for memory; so a search for a new id, the usual case, touches one
// bucket, which is a cache line, and adding it the same.
//
// A table that is not small is split into shards by the upper bits of the
// hash. They grow one after another and by small steps: nine tenths of the
// places are taken before a shard grows, seven tenths after it has, and eight
// tenths of all.
type table struct {
	shards []shard
	shift  uint // hash>>shift is the shard
	used   int
}

type shard struct {
	buckets []bucket
	used    int
}

// bucket has room for eight numbers, each below the lower half of its hash,
// which says where in a shard of any size it belongs: a shard grows without
// asking for the hashes. The places are taken in order; 0 is a free one. Where
// a bucket is full, the next takes the rest.
type bucket [8]uint64

const (
	// A table of wholeTable numbers is split, into shards whose heads all fit
	// into the fastest cache.
	wholeTable = 1 << 12
	shardBits  = 8
)

// home is the bucket where the search for a hash begins.
func (s *shard) home(hash uint32) int { return int(uint64(hash) * uint64(len(s.buckets)) >> 32) }

// find returns the number for which same holds, among those that were put
// with the hash.
func (t *table) find(hash uint64, same func(uint32) bool) (uint32, bool) {
	if t.used == 0 {
		return 0, false
	}
	s, lower := &t.shards[hash>>t.shift], uint32(hash)
	for at := s.home(lower); ; {
		b := &s.buckets[at]
		for _, place := range b {
			if uint32(place>>32) == lower && place != 0 && same(uint32(place)-1) {
				return uint32(place) - 1, true
			}
		}
		if b[len(b)-1] == 0 {
			return 0, false
		}
		if at++; at == len(s.buckets) {
			at = 0
		}
	}
}

// expect says that a hash is about to be searched for.
func (t *table) expect(hash uint64) {
	if t.used > 0 {
		s := &t.shards[hash>>t.shift]
		prefetch(unsafe.Pointer(&s.buckets[s.home(uint32(hash))]))
	}
}

// full reports whether the table has to be split before the next put.
func (t *table) full() bool {
	return t.shards == nil || len(t.shards) == 1 && t.used == wholeTable
}

// split makes the table's shards, or more of them, and empties them: all are
// to be put again.
func (t *table) split() {
	if t.shards == nil {
		*t = table{shards: []shard{newShard(1)}, shift: 64}
		return
	}
	*t = table{shards: make([]shard, 1<<shardBits), shift: 64 - shardBits}
	for i := range t.shards {
		// They are to grow one after another, not all at one time.
		t.shards[i] = newShard(16 + i%16/4)
	}
}

// put adds a number that is not there yet.
func (t *table) put(hash uint64, i uint32) {
	s := &t.shards[hash>>t.shift]
	if 10*(s.used+1) > 9*8*len(s.buckets) {
		s.grow()
	}
	s.put(hash<<32 | uint64(i+1))
	t.used++
}

func newShard(buckets int) shard {
	s := shard{buckets: slices.Grow([]bucket(nil), buckets)}
	s.buckets = s.buckets[:cap(s.buckets)] // what the allocator rounds up to
	return s
}

func (s *shard) grow() {
	old := s.buckets
	*s = newShard(len(old) + len(old)/4 + 1)
	for at := range old {
		for _, place := range old[at] {
			if place == 0 {
				break
			}
			s.put(place)
		}
	}
}

func (s *shard) put(place uint64) {
	at := s.home(uint32(place >> 32))
	for s.buckets[at][7] != 0 {
		if at++; at == len(s.buckets) {
			at = 0
		}
	}
	b := &s.buckets[at]
	free := 0
	for _, place := range b {
		if place != 0 {
			free++
		}
	}
	b[free%len(b)] = place
	s.used++
}
