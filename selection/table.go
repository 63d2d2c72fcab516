package selection

import "math/bits"

// table finds candidates by the hashes of their ids. Searching it is mostly
// waiting for memory; so a search for a new id, the usual case, touches
// nothing but the tags: a byte for each number, eight to a word.
type table struct {
	// tags has, in each word from the lowest byte up, a byte of the hash of
	// the numbers in the word's eight places, never 0; 0 is a free place.
	// Where a word is full, the next takes the rest.
	tags    []uint64
	numbers []uint32
	used    int
}

const perWord = 8

func (t *table) home(hash uint64) uint64 { return hash & uint64(len(t.tags)-1) }

func tagOf(hash uint64) uint64 { return max(hash>>56, 1) }

// find returns the number for which same holds, among those that were put
// with the hash.
func (t *table) find(hash uint64, same func(uint32) bool) (uint32, bool) {
	if t.used == 0 {
		return 0, false
	}
	const low, high = 0x0101010101010101, 0x8080808080808080
	wanted := tagOf(hash) * low
	for at := t.home(hash); ; at = t.home(at + 1) {
		tags := t.tags[at]
		// Where the tags are equal, differ has a zero byte. The lowest one is
		// found exactly, one above it may be a false alarm: Warren, Hacker's
		// Delight, 2nd ed., 6-1.
		differ := tags ^ wanted
		for zero := (differ - low) &^ differ & high; zero != 0; zero &= zero - 1 {
			place := uint64(bits.TrailingZeros64(zero) / 8)
			if i := t.numbers[at*perWord+place]; tags>>(8*place)&0xff != 0 && same(i) {
				return i, true
			}
		}
		if tags>>56 == 0 {
			return 0, false
		}
	}
}

// full reports whether the table has to grow before the next put.
func (t *table) full() bool { return 4*(t.used+1) > 3*perWord*len(t.tags) }

// grow doubles the table and empties it: all are to be put again.
func (t *table) grow() {
	words := max(128, 2*len(t.tags))
	*t = table{tags: make([]uint64, words), numbers: make([]uint32, words*perWord)}
}

// put adds a number that is not there yet.
func (t *table) put(hash uint64, i uint32) {
	at := t.home(hash)
	for t.tags[at]>>56 != 0 {
		at = t.home(at + 1)
	}
	place := uint64(bits.Len64(t.tags[at])+7) / 8
	t.tags[at] |= tagOf(hash) << (8 * place)
	t.numbers[at*perWord+place] = i
	t.used++
}
