package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/settings"
)

// Config is what a [Server] is made of.
type Config struct {
	Gateway   Gateway
	Listeners []ListenerSpec // from Plan

	// Main is what the main surface offers besides lowstate.
	Main MainOptions

	// Tornado is what the surface of rest_tornado has of its own.
	Tornado TornadoOptions

	// Sessions is who has logged in; nil is nobody, ever.
	Sessions Sessions

	// Perms returns, as JSON, what a session may do. Nil stands for {}.
	Perms func(*session.Session) []byte

	// Events is the master's event bus, and Hooks the way onto it. Without
	// them /events and /hook answer 503.
	Events Events
	Hooks  Hooks

	// Tokens issues API tokens and checks them; nil stands for none. TokenAPIs
	// are the APIs besides /v1 by which programs get them.
	Tokens    Tokens
	TokenAPIs TokenAPIs

	// Audit keeps who did what.
	Audit AuditOptions

	// Settings bound what clients may do; zero values stand for the defaults.
	Settings *settings.Settings

	// BodyLimit is the largest request body in bytes; 0 stands for what
	// Settings.BodyLimit says.
	BodyLimit int64

	// Registry takes the server's metrics and is what /metrics shows. Nil
	// stands for a new one.
	Registry *prometheus.Registry

	// Ready returns nil when requests would be answered, for /readyz. An error may
	// be a *[NotReady], to say what is missing.
	Ready func(ctx context.Context) error

	// Log gets one line per request, and the server's own news.
	Log *slog.Logger
}

// complete fills in what was left out.
func (c *Config) complete() error {
	if c.Gateway == nil {
		return errors.New("a gateway is needed")
	}
	if len(c.Listeners) == 0 {
		return errors.New("no listener is configured")
	}
	def := settings.Default()
	set := *def
	if c.Settings != nil {
		set = *c.Settings
	}
	set.ShutdownTimeout = cmp.Or(set.ShutdownTimeout, def.ShutdownTimeout)
	set.StateDir = cmp.Or(set.StateDir, def.StateDir)
	e := &set.Events
	e.StreamsPerUser = cmp.Or(e.StreamsPerUser, def.Events.StreamsPerUser)
	e.StreamsPerSession = cmp.Or(e.StreamsPerSession, def.Events.StreamsPerSession)
	e.ViewsPerUser = cmp.Or(e.ViewsPerUser, def.Events.ViewsPerUser)
	l, d := &set.Limits, def.Limits
	l.Connections = cmp.Or(l.Connections, d.Connections)
	l.ConnectionsPerAddress = cmp.Or(l.ConnectionsPerAddress, settings.ShareOf(l.Connections))
	l.MaxChunks = cmp.Or(l.MaxChunks, d.MaxChunks)
	for to, value := range map[*time.Duration]time.Duration{
		&l.HeaderTimeout: d.HeaderTimeout, &l.BodyTimeout: d.BodyTimeout,
		&l.WriteTimeout: d.WriteTimeout, &l.IdleTimeout: d.IdleTimeout,
	} {
		*to = cmp.Or(*to, value)
	}
	c.Settings = &set
	c.BodyLimit = cmp.Or(c.BodyLimit, set.BodyLimit(0))
	if c.Registry == nil {
		c.Registry = NewRegistry()
	}
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	if c.Sessions == nil {
		c.Sessions = noSessions{}
	}
	if c.Perms == nil {
		c.Perms = func(*session.Session) []byte { return []byte("{}") }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
