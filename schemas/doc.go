// Package schemas holds the records that travel on cream's topics: what a
// Sample, a Score, a Selection and a Window are, how each is written as Avro,
// and how a reader tells one format from another.
//
// It is the bottom of the import graph: every stage reads with a Codec, works on
// the Go types, and writes with it. The *.avsc files beside the
// code are the contract with other languages; the Go types are mapped onto
// them through goavro.
//
// Three wire formats are told apart by their first byte: 0x00 is the
// Confluent format (a registry's schema id), 0xC3 0x01 is Avro's
// single-object encoding (a schema's fingerprint), and anything else is JSON:
// a LLaVA sample or one with OpenAI-style messages. Only samples may be JSON.
package schemas
