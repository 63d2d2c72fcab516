package ingester

import (
	"bytes"
	"encoding/json"
)

// salvage parts a broken element of an array into the samples in it that are
// whole and what is left between them: a quote or a comma that is missing in
// one sample lets the splitter run on into its neighbours. The pieces come in
// order; an element without a whole sample in it is one piece.
func salvage(element []byte) [][]byte {
	var pieces [][]byte
	rest := 0 // where the broken piece began
	flush := func(end int) {
		if broken := bytes.Trim(element[rest:end], "[], \t\r\n"); len(broken) > 0 {
			pieces = append(pieces, broken)
		}
	}
	work := 8*len(element) + 1<<20 // bytes to look at: some inputs are all brackets
	for at := 0; at < len(element) && work > 0; {
		next := bytes.IndexByte(element[at:], '{')
		if next < 0 {
			break
		}
		at += next
		size := sampleAt(element[at:], &work)
		if size == 0 {
			at++
			continue
		}
		flush(at)
		pieces = append(pieces, compact(element[at:at+size]))
		at += size
		rest = at
	}
	if rest == 0 {
		return [][]byte{compact(element)}
	}
	flush(len(element))
	return pieces
}

// sampleAt returns the length of the JSON object at the beginning of text, if
// it is one that holds a conversation, and 0 otherwise. What it looks at is
// taken off work.
func sampleAt(text []byte, work *int) int {
	in := bytes.NewReader(text)
	defer func() { *work -= len(text) - in.Len() }()
	decoder := json.NewDecoder(in)
	var keys map[string]json.RawMessage
	if decoder.Decode(&keys) != nil || (keys["conversations"] == nil && keys["messages"] == nil) {
		return 0
	}
	return int(decoder.InputOffset())
}
