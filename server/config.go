package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/server/caller"
)

// Config is the configuration of a [Server].
type Config struct {
	Gateway   Gateway
	Listeners []ListenerSpec // from Plan

	// Main is the options of the main surface besides lowstate.
	Main MainOptions

	// Tornado is the options of rest_tornado's surface.
	Tornado TornadoOptions

	// Sessions are the logins; nil refuses every session.
	Sessions Sessions

	// Perms returns the permissions of a session as JSON. Nil stands for {}.
	Perms func(*session.Session) []byte

	// Events is the master's event bus, and Hooks fires events on it. Without
	// them /events and /hook answer 503.
	Events Events
	Hooks  Hooks

	// Tokens issues API tokens and checks them; nil stands for none. TokenAPIs
	// are the APIs besides /v1 from which programs get them.
	Tokens    Tokens
	TokenAPIs TokenAPIs

	// JWTs issues and opens the tokens of /account/login. Nil stands for some under
	// a key of this process.
	JWTs *caller.JWTs

	// Version is the version of the gateway, and MasterID the name of its master, for
	// programs of /rpc.
	Version, MasterID string

	// Jobs is the options of /v1/jobs.
	Jobs JobsOptions

	// Callbacks is the options of /v1/callbacks.
	Callbacks CallbacksOptions

	// Answers keeps large answers until they are sent. Nil keeps them in memory.
	Answers *spool.Store

	// Audit is the options of the audit log.
	Audit AuditOptions

	// Settings bound the requests of clients; zero values stand for the
	// defaults.
	Settings *settings.Settings

	// BodyLimit is the maximum request body in bytes; 0 stands for
	// Settings.BodyLimit.
	BodyLimit int64

	// Registry holds the server's metrics for /metrics. Nil stands for a new
	// one.
	Registry *prometheus.Registry

	// Ready returns nil if the gateway can serve requests, for /readyz. An
	// error may be a *[NotReady], with the part that is not.
	Ready func(ctx context.Context) error

	// Degraded returns the parts that do not work now, and without which requests
	// are served all the same; /readyz names them. It may be nil.
	Degraded func() []string

	// Log gets one line per request, and the server's own messages.
	Log *slog.Logger
}

// complete sets the defaults.
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
	set.Records.MaxWait = cmp.Or(set.Records.MaxWait, def.Records.MaxWait)
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
	if c.JWTs == nil {
		var key [32]byte
		_, _ = rand.Read(key[:]) // it never fails
		jwts, err := caller.NewJWTs(key[:])
		if err != nil {
			return err
		}
		c.JWTs = jwts
	}
	if c.Perms == nil {
		c.Perms = func(*session.Session) []byte { return []byte("{}") }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
