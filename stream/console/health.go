package console

import (
	"encoding/json"
	"io"
	"net/http"
)

// serveHealth says that the process answers.
func serveHealth(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") }

// serveReadiness says whether every stage can work, check by check.
func (c *Console) serveReadiness(w http.ResponseWriter, _ *http.Request) {
	type result struct {
		Name  string `json:"name"`
		Ready bool   `json:"ready"`
		Error string `json:"error,omitempty"`
	}
	answer := struct {
		Ready  bool     `json:"ready"`
		Checks []result `json:"checks"`
	}{Ready: true, Checks: []result{}}
	for _, check := range c.opts.Checks {
		r := result{Name: check.Name, Ready: true}
		if err := check.Ready(); err != nil {
			r.Ready, r.Error = false, err.Error()
			answer.Ready = false
		}
		answer.Checks = append(answer.Checks, r)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !answer.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(answer)
}
