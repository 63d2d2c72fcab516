package onnx

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// apiVersion is ONNX Runtime's, as the binding wants it: libraries from 1.29 on
// have it.
const apiVersion = 29

// FindLibrary returns the path of ONNX Runtime's shared library: the one that
// is named, or else by ORT_LIB, or the system's, or the one that `make ort`
// brought into the cache folder of the working directory, of the program's
// folder, or of a folder above either.
func FindLibrary(named string) (string, error) {
	if named == "" {
		named = os.Getenv("ORT_LIB")
	}
	if named != "" {
		if _, err := os.Stat(named); err != nil {
			return "", fmt.Errorf("ONNX Runtime's library: %w: name the file of libonnxruntime", err)
		}
		return named, nil
	}
	file := "libonnxruntime.so"
	if runtime.GOOS == "darwin" {
		file = "libonnxruntime.dylib"
	}
	var candidates []string
	for _, dir := range []string{
		"/usr/local/lib", "/usr/lib", "/usr/lib64", "/opt/homebrew/lib",
		"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
	} {
		candidates = append(candidates, filepath.Join(dir, file))
	}
	cached := filepath.Join(".cache", "onnxruntime", file)
	var starts []string
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	if program, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(program))
	}
	for _, dir := range starts {
		for range 6 { // as deep as a package's folder, where its tests run
			candidates = append(candidates, filepath.Join(dir, cached))
			dir = filepath.Dir(dir)
		}
	}
	for _, path := range candidates {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("ONNX Runtime's library (%s) is not there: run `make ort`, which brings it, or set ORT_LIB to its file", file)
}

// environment is ONNX Runtime's own: one for a process, from the first
// library that loads until the process ends.
var environment struct {
	sync.Mutex
	library string
}

// openEnvironment loads the library, once.
func openEnvironment(library string) error {
	environment.Lock()
	defer environment.Unlock()
	if environment.library != "" {
		if environment.library != library {
			return fmt.Errorf("ONNX Runtime is loaded from %s already: a process has one library", environment.library)
		}
		return nil
	}
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return fmt.Errorf("load ONNX Runtime from %s: %w: a library with API %d is needed, such as `make ort` brings", library, err, apiVersion)
	}
	environment.library = library
	return nil
}
