package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"cream/stream/embedded/embeddedtest"
	"cream/stream/explain"
)

// curated leaves a folder of 20 score lines, of which four are chosen.
func curated(t *testing.T, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	var lines []string
	for i := range 20 {
		lines = append(lines, spaced(i))
	}
	scores, policy, out := filepath.Join(dir, "scores.jsonl"), filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "out")
	write(t, scores, []byte(strings.Join(append(lines, more...), "\n")))
	write(t, policy, []byte("budget: {count: 4}\ncapabilities: [stem knowledge, object spatial understanding]\n"))
	if _, err := cream(t, "curate", "--scores", scores, "--policy", policy, "--out", out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExplain(t *testing.T) {
	dir := curated(t, `{"id": "dead"}`, "broken")
	printed, err := cream(t, "explain", "--from", dir, "s06", "s00", "dead")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"s06   CHOSEN   source web; yes/no\n", "chosen for stem knowledge, style yes/no: rank ",
		"s00   NOT CHOSEN", "not above the threshold 0", "dead   DEAD\n  dead letter of curate, line 21: style-missing",
	} {
		if !strings.Contains(printed, want) {
			t.Errorf("it does not say %q:\n%s", want, printed)
		}
	}
	printed, err = cream(t, "explain", "--from", dir, "--json", "s06", "nobody")
	if err == nil || !strings.Contains(err.Error(), `"nobody" is not known; 1 dead letters name no id`) {
		t.Errorf("it ends with %v", err)
	}
	var outcomes []explain.Outcome
	for line := range strings.Lines(printed) {
		var a explain.Account
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		outcomes = append(outcomes, a.Outcome)
	}
	if len(outcomes) != 2 || outcomes[0] != explain.Chosen || outcomes[1] != explain.Unknown {
		t.Errorf("%q", outcomes)
	}
}

func TestExplainRefuses(t *testing.T) {
	dir := curated(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no source":   {[]string{"s01"}, "--from"},
		"no folder":   {[]string{"--from", filepath.Join(dir, "none"), "s01"}, "no complete selection"},
		"a policy":    {[]string{"--from", dir, "--policy", "p.yaml", "s01"}, "--policy"},
		"no ids":      {[]string{"--from", dir}, "arg"},
		"no brokers":  {[]string{"--kafka-brokers", "", "s01"}, "kafka.brokers"},
		"a bad level": {[]string{"--kafka-brokers", "127.0.0.1:1", "--log-level", "x", "s01"}, "--log-level"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := cream(t, append([]string{"explain"}, c.args...)...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}

func TestExplainOfTopics(t *testing.T) {
	f := embeddedtest.Start(t)
	_, err := cream(t, "explain", "--kafka-brokers", f.Broker.Addrs()[0], "nobody")
	if err == nil || err.Error() != `"nobody" is not known` {
		t.Errorf("it ends with %v", err)
	}
	if _, err := cream(t, "explain", "--kafka-brokers", f.Broker.Addrs()[0], "--topics-prefix", "x-", "nobody"); err == nil || !strings.Contains(err.Error(), "cream topics create") {
		t.Errorf("it ends with %v", err)
	}
}
