package selection

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/cespare/xxhash/v2"
)

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
func lot(seed uint64, id []byte) uint64 { return lotOf(seed, xxhash.Sum64(id)) }

func lotOf(seed, idHash uint64) uint64 { return mix(idHash ^ mix(seed)) }

// digest names bytes by the first 12 hex digits of their SHA-256.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// decodeHash returns what is kept of a SHA-256 in hex.
func decodeHash(text string) (uint64, error) {
	sum, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(sum) != sha256.Size {
		return 0, fmt.Errorf("%q is no SHA-256: expected 64 hex digits", text)
	}
	return binary.BigEndian.Uint64(sum), nil
}

// contentOf is a content hash of which the first 8 bytes are known.
func contentOf(prefix uint64) (hash [32]byte) {
	binary.BigEndian.PutUint64(hash[:8], prefix)
	return hash
}
