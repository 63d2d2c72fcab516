// Package synthetic makes candidates for the selection out of a seed, for
// tests and benchmarks, and measures the selection on them.
package synthetic
