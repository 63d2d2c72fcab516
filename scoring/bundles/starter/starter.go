// Package starter is the bundle that ships with cream, built into the
// program: a small scorer for a first try. See MODEL_CARD.md for what it can
// do and what it was made from.
package starter

import "embed"

// Files is the bundle's folder.
//
//go:embed manifest.yaml model.onnx vocab.txt
var Files embed.FS
