package onnx

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"cream/scoring/bundle"
)

// withoutGPU skips a test where a GPU's provider works.
func withoutGPU(t *testing.T, provider string) error {
	t.Helper()
	opts := options(t)
	opts.Provider = provider
	s, err := Open(opts)
	if err == nil {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		t.Skipf("provider %s works here", provider)
	}
	return err
}

func TestProviderThatIsNotThere(t *testing.T) {
	for _, provider := range []string{CUDA, TensorRT} {
		t.Run(provider, func(t *testing.T) {
			err := withoutGPU(t, provider)
			for _, part := range []string{"bundle starter", "provider " + provider, "NVIDIA", "ORT_LIB", "auto or cpu"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestUnknownProvider(t *testing.T) {
	opts := options(t)
	opts.Provider = "tpu"
	if _, err := Open(opts); err == nil || !strings.Contains(err.Error(), "cpu, cuda, tensorrt or auto") {
		t.Errorf("got %v", err)
	}
}

func TestAutoFallsBackAndSaysSo(t *testing.T) {
	withoutGPU(t, CUDA)
	opts := options(t)
	opts.Provider = Auto
	var log bytes.Buffer
	opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := open(t, opts)
	if s.Provider() != CPU {
		t.Errorf("runs on %s", s.Provider())
	}
	if !strings.Contains(log.String(), "scoring on the CPU") || !strings.Contains(log.String(), "NVIDIA") {
		t.Errorf("the log does not tell why: %s", log.String())
	}
	score(t, s, sample("Is it?", "Yes."))
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := Open(Options{Threads: 1, MaxBatch: 0, Workers: 1, Registerer: prometheus.NewRegistry()})
	if err == nil || !strings.Contains(err.Error(), "MaxBatch is 0") || !strings.Contains(err.Error(), "Bundle") {
		t.Errorf("got %v", err)
	}
}

func TestLibraryThatIsNotThere(t *testing.T) {
	if _, err := FindLibrary("nowhere/libonnxruntime.so"); err == nil || !strings.Contains(err.Error(), "name the file") {
		t.Errorf("got %v", err)
	}
	t.Setenv("ORT_LIB", "nowhere/libonnxruntime.so")
	if _, err := FindLibrary(""); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("got %v", err)
	}
}

// A manifest that does not fit its graph is found before the first sample.
func TestAManifestThatDoesNotFitItsGraph(t *testing.T) {
	for name, change := range map[string]func(*bundle.Bundle){
		"capabilities":    func(b *bundle.Bundle) { b.Capabilities = b.Capabilities[1:] },
		"styles":          func(b *bundle.Bundle) { b.Styles = append(slices.Clone(b.Styles), "extra") },
		"inputs.features": func(b *bundle.Bundle) { b.Inputs.Features = b.Inputs.Features[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			opts := options(t)
			change(opts.Bundle)
			_, err := Open(opts)
			if err == nil || !strings.Contains(err.Error(), opts.Bundle.At(name)+": "+name) {
				t.Errorf("got %v", err)
			}
		})
	}
}
