package selector

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/selection"
	"cream/stream/kafka"
)

// outcome is what a closed window leaves to be published and, once that is
// committed, to be counted.
type outcome struct {
	window  schemas.Window
	records []*kgo.Record
	seen    *distinct
	chosen  *distinct
}

// Publication is where what windows chose is published.
type Publication struct {
	Codec               *schemas.Codec
	Selections, Windows string // topics
	Samples             string // topic that the samples lie in
}

// Records returns the records that a closed window leaves: its picks and their
// twins, and its summary. seen has what its candidates were.
func (p Publication) Records(closed *selection.ClosedWindow, seen Seen) ([]*kgo.Record, error) {
	o, err := p.outcome(closed, seen.take(closed.Summary.End))
	if err != nil {
		return nil, err
	}
	return o.records, nil
}

// outcome makes a window's records: its picks and their twins in the order in
// which their samples lie in the log, so that the harvester reads forward,
// and its summary.
func (p Publication) outcome(closed *selection.ClosedWindow, seen *distinct) (*outcome, error) {
	o := &outcome{window: WindowOf(closed.Summary), seen: seen, chosen: newDistinct()}
	var chosen []schemas.Selection
	for pick := range closed.Picks() {
		if !pick.OnArrival { // else it is published
			chosen = append(chosen, p.selection(pick, schemas.RoleCurated, &o.window))
		}
		o.chosen.insert(pick.ID, pick.Source, binary.BigEndian.AppendUint64(nil, pick.Content))
	}
	for pick := range closed.Control() {
		chosen = append(chosen, p.selection(pick, schemas.RoleControl, &o.window))
	}
	slices.SortFunc(chosen, func(a, b schemas.Selection) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Role, b.Role))
	})
	for i := range chosen {
		r, err := p.record(&chosen[i])
		if err != nil {
			return nil, err
		}
		o.records = append(o.records, r)
	}
	for id := range closed.Removed() { // from a reservoir
		o.records = append(o.records, &kgo.Record{Topic: p.Selections, Key: []byte(id)})
	}
	var err error
	if o.window.Sketches, err = sketches(o.seen, o.chosen); err != nil {
		return nil, err
	}
	value, err := p.Codec.EncodeWindow(&o.window)
	if err != nil {
		return nil, err
	}
	key := time.UnixMilli(o.window.Start).UTC().Format(time.RFC3339)
	o.records = append(o.records, record(p.Windows, []byte(key), value, o.window.End))
	return o, nil
}

// Taken returns the record of a pick that leaves on arrival.
func (p Publication) Taken(pick selection.Pick, start, end int64, policy string) (*kgo.Record, error) {
	chosen := p.selection(pick, schemas.RoleCurated, &schemas.Window{Start: start, End: end, Policy: policy})
	return p.record(&chosen)
}

func (p Publication) record(s *schemas.Selection) (*kgo.Record, error) {
	value, err := p.Codec.EncodeSelection(s)
	if err != nil {
		return nil, fmt.Errorf("selection of sample %q: %w", s.ID, err)
	}
	return record(p.Selections, []byte(s.ID), value, s.WindowEnd), nil
}

func record(topic string, key, value []byte, eventTime int64) *kgo.Record {
	return &kgo.Record{Topic: topic, Key: key, Value: value, Headers: []kgo.RecordHeader{
		kafka.NumberHeader(kafka.HeaderEventTime, eventTime),
	}}
}

// selection is a pick's record, with the place of its sample.
func (p Publication) selection(pick selection.Pick, role string, w *schemas.Window) schemas.Selection {
	chosen := SelectionOf(pick, role, w)
	chosen.Topic, chosen.Partition, chosen.Offset = p.Samples, pick.Partition, pick.SampleOffset
	return chosen
}

func (s *Selector) publication() Publication {
	return Publication{Codec: s.opts.Codec, Selections: s.opts.Topics.Selections, Windows: s.opts.Topics.Windows, Samples: s.opts.Topics.Samples}
}

// take keeps the record of a pick that leaves on arrival.
func (s *session) take(pick *selection.Pick, eventTime int64) error {
	start, end := s.machine.WindowOf(eventTime)
	r, err := s.publication().Taken(*pick, start, end, s.machine.VersionAt(eventTime))
	if err != nil {
		return err
	}
	s.records = append(s.records, r)
	return nil
}

// SelectionOf is a pick of the machine in the form in which it travels, but
// for the place of its sample.
func SelectionOf(p selection.Pick, role string, w *schemas.Window) schemas.Selection {
	return schemas.Selection{
		Role: role, ID: p.ID, Source: p.Source, EventTime: p.EventTime,
		WindowStart: w.Start, WindowEnd: w.End,
		Capability: p.Capability, Style: p.Style, Score: p.Score,
		Rank: int32(p.Rank), Cutoff: p.Cutoff, Order: int32(p.Order), Round: int32(p.Round), Policy: w.Policy,
		OnArrival: p.OnArrival, Replaces: p.Replaces, Cost: p.Cost, Content: p.Content, PictureHash: p.PictureHash, TextHash: p.TextHash,
	}
}

// WindowOf is the machine's summary in the form in which it travels. The one
// window over all time ends, for readers of dates, with the year 9999.
func WindowOf(s selection.Summary) schemas.Window {
	w := schemas.Window{
		Start: s.Start, End: min(s.End, selection.EndOfTime), Policy: s.Policy,
		Records: s.Records, Samples: s.Candidates, Duplicates: s.Duplicates,
		Filtered: s.Filtered, SetAside: s.SetAside, Withdrawn: s.Withdrawn, Same: s.Same,
		Unit: s.Unit, Spent: s.Spent, CarriedIn: s.CarriedIn, CarriedOut: s.CarriedOut,
		Added: s.Added, Removed: s.Removed, OnArrival: s.OnArrival, InExact: s.InExact, ExactScore: s.ExactScore,
		Budget: s.Budget, Selected: s.Selected, Control: s.Control,
		Earlier: s.Earlier, Rounds: int32(s.Rounds), Shortfall: s.Shortfall, Approximate: s.Approximate,
		Styles:       make(map[string]schemas.Count, len(s.Styles)),
		Capabilities: make(map[string]schemas.Count, len(s.Capabilities)),
	}
	for _, c := range s.Styles {
		w.Styles[c.Name] = schemas.Count{Seen: c.Seen, Chosen: c.Chosen}
	}
	for _, c := range s.Capabilities {
		w.Capabilities[c.Name] = schemas.Count{Seen: c.Seen, Chosen: c.Chosen}
	}
	return w
}
