// Package bundle reads a model with all it needs from a folder: manifest.yaml,
// the ONNX graph and the tokenizer's vocabulary, each verified by its SHA-256.
//
// It comes first: scoring/onnx opens its session, and scoring/media and
// scoring/text prepare samples, as the manifest says.
package bundle
