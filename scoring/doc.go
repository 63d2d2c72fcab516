// Package scoring rates samples: for each, a continuous score from 0 to 5 in
// every capability of its vocabulary, and the interaction styles it shows.
//
// It stands between the topics samples and scores. A stage hands the samples
// it has polled to a Scorer and gets a Result for each; which model answers,
// on which device, and how samples of several callers are put together into
// batches is the Scorer's own affair. The vocabulary (the names of the
// capabilities and styles) belongs to the model, not to this code.
//
//	bundle   a model with all it needs in a folder, verified when loaded
//	bundles  those that are built in
//	media    picture bytes → tensor
//	text     conversation → token ids and features
//	onnx     the Scorer that runs a bundle with ONNX Runtime
//	train    makes the starter bundle, in Python
package scoring
