// Package ingester is the stage before samples: it reads a Source (a LLaVA
// file, or the synthetic stream) and publishes each element as it was given.
//
// Its place in the source is kept in the log itself: every record carries the
// element's number in a header, and elements are published in transactions,
// in order. After a crash the ingester looks for its last record in every
// partition and goes on behind it, with nothing twice and nothing missing.
package ingester
