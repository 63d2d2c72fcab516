package onnx

import (
	"errors"
	"fmt"
	"log/slog"

	ort "github.com/yalue/onnxruntime_go"
)

// Providers of the run.
const (
	CPU      = "cpu"
	CUDA     = "cuda"
	TensorRT = "tensorrt"
	Auto     = "auto" // CUDA where it works, else the CPU
)

// openSession makes the session with the wanted provider. Only auto falls
// back, and it says so. It does not try TensorRT, which builds an engine for
// every shape before it scores: that is for those who ask for it.
func openSession(graph []byte, provider string, threads int, logger *slog.Logger) (*ort.DynamicAdvancedSession, string, error) {
	if provider != Auto {
		session, err := newSession(graph, provider, threads)
		return session, provider, err
	}
	session, whyNot := newSession(graph, CUDA, threads)
	if whyNot == nil {
		return session, CUDA, nil
	}
	session, err := newSession(graph, CPU, threads)
	if err != nil {
		return nil, "", errors.Join(whyNot, err)
	}
	logger.Info("scoring on the CPU, for CUDA does not work here", "why", whyNot)
	return session, CPU, nil
}

func inputNames() []string {
	return []string{"pictures", "picture_sample", "question_ids", "question_mask", "answer_ids", "answer_mask", "features"}
}

func outputNames() []string { return []string{"scores", "styles"} }

func newSession(graph []byte, provider string, threads int) (*ort.DynamicAdvancedSession, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("session options: %w", err)
	}
	defer options.Destroy()
	if err := errors.Join(options.SetIntraOpNumThreads(threads), options.SetInterOpNumThreads(1)); err != nil {
		return nil, fmt.Errorf("session options: %w", err)
	}
	if err := addProvider(options, provider); err != nil {
		return nil, fmt.Errorf("provider %s: %w", provider, err)
	}
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(graph, inputNames(), outputNames(), options)
	if err != nil {
		return nil, fmt.Errorf("provider %s: load the graph: %w", provider, err)
	}
	return session, nil
}

func addProvider(options *ort.SessionOptions, provider string) error {
	const advice = "it needs an NVIDIA GPU with its driver, and ORT_LIB set to a GPU build of ONNX Runtime; use provider auto or cpu otherwise"
	switch provider {
	case CPU:
		return nil
	case CUDA:
		cuda, err := ort.NewCUDAProviderOptions()
		if err != nil {
			return fmt.Errorf("%w: %s", err, advice)
		}
		defer cuda.Destroy()
		if err := options.AppendExecutionProviderCUDA(cuda); err != nil {
			return fmt.Errorf("%w: %s", err, advice)
		}
		return nil
	case TensorRT:
		tensorrt, err := ort.NewTensorRTProviderOptions()
		if err != nil {
			return fmt.Errorf("%w: %s", err, advice)
		}
		defer tensorrt.Destroy()
		if err := options.AppendExecutionProviderTensorRT(tensorrt); err != nil {
			return fmt.Errorf("%w: %s", err, advice)
		}
		return nil
	}
	return fmt.Errorf("unknown: %s, %s, %s or %s is expected", CPU, CUDA, TensorRT, Auto)
}
