package server

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
)

// Surface is the set of answers that a listener gives.
type Surface int

// The surfaces.
const (
	Main    Surface = iota // as rest_cherrypy
	WSGI                   // as rest_wsgi
	Tornado                // as rest_cherrypy, with the clients and options of rest_tornado
)

// String gives the name for logs and metrics.
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

// surface is what every surface is made of.
type surface struct {
	gateway   Gateway
	bodyLimit int64
	maxChunks int
	bodies    *bodyMemory
	turns     *fair.Slots
	metrics   *metrics
	identify  func(x *exchange, r *http.Request) bool // whether a credential beside the body is good; may be nil
	numbered  bool                                    // whether refusals begin with their status, as in rest_wsgi
	clients   []string                                // those that are enabled here, in place of the gateway's; nil stands for these
}

// handler answers a request by itself, or returns an error for surface.fail.
type handler func(x *exchange, r *http.Request) error

// handle makes a handler one of net/http's.
func (s *surface) handle(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		x.routed(r)
		x.budget = budget.New(r.Context(), s.identified(x, r))
		defer func() { x.release(r.Context()) }()
		if err := h(x, r); err != nil {
			s.fail(x, r, err)
		}
	}
}

// identified finds out who has sent a request, for its budget.
func (s *surface) identified(x *exchange, r *http.Request) func() bool {
	if s.identify == nil {
		return nil
	}
	return func() bool { return s.identify(x, r) }
}

// welcome answers GET /.
func (s *surface) welcome(x *exchange, _ *http.Request) error {
	quoted := []string{}
	for _, name := range s.gateway.Clients() {
		if s.clients == nil || slices.Contains(s.clients, name) {
			quoted = append(quoted, jsonText(name))
		}
	}
	body := `{"return": "Welcome", "clients": [` + strings.Join(quoted, ", ") + `]}`
	writeJSON(x, http.StatusOK, []byte(body))
	return nil
}

// run runs chunks and gives back one answer for each.
func (s *surface) run(x *exchange, r *http.Request, call lowstate.Call) (lowstate.Result, error) {
	call.Clients = s.clients
	res, err := s.gateway.Run(r.Context(), x.begin(call))
	x.recorder.SetOutcome(res, err)
	return res, err
}

// unparsable makes a refusal of a body that is no lowstate.
func unparsable(err error) error {
	if e, ok := errors.AsType[*lowstate.Error](err); ok && e.Kind == lowstate.BadRequest {
		return &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: e.Text, Err: e.Err}
	}
	return overspent(err)
}

// overspent makes a refusal of the end of a budget. Other errors stay as they
// are.
func overspent(err error) error {
	text := ""
	if e, ok := errors.AsType[*budget.Error](err); ok {
		text = e.Error()
	} else if e, ok := errors.AsType[*lowstate.Error](err); ok && e.Kind == lowstate.TooLarge {
		text = e.Text
	} else {
		return err
	}
	return &web.Error{Status: http.StatusRequestEntityTooLarge, Reason: "budget", Text: text}
}

// isJSON reports whether the request says plainly that its body is JSON, which
// has one charset, whatever the request calls it.
func isJSON(h http.Header) bool { return format.MediaType(bodyType(h)) == "application/json" }

// holdsJSON reports whether the body may be JSON by any of the names that it
// has: a large one is then read as that, so that its credentials are found
// first.
func holdsJSON(h http.Header) bool {
	return isJSON(h) || format.MediaType(bodyType(h)) == "text/plain"
}
