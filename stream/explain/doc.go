// Package explain tells what became of samples, and why: chosen, by which
// capability and style; or not, and which cutoffs it missed, by how much, who
// took the place; or late, filtered, withdrawn, the same as another, dead, or
// not known.
//
// A selection keeps no such record of those that it left. But it is a function
// of the scores and the policy, so it is done again, with everything kept, and
// asked. What was published has the last word: where the re-run disagrees with
// it, the report says so, and why that may be.
//
// Of a reservoir for ever it is told what is in it as the last window left it,
// and which sample took the place of one that was.
//
//	inquiry.go    a re-run, what was published, and the ids that are asked for
//	report.go     both put together: an account of each id
//	reservoir.go  an account of each id where there is one reservoir for ever
//	history.go    what was chosen before of what is the same
//	agree.go      whether the re-run and what was published agree
//	account.go    what an account says
//	folder.go     an inquiry into a folder
//	topics.go     an inquiry into the topics of a stream
//	text.go       accounts for a person to read
package explain
