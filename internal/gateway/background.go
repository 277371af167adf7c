package gateway

import (
	"context"
	"time"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/server"
)

// startBackground connects the bus and checks the token store, without waiting: a
// master that is down must not keep the gateway from answering 503.
func (g *Gateway) startBackground(ctx context.Context) {
	ctx, g.endBackground = context.WithCancel(ctx)
	g.background.Go(func() { _ = g.bus.Run(ctx) })
	g.background.Go(func() { g.watchMaster(ctx) })
	g.reminders.Start(ctx)
}

// stopBackground ends the connection to the bus. The reminders have a place of
// their own among what is closed.
func (g *Gateway) stopBackground() {
	if g.endBackground != nil {
		g.endBackground()
	}
	g.background.Wait()
}

// watchEvery is how often a master that did not answer is tried again.
const watchEvery = time.Second

// watchMaster checks the token store whenever the bus was connected anew: a
// restarted master may be another release.
func (g *Gateway) watchMaster(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var checked uint64 // the connection after which the check was made, from 1
	for {
		if s := g.bus.Stats(); s.Connected && s.Reconnects+1 != checked && g.answers(ctx) {
			g.auth.Mint.Recheck()
			if _, err := g.auth.Mint.Usable(ctx); err == nil {
				checked = s.Reconnects + 1
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// answers reports whether the master answers now. While it does not, what was
// known of it before is better than nothing.
func (g *Gateway) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	return g.client.Ping(ctx) == nil
}

// ready returns why requests would not be answered.
func (g *Gateway) ready(ctx context.Context) error {
	if !g.bus.Connected() {
		return &server.NotReady{Part: "bus", Err: saltmaster.ErrDown}
	}
	if err := g.client.Ping(ctx); err != nil {
		return &server.NotReady{Part: "master", Err: err}
	}
	return nil
}
