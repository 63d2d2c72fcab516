package compare

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"cream/selection"
)

// shownRows is how many rows of a table are written, those that differ most
// first.
const shownRows = 20

// Write writes the numbers for a person to read.
func (r *Result) Write(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, s := range []Side{r.A, r.B} {
		fmt.Fprintf(table, "%c\t%s\tpolicy %s\t%d chosen\tmean score %.3f\t(all scores %.3f)\n",
			'A'+i, s.Folder, strings.Join(s.Policies, " and "), s.Selected, s.Score, s.AllScores)
	}
	fmt.Fprintln(table)
	if differing := r.Differing(); differing != "" {
		fmt.Fprintf(table, "%s\n\n", differing)
	}
	fmt.Fprintf(table, "%d in both (%d of them for another capability or style), %d only in A, %d only in B; Jaccard %.3f\n",
		r.Chosen.Both, r.Moved, r.Chosen.OnlyA, r.Chosen.OnlyB, r.Chosen.Jaccard)
	for _, t := range []struct {
		name string
		rows []Row
	}{{"CAPABILITY", r.Capabilities}, {"STYLE", r.Styles}, {"SOURCE", r.Sources}} {
		fmt.Fprintf(table, "\n%s\tA\tB\tB-A\n", t.name)
		for i, row := range t.rows {
			if i == shownRows {
				fmt.Fprintf(table, "… and %d that differ less\n", len(t.rows)-i)
				break
			}
			fmt.Fprintf(table, "%s\t%d\t%d\t%+d\n", row.Name, row.A, row.B, row.Difference())
		}
	}
	if len(r.Windows) > 1 {
		fmt.Fprint(table, "\nWINDOW\tBOTH\tONLY A\tONLY B\tJACCARD\n")
		for _, w := range r.Windows {
			fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%.3f\n", spanText(w.Start, w.End), w.Chosen.Both, w.Chosen.OnlyA, w.Chosen.OnlyB, w.Chosen.Jaccard)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

func spanText(start, end int64) string {
	if end >= selection.EndOfTime {
		return "all time"
	}
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
	return at(start) + " to " + at(end)
}
