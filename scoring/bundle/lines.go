package bundle

import (
	"maps"

	"github.com/goccy/go-yaml/ast"
)

// keysOf returns the line of every key of a mapping and of those within it,
// named by their path, as in inputs.text.vocabulary.
func keysOf(node ast.Node, prefix string) map[string]int {
	out := make(map[string]int)
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			maps.Copy(out, keysOf(pair, prefix))
		}
	case *ast.MappingValueNode:
		key := prefix + n.Key.String()
		out[key] = n.Key.GetToken().Position.Line
		maps.Copy(out, keysOf(n.Value, key+"."))
	}
	return out
}
