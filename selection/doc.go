// Package selection decides which samples are kept: the method of mmSSR made
// a streaming state machine over event-time windows. It stands between the
// topics scores and selections, and knows neither: it does no I/O, starts no
// goroutine, reads no clock and draws no random number but from a seed.
//
// # The method
//
// A window's budget is filled in rounds. In a round every capability in turn
// takes its share of what remains; its candidates are the samples not yet
// chosen that score above the threshold for it, laid into bins by style and
// source; the bins are served from the smallest to the largest, each giving
// its best. So the choice is rich (the best for each capability), diverse
// (every style of every source) and fits the budget exactly.
//
// The method is from "Cream of the Crop: Harvesting Rich, Scalable and
// Transferable Multi-Modal Data for Instruction Fine-Tuning" (2025). One rule
// is stricter here: the reference lets the last bin of a turn overshoot the
// capability's quota, ours never takes more than the quota leaves.
//
// # Use
//
// The caller owns time and order. It turns records into events and steps
// them through a [Machine]:
//
//	m, err := selection.New(selection.Options{Policy: policy, Capabilities: names})
//	for {
//		effects, err := m.Step(&candidate)          // a record of scores
//		...
//		effects, err = m.Step(selection.Watermark{Time: t})
//		for _, w := range effects.Closed {
//			for pick := range w.Picks() { ... }     // in the order of choosing
//			for pick := range w.Control() { ... }   // the uniform random twin
//			publish(w.Summary)
//		}
//	}
//
// [Watermarks] derives the time of a Watermark event from what each partition
// has shown. [Machine.LowestNeeded] tells for each partition how far back a
// restart has to read; with that, [Options.ClosedThrough], [Options.Positions]
// and [Options.Chosen] a new Machine arrives at the same picks.
//
// # What the picks depend on
//
// On the set of candidates in the window, the ids chosen by earlier windows
// and the policy; on nothing else. A bin is totally ordered: place of its
// style in the sample's list, score descending, hash of seed and id, content
// hash, id. Of several records with one id the one with the lowest content
// hash stands. So the order of arrival, batching and restarts do not show.
//
// # Where things are
//
//	policy.go, parse.go   the policy and its strict YAML
//	machine.go            events in, effects out
//	watermark.go          event time of the partitions
//	window.go             an open window: which record of an id stands
//	pack.go, ids.go       candidates packed into columns, without pointers
//	table.go              finding a candidate by its id
//	prefetch.go           asking for memory before it is needed
//	kinds.go              pairs of a source and a style list, and their bins
//	rounds.go             the method: rounds, turns, bins
//	order.go              a bin's first candidates, in the total order
//	classes.go            and about how many it has down to which score
//	control.go            the uniform random twin
//	compact.go            the smaller state of a count budget: what is kept
//	dropped.go            and what is known of the rest
//	forgotten.go          its ids, in 12 bytes each
//	closed.go             a window that has closed: picks and summary
//	synthetic/            candidates for benchmarks and tests
package selection
