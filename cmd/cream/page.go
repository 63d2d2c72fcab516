package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"cream/schemas"
	"cream/scoring/media"
	"cream/stream/console"
	"cream/stream/kafka"
	"cream/stream/pipeline"
)

// page is the console of a pipeline.
type page struct {
	console *console.Console
	loader  *media.Loader
	follow  console.Followed
}

type pageOptions struct {
	listen    string
	pipeline  *pipeline.Pipeline
	topics    kafka.Topics
	codec     *schemas.Codec
	mediaRoot string // folder of the pictures that samples name by path
	about     []console.About
	registry  *prometheus.Registry
	logger    *slog.Logger
}

func newPage(o pageOptions) (*page, error) {
	loader, err := media.NewLoader(o.mediaRoot, media.DefaultLimits())
	if err != nil {
		return nil, err
	}
	p := o.pipeline
	var checks []console.Check
	for _, c := range p.Checks() {
		checks = append(checks, console.Check{Name: c.Name, Ready: c.Ready})
	}
	about := append(o.about, console.About{Name: "since", Value: time.Now().Format("15:04:05")})
	c, err := console.New(console.Options{
		Address: o.listen, Gatherer: o.registry, Checks: checks, Logger: o.logger,
		Status: func(ctx context.Context) (console.Status, error) {
			n := p.Progress()
			status := console.Status{
				About: append(slices.Clone(about), console.About{Name: "policy", Value: p.Policy()}), Samples: n.Samples, Scored: n.Scored, Selected: n.Selected, Control: n.Control,
				Dead: n.Dead + n.Late + n.Lost, Windows: n.Windows, WindowEnd: p.NextEnd(),
			}
			status.Styles, status.Capabilities = p.Coverage()
			lag, err := p.Lag(ctx)
			for _, stage := range []string{"score", "select", "harvest"} {
				status.Lag = append(status.Lag, console.Lag{Stage: stage, Records: lag[stage]})
			}
			return status, err
		},
		Picture: func(_ context.Context, image schemas.Image) ([]byte, error) { return loader.Bytes(image) },
	})
	return &page{c, loader, console.Followed{Cluster: p.Cluster(), Topics: o.topics, Codec: o.codec}}, err
}

// run serves until ctx ends.
func (p *page) run(ctx context.Context) error {
	defer p.loader.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.console.Run(ctx) })
	group.Go(func() error { return p.console.Follow(ctx, p.follow) })
	return group.Wait()
}
