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
// Where the policy's emission is on arrival, Effects.Taken of a candidate's
// step is its pick, and Picks has all, those included. A [Withdraw] takes a
// sample back. [Machine.Merge] joins machines that have each read a part.
// [ClosedWindow.Explain] tells of any sample what became of it, and why.
//
// [Watermarks] derives the time of a Watermark event from what each partition
// has shown. [Machine.LowestNeeded] tells for each partition how far back a
// restart has to read; with that, [Options.ClosedThrough], [Options.Positions],
// [Options.Carried] and [Options.Chosen] a new Machine arrives at the same
// picks.
//
// # What the picks depend on
//
// On the set of candidates in the window, what earlier windows chose and
// handed on, and the policy; on nothing else. A bin is totally ordered: place
// of its style in the sample's list, score descending, hash of seed and id,
// content hash, id. Of several records with one id the one with the lowest
// content hash stands. So the order of arrival, batching and restarts do not
// show. (They do where picks leave on arrival: then order is what it is about.)
//
// # Beyond the reference
//
// Weights. A capability's quota in a round is floor(remaining × weight / sum of
// the weights of those still playing), at least 1. Equal weights give the
// reference's remaining / number.
//
// Costs. A budget in tokens or bytes goes the same way in that unit: a bin
// takes while what it has taken costs less than its part and what is owed to
// it, so its last pick may cost more than what is left of the part; the turn
// ends when it has cost the quota. A pick that costs more than what is left of
// the budget is passed over, for good, as the budget only shrinks. With a cost
// of 1 each this is the reference's min(part + debt, left).
//
// Maximums. A pick counts for its capability, the style of its bin and its
// source. What has reached its maximum is closed: a capability plays no more, a
// style's bins give no more (a sample of several styles stays in its others),
// a source's candidates leave all bins. A part of the budget in tokens or bytes
// is closed by the first pick that would overrun it. Nothing is ever taken
// that a maximum forbids, so they hold by construction.
//
// Minimums come before all else: of capabilities, styles, sources, each by
// name. What is missing to one is chosen by rounds among the candidates that
// count for it; what was chosen before counts, too. So a minimum is met unless
// its candidates or the budget end first, and the summary says which.
//
// The same sample. Of candidates that are the same by content, or nearly so,
// the best stands: from the best down, each stands that is not the same as one
// that stands already. That does not depend on the order of arrival, though to
// be alike is not transitive.
//
// Carry. What a window did not spend of its own budget and of what it was
// handed is handed to the next, up to 8 times its own.
//
// # Why the first of each bin suffice
//
// Claim: for a budget of B samples, without limits across bins, all picks, and
// all that decides on them, follow from the first B candidates of every bin and
// the number of candidates in it. Proof: bins, their order and their parts in a
// turn depend on how many of each bin are not taken; that is the bin's size less
// the picks that lie in it, which are known. A turn takes from a bin its first
// candidates that are not taken. For the one at rank r of the bin to be taken,
// the r - 1 before it must be taken before or with it, by whomever; there are at
// most B picks, so r <= B. A candidate that is behind rank B in all its bins is
// therefore never taken, and shows in sizes only. B - 1 do not suffice: one bin,
// one capability, and all B picks come from its first B.
//
// It fails with limits (a closed source removes candidates before others that
// were not to be reached), with costs (as many may be passed over as there are),
// with a ratio or carry (B is not known before the close) and with dedup by
// content (whether a candidate is in the running depends on others). There all
// candidates are kept. What this package keeps for a count, and how it notices
// where what was kept does not suffice because some of it was taken back, is
// told in compact.go.
//
// # Why merging is exact
//
// Let two machines have read disjoint parts of a window. The first B of a bin's
// union are among the first B of its parts, for whoever precedes a candidate in
// its part precedes it in the union; and sizes add up. Of one id in both parts
// the record that stands is the lower of the two that stand: the order of records
// is total, so the minimum of minimums is the minimum of all. So the merged
// state is that of one machine that read all. By induction it holds for any
// number of parts, and for a reservoir, which windows join one after the other.
//
// # Why cutoffs foretell the choice
//
// A bin gives in its order, so at the end what is taken of it, by whomever, up
// to a capability's last pick there is all of it up to that pick: had one before
// it been left, the turn would have taken that one. So a window's choice is the
// set of candidates that, for some capability and bin, do not lie behind its
// last pick there: it is determined by the cutoffs. On a stream that does not
// change, those of one window, as quantiles, are those of the next but for
// sampling; arrival.go and learn.go make a decision of that. What it costs is
// measured in online/REPORT.md. After a restart it learns anew, from the window
// that it goes on with.
//
// # Where things are
//
//	policy.go              the policy; budget.go, limits.go, filter.go its parts
//	parse.go, yaml.go      its strict YAML; check.go its mistakes; text.go its text
//	contradictions.go      limits that no window can keep; doubts.go what may be wrong
//	rules.go               a policy applied to a bundle
//	machine.go, events.go  events in, effects out
//	watermark.go           event time of the partitions
//	memory.go              what earlier windows chose
//	window.go              an open window: which record of an id stands
//	pack.go, ids.go        candidates packed into columns, without pointers
//	extras.go              the columns that only some policies need
//	table.go               finding a candidate by its id
//	prefetch.go            asking for memory before it is needed
//	kinds.go               what decides a candidate's bins, and the bins
//	same.go                candidates that are the same as others
//	rounds.go              the method: rounds, turns, bins
//	limiter.go             turns under limits and costs; minimums.go the minimums
//	order.go               a bin's first candidates, in the total order
//	classes.go             and about how many it has down to which score
//	control.go             the uniform random twin
//	baselines.go           other methods, to compare with
//	compact.go             the smaller state of a count budget: what is kept
//	dropped.go             and what is known of the rest
//	forgotten.go           its ids, in 12 bytes each
//	merge.go               windows that have each read a part
//	reservoir.go           the window that never closes
//	arrival.go, learn.go   taking or leaving at once, by what was learnt
//	closed.go, explain.go  a window that has closed: picks, summary, reasons
//	synthetic/             candidates for benchmarks and tests
//	golden/                the reference's choice, for tests
//	online/                on arrival against hindsight
package selection
