// Package batch is the selection as files in, files out: without a broker it
// reads scores (or samples, which it has scored), selects, and leaves the same
// folder as a stream that ends.
//
// An input (files, or any other Source) is read twice. The first pass steps
// each score through the machine of package selection, which keeps the little
// that it needs of it; the second copies what was chosen as it was given. So a
// file may be much larger than memory. Neither the order of the rows nor how
// they are packed shows in what is chosen.
//
//	batch.go         the two passes
//	source.go        what scores come from and chosen ones are copied from; files.go one of files
//	capabilities.go  which capabilities a score file has, in which order
//	rows.go          a file's rows: JSON lines or an array, plain, gzip or zstd
//	parquet.go       the rows of a Parquet file, as JSON; assemble.go puts them together
//	line.go          a row's score line: read, checked, and made a candidate
//	sample.go        a row's sample: scored, or looked up
//	candidates.go    a score file as candidates, for whoever selects again
//	inorder.go       many workers, and what they did in the order of the rows
package batch
