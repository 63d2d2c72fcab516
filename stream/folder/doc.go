// Package folder is the folder that a selection leaves: the names of its
// files, what a line of each says, a Writer that makes them and readers that
// read them back. Exporter fills one from the topics, batch from a file of
// scores; whoever explains or compares selections reads them here.
//
// A folder is of one piece. Its files are written under other names and get
// theirs when all are whole, summary.json last: a folder with a summary.json
// is complete.
//
//	writer.go    files under other names, and their renaming
//	reader.go    a folder's lines, one by one
//	score.go     a line of scores.jsonl and how it is read
//	fields.go    its fields; scores.go its scores
//	append.go    how it is written
//	decision.go  a line of decisions.jsonl
//	dead.go      a line of dead-letter.jsonl
//	window.go    a line of windows.jsonl
//	summary.go   summary.json
package folder
