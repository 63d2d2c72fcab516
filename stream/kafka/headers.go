package kafka

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Headers of cream's records.
const (
	HeaderEventTime = "cream-event-time" // ms since the epoch, in decimal
	// HeaderSampleOffset is, on a withdrawal in scores, where it lay in samples.
	HeaderSampleOffset = "cream-sample-offset"
	HeaderInput        = "cream-input" // which input the ingester read, and the element's number
)

// Header returns the value of the record's last header of that name.
func Header(r *kgo.Record, name string) (string, bool) {
	for i := len(r.Headers) - 1; i >= 0; i-- {
		if r.Headers[i].Key == name {
			return string(r.Headers[i].Value), true
		}
	}
	return "", false
}

// IntHeader returns the header as a whole number; ok is false where it is not
// there or is none.
func IntHeader(r *kgo.Record, name string) (int64, bool) {
	text, ok := Header(r, name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// TextHeader makes a header.
func TextHeader(name, value string) kgo.RecordHeader {
	return kgo.RecordHeader{Key: name, Value: []byte(value)}
}

// NumberHeader makes a header from a whole number.
func NumberHeader(name string, value int64) kgo.RecordHeader {
	return TextHeader(name, strconv.FormatInt(value, 10))
}
