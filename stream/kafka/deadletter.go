package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// Headers of a dead letter, beside those that the record had.
const (
	HeaderErrorStage     = "cream-error-stage"
	HeaderErrorReason    = "cream-error-reason"  // a short, fixed key
	HeaderErrorMessage   = "cream-error-message" // for a person
	HeaderErrorTopic     = "cream-error-topic"   // where the record lay
	HeaderErrorPartition = "cream-error-partition"
	HeaderErrorOffset    = "cream-error-offset"
)

// maxErrorMessage bounds the message in bytes: it may quote its input.
const maxErrorMessage = 2000

// DeadLetter makes the record for the dead-letter topic from one that could
// not be used: its key, value and headers byte for byte, and why.
func DeadLetter(topic, stage, reason string, cause error, r *kgo.Record) *kgo.Record {
	message := cause.Error()
	if len(message) > maxErrorMessage {
		message = message[:maxErrorMessage]
	}
	headers := make([]kgo.RecordHeader, 0, len(r.Headers)+6)
	headers = append(headers, r.Headers...)
	headers = append(headers,
		TextHeader(HeaderErrorStage, stage),
		TextHeader(HeaderErrorReason, reason),
		TextHeader(HeaderErrorMessage, message),
		TextHeader(HeaderErrorTopic, r.Topic),
		NumberHeader(HeaderErrorPartition, int64(r.Partition)),
		NumberHeader(HeaderErrorOffset, r.Offset),
	)
	return &kgo.Record{Topic: topic, Key: r.Key, Value: r.Value, Headers: headers}
}
