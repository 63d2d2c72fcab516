// Package starter is the bundle that ships with cream, built into the
// program: a small scorer for a first try. See MODEL_CARD.md for what it can
// do and what it was made from.
//
// scoring/train writes the folder, scoring/bundle loads it where no other
// bundle is named, and scoring/onnx runs it.
package starter
