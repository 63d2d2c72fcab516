// Package kafka is what the stages share: the client's options, the names and
// making of the topics, the transaction loop (Loop), reading a partition by
// offset without a group (Reader), and the form of a dead letter.
package kafka
