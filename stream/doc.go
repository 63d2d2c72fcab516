// Package stream is the flow on Kafka: one folder a stage, each a loop of
// read, do, write and commit in one transaction.
//
//	samples ──scorer──▶ scores ──selector──▶ selections ──harvester──▶ curated, control
//	   ▲                             └──▶ windows
//	ingester                                                curated ──exporter──▶ files
//
// The stages share nothing but the topics: each can run alone, on its own
// machine, against any brokers.
package stream
