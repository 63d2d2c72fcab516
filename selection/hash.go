package selection

import "github.com/cespare/xxhash/v2"

// mix is the finalizer of SplitMix64: a bijection in which every bit of the
// result depends on every bit of x. Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// controlSalt sets the control's draw apart from the breaking of ties.
const controlSalt = 0x636f6e74726f6c // "control"

// lot is the number that an id draws under a seed: the hash(seed, id) of the
// total order, and with controlSalt in the seed the control's.
func lot(seed uint64, id []byte) uint64 {
	return mix(xxhash.Sum64(id) ^ mix(seed))
}
