//go:build !amd64 && !arm64

package selection

import "unsafe"

// prefetch does nothing where there is no such instruction here.
func prefetch(unsafe.Pointer) {}
