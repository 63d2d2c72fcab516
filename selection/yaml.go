package selection

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml/ast"
)

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
