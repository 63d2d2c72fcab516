// Package exporter writes what a finished run left on the topics to files,
// for people and trainers who want files: curated and control samples as they
// were given, the decisions, the scores, the dead letters and a summary.
package exporter
