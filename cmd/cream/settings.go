package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settingsFile is read where --config names no other.
const settingsFile = "cream.yaml"

// applySettings gives every flag that was not typed its value from the
// environment or from the settings file. A setting is a flag by another
// spelling: --registry-url, CREAM_REGISTRY_URL, and registry: {url: …}.
func applySettings(cmd, root *cobra.Command) error {
	path, _ := cmd.Flags().GetString("config")
	if path == "" {
		path = os.Getenv("CREAM_CONFIG")
	}
	file, err := readSettings(path, flagNames(root))
	if err != nil {
		return err
	}
	var errs []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" {
			return
		}
		variable := variableOf(f.Name)
		if value, ok := os.LookupEnv(variable); ok {
			if err := f.Value.Set(value); err != nil {
				errs = append(errs, fmt.Errorf("%s is %q: expected %s", variable, value, kindOf(f)))
			}
			f.Changed = true
		} else if s, ok := file[f.Name]; ok {
			if err := f.Value.Set(s.value); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s is %q: expected %s", s.where, strings.ReplaceAll(f.Name, "-", "."), s.value, kindOf(f)))
			}
			f.Changed = true
		}
	})
	warnOfVariables(flagNames(root))
	return errors.Join(errs...)
}

// kindOf says what a flag takes.
func kindOf(f *pflag.Flag) string {
	switch kind := f.Value.Type(); kind {
	case "bool":
		return "true or false"
	case "duration":
		return "a duration such as 10ms or 5m"
	case "int", "int16", "int32", "int64":
		return "a whole number"
	default:
		return "a " + kind
	}
}

// warnOfVariables tells of a variable that is all but a setting. It is no
// error: some environments put variables of that form there by themselves.
func warnOfVariables(names []string) {
	var known []string
	for _, name := range append(names, "config") {
		known = append(known, variableOf(name))
	}
	for _, entry := range os.Environ() {
		variable, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(variable, variablePrefix) || slices.Contains(known, variable) {
			continue
		}
		for _, k := range known {
			if levenshtein.ComputeDistance(variable, k) <= 2 {
				fmt.Fprintf(os.Stderr, "cream: %s is no setting: did you mean %s?\n", variable, k)
				break
			}
		}
	}
}

const variablePrefix = "CREAM_"

func variableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flagNames lists the flags of all commands: the settings that there are.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) {
		if f.Name != "help" && f.Name != "config" {
			names = append(names, f.Name)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.PersistentFlags().VisitAll(add)
	for _, sub := range cmd.Commands() {
		names = append(names, flagNames(sub)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// setting is a value of the file and where it stands.
type setting struct{ value, where string }

// readSettings reads the file, by the names of the flags. A key that is no
// setting is an error.
func readSettings(path string, known []string) (map[string]setting, error) {
	name := path
	if name == "" {
		name = settingsFile
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) && path == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	parsed, err := parser.ParseBytes(text, 0)
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil {
		return nil, fmt.Errorf("%s:%d: %s", name, syntax.GetToken().Position.Line, syntax.GetMessage())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	found := make(map[string]setting)
	var errs []error
	var walk func(prefix string, node ast.Node)
	walk = func(prefix string, node ast.Node) {
		switch n := node.(type) {
		case *ast.MappingNode:
			for _, pair := range n.Values {
				walk(prefix, pair)
			}
		case *ast.MappingValueNode:
			key := n.Key.String()
			if prefix != "" {
				key = prefix + "-" + key
			}
			key = strings.ReplaceAll(key, "_", "-")
			where := fmt.Sprintf("%s:%d", name, n.Key.GetToken().Position.Line)
			if _, nested := n.Value.(ast.MapNode); nested {
				if !slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, key+"-") }) {
					errs = append(errs, unknownSetting(where, key, known))
					return
				}
				walk(key, n.Value)
				return
			}
			if !slices.Contains(known, key) {
				errs = append(errs, unknownSetting(where, key, known))
				return
			}
			found[key] = setting{value: scalarText(n.Value), where: where}
		}
	}
	for _, doc := range parsed.Docs {
		if doc.Body != nil {
			walk("", doc.Body)
		}
	}
	return found, errors.Join(errs...)
}

// scalarText writes a node as a flag's value: a list with commas.
func scalarText(node ast.Node) string {
	if list, ok := node.(*ast.SequenceNode); ok {
		items := make([]string, len(list.Values))
		for i, v := range list.Values {
			items[i] = scalarText(v)
		}
		return strings.Join(items, ",")
	}
	return node.GetToken().Value
}

func unknownSetting(where, key string, known []string) error {
	err := fmt.Errorf("%s: unknown setting %q", where, strings.ReplaceAll(key, "-", "."))
	if near := nearest(key, known); near != "" {
		err = fmt.Errorf("%w: did you mean %q?", err, strings.ReplaceAll(near, "-", "."))
	}
	return err
}

// nearest returns the name with the smallest edit distance, if it is near.
func nearest(name string, names []string) string {
	best, found := len(name)/2+1, ""
	for _, n := range names {
		if d := levenshtein.ComputeDistance(name, n); d < best {
			best, found = d, n
		}
	}
	return found
}

// newLogger makes the process's logger from the settings.
func newLogger(cmd *cobra.Command) (*slog.Logger, error) {
	levelName, _ := cmd.Flags().GetString("log-level")
	format, _ := cmd.Flags().GetString("log-format")
	var level slog.Level
	if err := level.UnmarshalText([]byte(levelName)); err != nil {
		return nil, fmt.Errorf("--log-level %s: debug, info, warn or error is expected", levelName)
	}
	opts := &slog.HandlerOptions{Level: level}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, opts)), nil
	}
	return nil, fmt.Errorf("--log-format %s: text or json is expected", format)
}
