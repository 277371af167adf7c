package server

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/admin"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/callbacks"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/events"
	"github.com/saltern-api/saltern/server/jobs"
	"github.com/saltern-api/saltern/server/netapi"
	"github.com/saltern-api/saltern/server/rpc/upkeep"
	"github.com/saltern-api/saltern/server/static"
)

// Surface is the set of APIs of a listener.
type Surface int

// The surfaces.
const (
	Main    Surface = iota // as rest_cherrypy
	WSGI                   // as rest_wsgi
	Tornado                // as rest_cherrypy, with the clients and options of rest_tornado
)

// String returns the name for logs and metrics.
func (s Surface) String() string {
	switch s {
	case WSGI:
		return "wsgi"
	case Tornado:
		return "tornado"
	default:
		return "main"
	}
}

// JobsOptions are the options of /v1/jobs.
type JobsOptions struct {
	// Records has the jobs. If it is nil, there is no /v1/jobs.
	Records records.Reader

	// Writer records commands that /rpc does not send to the master, since no minion
	// matches; nil records none.
	Writer records.Writer

	// Library has what users save by /rpc; nil stands for none.
	Library records.Library

	// Upkeep removes old records for /rpc; nil for none.
	Upkeep upkeep.Store

	// Schedules are those of /rpc, which [Server.Scheduled] runs, and WakeSchedules is
	// called when one was changed; nil for none.
	Schedules     records.Schedules
	WakeSchedules func()

	// Values are those that users keep by /rpc; nil for none.
	Values records.Values

	// Rules are those of external_auth, by which callers see the jobs of others.
	// Nil lets them see none.
	Rules jobs.Rules

	// Events is events_acl; nil shows every event to everyone.
	Events *eventstream.ACL

	// Minions are those of /v1/minions; nil for none.
	Minions jobs.Minions

	// Watches wakes requests that wait for a job.
	Watches *watch.Hub

	// Returns is what requests go by that wait for a job where there are no Watches. With
	// neither of them, none waits.
	Returns netapi.Returns
}

// CallbacksOptions are the options of /v1/callbacks.
type CallbacksOptions struct {
	// Service promises call-backs. If it is nil, there is no /v1/callbacks.
	Service callbacks.Service

	Store callbacks.Store
}

// MainOptions are the options of the main surface in `rest_cherrypy:` and
// saltern.yaml. The zero value is a surface with sessions and nothing else.
type MainOptions struct {
	RootPrefix string // root_prefix; "" and "/" are the same

	// NoSessions removes /login, /logout, /minions and /jobs, as
	// enable_sessions: False does.
	NoSessions bool

	WebhookURL         string // webhook_url; "" stands for /hook
	WebhookDisableAuth bool   // webhook_disable_auth

	StatsDisableAuth bool // stats_disable_auth

	Static StaticFiles

	APIACL        *APIACL        // api_acl; nil if there is none
	AuthorizedIPs []netip.Prefix // authorized_ips; none allows every address

	// PublicURL is the beginning of URLs in responses (public_url), with the
	// prefix; "" stands for the host that a request names.
	PublicURL string

	// CORSOrigins are the origins whose pages may use the API (cors_origin).
	CORSOrigins []string

	plainOrigins []string // of rest_tornado: pages that may use the API without cookies
}

// TornadoOptions are the options of `rest_tornado:`.
type TornadoOptions struct {
	WebhookDisableAuth bool // webhook_disable_auth

	// EnabledClients is netapi_enable_clients, which rest_tornado itself
	// ignores. Nil, if it is not set, stands for all of rest_tornado's clients.
	EnabledClients []string

	CORSOrigins []string // cors_origin: pages that may use the API with a token of their own, not with a cookie; "*" is all
}

// clients returns the clients of the listener: only those that rest_tornado
// has, since no others were ever available at its address.
func (o TornadoOptions) clients() []string {
	clients := []string{"local", "local_async", "runner", "runner_async"}
	if o.EnabledClients == nil {
		return clients
	}
	return slices.DeleteFunc(clients, func(c string) bool { return !slices.Contains(o.EnabledClients, c) })
}

// optionsFor returns the options of a surface. rest_tornado's listener has no
// paths and files of rest_cherrypy, but the same restrictions of access.
func (c *Config) optionsFor(s Surface) MainOptions {
	if s != Tornado {
		return c.Main
	}
	return MainOptions{
		WebhookDisableAuth: c.Tornado.WebhookDisableAuth,
		APIACL:             c.Main.APIACL,
		AuthorizedIPs:      c.Main.AuthorizedIPs,
		PublicURL:          c.Main.PublicURL,
		CORSOrigins:        c.Main.CORSOrigins,
		plainOrigins:       c.Tornado.CORSOrigins,
	}
}

// APIACL is rest_cherrypy's api_acl.
type APIACL = caller.ACL

// ParsePrefix reads an address or a network.
func ParsePrefix(s string) (netip.Prefix, error) { return caller.ParsePrefix(s) }

// AuditLog writes the audit log and reads it. *audit.Log is one.
type AuditLog interface {
	Write(ctx context.Context, e audit.Entry)
	Find(ctx context.Context, q audit.Query) (audit.Page, error)
}

var _ AuditLog = (*audit.Log)(nil)

// AuditOptions are the options of the audit log. Without a Log it is off.
type AuditOptions struct {
	Log AuditLog

	// Arguments includes the arguments of commands.
	Arguments bool
}

// NotReady is an error of Config.Ready with the part that is not ready.
type NotReady = admin.NotReady

// StaticFiles are the options of rest_cherrypy for files.
type StaticFiles = static.Options

// Gateway runs the calls of the APIs. *lowstate.Gateway is one.
type Gateway = netapi.Gateway

// Events is the master's event bus. *eventstream.Hub is one.
type Events = events.Bus

// Hooks fires events on the master's bus. *eventbus.Firer is one.
type Hooks = netapi.Hooks

// Sessions are the logins. *session.Sessions is one.
type Sessions interface {
	caller.Sessions
	netapi.Sessions
}

var _ Sessions = (*session.Sessions)(nil)

// noSessions has no sessions; its logins fail with eauth.ErrUnavailable.
type noSessions struct{}

func (noSessions) Login(context.Context, eauth.Credentials) (*session.Session, bool, error) {
	return nil, false, eauth.ErrUnavailable
}

func (noSessions) Token(context.Context, eauth.Credentials) (*session.Session, bool, error) {
	return nil, false, eauth.ErrUnavailable
}

func (noSessions) Resolve(context.Context, string) (*session.Session, bool, error) {
	return nil, false, nil
}

func (noSessions) Logout(context.Context, string) (time.Time, error) { return time.Time{}, nil }

func (noSessions) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
