// Package scorer is the stage between samples and scores: it reads samples,
// has them rated, and publishes a Score for each to the partition of scores
// that its sample came from, or a dead letter with the reason.
//
// Several transactional sessions, each with its own partitions, share one
// scoring.Scorer: while one commits, the others feed the device.
package scorer
