package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// settle runs a command that has the Kafka settings and asks for one of them.
func settle(t *testing.T, dir, name string, args ...string) (value string, err error) {
	t.Helper()
	t.Chdir(dir)
	root := newRoot()
	look := &cobra.Command{Use: "look", RunE: func(cmd *cobra.Command, _ []string) error {
		value = cmd.Flags().Lookup(name).Value.String()
		return nil
	}}
	new(kafkaFlags).bind(look)
	root.AddCommand(look)
	root.SetArgs(append([]string{"look"}, args...))
	return value, root.ExecuteContext(t.Context())
}

func settings(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, settingsFile), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSettingsInTheirOrder(t *testing.T) {
	const file = "registry: {url: from-file}\nkafka:\n  brokers: [a:1, b:2]\n  sasl: {user: me}\ntopics_prefix: p.\n"
	t.Setenv("CREAM_REGISTRY_URL", "from-environment")
	t.Setenv("CREAM_TOPICS_PREFIX", "e.")
	for name, want := range map[string]string{
		"registry-url":    "from-environment", // over the file
		"kafka-brokers":   "[a:1,b:2]",        // of the file
		"kafka-sasl-user": "me",
		"topics-prefix":   "f.", // a flag over both
		"log-level":       "info",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := settle(t, settings(t, file), name, "--topics-prefix", "f.")
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		})
	}
}

func TestSettingsMistakes(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"registry: {ulr: x}", `cream.yaml:1: unknown setting "registry.ulr": did you mean "registry.url"?`},
		{"\nfrobnicate: 1", `cream.yaml:2: unknown setting "frobnicate"`},
		{"kafka: {tls: perhaps}", `cream.yaml:1: kafka.tls is "perhaps": expected true or false`},
		{"kafka: [", "cream.yaml:1: "},
	} {
		_, err := settle(t, settings(t, c.file), "kafka-tls")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.file, err, c.want)
		}
	}
	if _, err := settle(t, t.TempDir(), "kafka-tls", "--config", "elsewhere.yaml"); err == nil || !strings.Contains(err.Error(), "elsewhere.yaml") {
		t.Errorf("a settings file that is named and not there: %v", err)
	}
}
