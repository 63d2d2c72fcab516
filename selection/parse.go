package selection

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// ParsePolicy reads policy.yaml. What the text leaves out is as in
// DefaultPolicy. The error joins every mistake, each as "name:line: what is
// wrong: what is expected"; name is the file's, for these messages. The
// capabilities are the bundle's, that the policy's must be among; nil: any.
func ParsePolicy(name string, text []byte, capabilities []string) (Policy, error) {
	r := policyReader{name: name, bundle: capabilities, policy: DefaultPolicy()}
	root, err := rootMapping(name, text)
	if err != nil {
		return Policy{}, err
	}
	r.mapping(root, "", map[string]func(ast.Node){
		"window":       r.window,
		"budget":       r.budget,
		"capabilities": r.capabilities,
		"threshold":    r.threshold,
		"bins":         func(n ast.Node) { r.policy.Bins = Bins(r.text(n, "bins", "style+source or style")) },
		"control":      r.control,
		"seed":         r.seed,
	})
	if err := errors.Join(r.errs...); err != nil {
		return Policy{}, err
	}
	return r.policy, nil
}

// rootMapping parses text; nil stands for a text without content.
func rootMapping(name string, text []byte) (ast.Node, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		var syntax yaml.Error
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			return nil, fmt.Errorf("%s:%d: %s", name, syntax.GetToken().Position.Line, syntax.GetMessage())
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var root ast.Node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			return nil, fmt.Errorf("%s:%d: a second document: expected one policy", name, line(doc.Body))
		}
		root = doc.Body
	}
	return root, nil
}

// policyReader collects a policy and its mistakes from a YAML tree.
type policyReader struct {
	name   string
	bundle []string // its capabilities; nil: not known
	policy Policy
	errs   []error
}

func (r *policyReader) fail(at ast.Node, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", r.name, line(at), fmt.Sprintf(format, args...)))
}

// mapping calls the reader of every key, and fails keys that have none. Where
// a key's reader found nothing wrong, the values are checked as a policy's.
func (r *policyReader) mapping(n ast.Node, under string, readers map[string]func(ast.Node)) {
	if n == nil {
		return
	}
	values, ok := pairs(n)
	if !ok {
		what := "the policy"
		if under != "" {
			what = under
		}
		r.fail(n, "%s is %s: expected a mapping with the keys %s", what, describe(n), strings.Join(sortedKeys(readers), ", "))
		return
	}
	for _, pair := range values {
		key := keyOf(pair)
		read := readers[key]
		if read == nil {
			r.fail(pair.Key, "unknown key %q%s", key, didYouMean(key, sortedKeys(readers)))
			continue
		}
		before := len(r.errs)
		read(pair.Value)
		if under == "" && len(r.errs) == before {
			for _, err := range r.policy.check(key) {
				r.fail(pair.Key, "%v", err)
			}
		}
	}
}

func (r *policyReader) window(n ast.Node) {
	w := &r.policy.Window
	length := func(name string, to *time.Duration) func(ast.Node) {
		return func(n ast.Node) {
			d, err := time.ParseDuration(rawText(n))
			if err != nil {
				r.fail(n, "window.%s is %s: expected a duration such as 10m, 30s or 1h30m", name, describe(n))
				return
			}
			if name == "size" && d == 0 {
				r.fail(n, "window.size is 0: expected a duration above 0, or no size for one window over the whole input")
			}
			*to = d
		}
	}
	r.mapping(n, "window", map[string]func(ast.Node){
		"size":     length("size", &w.Size),
		"lateness": length("lateness", &w.Lateness),
		"idle":     length("idle", &w.Idle),
	})
}

func (r *policyReader) budget(n ast.Node) {
	r.policy.Budget = Budget{}
	r.mapping(n, "budget", map[string]func(ast.Node){
		"ratio": func(n ast.Node) {
			d, err := ParseDecimal(rawText(n))
			if err != nil {
				r.fail(n, "budget.ratio is %s: expected a decimal fraction above 0 and at most 1, such as 0.3", describe(n))
			}
			r.policy.Budget.Ratio = d
		},
		"count": func(n ast.Node) {
			count, err := strconv.ParseUint(rawText(n), 10, 64)
			if err != nil {
				r.fail(n, "budget.count is %s: expected a whole number of at least 1", describe(n))
			}
			r.policy.Budget.Count = count
		},
	})
}

func (r *policyReader) capabilities(n ast.Node) {
	r.policy.Capabilities = nil
	const expected = "a list of names, name: weight pairs, or [] for all of the bundle's"
	if list, ok := n.(*ast.SequenceNode); ok {
		for _, item := range list.Values {
			name := r.text(item, "a capability", "a name")
			r.known(item, name)
			r.policy.Capabilities = append(r.policy.Capabilities, Share{Name: name, Weight: Decimal{Units: 1}})
		}
		return
	}
	values, ok := pairs(n)
	if !ok {
		r.fail(n, "capabilities is %s: expected %s", describe(n), expected)
		return
	}
	for _, pair := range values {
		weight, err := ParseDecimal(rawText(pair.Value))
		if err != nil {
			r.fail(pair.Value, "the weight of %q is %s: expected a number such as 1 or 2.5", keyOf(pair), describe(pair.Value))
		}
		r.known(pair.Key, keyOf(pair))
		r.policy.Capabilities = append(r.policy.Capabilities, Share{Name: keyOf(pair), Weight: weight})
	}
}

// known fails a capability that the bundle does not have.
func (r *policyReader) known(at ast.Node, name string) {
	if name != "" && r.bundle != nil && !slices.Contains(r.bundle, name) {
		r.fail(at, "capabilities: the bundle has no %q%s", name, didYouMean(name, r.bundle))
	}
}

func (r *policyReader) threshold(n ast.Node) {
	t, err := strconv.ParseFloat(rawText(n), 32)
	if err != nil || math.IsNaN(t) || math.IsInf(t, 0) || !isNumber(n) {
		r.fail(n, "threshold is %s: expected a number such as 0 or 2.5", describe(n))
		return
	}
	r.policy.Threshold = float32(t) + 0 // no -0
}

func (r *policyReader) control(n ast.Node) {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		r.fail(n, "control is %s: expected true or false", describe(n))
		return
	}
	r.policy.Control = b.Value
}

func (r *policyReader) seed(n ast.Node) {
	seed, err := strconv.ParseUint(rawText(n), 10, 64)
	if err != nil {
		r.fail(n, "seed is %s: expected a whole number from 0 to %d", describe(n), uint64(math.MaxUint64))
		return
	}
	r.policy.Seed = seed
}

// text reads a string.
func (r *policyReader) text(n ast.Node, what, expected string) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	r.fail(n, "%s is %s: expected %s", what, describe(n), expected)
	return ""
}

// pairs returns the entries of a mapping, and false for any other node.
func pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func keyOf(pair *ast.MappingValueNode) string {
	if s, ok := pair.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return pair.Key.String()
}

// rawText returns a scalar as it is written; numbers must not go through
// binary floating point.
func rawText(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	if s, ok := n.(ast.ScalarNode); ok && s.GetToken() != nil {
		return s.GetToken().Value
	}
	return ""
}

func isNumber(n ast.Node) bool {
	return n.Type() == ast.IntegerType || n.Type() == ast.FloatType
}

func describe(n ast.Node) string {
	switch n.Type() {
	case ast.NullType:
		return "empty"
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	case ast.StringType:
		return strconv.Quote(rawText(n))
	}
	if text := rawText(n); text != "" {
		return text
	}
	return "a " + strings.ToLower(n.Type().String())
}

func line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	// A mapping's own token is the colon of its first pair.
	if values, ok := pairs(n); ok && len(values) > 0 {
		return values[0].Key.GetToken().Position.Line
	}
	return n.GetToken().Position.Line
}

func sortedKeys(m map[string]func(ast.Node)) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// didYouMean returns `: did you mean "x"?` for the known word nearest to a
// misspelt one, and the list of all where none is near.
func didYouMean(word string, known []string) string {
	best, distance := "", 1+max(2, len(word)/3)
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ": expected one of " + strings.Join(known, ", ")
	}
	return fmt.Sprintf(": did you mean %q?", best)
}
