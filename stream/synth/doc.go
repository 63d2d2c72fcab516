// Package synth generates samples without end, for trying cream out and for
// testing it: the stream that plays where a user brings none.
//
//	maker ──subject──▶ picture (drawn) and facts (known) ──style──▶ exchange ──flaw──▶ Sample
//
// A maker invents a subject, such as a chart or a street; the subject draws
// itself and knows its own facts, and the facts become questions and answers
// in nine styles. So what is true of a picture is known by construction.
// Some samples are then spoilt on purpose, and say so in their metadata: a
// curator that works prefers the others.
//
// A sample depends on nothing but the seed and its number.
package synth
