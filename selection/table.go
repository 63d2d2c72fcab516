package selection

import (
	"math/bits"
	"slices"
)

// table finds candidates by the hashes of their ids. Searching it is mostly
// waiting for memory; so a search for a new id, the usual case, touches
// nothing but the tags: a byte for each number, 16 to a bucket.
//
// It is split into shards by the upper bits of the hash, which grow one by one
// and by small steps: nine tenths of the places are taken before a shard
// grows, and seven tenths after it has.
type table struct {
	shards []shard
	shift  uint // hash>>shift is the shard
	used   int
	warmed uint64 // of no meaning: see warm
}

type shard struct {
	tags    []tags
	buckets []bucket // parallel
	used    uint32
}

// tags has, from the lowest byte of the first word up, a byte of the marks of
// the numbers in a bucket, never 0; 0 is a free place. Where a bucket is full,
// the next takes the rest.
type tags [2]uint64

type bucket struct {
	numbers [perBucket]uint32
	marks   [perBucket]uint8 // the upper bytes
}

const (
	perBucket = 16
	// A table gets shardSplit times the shards where they hold fullShard
	// each: with more, too many numbers would have one mark.
	fullShard  = 1 << 12
	shardSplit = 16
)

// markOf returns the 16 bits of a hash that say where in a shard of any size
// its number belongs: a shard grows without asking for the hashes.
func markOf(hash uint64) uint32 {
	mark := uint32(hash & 0xffff)
	if mark&0xff == 0 {
		mark++
	}
	return mark
}

// home is the bucket where the search for a mark begins.
func (s *shard) home(mark uint32) int { return int(uint64(mark) * uint64(len(s.tags)) >> 16) }

const everyByte = 0x0101010101010101

// equal has the upper bit of every byte set in which x is 0, and perhaps of
// some above it: Warren, Hacker's Delight, 2nd ed., 6-1.
func zeroBytes(x uint64) uint64 { return (x - everyByte) &^ x & (everyByte << 7) }

// warm reads where find and put are going to look, so that the memory is on
// its way while the caller does something else.
func (t *table) warm(hash uint64) {
	if t.used > 0 {
		s := &t.shards[hash>>t.shift]
		if s.used > 0 {
			at := s.home(markOf(hash))
			t.warmed = s.tags[at][0] + uint64(s.buckets[at].marks[0])
		}
	}
}

// find returns the number for which same holds, among those that were put
// with the hash.
func (t *table) find(hash uint64, same func(uint32) bool) (uint32, bool) {
	if t.used == 0 {
		return 0, false
	}
	s, mark := &t.shards[hash>>t.shift], markOf(hash)
	if s.used == 0 {
		return 0, false
	}
	wanted := uint64(mark&0xff) * everyByte
	for at := s.home(mark); ; {
		tags := &s.tags[at]
		first, second := zeroBytes(tags[0]^wanted), zeroBytes(tags[1]^wanted)
		if first|second != 0 {
			if i, ok := s.buckets[at].find(first, second, uint8(mark>>8), same); ok {
				return i, true
			}
		}
		if tags[1]>>56 == 0 {
			return 0, false
		}
		if at++; at == len(s.tags) {
			at = 0
		}
	}
}

func (b *bucket) find(first, second uint64, upper uint8, same func(uint32) bool) (uint32, bool) {
	for half, zero := range [2]uint64{first, second} {
		for ; zero != 0; zero &= zero - 1 {
			place := 8*half + bits.TrailingZeros64(zero)/8
			if i := b.numbers[place]; b.marks[place] == upper && same(i) {
				return i, true
			}
		}
	}
	return 0, false
}

// full reports whether the table has to be split before the next put.
func (t *table) full() bool { return t.used == fullShard*len(t.shards) }

// split makes more shards and empties them: all are to be put again.
func (t *table) split() {
	if t.shards == nil {
		*t = table{shards: make([]shard, 1), shift: 64}
		return
	}
	n := shardSplit * len(t.shards)
	each := 10*t.used/(9*perBucket*n) + 1
	*t = table{shards: make([]shard, n), shift: uint(64 - bits.Len(uint(n-1)))}
	for i := range t.shards {
		// They are to grow one after another, not all at one time.
		t.shards[i].make(each + each*(i%shardSplit)/(4*shardSplit))
	}
}

// put adds a number that is not there yet.
func (t *table) put(hash uint64, i uint32) {
	s := &t.shards[hash>>t.shift]
	if 10*(s.used+1) > 9*perBucket*uint32(len(s.tags)) {
		s.grow()
	}
	s.put(markOf(hash), i)
	t.used++
}

func (s *shard) make(n int) {
	s.buckets = slices.Grow([]bucket(nil), n)
	n = cap(s.buckets) // what the allocator rounds up to
	s.buckets = s.buckets[:n]
	s.tags = make([]tags, n)
	s.used = 0
}

func (s *shard) grow() {
	old := *s
	s.make(len(old.tags) + len(old.tags)/4 + 1)
	for at, tags := range old.tags {
		b := &old.buckets[at]
		for place, i := range b.numbers {
			tag := uint32(tags[place/8] >> (8 * (place % 8)) & 0xff)
			if tag == 0 {
				break
			}
			s.put(uint32(b.marks[place])<<8|tag, i)
		}
	}
}

func (s *shard) put(mark uint32, i uint32) {
	at := s.home(mark)
	for s.tags[at][1]>>56 != 0 {
		if at++; at == len(s.tags) {
			at = 0
		}
	}
	tags, half := &s.tags[at], 0
	if tags[0]>>56 != 0 {
		half = 1
	}
	place := (bits.Len64(tags[half]) + 7) / 8
	tags[half] |= uint64(mark&0xff) << (8 * place)
	b := &s.buckets[at]
	b.numbers[8*half+place] = i
	b.marks[8*half+place] = uint8(mark >> 8)
	s.used++
}
