// Package embedded is a broker inside the process: franz-go's kfake with a
// data folder, for a first try, for tests and for batches of files. Any Kafka
// client can talk to it on its loopback address while the process lives.
//
// A Cleaner keeps its folder under a bound: it deletes what every stage has
// done with, and nothing that has not been harvested.
package embedded
