// Package text turns a conversation into what a bundle's graph reads: token
// ids of question and answer, and cheap features by name.
//
// It does exactly what the training does in Python (see scoring/train): the
// ids are equal, and the features equal to 1e-6; testdata/reference.json,
// written by the training, holds it to that. The workers of scoring/onnx call
// it for each sample, before they are laid out in batches.
package text
