package gateway

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/server"
)

// startBackground connects the bus and checks the token store, without waiting:
// with a master that is down the gateway still has to answer 503.
func (g *Gateway) startBackground(ctx context.Context) {
	ctx, g.endBackground = context.WithCancel(ctx)
	g.background.Go(func() { _ = g.bus.Run(ctx) })
	g.background.Go(func() { g.watchMaster(ctx) })
	if g.recordKeeper != nil {
		g.background.Go(func() { g.recordKeeper.Run(ctx) })
		g.background.Go(func() { g.jobs.Run(ctx) })
		events := "salt/"
		if g.config.Master.OrderMasters {
			events = "s" // those below syndic/ too
		}
		g.background.Go(func() { g.recorder.Run(ctx, g.bus.ExpectTrimmed(events, g.recorder.Trim)) })
	}
	if g.callbacks != nil {
		g.background.Go(func() { g.callbacks.Run(ctx) })
	}
	if g.schedules != nil {
		if runner := g.server.Scheduled(); runner != nil {
			g.background.Go(func() { g.schedules.Run(ctx, runner) })
		}
	}
	g.reminders.Start(ctx)
}

// stopBackground disconnects the bus. The reminders are closed separately.
func (g *Gateway) stopBackground() {
	if g.endBackground != nil {
		g.endBackground()
	}
	g.background.Wait()
}

// watchEvery is the interval of attempts while the master does not reply.
const watchEvery = time.Second

// watchMaster checks the token store after every new connection of the bus: a
// restarted master may be another release.
func (g *Gateway) watchMaster(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var checked uint64 // the connection after which the last check was made, from 1
	elsewhere := false // what was logged last
	for {
		if s := g.bus.Stats(); s.Connected && s.Reconnects+1 != checked && g.answers(ctx) {
			g.auth.Mint.Recheck()
			if _, err := g.auth.Mint.Usable(ctx); err == nil {
				checked = s.Reconnects + 1
				elsewhere = g.logTokens(elsewhere)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// errNotWritten is the reason where no option of the master's is.
var errNotWritten = errors.New("it does not find what this process writes into its folder of tokens")

// logTokens logs whether the master's tokens are out of reach, once for each change
// from what was logged before, and returns it.
func (g *Gateway) logTokens(before bool) bool {
	now := g.tokens.Elsewhere()
	switch {
	case now == before:
	case now:
		g.log.Warn("the master's tokens cannot be written here: the master makes and looks up all of them, "+
			"API tokens and schedules do not run, and what is logged out is refused here until it expires",
			slog.Any("reason", cmp.Or(g.config.SaltTokens(), errNotWritten)))
	default:
		g.log.Info("the master's tokens can be written here again")
	}
	return now
}

// answers reports whether the master replies. While it does not, the previous
// knowledge of it is kept.
func (g *Gateway) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	return g.client.Ping(ctx) == nil
}

// ready returns why requests could not be served.
func (g *Gateway) ready(ctx context.Context) error {
	if !g.bus.Connected() {
		return &server.NotReady{Part: "bus", Err: saltmaster.ErrDown}
	}
	if err := g.client.Ping(ctx); err != nil {
		return &server.NotReady{Part: "master", Err: err}
	}
	return nil
}
