package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/callback"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
)

// openCallbacks prepares the call-backs, if the settings have destinations.
func (g *Gateway) openCallbacks(reg prometheus.Registerer) (err error) {
	c := g.config.Callbacks
	if len(c.Destinations) == 0 || g.records == nil {
		return nil
	}
	attempts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_callbacks_attempts_total", Help: "Attempts to deliver a call-back.",
	}, []string{"destination", "outcome"})
	reg.MustRegister(attempts)
	for _, d := range c.Destinations {
		for _, what := range []callback.What{callback.Delivered, callback.Failed, callback.GivenUp} {
			attempts.WithLabelValues(d.Name, string(what))
		}
	}
	g.callbacks, err = callback.New(g.records, callback.Options{
		Destinations: c.Destinations, Timeout: c.Timeout, Log: g.log,
		Tell: func(ctx context.Context, e callback.Event) {
			switch e.What {
			case callback.Delivered, callback.Failed, callback.GivenUp:
				attempts.WithLabelValues(e.Callback.Destination, string(e.What)).Inc()
			case callback.Promised, callback.Retried:
			}
			g.auditCallback(ctx, e)
		},
	})
	if err != nil {
		return err
	}
	gauge := func(state string, value func(waiting, due int) int) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "saltern_callbacks_pending", Help: "Call-backs that have not ended, of all gateways with this database.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(value(g.callbacks.Pending())) }))
	}
	gauge("waiting", func(waiting, _ int) int { return waiting })
	gauge("due", func(_, due int) int { return due })
	return nil
}

// auditCallback writes a line about a call-back, but not for each attempt that fails.
func (g *Gateway) auditCallback(ctx context.Context, e callback.Event) {
	if g.audit == nil || e.What == callback.Failed {
		return
	}
	line := audit.Entry{
		Event: audit.Callback, Outcome: audit.OK, Why: string(e.What), User: e.Callback.User, Eauth: e.Callback.Eauth,
		Subject: e.Callback.ID, JID: e.Callback.JID, Callback: e.Callback.Destination,
	}
	if e.What == callback.GivenUp {
		line.Outcome = audit.Failed
	}
	g.audit.Write(ctx, line)
}

// ended is called with jobs that have ended.
func (g *Gateway) ended(jids []string) {
	if g.callbacks != nil {
		g.callbacks.Ended(jids)
	}
}

// callbacksOptions returns the options of /v1/callbacks.
func (g *Gateway) callbacksOptions() server.CallbacksOptions {
	if g.callbacks == nil {
		return server.CallbacksOptions{}
	}
	return server.CallbacksOptions{Service: g.callbacks, Store: g.records}
}

// chunkCallbacks returns what makes callback a key of chunks; nil where there are no
// destinations.
func (g *Gateway) chunkCallbacks() lowstate.Callbacks {
	if g.callbacks == nil {
		return nil
	}
	return reserver{g.callbacks}
}

// reserver reserves the call-backs of chunks.
type reserver struct{ service *callback.Service }

// callbackRetryAfter is the Retry-After while no call-back can be promised.
const callbackRetryAfter = 10 * time.Second

// Reserve implements [lowstate.Callbacks].
func (r reserver) Reserve(ctx context.Context, id eauth.Identity, destination string) (lowstate.Promise, error) {
	p, err := r.service.Reserve(ctx, callback.Caller{User: id.User, Eauth: id.Eauth, Groups: id.Groups}, destination)
	if err == nil {
		return p, nil
	}
	out := &lowstate.Error{Kind: lowstate.Unavailable, RetryAfter: callbackRetryAfter, Err: err,
		Text: "Nothing was run: a call-back cannot be promised while the records cannot be reached."}
	if bad, ok := errors.AsType[*callback.DestinationError](err); ok {
		return nil, &lowstate.Error{Kind: lowstate.BadRequest, Text: "callback: " + bad.Error()}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, records.ErrTooManyOfUser):
		out.Kind, out.Text = lowstate.TooMany, "Nothing was run: too many of your call-backs are pending."
	case errors.Is(err, records.ErrTooMany):
		out.Text = "Nothing was run: too many call-backs are pending."
	}
	return nil, out
}
