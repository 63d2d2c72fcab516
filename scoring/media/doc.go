// Package media turns a picture's bytes into what a bundle's graph reads: it
// loads them (inline, or from a file under a folder), checks their size
// before decoding, decodes JPEG, PNG, GIF, WebP and BMP, flattens them on
// white, and resizes them exactly as the training did in Python. How many
// pixels are decoded at a time is bounded over all callers.
//
// The workers of scoring/onnx call it for each sample's pictures, before they
// are laid out in batches.
package media
