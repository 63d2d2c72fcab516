// Package onnx runs a bundle with ONNX Runtime: the scoring.Scorer that the
// stream uses.
//
// Samples of all callers go the same way: bounded workers load, decode and
// tokenize them (prepare.go), a gatherer puts those of one shape together
// (gather.go), and one goroutine runs the session (run.go), which finds the
// next batch laid out and leaves the results to be delivered behind it. A
// sample's scores do not depend on what is beside it in the batch, to the last
// bit: its shape is its own, weights are fp32 in the run, and the graph is made
// so that no sum depends on a row's place (see scoring/train).
package onnx
