package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Identity is what a data folder was begun with: a run that goes on in it
// must be of the same input, judged by the same policy and bundle, or its
// result would be a mixture of two.
type Identity struct {
	Input  string `json:"input"`  // SHA-256 of the file; empty for the synthetic stream
	Policy string `json:"policy"` // version
	Bundle string `json:"bundle"` // name and version
	Once   bool   `json:"once"`
}

const identityFile = "run.json"

// Claim makes the folder this run's, or checks that it is. In a stream
// without an end the policy may change between starts.
func (id Identity) Claim(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	path := filepath.Join(dir, identityFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return id.write(path)
	}
	if err != nil {
		return fmt.Errorf("read what the data folder was begun with: %w", err)
	}
	var had Identity
	if err := json.Unmarshal(text, &had); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if !id.Once && !had.Once {
		if had.Policy != id.Policy {
			had.Policy = id.Policy
			if err := had.write(path); err != nil {
				return err
			}
		}
	}
	var errs []error
	for _, d := range []struct {
		what      string
		had, want any
	}{
		{"input", had.Input, id.Input}, {"policy", had.Policy, id.Policy},
		{"bundle", had.Bundle, id.Bundle}, {"kind of run (once)", had.Once, id.Once},
	} {
		if d.had != d.want {
			errs = append(errs, fmt.Errorf("the data folder %s was begun with another %s (%v, now %v)", dir, d.what, d.had, d.want))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%w: choose another folder with --data, or remove this one", errors.Join(errs...))
	}
	return nil
}

func (id Identity) write(path string) error {
	text, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	whole := path + ".new"
	if err := os.WriteFile(whole, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write what the data folder is begun with: %w", err)
	}
	return os.Rename(whole, path)
}
