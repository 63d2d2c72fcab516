// Package harvester is the stage between selections and curated: it reads the
// samples that were chosen back by partition and offset and publishes their
// own bytes, with the decision in headers, to curated or, for the random
// twin, to control.
package harvester
