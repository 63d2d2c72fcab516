// Package stream is the flow on Kafka: one folder a stage, each a loop of
// read, do, write and commit in one transaction.
//
//	samples ──scorer──▶ scores ──selector──▶ selections ──harvester──▶ curated, control
//	   ▲                             └──▶ windows
//	ingester                                                curated ──exporter──▶ files
//
// The stages share nothing but the topics: each can run alone, on its own
// machine, against any brokers. What they have in common is in kafka. Pipeline
// runs them all in one process, on the broker of embedded; synth makes samples
// for those who bring none, and console shows what goes on.
//
// Batch does without the topics: it reads a file of scores or of samples, and
// leaves the folder that the exporter leaves. What such a folder holds is in
// folder. Replay selects anew from the scores on the topic, explain tells what
// became of samples, of a folder or of the topics, and compare sets two folders
// side by side.
package stream
