// Package exporter writes what a finished run left on the topics to a folder
// (see stream/folder), for people and trainers who want files: curated and
// control samples as they were given, the decisions, the scores, the dead
// letters, the windows, the policy and a summary.
package exporter
