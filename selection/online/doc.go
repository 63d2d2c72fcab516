// Package online measures what choosing while the data is still arriving costs
// against hindsight: the exact choice in the same windows, and the exact choice
// over the whole stream. It is a benchmark of package selection, beside it.
package online
