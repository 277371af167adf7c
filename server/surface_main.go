package server

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// methods are those that a route may have, in the order of an Allow header.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// mainSurface answers as rest_cherrypy does.
type mainSurface struct{ surface }

func newMainSurface(base surface) http.Handler {
	s := &mainSurface{base}
	r := chi.NewRouter()
	r.Get("/", s.handle(s.welcome))
	r.Head("/", s.handle(s.welcome))
	r.Post("/", s.handle(s.post))
	r.NotFound(s.handle(s.notFound))
	r.MethodNotAllowed(s.handle(func(x *exchange, req *http.Request) error {
		return s.methodNotAllowed(r, x, req)
	}))
	return r
}

func (s *mainSurface) post(x *exchange, r *http.Request) error {
	if !isJSON(r.Header) {
		return &refusal{status: http.StatusUnsupportedMediaType, reason: "type",
			text: "Content-Type must be application/json"}
	}
	if !isPlain(r.Header) {
		return &refusal{status: http.StatusUnsupportedMediaType, reason: "encoding",
			text: "Content-Encoding is not supported"}
	}
	return s.lowstate(x, r)
}

// notFound stands where rest_cherrypy has an HTML page, and so also tells the
// status.
func (s *mainSurface) notFound(x *exchange, r *http.Request) error {
	text := fmt.Sprintf("The path '%s' was not found.", clip(r.URL.Path, maxLoggedText))
	writeJSON(x, http.StatusNotFound, []byte(`{"status": 404, "return": `+jsonText(text)+`}`))
	return nil
}

// methodNotAllowed asks the router which methods there are: it calls this for
// any method that it does not know, on whatever path.
func (s *mainSurface) methodNotAllowed(routes chi.Routes, x *exchange, r *http.Request) error {
	var allowed []string
	for _, m := range methods {
		if routes.Match(chi.NewRouteContext(), m, r.URL.Path) {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) == 0 {
		return s.notFound(x, r)
	}
	return &refusal{status: http.StatusMethodNotAllowed, allow: strings.Join(allowed, ", "),
		text: "Specified method is invalid for this resource."}
}
