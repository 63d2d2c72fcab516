package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"cream/schemas"
	"cream/scoring"
	"cream/selection"
	"cream/stream/embedded"
	"cream/stream/exporter"
	"cream/stream/folder"
	"cream/stream/harvester"
	"cream/stream/ingester"
	"cream/stream/kafka"
	"cream/stream/policies"
	"cream/stream/scorer"
	"cream/stream/selector"
)

// Options of a run.
type Options struct {
	DataDir   string
	DataLimit int64 // bytes that the data folder may hold
	Port      int   // of the broker on 127.0.0.1; 0 takes a free one

	Source ingester.Source
	Once   bool // end when the source has ended and everything is through

	Topics kafka.Topics
	Groups kafka.Groups
	Codec  *schemas.Codec
	Policy selection.Policy
	// Changes brings policies that are to hold from the next window on, and
	// ParsePolicy reads those that windows before a restart were begun with. nil:
	// the policy does not change.
	Changes     <-chan selection.Policy
	ParsePolicy func(name string, text []byte) (selection.Policy, error)
	Scorer      scoring.Scorer
	Sessions    int // transactional sessions that feed the scorer
	MaxPoll     int // samples of one transaction
	MaxAhead    time.Duration

	Instance   string // makes this start's transactional ids its own
	Now        func() time.Time
	Registerer prometheus.Registerer
	Logger     *slog.Logger
}

// Partitions of samples and scores on the embedded broker. More would not
// make one process faster.
const partitions = 4

// Pipeline is the broker and the stages.
type Pipeline struct {
	opts    Options
	broker  *embedded.Broker
	client  *kgo.Client // for what is no stage's: topics, cleaning, export
	cluster kafka.Cluster
	cleaner *embedded.Cleaner
	before  Progress

	ingest  *ingester.Ingester
	score   *scorer.Scorer
	sel     *selector.Selector
	harvest *harvester.Harvester
}

// Open starts the broker, makes the topics, and puts the stages together. The
// caller closes the Pipeline.
func Open(ctx context.Context, opts Options) (_ *Pipeline, err error) {
	p := &Pipeline{opts: opts}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if p.broker, err = embedded.Open(embedded.Options{Dir: opts.DataDir, Port: opts.Port, Logger: opts.Logger}); err != nil {
		return nil, err
	}
	p.cluster = kafka.Cluster{Brokers: p.broker.Addrs(), Logger: opts.Logger, Registerer: opts.Registerer}
	if p.client, err = p.cluster.NewClient("cream-pipeline"); err != nil {
		return nil, err
	}
	if _, err = opts.Topics.Create(ctx, kadm.NewClient(p.client), kafka.Layout{
		Partitions: partitions, OutputPartitions: 1, Replication: 1,
	}); err != nil {
		return nil, err
	}
	if err = p.heal(ctx); err != nil {
		return nil, fmt.Errorf("look for what a crash left: %w", err)
	}
	if opts.Once {
		if p.before, err = p.count(ctx); err != nil {
			return nil, fmt.Errorf("count what earlier starts have done: %w", err)
		}
	}
	return p, p.assemble()
}

func (p *Pipeline) assemble() error {
	o := p.opts
	metrics := kafka.NewMetrics(o.Registerer)
	var errs [5]error
	p.cleaner, errs[0] = embedded.NewCleaner(embedded.CleanerOptions{
		Broker: p.broker, Client: p.client, Topics: o.Topics, Groups: o.Groups,
		Codec: o.Codec, Limit: o.DataLimit, Keep: o.Once, Remember: max(selection.DefaultHorizon, o.Policy.Dedup.Horizon), Now: o.Now, Logger: o.Logger,
	})
	// The transactional ids are this start's own. A producer of the process
	// before cannot be alive: it ended with the broker that served it.
	p.ingest, errs[1] = ingester.New(ingester.Options{
		Cluster: p.cluster, Topics: o.Topics, TransactionalID: "cream-ingest-" + o.Instance,
		Source: o.Source, Gate: p.gate, Now: o.Now, Metrics: metrics, Logger: o.Logger,
	})
	p.score, errs[2] = scorer.New(scorer.Options{
		Cluster: p.cluster, Topics: o.Topics, Group: o.Groups.Score, Instance: o.Instance,
		Sessions: o.Sessions, MaxPoll: o.MaxPoll, MaxAhead: o.MaxAhead,
		Codec: o.Codec, Scorer: o.Scorer, Now: o.Now, Metrics: metrics, Logger: o.Logger,
	})
	p.sel, errs[3] = selector.New(selector.Options{
		Cluster: p.cluster, Topics: o.Topics, Group: o.Groups.Select, ScoreGroup: o.Groups.Score,
		TransactionalID: o.Groups.Select + "-" + o.Instance,
		Policy:          o.Policy, Book: p.book(), Changes: o.Changes, Capabilities: o.Scorer.Vocabulary().Capabilities, Batch: o.Once,
		Codec: o.Codec, Now: o.Now, Metrics: metrics, Measures: selector.NewMeasures(o.Registerer), Logger: o.Logger,
	})
	p.harvest, errs[4] = harvester.New(harvester.Options{
		Cluster: p.cluster, Topics: o.Topics, Group: o.Groups.Harvest, Instance: o.Instance,
		MaxPoll: harvestPoll, Codec: o.Codec, Metrics: metrics, Logger: o.Logger,
	})
	return errors.Join(errs[:]...)
}

// book is where the policies are that windows were begun with.
func (p *Pipeline) book() selector.PolicyBook {
	if p.opts.ParsePolicy == nil {
		return nil
	}
	return policies.Book{Cluster: p.cluster, Topic: p.opts.Topics.Policies, Parse: p.opts.ParsePolicy}
}

const (
	// harvestPoll bounds the samples that the harvester holds at a time.
	harvestPoll = 64
	// aheadOfScorer is how many samples the ingester may be ahead of the
	// scorer in a stream without an end: what waits longer is only older.
	aheadOfScorer = 4096
)

// gate holds the ingester back while the folder is full or, in a stream
// without an end, the scorer is far behind.
func (p *Pipeline) gate(ctx context.Context) error {
	if err := p.cleaner.Gate(ctx); err != nil {
		return err
	}
	if p.opts.Once {
		return nil
	}
	admin := kadm.NewClient(p.client)
	for {
		lag, err := kafka.Lag(ctx, admin, p.opts.Groups.Score)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			p.opts.Logger.Warn("the scorer's lag is not known, will ask again", "stage", ingester.Stage, "error", err)
		case lag < aheadOfScorer:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Close ends the clients and the broker. Run must have returned.
func (p *Pipeline) Close() error {
	if p.client != nil {
		p.client.Close()
	}
	if p.broker != nil {
		return p.broker.Close()
	}
	return nil
}

// Addrs returns the broker's host:port.
func (p *Pipeline) Addrs() []string { return p.broker.Addrs() }

// Cluster returns how to reach the broker.
func (p *Pipeline) Cluster() kafka.Cluster { return p.cluster }

// Export writes what is on the topics to files.
func (p *Pipeline) Export(ctx context.Context, dir string) (*folder.Summary, error) {
	return exporter.Export(ctx, exporter.Options{
		Reader: kafka.NewReader(p.client), Topics: p.opts.Topics, Codec: p.opts.Codec,
		Policy: p.opts.Policy, Capabilities: p.opts.Scorer.Vocabulary().Capabilities, Dir: dir,
	})
}
