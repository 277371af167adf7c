package server

import (
	"context"
	"crypto/tls"
	"encoding/asn1"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/callbacks"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/events"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/jobs"
	"github.com/saltern-api/saltern/server/netapi"
	"github.com/saltern-api/saltern/server/static"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

// answering returns the handler of all requests to a listener.
func (s *Server) answering(spec ListenerSpec) http.Handler {
	front := &web.Front{
		Surface:      spec.Surface.String(),
		WriteTimeout: s.cfg.Settings.Limits.WriteTimeout,
		BodyTimeout:  s.cfg.Settings.Limits.BodyTimeout,
		Bodies:       s.bodies,
		Answers:      s.cfg.Answers,
		Metrics:      s.webMetrics,
		Traffic:      s.traffic,
		Log:          s.log,
		Errors:       netapi.WriteError,
		Record:       s.record,
		Go:           s.requests.run,
		Base:         s.base,
	}
	if spec.Surface == WSGI {
		wsgi := &netapi.WSGI{Calls: s.calls(WSGI, s.resolver(nil))}
		front.Errors, front.Path = netapi.WriteWSGIError, s.mux(s.cfg.Main).LogPath()
		front.Next = web.ClientAddr(s.cfg.Settings.TrustedProxies, wsgi.Handler())
		return Named(s.counted(front))
	}
	opts := s.cfg.optionsFor(spec.Surface)
	m := s.mount(spec.Surface, opts)
	front.Path = m.mux.LogPath()
	front.Next = web.ClientAddr(s.cfg.Settings.TrustedProxies, m.handler(opts, spec.Clients.Names))
	return Named(format.Compress(s.counted(front)))
}

// counted counts the running requests, so that Close can wait for them.
func (s *Server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.enter()
		defer s.requests.leave()
		next.ServeHTTP(w, r)
	})
}

// record returns the recorder of a request.
func (s *Server) record(ctx context.Context, x *web.Exchange, r *http.Request) (web.Recorder, context.Context) {
	return audit.NewRecorder(ctx, s.cfg.Audit.Log, s.cfg.Audit.Arguments,
		&audit.Request{ID: x.ID, ClientID: x.ClientID, Trace: x.Trace, Agent: r.UserAgent()})
}

// calls returns what the APIs of a surface run calls with.
func (s *Server) calls(surface Surface, who *caller.Resolver) netapi.Calls {
	calls := netapi.Calls{
		Gateway:   s.cfg.Gateway,
		MaxChunks: s.cfg.Settings.Limits.MaxChunks,
		Metrics:   s.calledMetrics,
		Resolver:  who,
	}
	if surface == Tornado {
		calls.Clients = s.cfg.Tornado.clients()
	}
	return calls
}

// resolver returns the resolver of callers. Pages of the trusted origins may
// use cookies.
func (s *Server) resolver(trusted []string) *caller.Resolver {
	v := &caller.Resolver{Sessions: s.cfg.Sessions, JWTs: s.cfg.JWTs, CrossOrigin: http.NewCrossOriginProtection()}
	if s.cfg.Tokens != nil { // a nil pointer in an interface is not nil
		v.Tokens = s.cfg.Tokens
	}
	for _, origin := range trusted {
		// An invalid origin is not trusted with cookies.
		_ = v.CrossOrigin.AddTrustedOrigin(origin)
	}
	return v
}

// mounted is the mounted APIs of a surface.
type mounted struct {
	mux   *web.Mux
	cors  *web.CORS
	files *static.Files
}

// mux returns the routes of a surface.
func (s *Server) mux(opts MainOptions) *web.Mux { return s.mount(Main, opts).mux }

// Routes returns the method and the pattern of each route of the main surface.
func (s *Server) Routes() [][2]string { return s.mux(s.cfg.Main).Routes() }

// mount mounts the APIs of a surface.
func (s *Server) mount(surface Surface, opts MainOptions) *mounted {
	m := &mounted{
		mux:   web.NewMux(web.Errors(netapi.WriteError)),
		cors:  web.NewCORS(opts.CORSOrigins, opts.plainOrigins),
		files: static.New(opts.Static),
	}
	who := s.resolver(m.cors.Origins())
	urls := web.URLs{Public: opts.PublicURL, Root: web.RootPrefix(opts.RootPrefix), Proxies: s.cfg.Settings.TrustedProxies}
	calls := s.calls(surface, who)
	if s.jobs != nil {
		calls.JobURL = func(jid string) string { return urls.Path() + "/v1/jobs/" + url.PathEscape(jid) }
	}
	salt := &netapi.CherryPy{
		Calls:    calls,
		Sessions: s.cfg.Sessions, Perms: s.cfg.Perms, Tokens: s.cfg.Tokens, Hooks: s.cfg.Hooks,
		Formats: s.formats, Traffic: s.traffic, URLs: urls, ACL: opts.APIACL, Waiting: s.waiting,
		NoSessions: opts.NoSessions, WebhookURL: opts.WebhookURL,
		WebhookDisableAuth: opts.WebhookDisableAuth, StatsDisableAuth: opts.StatsDisableAuth,
	}
	if returns := s.cfg.Jobs.Returns; s.waiting == nil && returns != nil {
		salt.Returns = returns
		salt.Waiting = &waiting.Jobs{Most: s.cfg.Settings.Records.MaxWait, Stopping: s.streaming}
	}
	apis := []web.API{
		salt,
		&events.API{
			Bus: s.cfg.Events, Runner: s.cfg.Gateway, Resolver: who, CORS: m.cors,
			Limits: s.streams, Views: s.views, Stopping: s.streaming,
		},
		m.files,
	}
	for _, api := range apis {
		api.Mount(m.mux)
	}
	if s.jobs != nil {
		api := s.jobsAPI(who)
		api.Mount(m.mux)
		s.mountCallbacks(m.mux, who, api)
	}
	s.mountTokens(m.mux, surface, who, urls, opts.APIACL)
	return m
}

// jobsAPI returns the API of the records.
func (s *Server) jobsAPI(who *caller.Resolver) *jobs.API {
	api := &jobs.API{
		Records: s.jobs, Callers: who, Waiting: s.waiting, Streams: s.streams, Rules: s.cfg.Jobs.Rules, Events: s.cfg.Jobs.Events,
		Minions: s.cfg.Jobs.Minions,
	}
	if s.cfg.Tokens != nil { // a nil pointer in an interface is not nil
		api.Rights = s.cfg.Tokens
	}
	return api
}

// mountCallbacks mounts /v1/callbacks, if there are destinations. Who sees which is
// decided by who sees which jobs.
func (s *Server) mountCallbacks(m *web.Mux, who *caller.Resolver, of *jobs.API) {
	if s.cfg.Callbacks.Service == nil {
		return
	}
	api := &callbacks.API{
		Service: s.cfg.Callbacks.Service, Store: s.cfg.Callbacks.Store, Callers: who,
		Sees: func(ctx context.Context, c *caller.Caller) callbacks.Sight { return of.Sight(ctx, c) },
	}
	if s.waiting != nil { // a nil pointer in an interface is not nil
		api.Waiting = s.waiting
	}
	api.Mount(m)
}

// handler wraps the routes in the handlers that every request passes.
func (m *mounted) handler(opts MainOptions, clientNames []string) http.Handler {
	h := m.rooted(web.RootPrefix(opts.RootPrefix), m.files.Wrap(web.Negotiated(m.mux)))
	h = knownAddress(opts.AuthorizedIPs, knownName(clientNames, h))
	return m.cors.Wrap(h)
}

// rooted strips root_prefix, and removes empty segments of the path.
func (m *mounted) rooted(prefix string, next http.Handler) http.Handler {
	notFound := m.mux.Handler(netapi.NotFound)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner, ok := web.BelowRoot(r, prefix)
		if !ok {
			notFound.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, inner)
	})
}

// knownAddress enforces authorized_ips.
func knownAddress(allowed []netip.Prefix, next http.Handler) http.Handler {
	if len(allowed) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := web.ExchangeOf(r.Context())
		if web.IsIn(allowed, x.Remote) {
			next.ServeHTTP(w, r)
			return
		}
		x.Fail(r, &web.Error{Status: http.StatusForbidden, Text: "Bad IP"}, netapi.WriteError)
	})
}

// knownName enforces ssl_allowed_cn.
func knownName(names []string, next http.Handler) http.Handler {
	if len(names) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := clientName(r.TLS); name == "" || !slices.Contains(names, name) {
			web.ExchangeOf(r.Context()).Fail(r,
				&web.Error{Status: http.StatusForbidden, Text: "Client certificate CN not allowed"}, netapi.WriteError)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// clientName returns the common name of a client's certificate, which the
// handshake has verified. It is empty if there is none, or if there are
// several, of which no one is decisive.
func clientName(state *tls.ConnectionState) string {
	if state == nil || len(state.PeerCertificates) == 0 {
		return ""
	}
	commonName := asn1.ObjectIdentifier{2, 5, 4, 3}
	name, found := "", false
	for _, attribute := range state.PeerCertificates[0].Subject.Names {
		if !attribute.Type.Equal(commonName) {
			continue
		}
		text, ok := attribute.Value.(string)
		if found || !ok {
			return ""
		}
		name, found = text, true
	}
	return name
}
