// Package replay selects anew from the scores that a stream has kept: by
// another policy, over any part of event time, into a folder or into topics of
// another prefix. Everything closes at the end, so nothing is late.
//
//	log.go    the topic scores as the source of a batch, or of a machine
//	into.go   what is chosen, published to other topics in one transaction
//	span.go   the part of event time, in whole windows
package replay
