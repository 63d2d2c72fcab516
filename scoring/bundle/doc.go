// Package bundle reads a model with all it needs from a folder: manifest.yaml,
// the ONNX graph and the tokenizer's vocabulary, each verified by its SHA-256.
package bundle
