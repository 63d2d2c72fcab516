package bundle

import (
	"maps"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// lines returns the line of every key of a YAML file's mappings, at whatever
// depth, named by its path as in inputs.text.vocabulary. Mappings in lists
// have no such path and are left out.
func lines(text []byte) map[string]int {
	out := make(map[string]int)
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return out
	}
	for _, doc := range file.Docs {
		maps.Copy(out, keysOf(doc.Body, ""))
	}
	return out
}

// keysOf returns the line of every key of a mapping and of those within it.
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
