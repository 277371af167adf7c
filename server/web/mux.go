package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/server/format"
)

// Handler answers a request by itself, or returns an error for the route's
// [ErrorWriter].
type Handler func(x *Exchange, r *http.Request) error

// ErrorWriter writes the answer to an error. Each API has one. The headers that
// all have in common are there already: Allow, Retry-After and Connection.
type ErrorWriter func(x *Exchange, r *http.Request, e *Error)

// API is one of the gateway's.
type API interface {
	// Mount adds the API's routes.
	Mount(m *Mux)
}

// Mux has the routes of a listener. Patterns are chi's: /keys/{mid}, /hook/*.
type Mux struct {
	router  *chi.Mux
	options []Option
	secret  *[]string // the names behind which a token may stand in a path
}

// NewMux returns a mux without routes. The options hold for all routes, before
// those of the route itself.
func NewMux(options ...Option) *Mux {
	return &Mux{router: chi.NewRouter(), options: options, secret: new([]string)}
}

// With returns the same mux, for routes with options in common.
func (m *Mux) With(options ...Option) *Mux {
	return &Mux{router: m.router, options: slices.Concat(m.options, options), secret: m.secret}
}

// Option is what a route has of its own.
type Option func(*route)

type route struct {
	errors    ErrorWriter
	bodyLimit int64 // 0 stands for the listener's
	noStore   bool
	secrets   []string
	identify  func(x *Exchange, r *http.Request) bool
	wraps     []func(Handler) Handler
}

// Errors has the errors of a route written by w.
func Errors(w ErrorWriter) Option { return func(o *route) { o.errors = w } }

// BodyLimit lets bodies have n bytes at the most, or the listener's limit if that
// is less.
func BodyLimit(n int64) Option { return func(o *route) { o.bodyLimit = n } }

// NoStore has the answers, errors too, be kept by nobody.
func NoStore(o *route) { o.noStore = true }

// SecretParam marks a parameter of the pattern, such as the last of /ws/{token},
// as a secret: paths are logged without it, and without whatever stands there in
// paths that are almost the same. Where the pattern has no such parameter, the
// secret is one that a client may put behind the path by mistake.
func SecretParam(name string) Option { return func(o *route) { o.secrets = append(o.secrets, name) } }

// Identify finds out whether a credential beside a request's body is good. It is
// called before more of the body is read than an anonymous client may send.
func Identify(f func(x *Exchange, r *http.Request) bool) Option {
	return func(o *route) { o.identify = f }
}

// Wrap puts something before a route's handler.
func Wrap(f func(Handler) Handler) Option {
	return func(o *route) { o.wraps = append(o.wraps, f) }
}

// Handle adds a route.
func (m *Mux) Handle(method, pattern string, h Handler, options ...Option) {
	f, o := m.build(h, options)
	for _, name := range o.secrets {
		path, _, _ := strings.Cut(pattern, "/{"+name+"}")
		*m.secret = append(*m.secret, strings.Trim(path, "/"))
	}
	m.router.Method(method, pattern, f)
}

// Get adds a route for GET and HEAD.
func (m *Mux) Get(pattern string, h Handler, options ...Option) {
	m.Handle(http.MethodGet, pattern, h, options...)
	m.Handle(http.MethodHead, pattern, h, options...)
}

// Files adds a route for GET and HEAD to what is no handler of an API.
func (m *Mux) Files(pattern string, h http.HandlerFunc) {
	m.router.Get(pattern, h)
	m.router.Head(pattern, h)
}

// Routes returns the method and the pattern of each route.
func (m *Mux) Routes() [][2]string {
	var routes [][2]string
	// The walk has no errors but those of the function.
	_ = chi.Walk(m.router, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes = append(routes, [2]string{method, pattern})
		return nil
	})
	return routes
}

// NotFound answers requests whose path has no route, and NotAllowed those whose
// method has none.
func (m *Mux) NotFound(h http.Handler) { m.router.NotFound(h.ServeHTTP) }

// NotAllowed answers requests for whose path there are routes with other methods,
// and those with a method that no route has, on whatever path.
func (m *Mux) NotAllowed(h http.Handler) { m.router.MethodNotAllowed(h.ServeHTTP) }

// ServeHTTP answers a request whose context has an exchange.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.router.ServeHTTP(w, r) }

// LogPath returns a path as it may stand in the log: without tokens. It is called
// when all routes are there.
func (m *Mux) LogPath() func(path string) string { return secretPaths(*m.secret) }

// Allowed returns the methods that there are on a request's path.
func (m *Mux) Allowed(r *http.Request) []string {
	var allowed []string
	for _, method := range methods {
		if m.router.Match(chi.NewRouteContext(), method, cmp.Or(r.URL.RawPath, r.URL.Path)) {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// Handler makes a handler one of net/http's, with the mux's options and its own.
// It is for what has no route.
func (m *Mux) Handler(h Handler, options ...Option) http.Handler {
	f, _ := m.build(h, options)
	return f
}

func (m *Mux) build(h Handler, options []Option) (http.HandlerFunc, *route) {
	o := &route{errors: writePlain}
	for _, option := range slices.Concat(m.options, options) {
		option(o)
	}
	for _, wrap := range slices.Backward(o.wraps) {
		h = wrap(h)
	}
	return func(_ http.ResponseWriter, r *http.Request) {
		x := ExchangeOf(r.Context())
		x.Recorder.Route(endpoint(r), x.Remote)
		if o.noStore {
			x.Header().Set("Cache-Control", "no-store")
		}
		if o.bodyLimit > 0 {
			x.bodyLimit = min(x.bodyLimit, o.bodyLimit)
		}
		if o.identify != nil {
			x.identify = func() bool { return o.identify(x, r) }
		}
		x.Budget = budget.New(r.Context(), x.identify)
		if err := h(x, r); err != nil {
			x.Fail(r, err, o.errors)
		}
	}, o
}

// writePlain is for a mux without an ErrorWriter.
func writePlain(x *Exchange, _ *http.Request, e *Error) {
	x.WriteBody("text/plain; charset=utf-8", e.Status, []byte(e.Text))
}

// endpoint is the method and the pattern of the path. The path itself may have
// a token in it.
func endpoint(r *http.Request) string {
	pattern := "/" // as every path is in rest_wsgi
	if route := chi.RouteContext(r.Context()); route != nil {
		pattern = route.RoutePattern()
	}
	return methodLabel(r) + " " + pattern
}

// Pattern returns the pattern of the route that a request has come to.
func Pattern(r *http.Request) string {
	if route := chi.RouteContext(r.Context()); route != nil {
		return route.RoutePattern()
	}
	return ""
}

// Acceptable refuses, before anything is done, a client that takes none of the
// formats in which there are answers.
func Acceptable(h Handler) Handler {
	return func(x *Exchange, r *http.Request) error {
		if !x.Acceptable {
			return &Error{Status: http.StatusNotAcceptable, Text: fmt.Sprintf(
				"Your client sent this Accept header: %s. But this resource only emits these media types: "+
					"application/json, application/x-yaml.", Clip(strings.Join(r.Header["Accept"], ", "), MaxLoggedText))}
		}
		return h(x, r)
	}
}

// Negotiated finds out in which format the client wants its answers.
func Negotiated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := ExchangeOf(r.Context())
		x.Media, x.Acceptable = format.Negotiate(r.Header["Accept"])
		next.ServeHTTP(w, r)
	})
}

// NotFoundText returns what an answer says of a path that there is not.
func NotFoundText(r *http.Request) string {
	return fmt.Sprintf("The path '%s' was not found.", Clip(r.URL.Path, MaxLoggedText))
}
