package starter

import "embed"

// Files is the bundle's folder.
//
//go:embed manifest.yaml model.onnx vocab.txt
var Files embed.FS
