package webtest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/server/web"
)

// bodyLimit, in bytes, is that of a front.
const bodyLimit = 1 << 20

// Front returns a handler for the routes of a mux, as on a listener.
func Front(m *web.Mux) http.Handler { return front(web.Negotiated(m), m.LogPath()) }

// Handler is Front for a plain handler.
func Handler(h http.Handler) http.Handler { return front(h, web.NewMux().LogPath()) }

func front(next http.Handler, path func(string) string) http.Handler {
	return &web.Front{
		Surface: "test", WriteTimeout: time.Minute, BodyTimeout: time.Minute,
		Bodies: web.NewBodies(bodyLimit), Metrics: web.NewMetrics(prometheus.NewRegistry()),
		Traffic: web.NewTraffic(), Log: slog.New(slog.DiscardHandler),
		Errors: func(x *web.Exchange, _ *http.Request, e *web.Error) { x.WriteHeader(e.Status) },
		Next:   web.ClientAddr(nil, next), Path: path,
	}
}

// Send sends a request and returns the response.
func Send(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
