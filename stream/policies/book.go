package policies

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/selection"
	"cream/stream/kafka"
)

// Default is the key of the policy that has no name.
const Default = "default"

// Book is one name's part of the topic.
type Book struct {
	Cluster kafka.Cluster
	Topic   string
	Name    string // empty: the policy that has none
	// Parse reads a policy's text; name is for its messages.
	Parse func(name string, text []byte) (selection.Policy, error)
}

func (b Book) key() string {
	if b.Name == "" {
		return Default
	}
	return b.Name
}

// versionMark is between a name and a version in a key. No name has it.
const versionMark = "@"

// Record is the text of a policy that windows go by, for whoever starts anew.
func (b Book) Record(p selection.Policy) *kgo.Record {
	return &kgo.Record{Topic: b.Topic, Key: []byte(b.key() + versionMark + p.Version()), Value: []byte(p.YAML())}
}

// Publication is the record that makes a text the one that holds.
func (b Book) Publication(text []byte) *kgo.Record {
	return &kgo.Record{Topic: b.Topic, Key: []byte(b.key()), Value: text}
}

// Latest returns the policy that holds, and false where the topic names none.
func (b Book) Latest(ctx context.Context) (selection.Policy, bool, error) {
	return b.read(ctx, b.key())
}

// Find returns the policy of a version, and false where the topic has none, or
// where a file that it names has changed since.
func (b Book) Find(ctx context.Context, version string) (selection.Policy, bool, error) {
	p, ok, err := b.read(ctx, b.key()+versionMark+version)
	return p, ok && p.Version() == version, err
}

func (b Book) read(ctx context.Context, key string) (p selection.Policy, found bool, err error) {
	client, err := b.Cluster.NewClient("cream-policies")
	if err != nil {
		return p, false, err
	}
	defer client.Close()
	var text []byte
	err = kafka.NewReader(client).Scan(ctx, b.Topic, func(r *kgo.Record) error {
		if string(r.Key) == key {
			text = r.Value
		}
		return nil
	})
	if err != nil || text == nil {
		return p, false, err
	}
	p, err = b.Parse(fmt.Sprintf("%s of topic %s", key, b.Topic), text)
	return p, err == nil, err
}

// Publish makes a text the policy that holds, if it is one.
func (b Book) Publish(ctx context.Context, text []byte) (selection.Policy, error) {
	p, err := b.Parse("the policy", text)
	if err != nil {
		return p, err
	}
	if strings.Contains(b.Name, versionMark) {
		return p, errors.New("the policy's name has a version's mark in it")
	}
	client, err := b.Cluster.NewClient("cream-policies")
	if err != nil {
		return p, err
	}
	defer client.Close()
	if err := client.ProduceSync(ctx, b.Publication(text)).FirstErr(); err != nil {
		return p, fmt.Errorf("publish the policy to %s: %w", b.Topic, err)
	}
	return p, nil
}
