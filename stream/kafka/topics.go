package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Topics are the names of the topics of one flow.
type Topics struct {
	Samples, Scores, Selections, Curated, Control, Windows, DeadLetter, Policies string
}

// DefaultTopics returns the names of the design, each behind prefix.
func DefaultTopics(prefix string) Topics {
	return Topics{
		Samples:    prefix + "samples",
		Scores:     prefix + "scores",
		Selections: prefix + "selections",
		Curated:    prefix + "curated",
		Control:    prefix + "control",
		Windows:    prefix + "windows",
		DeadLetter: prefix + "dead-letter",
		Policies:   prefix + "policies",
	}
}

// ForPolicy returns the topics of a policy with a name: it has the selections
// and what becomes of them for itself, and shares the others. An empty name is
// the policy that has none.
func (t Topics) ForPolicy(name string) Topics {
	if name == "" {
		return t
	}
	for _, topic := range []*string{&t.Selections, &t.Curated, &t.Control, &t.Windows} {
		*topic += "." + name
	}
	return t
}

// CheckPolicyName returns what is wrong with a policy's name.
func CheckPolicyName(name string) error {
	if name != "" && !policyName.MatchString(name) {
		return fmt.Errorf("the policy's name is %q: expected up to 64 small letters, digits and dashes, such as ocr-heavy", name)
	}
	return nil
}

var policyName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// Groups are the names of the stages' consumer groups.
type Groups struct{ Score, Select, Harvest string }

// DefaultGroups returns the groups that go with DefaultTopics of a prefix.
func DefaultGroups(prefix string) Groups {
	return Groups{
		Score:   prefix + "cream-score",
		Select:  prefix + "cream-select",
		Harvest: prefix + "cream-harvest",
	}
}

// ForPolicy returns the groups of a policy with a name, which selects and
// harvests for itself.
func (g Groups) ForPolicy(name string) Groups {
	if name != "" {
		g.Select += "." + name
		g.Harvest += "." + name
	}
	return g
}

// Layout is how topics are to be made.
type Layout struct {
	// Partitions of samples and of scores: a score goes to the partition that
	// its sample came from, so both have the same number.
	Partitions int32
	// OutputPartitions of every other topic.
	OutputPartitions int32
	Replication      int16
	// Configs are for all topics, such as max.message.bytes.
	Configs map[string]*string
}

// Spec is one topic to be made.
type Spec struct {
	Name       string
	Partitions int32
	Compacted  bool // only the last record of a key is kept
}

// Specs lists the topics with their partitions, in the order of the flow.
func (t Topics) Specs(l Layout) []Spec {
	return []Spec{
		{Name: t.Samples, Partitions: l.Partitions}, {Name: t.Scores, Partitions: l.Partitions},
		{Name: t.Selections, Partitions: l.OutputPartitions}, {Name: t.Curated, Partitions: l.OutputPartitions},
		{Name: t.Control, Partitions: l.OutputPartitions}, {Name: t.Windows, Partitions: l.OutputPartitions},
		{Name: t.DeadLetter, Partitions: l.OutputPartitions}, {Name: t.Policies, Partitions: 1, Compacted: true},
	}
}

// Create makes the topics that are not there. It returns the names of those
// it made, and an error where one that is there has another number of
// partitions than samples and scores must share.
func (t Topics) Create(ctx context.Context, admin *kadm.Client, l Layout) ([]string, error) {
	var made []string
	var errs []error
	for _, s := range t.Specs(l) {
		configs := maps.Clone(l.Configs)
		if s.Compacted {
			if configs == nil {
				configs = make(map[string]*string)
			}
			compact := "compact"
			configs["cleanup.policy"] = &compact
		}
		_, err := admin.CreateTopic(ctx, s.Partitions, l.Replication, configs, s.Name)
		switch {
		case err == nil:
			made = append(made, s.Name)
		case !errors.Is(err, kerr.TopicAlreadyExists):
			errs = append(errs, fmt.Errorf("create topic %s: %w", s.Name, err))
		}
	}
	if len(errs) > 0 {
		return made, errors.Join(errs...)
	}
	// Other brokers hear of new topics a little later.
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := t.Check(ctx, admin)
		if !errors.Is(err, errNotThere) || len(made) == 0 || wait > 5*time.Second {
			return made, err
		}
		select {
		case <-ctx.Done():
			return made, ctx.Err()
		case <-time.After(wait):
		}
	}
}

var errNotThere = errors.New("is not there")

// Check makes sure that the topics are there and that samples and scores have
// the same number of partitions.
func (t Topics) Check(ctx context.Context, admin *kadm.Client) error {
	details, err := admin.ListTopics(fresh(ctx))
	if err != nil {
		return fmt.Errorf("list topics: %w", err)
	}
	var errs []error
	for _, s := range t.Specs(Layout{}) {
		if !details.Has(s.Name) {
			errs = append(errs, fmt.Errorf("topic %s %w: make it with cream topics create", s.Name, errNotThere))
		}
	}
	samples, scores := len(details[t.Samples].Partitions), len(details[t.Scores].Partitions)
	if len(errs) == 0 && samples != scores {
		fewer := t.Samples
		if scores < samples {
			fewer = t.Scores
		}
		errs = append(errs, fmt.Errorf("topic %s has %d partitions and %s has %d: they must have the same number, since a score goes to its sample's partition; add %d to %s before a stage runs",
			t.Samples, samples, t.Scores, scores, max(samples, scores)-min(samples, scores), fewer))
	}
	return errors.Join(errs...)
}

// fresh makes kadm ask the brokers. It answers from the client's memory, up to
// five seconds old, unless operations are asked for, which that does not hold.
func fresh(ctx context.Context) context.Context { return kadm.WithAuthorizedOps(ctx) }

// TopicID returns the topic's id, which newer answers name it by.
func TopicID(ctx context.Context, client *kgo.Client, topic string) ([16]byte, error) {
	details, err := kadm.NewClient(client).ListTopics(ctx, topic)
	if err == nil {
		err = details.Error()
	}
	if err != nil {
		return [16]byte{}, fmt.Errorf("look up topic %s: %w", topic, err)
	}
	return details[topic].ID, nil
}
