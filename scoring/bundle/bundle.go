package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
)

// ManifestFile is the manifest's name in the bundle's folder.
const ManifestFile = "manifest.yaml"

// Bundle is a loaded bundle.
type Bundle struct {
	Manifest
	path  string         // of the manifest, for messages
	lines map[string]int // of its keys
	files map[string][]byte
}

// At returns where a key of the manifest stands, as file:line; the file alone
// for a key that is not there.
func (b *Bundle) At(key string) string { return at(b.path, b.lines[key]) }

func at(path string, line int) string {
	if line == 0 {
		return path
	}
	return fmt.Sprintf("%s:%d", path, line)
}

// Load reads and verifies a bundle; name is what messages call its folder.
// Every file that the manifest lists must be there with its SHA-256.
func Load(folder fs.FS, name string) (*Bundle, error) {
	text, err := fs.ReadFile(folder, ManifestFile)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w: a bundle is a folder with a %s", name, err, ManifestFile)
	}
	manifest, err := parseManifest(path.Join(name, ManifestFile), text)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", name, err)
	}
	b := &Bundle{Manifest: *manifest, path: path.Join(name, ManifestFile), lines: lines(text), files: make(map[string][]byte)}
	var errs []error
	for _, file := range slices.Sorted(maps.Keys(manifest.Files)) {
		data, err := fs.ReadFile(folder, file)
		if err != nil {
			errs = append(errs, fmt.Errorf("bundle %s: %s: files: %w", name, b.At("files"), err))
			continue
		}
		want, _ := hex.DecodeString(manifest.Files[file]) // checked with the manifest
		if sum := sha256.Sum256(data); !bytes.Equal(sum[:], want) {
			errs = append(errs, fmt.Errorf("bundle %s: %s has SHA-256 %x, and the manifest says %x: the file is damaged or was changed", name, file, sum, want))
			continue
		}
		b.files[file] = data
	}
	return b, errors.Join(errs...)
}

// Graph returns the ONNX graph.
func (b *Bundle) Graph() []byte { return b.files[b.Model] }

// Vocabulary returns the tokenizer's vocabulary.
func (b *Bundle) Vocabulary() []byte { return b.files[b.Inputs.Text.Vocabulary] }
