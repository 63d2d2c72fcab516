package explain

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"cream/stream/folder"
)

// nearest is how many standings are written, unless all are asked for.
const nearest = 5

// Write writes an account for a person to read: of standings the nearest
// misses, or all.
func (a *Account) Write(out io.Writer, all bool) error {
	w := &writer{out: out}
	about := ""
	if a.Source != "" {
		about = "   source " + a.Source + "; " + strings.Join(a.Styles, ", ")
	}
	w.line("%s   %s%s", a.ID, strings.ToUpper(string(a.Outcome)), about)
	for i := range a.Windows {
		w.window(a, &a.Windows[i], all)
	}
	if a.Records > 1 {
		w.line("  %d scores came with this id; of those in a window the one with the lowest content hash stands", a.Records)
	}
	if a.Control {
		w.line("  it is in the random twin, control")
	}
	for _, d := range a.Dead {
		w.dead(&d)
	}
	if a.Outcome == Unknown {
		w.line("  there is no score, no decision and no dead letter with this id")
	}
	return w.err
}

type writer struct {
	out io.Writer
	err error
}

func (w *writer) line(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.out, format+"\n", args...)
	}
}

func (w *writer) window(a *Account, in *Window, all bool) {
	name := "  in the window " + span(in.Start, in.End)
	if span(in.Start, in.End) == "over all time" {
		name = "  in the one window"
	}
	if in.Reservoir {
		name = "  in the reservoir, as the window " + span(in.Start, in.End) + " left it"
	}
	if in.Outcome != a.Outcome || len(a.Windows) > 1 {
		name += ": " + string(in.Outcome)
	}
	w.line("%s", name)
	switch d := in.Decision; {
	case d != nil && in.Reservoir:
		w.member(in, d)
	case d != nil:
		w.decision(in, d)
	}
	switch o := in.Other; {
	case o != nil && in.Reservoir:
		w.successor(o)
	case o != nil:
		w.other(a, in, o)
	}
	if in.Why != "" {
		w.line("    %s", in.Why)
	}
	if in.Differs != "" {
		w.line("    %s", in.Differs)
	}
	if len(in.Standings) > 0 && (in.Decision == nil || in.Outcome == Replaced || in.Outcome == NotChosen || all) {
		w.standings(in.Standings, all)
	}
	if in.Outcome == NotChosen && len(in.Standings) == 0 && !in.Reservoir {
		w.line("    the policy's method is a baseline, which has no bins: others were drawn, or score higher")
	}
}

func (w *writer) decision(in *Window, d *folder.Decision) {
	order := ""
	if in.Order > 0 {
		order = fmt.Sprintf(", number %d of the window", in.Order)
	}
	rank := ""
	for _, s := range in.Standings { // a pick on arrival had no rank yet
		if s.Why == "" && s.Rank > 0 {
			rank = fmt.Sprintf(": rank %d of %d", s.Rank, s.Size)
		}
	}
	if rank == "" && d.Rank > 0 {
		rank = fmt.Sprintf(": rank %d", d.Rank)
	}
	if len(in.Standings) == 0 && in.Order > 0 {
		w.line("    chosen by a baseline%s; it counts for %s, style %s, where it scores %s", order, d.Capability, d.Style, number(d.Score))
		return
	}
	when := fmt.Sprintf("in round %d", d.Round)
	if d.OnArrival {
		when = "on arrival"
	}
	w.line("    chosen for %s, style %s%s; score %s, cutoff %s; %s%s", d.Capability, d.Style, rank, number(d.Score), number(d.Cutoff), when, order)
}

// member writes what a sample is in a reservoir for, and how it got there: with
// what has come since that may be another capability or rank.
func (w *writer) member(in *Window, d *folder.Decision) {
	for _, s := range in.Standings {
		if s.Why == "" {
			w.line("    chosen for %s, style %s: rank %d of %d; score %s, cutoff %s; number %d of the reservoir",
				s.Capability, s.Style, s.Rank, s.Size, number(s.Score), number(s.Last.Score), in.Order)
		}
	}
	place := ""
	if d.Replaces != "" {
		place = ", in the place of " + d.Replaces
	}
	w.line("    the window %s took it in%s, for %s, style %s: rank %d; score %s, cutoff %s; in round %d",
		span(d.WindowStart, d.WindowEnd), place, d.Capability, d.Style, d.Rank, number(d.Score), number(d.Cutoff), d.Round)
}

func (w *writer) successor(o *Other) {
	since := ""
	if !o.Chosen {
		since = ", which is there no more either"
	}
	w.line("    the window %s took %s in for it%s", span(o.WindowStart, o.WindowEnd), o.ID, since)
}

func (w *writer) other(a *Account, in *Window, o *Other) {
	switch {
	case in.Outcome == Earlier && o.ID == a.ID:
		w.line("    the window %s chose it", span(o.WindowStart, o.WindowEnd))
	case in.Outcome == Earlier:
		w.line("    the window %s chose %s, which is the same", span(o.WindowStart, o.WindowEnd), o.ID)
	case o.Chosen:
		w.line("    %s is the same and stands for it; it is chosen", o.ID)
	default:
		w.line("    %s is the same and stands for it; it is not chosen either", o.ID)
	}
}

func (w *writer) dead(d *folder.DeadLetter) {
	where := ""
	if d.Line > 0 {
		where = fmt.Sprintf(", line %d", d.Line)
	} else if d.Input != nil {
		where = fmt.Sprintf(", element %d", *d.Input)
	}
	w.line("  dead letter of %s%s: %s: %s", d.Stage, where, d.Reason, d.Error)
}

// standings writes a table.
func (w *writer) standings(all []Standing, whole bool) {
	shown := slices.Clone(all)
	if !whole {
		slices.SortStableFunc(shown, nearer)
		shown = shown[:min(len(shown), nearest)]
	}
	table := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "    CAPABILITY\tBIN\tSCORE\tCUTOFF\tMISSED BY\tRANK\tLAST TAKEN\tWHY")
	said := ""
	for _, s := range shown {
		why := whyText(&s)
		if why == said {
			why = "(as above)"
		} else {
			said = why
		}
		cutoff, missed, rank, last := "–", "–", "–", "–"
		if s.Last != nil {
			cutoff, last = number(s.Last.Score), fmt.Sprintf("%s (%d)", s.Last.ID, s.Last.Rank)
		}
		if s.Missed != nil {
			missed = number(*s.Missed)
		}
		if s.Rank > 0 {
			rank = fmt.Sprintf("%d of %d", s.Rank, s.Size)
		}
		fmt.Fprintf(table, "    %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Capability, s.Bin, number(s.Score), cutoff, missed, rank, last, why)
	}
	if err := table.Flush(); w.err == nil {
		w.err = err
	}
	if hidden := len(all) - len(shown); hidden > 0 {
		w.line("    … and %d further from it (--all)", hidden)
	}
}

func whyText(s *Standing) string {
	switch {
	case s.Why == "":
		return "chosen here"
	case s.Missed != nil && *s.Missed == 0:
		return "it scores the same, and the seed's lot put others first; " + s.Why
	}
	return s.Why
}

// nearer orders standings by how near they came to being chosen: what a limit
// or the budget's rest kept out, then by what is missing of the score.
func nearer(a, b Standing) int {
	return cmp.Or(
		cmp.Compare(a.class(), b.class()),
		cmp.Compare(a.missed(), b.missed()),
		cmp.Compare(a.behind(), b.behind()),
	)
}

func (s *Standing) class() int {
	switch {
	case s.Why == "":
		return 0
	case s.Rank == 0:
		return 5
	case s.Last == nil:
		return 4
	case s.Rank < s.Last.Rank:
		return 1
	case s.Missed != nil:
		return 2
	}
	return 3
}

func (s *Standing) missed() float32 {
	if s.Missed == nil {
		return 0
	}
	return *s.Missed
}

// behind is how many places it is behind the last one taken.
func (s *Standing) behind() int {
	if s.Last == nil {
		return s.Rank
	}
	return s.Rank - s.Last.Rank
}

// number writes a score with the digits that tell it from another.
func number(f float32) string {
	text := strconv.FormatFloat(float64(f), 'f', 3, 32)
	if f != 0 && (f < 0.0005 && f > -0.0005) {
		return strconv.FormatFloat(float64(f), 'g', 2, 32)
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// Brief says what became of a sample in a few words: of one that was not chosen
// its nearest miss.
func (a *Account) Brief() string {
	for i := range a.Windows {
		w := &a.Windows[i]
		if w.Outcome != a.Outcome {
			continue
		}
		if a.Outcome == Replaced {
			return fmt.Sprintf("%s: by %s", a.Outcome, w.Other.ID)
		}
		if d := w.Decision; d != nil && a.Outcome != NotChosen {
			return fmt.Sprintf("%s: for %s in %s", a.Outcome, d.Capability, d.Style)
		}
		if w.Other != nil {
			return fmt.Sprintf("%s: %s", a.Outcome, w.Other.ID)
		}
		if w.Why != "" {
			return fmt.Sprintf("%s: %s", a.Outcome, w.Why)
		}
		if len(w.Standings) == 0 {
			continue
		}
		s := slices.MinFunc(w.Standings, nearer)
		if s.Missed == nil {
			return fmt.Sprintf("%s: nearest for %s in %s, score %s: %s", a.Outcome, s.Capability, s.Style, number(s.Score), s.Why)
		}
		return fmt.Sprintf("%s: nearest for %s in %s, score %s, %s below the cutoff; rank %d of %d, and %s the last taken, rank %d",
			a.Outcome, s.Capability, s.Style, number(s.Score), number(*s.Missed), s.Rank, s.Size, s.Last.ID, s.Last.Rank)
	}
	if len(a.Dead) > 0 {
		return fmt.Sprintf("%s: %s", a.Outcome, a.Dead[0].Reason)
	}
	return string(a.Outcome)
}
