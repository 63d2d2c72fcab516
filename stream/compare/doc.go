// Package compare sets two selections side by side: what both chose and what
// only one did, what moved between styles, capabilities and sources, and, as a
// page that needs nothing but itself, the samples that make the difference.
//
//	compare.go  two folders in numbers
//	text.go     the numbers for a person to read
//	sample.go   samples that only one chose, spread over what they were chosen for
//	media.go    their conversations and small pictures
//	page.go     the page
package compare
