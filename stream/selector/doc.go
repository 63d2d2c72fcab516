// Package selector is the stage between scores and selections: it feeds the
// scores to a selection.Machine and publishes what the machine chose when a
// window closes.
//
// One member of the group is active and owns every partition; the others
// stand by. It keeps no state of its own: the log is the state. In the
// transaction that publishes its picks it commits, for every partition, the
// lowest offset that an open window still needs, and in the metadata up to
// which time windows are closed and how far it has read. A restart, here or
// elsewhere, replays from there and comes to the same picks.
package selector
