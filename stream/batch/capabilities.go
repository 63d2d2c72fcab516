package batch

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"cream/selection"
	"cream/stream/folder"
)

// lookAt is how many rows are looked at to learn which capabilities there are.
const lookAt = 100

// Names returns the capabilities that a score file names: those of the first
// row that can be read, in its order, and all that its first rows name. Both
// are nil where these give their scores as lists.
func Names(path string) (first, all []string, err error) {
	rows, err := openRows(path)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for range lookAt {
		row, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		line, err := folder.ParseScoreLine(row.value)
		if err != nil {
			continue // the run will say what is wrong with it
		}
		for _, s := range line.Scores {
			if s.Name != "" && !slices.Contains(all, s.Name) {
				all = append(all, s.Name)
			}
		}
		if first == nil {
			first = slices.Clone(all)
		}
	}
	return first, all, nil
}

// Capabilities returns the capabilities that scores are read for, in the order
// in which a list of scores has them and in which they take their turns: those
// of the policy, else those of the bundle; else those of a score file's first
// row, in the starter's order where it has them all.
func Capabilities(policy selection.Policy, bundle, first, starter []string) ([]string, error) {
	switch {
	case len(policy.Capabilities) > 0:
		var names []string
		for _, share := range policy.Capabilities {
			names = append(names, share.Name)
		}
		return names, nil
	case len(bundle) > 0:
		return bundle, nil
	case len(first) == 0:
		return nil, errors.New("the scores name no capabilities: list them in the policy (capabilities: [...]), or name the bundle that scored with --bundle")
	}
	var known []string
	for _, name := range starter {
		if slices.Contains(first, name) {
			known = append(known, name)
		}
	}
	if len(known) == len(first) {
		return known, nil
	}
	return first, nil
}

// columns are the capabilities that scores are read for.
type columns struct {
	names []string
	at    map[string]int
}

func newColumns(names []string) columns {
	c := columns{names: names, at: make(map[string]int, len(names))}
	for i, name := range names {
		c.at[name] = i
	}
	return c
}

// read takes a line's scores into values, which has one for each column. A list
// of scores gets the columns' names; in an object there may be others too.
func (c columns) read(l *folder.ScoreLine, values []float32) error {
	if l.Scores[0].Name == "" {
		if len(l.Scores) != len(c.names) {
			return fault(folder.ReasonScore, l.ID, fmt.Errorf("sample %q has a list of %d scores; expected %d, one for each capability", l.ID, len(l.Scores), len(c.names)))
		}
		for i := range l.Scores {
			l.Scores[i].Name = c.names[i]
			values[i] = l.Scores[i].Value
		}
		return nil
	}
	found := 0
	for _, s := range l.Scores {
		if i, ok := c.at[s.Name]; ok {
			values[i] = s.Value
			found++
		}
	}
	if found == len(c.names) {
		return nil
	}
	for _, name := range c.names {
		if !slices.ContainsFunc(l.Scores, func(s folder.NamedScore) bool { return s.Name == name }) {
			return fault(folder.ReasonScore, l.ID, fmt.Errorf("sample %q has no score for %q", l.ID, name))
		}
	}
	return nil
}
