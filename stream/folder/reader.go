package folder

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
)

// ReadDecisions yields the lines of a folder's decisions.jsonl, in the order of
// choosing. It ends at the first error.
func ReadDecisions(dir string) iter.Seq2[Decision, error] {
	return lines(dir, DecisionsFile, decode[Decision])
}

// ReadScores yields the lines of a folder's scores.jsonl.
func ReadScores(dir string) iter.Seq2[ScoreLine, error] {
	return lines(dir, ScoresFile, ParseScoreLine)
}

// ReadDeadLetters yields the lines of a folder's dead-letter.jsonl.
func ReadDeadLetters(dir string) iter.Seq2[DeadLetter, error] {
	return lines(dir, DeadLetterFile, decode[DeadLetter])
}

// ReadWindows yields the lines of a folder's windows.jsonl, in the order of their
// starts.
func ReadWindows(dir string) iter.Seq2[Window, error] { return lines(dir, WindowsFile, decode[Window]) }

// ReadSummary reads a folder's summary.json.
func ReadSummary(dir string) (*Summary, error) {
	text, err := os.ReadFile(filepath.Join(dir, SummaryFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is no complete selection: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the summary: %w", err)
	}
	s, err := decode[Summary](text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, SummaryFile), err)
	}
	return &s, nil
}

func decode[T any](text []byte) (value T, err error) {
	err = json.Unmarshal(text, &value)
	return value, err
}

func lines[T any](dir, name string, parse func([]byte) (T, error)) iter.Seq2[T, error] {
	path := filepath.Join(dir, name)
	return func(yield func(T, error) bool) {
		var none T
		file, err := os.Open(path)
		if err != nil {
			yield(none, fmt.Errorf("read the folder: %w", err))
			return
		}
		defer file.Close()
		in := bufio.NewReaderSize(file, 1<<18)
		for n := 1; ; n++ {
			line, err := in.ReadBytes('\n')
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(none, fmt.Errorf("read %s: %w", path, err))
				return
			}
			value, err := parse(bytes.TrimSuffix(line, []byte("\n")))
			if err != nil {
				yield(none, fmt.Errorf("%s:%d: %w", path, n, err))
				return
			}
			if !yield(value, nil) {
				return
			}
		}
	}
}
