package selection

import (
	"fmt"
	"slices"
)

// Doubts returns what may be a mistake in a policy that is valid, and may not:
// limits that no window can keep, and styles that are not among those of the
// bundle, for scores of another one may have them.
func (p Policy) Doubts(capabilities, styles []string) (all []string) {
	all = p.contradictions(capabilities)
	doubt := func(key string, names ...string) {
		for _, name := range names {
			if !slices.Contains(styles, name) {
				all = append(all, fmt.Sprintf("%s: the bundle names no style %q%s", key, name, didYouMean(name, styles)))
			}
		}
	}
	for _, l := range p.sortedLimits() {
		if l.Of == ofStyle && l.Name != Others {
			doubt("limits.style", l.Name)
		}
	}
	doubt("require.style", p.Require.Styles...)
	doubt("exclude.style", p.Exclude.Styles...)
	return all
}
