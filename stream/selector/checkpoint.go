package selector

import (
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// checkpoint is what the selector commits in a partition's offset metadata,
// beside the lowest offset that it still needs. Kafka refuses metadata of
// more than 4,096 bytes; this is about 60, and 40 for each policy.
type checkpoint struct {
	// ClosedThrough is the event time (ms) up to which windows are closed.
	ClosedThrough int64 `json:"closed_through"`
	// Carried is what the last closed window hands to the next one, in a unit.
	Carried     uint64 `json:"carried,omitempty"`
	CarriedUnit string `json:"unit,omitempty"`
	// Policies are those that windows go by, each from a start on (ms), in
	// order; Begun is where another may begin.
	Policies []policyMark `json:"policies,omitempty"`
	Begun    int64        `json:"begun,omitempty"`
	// Position is the offset behind the last record that was read. On replay
	// a record below it that belongs to a closed window is settled; one at or
	// above it is late.
	Position int64 `json:"position"`
}

// policyMark is a policy, by its version, and the start of the windows from
// which on it holds.
type policyMark struct {
	Version string `json:"v"`
	From    int64  `json:"from"`
}

// restored is what a new session finds committed.
type restored struct {
	closedThrough int64
	carried       uint64
	carriedUnit   string
	policies      []policyMark
	begun         int64
	offsets       map[int32]int64 // committed: the lowest that is needed
	positions     map[int32]int64
}

// readCheckpoints takes the topic's partitions out of the broker's answer,
// the same that sets where the client begins to read.
func readCheckpoints(topic string, topicID [16]byte, resp *kmsg.OffsetFetchResponse) (restored, error) {
	found := restored{offsets: make(map[int32]int64), positions: make(map[int32]int64)}
	take := func(partition int32, offset int64, metadata *string) error {
		if offset < 0 {
			return nil // nothing committed
		}
		found.offsets[partition] = offset
		if metadata == nil || *metadata == "" {
			return nil // somebody reset the group's offsets: a replay from there
		}
		var c checkpoint
		if err := json.Unmarshal([]byte(*metadata), &c); err != nil {
			return fmt.Errorf("%s/%d: the committed metadata %q was not written by a selector: %w", topic, partition, *metadata, err)
		}
		found.positions[partition] = c.Position
		if c.ClosedThrough >= found.closedThrough {
			found.closedThrough, found.carried, found.carriedUnit = c.ClosedThrough, c.Carried, c.CarriedUnit
			found.policies, found.begun = c.Policies, max(found.begun, c.Begun)
		}
		return nil
	}
	for _, t := range resp.Topics { // up to version 7
		for _, p := range t.Partitions {
			if t.Topic != topic {
				continue
			}
			if err := take(p.Partition, p.Offset, p.Metadata); err != nil {
				return restored{}, err
			}
		}
	}
	for _, g := range resp.Groups { // from version 8
		for _, t := range g.Topics {
			if t.Topic != topic && (t.Topic != "" || t.TopicID != topicID) {
				continue
			}
			for _, p := range t.Partitions {
				if err := take(p.Partition, p.Offset, p.Metadata); err != nil {
					return restored{}, err
				}
			}
		}
	}
	return found, nil
}

// metadata writes the checkpoint.
func (c checkpoint) metadata() (*string, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	s := string(text)
	return &s, nil
}
