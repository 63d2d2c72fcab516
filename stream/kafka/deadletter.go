package kafka

import (
	"strings"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Headers of a dead letter, beside those that the record had.
const (
	HeaderErrorStage     = "cream-error-stage"
	HeaderErrorReason    = "cream-error-reason"  // a short, fixed key
	HeaderErrorMessage   = "cream-error-message" // for a person
	HeaderErrorTopic     = "cream-error-topic"   // where the record lay
	HeaderErrorPartition = "cream-error-partition"
	HeaderErrorOffset    = "cream-error-offset"
	HeaderErrorSize      = "cream-error-size" // bytes of the value, where it was cut
)

// maxErrorMessage bounds the message in bytes: it may quote its input.
const maxErrorMessage = 2000

// DeadLetter makes the record for the dead-letter topic from one that could
// not be used: its key, value and headers byte for byte, and why. A value that
// would be too large to publish is cut, and a header tells its size.
func DeadLetter(topic, stage, reason string, cause error, r *kgo.Record) *kgo.Record {
	value := r.Value
	headers := make([]kgo.RecordHeader, 0, len(r.Headers)+7)
	headers = append(headers, r.Headers...)
	if size := Size(r); size > MaxRecordBytes {
		value = value[:max(0, len(value)-(size-MaxRecordBytes))]
		headers = append(headers, NumberHeader(HeaderErrorSize, int64(len(r.Value))))
	}
	headers = append(headers,
		TextHeader(HeaderErrorStage, stage),
		TextHeader(HeaderErrorReason, reason),
		TextHeader(HeaderErrorMessage, shorten(cause.Error())),
		TextHeader(HeaderErrorTopic, r.Topic),
		NumberHeader(HeaderErrorPartition, int64(r.Partition)),
		NumberHeader(HeaderErrorOffset, r.Offset),
	)
	return &kgo.Record{Topic: topic, Key: r.Key, Value: value, Headers: headers}
}

// shorten cuts a message between two characters. What it quotes of its input
// may be no UTF-8.
func shorten(message string) string {
	message = strings.ToValidUTF8(message, string(utf8.RuneError))
	if len(message) <= maxErrorMessage {
		return message
	}
	end := maxErrorMessage
	for !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end]
}
