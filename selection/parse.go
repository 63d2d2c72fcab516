package selection

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// ParsePolicy reads policy.yaml. What the text leaves out is as in
// DefaultPolicy. The error joins every mistake, each as "name:line: what is
// wrong: what is expected"; name is the file's, for these messages. The
// capabilities are the bundle's, that the policy's must be among; nil: any.
// The policy's lists are read by readFile, which returns the content of the
// file and the name to remember it by; nil: a policy that names files is in
// error.
func ParsePolicy(name string, text []byte, capabilities []string, readFile func(string) (string, []byte, error)) (Policy, error) {
	r := policyReader{name: name, bundle: capabilities, readFile: readFile, policy: DefaultPolicy(), keys: make(map[string]ast.Node)}
	root, err := rootMapping(name, text)
	if err != nil {
		return Policy{}, err
	}
	r.mapping(root, "", map[string]func(ast.Node){
		"method": func(n ast.Node) { r.policy.Method = Method(r.text(n, "method", "one of "+joined(Methods()))) },
		"window": r.window,
		"budget": r.budget,
		"emission": func(n ast.Node) {
			r.policy.Emission = Emission(r.text(n, "emission", string(OnClose)+" or "+string(OnArrival)))
		},
		"carry":        func(n ast.Node) { r.boolean(n, "carry", &r.policy.Budget.Carry) },
		"capabilities": r.capabilities,
		"threshold":    r.threshold,
		"bins": func(n ast.Node) {
			r.policy.Bins = Bins(r.text(n, "bins", "style, source, metadata.FIELD, joined by +"))
		},
		"limits":  r.limits,
		"require": r.filter("require", &r.policy.Require),
		"exclude": r.filter("exclude", &r.policy.Exclude),
		"bundles": func(n ast.Node) { r.policy.Bundles = r.texts(n, "bundles") },
		"dedup":   r.dedup,
		"control": func(n ast.Node) { r.boolean(n, "control", &r.policy.Control) },
		"seed":    r.seed,
	})
	if len(r.errs) == 0 {
		for _, m := range r.policy.checkTogether() {
			if at := r.keys[m.key]; at != nil {
				r.fail(at, "%v", m.err)
			} else {
				r.errs = append(r.errs, fmt.Errorf("%s: %w", name, m.err))
			}
		}
	}
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
	name     string
	bundle   []string // its capabilities; nil: not known
	readFile func(string) (string, []byte, error)
	policy   Policy
	keys     map[string]ast.Node // of the file
	errs     []error
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
		if under == "" {
			r.keys[key] = pair.Key
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

// The types of windows.
const (
	tumblingType = "tumbling"
	globalType   = "global"
)

func (r *policyReader) window(n ast.Node) {
	w := &r.policy.Window
	if rawText(n) == globalType {
		w.Global = true
		return
	}
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
		"size": length("size", &w.Size),
		"type": func(n ast.Node) {
			switch kind := r.text(n, "window.type", tumblingType+" or "+globalType); kind {
			case tumblingType, "":
				w.Global = false
			case globalType:
				w.Global = true
			default:
				r.fail(n, "window.type is %q: expected %s or %s", kind, tumblingType, globalType)
			}
		},
		"lateness": length("lateness", &w.Lateness),
		"idle":     length("idle", &w.Idle),
	})
}

func (r *policyReader) capabilities(n ast.Node) {
	r.policy.Capabilities = nil
	const expected = "a list of names, name: weight pairs, or [] for all of the bundle's"
	if list, ok := n.(*ast.SequenceNode); ok {
		for _, item := range list.Values {
			name := r.text(item, "a capability", "a name")
			r.known(item, "capabilities", name)
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
		r.known(pair.Key, "capabilities", keyOf(pair))
		r.policy.Capabilities = append(r.policy.Capabilities, Share{Name: keyOf(pair), Weight: weight})
	}
}

// known fails a capability that the bundle does not have.
func (r *policyReader) known(at ast.Node, key, name string) {
	if name != "" && r.bundle != nil && !slices.Contains(r.bundle, name) {
		r.fail(at, "%s: the bundle has no %q%s", key, name, didYouMean(name, r.bundle))
	}
}

func (r *policyReader) threshold(n ast.Node) {
	r.policy.Threshold, r.policy.Thresholds = 0, nil
	values, ok := pairs(n)
	if !ok {
		r.policy.Threshold = r.score(n, "threshold")
		return
	}
	for _, pair := range values {
		name := keyOf(pair)
		t := r.score(pair.Value, "threshold."+name)
		if name == Others {
			r.policy.Threshold = t
			continue
		}
		r.known(pair.Key, "threshold", name)
		if r.policy.Thresholds == nil {
			r.policy.Thresholds = make(map[string]float32)
		}
		r.policy.Thresholds[name] = t
	}
}

func (r *policyReader) score(n ast.Node, what string) float32 {
	t, err := strconv.ParseFloat(rawText(n), 32)
	if err != nil || math.IsNaN(t) || math.IsInf(t, 0) || !isNumber(n) {
		r.fail(n, "%s is %s: expected a number such as 0 or 2.5", what, describe(n))
		return 0
	}
	return float32(t) + 0 // no -0
}

func (r *policyReader) dedup(n ast.Node) {
	d := &r.policy.Dedup
	*d = Dedup{}
	r.mapping(n, "dedup", map[string]func(ast.Node){
		"content": func(n ast.Node) { r.boolean(n, "dedup.content", &d.Content) },
		"near": func(n ast.Node) {
			bits, err := strconv.ParseUint(rawText(n), 10, 8)
			if err != nil {
				r.fail(n, "dedup.near is %s: expected a number of bits from 0 to 64, such as 4", describe(n))
			}
			d.Near, d.Distance = true, uint8(bits)
		},
		"horizon": func(n ast.Node) {
			h, err := time.ParseDuration(rawText(n))
			if err != nil {
				r.fail(n, "dedup.horizon is %s: expected a duration such as 24h", describe(n))
			}
			d.Horizon = h
		},
	})
}

func (r *policyReader) boolean(n ast.Node, what string, to *bool) {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		r.fail(n, "%s is %s: expected true or false", what, describe(n))
		return
	}
	*to = b.Value
}

func (r *policyReader) seed(n ast.Node) {
	seed, err := strconv.ParseUint(rawText(n), 10, 64)
	if err != nil {
		r.fail(n, "seed is %s: expected a whole number from 0 to %d", describe(n), uint64(math.MaxUint64))
		return
	}
	r.policy.Seed = seed
}
