package harvester

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/stream/kafka"
)

// Stage names the harvester in metrics, dead letters and logs.
const Stage = "harvest"

// Headers of a curated sample: the decision.
const (
	HeaderCapability = "cream-capability"
	HeaderStyle      = "cream-style"
	HeaderSource     = "cream-source"
	HeaderScore      = "cream-score"
	HeaderRank       = "cream-rank"     // place in the bin's order
	HeaderCutoff     = "cream-cutoff"   // score of the last one taken from the bin
	HeaderOrder      = "cream-order"    // place in the window's order of choosing
	HeaderWindow     = "cream-window"   // start/end, RFC 3339
	HeaderPolicy     = "cream-policy"   // the policy's version
	HeaderReplaces   = "cream-replaces" // id of the sample whose place in a reservoir it takes
)

// Options of the stage.
type Options struct {
	Cluster  kafka.Cluster
	Topics   kafka.Topics
	Group    string
	Instance string
	MaxPoll  int // selections of one transaction
	Codec    *schemas.Codec
	Metrics  *kafka.Metrics
	Logger   *slog.Logger
}

// Harvester is the stage; see the package comment.
type Harvester struct {
	opts    Options
	loop    *kafka.Loop
	payload *payloads

	curated, control, dead atomic.Int64
}

// New checks the options.
func New(opts Options) (*Harvester, error) {
	h := &Harvester{opts: opts}
	loop, err := kafka.NewLoop(kafka.LoopOptions{
		Cluster: opts.Cluster, ClientID: "cream-" + Stage, Stage: Stage,
		Group: opts.Group, Topic: opts.Topics.Selections,
		TransactionalID: opts.Group + "-" + opts.Instance,
		MaxPoll:         opts.MaxPoll, Handle: h.handle,
		Metrics: opts.Metrics, Logger: opts.Logger,
	})
	if opts.Codec == nil {
		err = errors.Join(err, errors.New("harvester: Codec must be set"))
	}
	if err != nil {
		return nil, err
	}
	h.loop = loop
	return h, nil
}

// Run works until ctx ends, or until the topic is empty after Drain.
func (h *Harvester) Run(ctx context.Context) error {
	client, err := h.opts.Cluster.NewClient("cream-harvest-read")
	if err != nil {
		return err
	}
	defer client.Close()
	h.payload = newPayloads(kafka.NewReader(client))
	return h.loop.Run(ctx)
}

// Drain lets Run return once every selection has been harvested.
func (h *Harvester) Drain() { h.loop.Drain() }

// Ready returns why the stage does not work, or nil.
func (h *Harvester) Ready() error { return h.loop.Ready() }

// Counts returns how many samples this process has published to curated and
// to control, and how many selections it could not serve. A transaction that
// was aborted counts again.
func (h *Harvester) Counts() (curated, control, dead int64) {
	return h.curated.Load(), h.control.Load(), h.dead.Load()
}

// handle reads back what a poll's selections name. The selector publishes a
// window's selections by partition and offset of their samples, so the reads
// go forward through the log.
func (h *Harvester) handle(ctx context.Context, records []*kgo.Record) ([]*kgo.Record, error) {
	out := make([]*kgo.Record, 0, len(records))
	for _, r := range records {
		if r.Value == nil && len(r.Key) > 0 { // it is withdrawn
			for _, topic := range []string{h.opts.Topics.Curated, h.opts.Topics.Control} {
				out = append(out, &kgo.Record{Topic: topic, Key: r.Key})
			}
			continue
		}
		selection, err := h.opts.Codec.DecodeSelection(ctx, r.Value)
		if errors.Is(err, schemas.ErrRegistry) {
			return nil, err
		}
		if err != nil {
			out = append(out, h.deadLetter("selection-undecodable", err, r))
			continue
		}
		sample, err := h.payload.get(ctx, selection.Topic, selection.Partition, selection.Offset)
		switch {
		case errors.Is(err, kafka.ErrDeleted):
			out = append(out, h.deadLetter("payload-deleted", err, r))
		case errors.Is(err, kafka.ErrMissing):
			out = append(out, h.deadLetter("payload-missing", err, r))
		case err != nil:
			return nil, fmt.Errorf("read back sample %q: %w", selection.ID, err)
		default:
			out = append(out, h.publish(sample, selection, r))
		}
	}
	return out, nil
}

func (h *Harvester) deadLetter(reason string, err error, r *kgo.Record) *kgo.Record {
	h.dead.Add(1)
	return kafka.DeadLetter(h.opts.Topics.DeadLetter, Stage, reason, err, r)
}

// publish makes the record for curated or control: the sample's key, value
// and headers as they came, and the decision behind them. They are copied, for
// they lie in what was fetched with them, a hundred times as large.
func (h *Harvester) publish(sample *kgo.Record, s *schemas.Selection, selected *kgo.Record) *kgo.Record {
	if size := kafka.Size(sample); size > kafka.MaxRecordBytes {
		return h.deadLetter("payload-too-large", fmt.Errorf("sample %q takes %d bytes, and at most %d can be published", s.ID, size, kafka.MaxRecordBytes), selected)
	}
	headers := make([]kgo.RecordHeader, 0, len(sample.Headers)+9)
	for _, header := range sample.Headers {
		headers = append(headers, kgo.RecordHeader{Key: strings.Clone(header.Key), Value: bytes.Clone(header.Value)})
	}
	headers = append(headers,
		kafka.TextHeader(HeaderSource, s.Source),
		kafka.TextHeader(HeaderWindow, rfc3339(s.WindowStart)+"/"+rfc3339(s.WindowEnd)),
		kafka.NumberHeader(HeaderOrder, int64(s.Order)),
		kafka.TextHeader(HeaderPolicy, s.Policy),
	)
	if _, ok := kafka.Header(sample, kafka.HeaderEventTime); !ok {
		headers = append(headers, kafka.NumberHeader(kafka.HeaderEventTime, s.EventTime))
	}
	topic := h.opts.Topics.Control
	if s.Role == schemas.RoleCurated {
		topic = h.opts.Topics.Curated
		headers = append(headers,
			kafka.TextHeader(HeaderCapability, s.Capability),
			kafka.TextHeader(HeaderStyle, s.Style),
			kafka.TextHeader(HeaderScore, decimal(s.Score)),
			kafka.NumberHeader(HeaderRank, int64(s.Rank)),
			kafka.TextHeader(HeaderCutoff, decimal(s.Cutoff)),
		)
		if s.Replaces != "" {
			headers = append(headers, kafka.TextHeader(HeaderReplaces, s.Replaces))
		}
		h.curated.Add(1)
	} else {
		h.control.Add(1)
	}
	return &kgo.Record{Topic: topic, Key: []byte(s.ID), Value: bytes.Clone(sample.Value), Headers: headers}
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }

func decimal(f float32) string { return strconv.FormatFloat(float64(f), 'g', -1, 32) }
