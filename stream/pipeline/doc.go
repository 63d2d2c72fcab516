// Package pipeline runs the whole flow in one process: an embedded broker and
// every stage on it, from a source of samples to the curated stream. The
// stages are the same as in production and speak to each other through the
// broker's topics alone.
//
// A batch (Once) goes through the same stream: each stage in turn is told
// that no more will come, finishes what lies on its topic, and ends.
package pipeline
