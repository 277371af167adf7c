package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"path"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
)

// methods are those that a route may have, in the order of an Allow header.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// mainSurface answers as rest_cherrypy does.
type mainSurface struct {
	surface
	opts        MainOptions
	sessions    Sessions
	perms       func(*session.Session) []byte
	stream      Events
	streaming   context.Context // ends when streams are to end
	streams     *openStreams
	questions   *grainsQuestions
	hooks       Hooks
	formats     *format.Decoder
	cors        *cors
	crossOrigin *http.CrossOriginProtection
	proxies     []netip.Prefix
	traffic     *traffic
	bearers     *bearers
	tokens      Tokens // nil when there are none
	doors       DoorOptions
	auditLog    *auditReader
	clientNames []string // of ssl_allowed_cn; none stands for all
}

// handler puts what every request passes before the routes.
func (s *mainSurface) handler() http.Handler {
	files := newStatic(s.opts.Static)
	h := s.negotiated(s.routes(files))
	h = s.rooted(files.wrap(h))
	h = s.knownAddress(s.knownName(h))
	return s.cors.wrap(h)
}

func (s *mainSurface) routes(files *staticFiles) http.Handler {
	r := chi.NewRouter()
	get := func(pattern string, h handler) {
		r.Get(pattern, s.handle(acceptable(h)))
		r.Head(pattern, s.handle(acceptable(h)))
	}
	post := func(pattern string, h handler) { r.Post(pattern, s.handle(acceptable(h))) }

	get("/", s.welcome)
	post("/", s.post)
	get("/run", s.welcome)
	post("/run", s.runChunks)
	get("/token", s.welcome)
	post("/token", s.token)
	get("/keys", s.keys)
	get("/keys/{mid}", s.keys)
	r.Post("/keys", s.handle(s.makeKeys))
	get("/stats", s.stats)
	r.Get("/openapi.yaml", s.handle(s.description))
	r.Get("/events", s.handle(s.events))
	r.Head("/events", s.handle(s.eventsHead))
	r.Get("/ws", s.handle(s.websocket))
	r.Get("/ws/{token}", s.handle(s.websocket))
	r.Get("/all_events/{token}", s.handle(s.allEvents))
	r.Get("/formatted_events/{token}", s.handle(s.formattedEvents))
	if !s.opts.NoSessions {
		get("/login", s.pleaseLogIn)
		post("/login", s.login)
		post("/logout", s.logout)
		get("/minions", s.minions)
		get("/minions/{mid}", s.minions)
		post("/minions", s.startJobs)
		get("/jobs", s.jobs)
		get("/jobs/{jid}", s.jobs)
		get("/jobs/{jid}/{timeout}", s.jobs) // the timeout has no effect, as in salt-api
		post("/jobs", s.post)
	}
	hook := path.Clean("/" + cmp.Or(s.opts.WebhookURL, "hook"))
	post(hook, s.hook)
	post(hook+"/*", s.hook)
	s.fileRoutes(r, files)
	if s.tokens != nil {
		s.nativeRoutes(r, s.bearers, s.tokens)
	}
	notFound := s.handle(s.notFound)
	notAllowed := s.handle(func(x *exchange, req *http.Request) error { return s.methodNotAllowed(r, x, req) })
	if s.doors.Tokens != nil {
		d := newDoors(s, s.doors)
		d.routes(r)
		notFound, notAllowed = d.orDoor(noSuchPath, notFound), d.orDoor(noSuchMethod(r), notAllowed)
	}
	r.NotFound(notFound)
	r.MethodNotAllowed(notAllowed)
	return r
}

// fileRoutes serves what the operator has put there, to anybody.
func (s *mainSurface) fileRoutes(r chi.Router, files *staticFiles) {
	get := func(pattern string, h http.HandlerFunc) {
		r.Get(pattern, h)
		r.Head(pattern, h)
	}
	if files.cfg.Static != "" {
		get(files.cfg.StaticPath+"/*", files.static)
	}
	get(files.cfg.AppPath, files.app)
	get(files.cfg.AppPath+"/*", files.app)
	if files.cfg.Favicon != "" {
		get(faviconPath, files.favicon)
	}
}

// rooted takes off root_prefix, and slashes that separate nothing.
func (s *mainSurface) rooted(next http.Handler) http.Handler {
	prefix := path.Clean("/" + s.opts.RootPrefix)
	if prefix == "/" {
		prefix = ""
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner, ok := belowRoot(r, prefix)
		if !ok {
			s.handle(s.notFound)(w, r)
			return
		}
		next.ServeHTTP(w, inner)
	})
}

// acceptable refuses, before anything is done, a client that takes none of the
// formats in which there are answers.
func acceptable(h handler) handler {
	return func(x *exchange, r *http.Request) error {
		if !x.acceptable {
			return &web.Error{Status: http.StatusNotAcceptable, Text: fmt.Sprintf(
				"Your client sent this Accept header: %s. But this resource only emits these media types: "+
					"application/json, application/x-yaml.", web.Clip(strings.Join(r.Header["Accept"], ", "), maxLoggedText))}
		}
		return h(x, r)
	}
}

// negotiated finds out in which format the client wants its answers.
func (s *mainSurface) negotiated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		media, ok := format.Negotiate(r.Header["Accept"])
		x.media, x.acceptable = media, ok
		next.ServeHTTP(w, r)
	})
}

// knownAddress obeys authorized_ips.
func (s *mainSurface) knownAddress(next http.Handler) http.Handler {
	if len(s.opts.AuthorizedIPs) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		for _, p := range s.opts.AuthorizedIPs {
			if p.Contains(x.remote.Unmap()) {
				next.ServeHTTP(w, r)
				return
			}
		}
		s.fail(x, r, &web.Error{Status: http.StatusForbidden, Text: "Bad IP"})
	})
}

// trustedPeer reports whether the request comes from a trusted proxy.
func (s *mainSurface) trustedPeer(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && isIn(s.proxies, peer.Addr())
}

// notFound stands where rest_cherrypy has an HTML page. It is no refusal, whose
// text the log would have: a path that is wrong may have a token in it.
func (s *mainSurface) notFound(x *exchange, r *http.Request) error {
	writeError(x, http.StatusNotFound, notFoundText(r))
	return nil
}

func notFoundText(r *http.Request) string {
	return fmt.Sprintf("The path '%s' was not found.", web.Clip(r.URL.Path, maxLoggedText))
}

// methodNotAllowed is called by the router for any method that it does not
// know, on whatever path.
func (s *mainSurface) methodNotAllowed(routes chi.Routes, x *exchange, r *http.Request) error {
	allowed := allowedMethods(routes, r)
	if len(allowed) == 0 {
		return s.notFound(x, r)
	}
	return &web.Error{Status: http.StatusMethodNotAllowed, Allow: strings.Join(allowed, ", "),
		Text: "Specified method is invalid for this resource"}
}

// allowedMethods asks the router which methods there are on a path.
func allowedMethods(routes chi.Routes, r *http.Request) []string {
	var allowed []string
	for _, m := range methods {
		if routes.Match(chi.NewRouteContext(), m, cmp.Or(r.URL.RawPath, r.URL.Path)) {
			allowed = append(allowed, m)
		}
	}
	return allowed
}
