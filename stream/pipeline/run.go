package pipeline

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Run works until ctx ends; with Once, until everything is through. It
// returns the first stage's failure that trying again cannot mend.
func (p *Pipeline) Run(ctx context.Context) error {
	// What serves the stages goes on until they have ended.
	serving, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.cleaner.Run(serving) })

	ingested := start(ctx, group, p.ingest.Run)
	scored := start(ctx, group, p.score.Run)
	selected := start(ctx, group, p.sel.Run)
	harvested := start(ctx, group, p.harvest.Run)

	group.Go(func() error {
		defer stop()
		if !p.opts.Once {
			<-ctx.Done()
			return nil
		}
		// From the source to the end: once a stage is through, the next is
		// told that nothing more will come.
		<-ingested
		p.score.Drain()
		<-scored
		p.sel.Drain()
		<-selected
		p.harvest.Drain()
		<-harvested
		return nil
	})
	return group.Wait()
}

// start runs a stage in the group and returns a channel that closes when it
// has ended.
func start(ctx context.Context, group *errgroup.Group, run func(context.Context) error) <-chan struct{} {
	ended := make(chan struct{})
	group.Go(func() error {
		defer close(ended)
		return run(ctx)
	})
	return ended
}
