//go:build amd64 || arm64

package selection

import "unsafe"

// prefetch asks for a line of memory that is about to be read: what is done
// until then need not wait for it. A search for an id is one such line, which
// in a large window is in no cache, and waiting for it is most of a Step.
//
//go:noescape
func prefetch(line unsafe.Pointer)
