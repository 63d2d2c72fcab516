// Package bundles is the folder of the bundles that are built into the program,
// each a package that embeds its files for scoring/bundle to load.
package bundles
