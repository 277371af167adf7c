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

// Handler writes the response to a request, or returns an error for the route's
// [ErrorWriter].
type Handler func(x *Exchange, r *http.Request) error

// ErrorWriter writes the response to an error. Each API has one. The common
// headers are already set: Allow, Retry-After and Connection.
type ErrorWriter func(x *Exchange, r *http.Request, e *Error)

// API is one of the gateway's APIs.
type API interface {
	// Mount adds the API's routes.
	Mount(m *Mux)
}

// Mux has the routes of a listener. Patterns are chi's: /keys/{mid}, /hook/*.
type Mux struct {
	router  *chi.Mux
	options []Option
	secret  *[]string // the names after which a path may contain a token
}

// NewMux returns a mux without routes. The options apply to all routes, before
// those of the route itself.
func NewMux(options ...Option) *Mux {
	return &Mux{router: chi.NewRouter(), options: options, secret: new([]string)}
}

// With returns the same mux, for routes with options in common.
func (m *Mux) With(options ...Option) *Mux {
	return &Mux{router: m.router, options: slices.Concat(m.options, options), secret: m.secret}
}

// Option sets a property of a route.
type Option func(*route)

type route struct {
	errors    ErrorWriter
	bodyLimit int64 // 0 stands for the listener's
	noStore   bool
	secrets   []string
	identify  func(x *Exchange, r *http.Request) bool
	wraps     []func(Handler) Handler
}

// Errors makes w write the errors of a route.
func Errors(w ErrorWriter) Option { return func(o *route) { o.errors = w } }

// BodyLimit limits bodies to n bytes, or to the listener's limit if that is less.
func BodyLimit(n int64) Option { return func(o *route) { o.bodyLimit = n } }

// NoStore sets Cache-Control: no-store on the responses, errors included.
func NoStore(o *route) { o.noStore = true }

// SecretParam marks a parameter of the pattern, such as the last of /ws/{token},
// as a secret: paths are logged without it, and without whatever is in its place
// in similar paths. Where the pattern has no such parameter, the secret is one
// that a client may append to the path by mistake.
func SecretParam(name string) Option { return func(o *route) { o.secrets = append(o.secrets, name) } }

// Identify sets the function that reports whether a credential outside of the
// body is valid. It is called before more of the body is read than an anonymous
// client may send.
func Identify(f func(x *Exchange, r *http.Request) bool) Option {
	return func(o *route) { o.identify = f }
}

// Wrap wraps a route's handler.
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

// Files adds a route for GET and HEAD to a plain http.HandlerFunc.
func (m *Mux) Files(pattern string, h http.HandlerFunc) {
	m.router.Get(pattern, h)
	m.router.Head(pattern, h)
}

// Routes returns the method and the pattern of each route.
func (m *Mux) Routes() [][2]string {
	var routes [][2]string
	// The walk returns only errors of the function.
	_ = chi.Walk(m.router, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes = append(routes, [2]string{method, pattern})
		return nil
	})
	return routes
}

// NotFound sets the handler for paths without a route.
func (m *Mux) NotFound(h http.Handler) { m.router.NotFound(h.ServeHTTP) }

// NotAllowed sets the handler for paths that have routes for other methods only,
// and for methods that no route has, on any path.
func (m *Mux) NotAllowed(h http.Handler) { m.router.MethodNotAllowed(h.ServeHTTP) }

// ServeHTTP handles a request whose context has an exchange.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.router.ServeHTTP(w, r) }

// LogPath returns a function that redacts a path for the log: without tokens. It
// is called after all routes are added.
func (m *Mux) LogPath() func(path string) string { return secretPaths(*m.secret) }

// Allowed returns the methods of the routes on a request's path.
func (m *Mux) Allowed(r *http.Request) []string {
	var allowed []string
	for _, method := range methods {
		if m.router.Match(chi.NewRouteContext(), method, cmp.Or(r.URL.RawPath, r.URL.Path)) {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// Handler turns a handler into an http.Handler, with the mux's options and its
// own. It is for handlers without a route.
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
		x.errors = o.errors
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

// writePlain is the ErrorWriter of a mux without one.
func writePlain(x *Exchange, _ *http.Request, e *Error) {
	x.WriteBody("text/plain; charset=utf-8", e.Status, []byte(e.Text))
}

// endpoint returns the method and the pattern of the path. The path itself may
// contain a token.
func endpoint(r *http.Request) string {
	pattern := "/" // rest_wsgi serves every path as /
	if route := chi.RouteContext(r.Context()); route != nil {
		pattern = route.RoutePattern()
	}
	return methodLabel(r) + " " + pattern
}

// Pattern returns the pattern of the request's route.
func Pattern(r *http.Request) string {
	if route := chi.RouteContext(r.Context()); route != nil {
		return route.RoutePattern()
	}
	return ""
}

// Acceptable refuses, before anything is done, a client that accepts none of
// the formats of responses.
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

// Negotiated determines the format of the response from the request.
func Negotiated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := ExchangeOf(r.Context())
		x.Media, x.Acceptable = format.Negotiate(r.Header["Accept"])
		next.ServeHTTP(w, r)
	})
}

// NotFoundText returns the text of the response for an unknown path.
func NotFoundText(r *http.Request) string {
	return fmt.Sprintf("The path '%s' was not found.", Clip(r.URL.Path, MaxLoggedText))
}
