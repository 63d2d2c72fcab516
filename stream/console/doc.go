// Package console is what a person and a monitoring system look at: an HTTP
// server with the samples chosen last and why, counts and lag, and with
// /metrics, /healthz and /readyz.
//
// Picks come from the topic curated (Follow); whoever runs it
// answers for the counts with Options.Status. The page is rendered here and
// kept up to date by server-sent events; without scripts it reloads itself.
//
// Samples are strangers' data: texts are escaped and cut, pictures are served
// only if they are one of a kept pick and look like a picture, and the page
// runs no script but its own file.
package console
