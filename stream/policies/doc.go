// Package policies keeps a selector's policies. They lie in the compacted topic
// policies, by name: the text that is to hold, and, behind the name and a
// version, the texts that some window was begun with, so that a selector that
// starts anew finds what its open windows go by. A change comes from the topic,
// or from a file; the selector takes it up at the next window's start.
//
//	book.go   the topic: what holds, and what held
//	watch.go  changes, as they come
package policies
