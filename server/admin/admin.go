package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/saltern-api/saltern/server/web"
)

const (
	readyTimeout = 2 * time.Second

	// MaxConnections is the limit of concurrent connections.
	MaxConnections = 16
	// Timeout is for reading a request, and again for writing its response.
	Timeout = 10 * time.Second
)

// NotReady is an error of [Options.Ready] with the part that is not ready.
type NotReady struct {
	Part string // one of the gateway's parts, such as "master" or "bus"; shown to clients
	Err  error  // for the log
}

// Error returns the text for the log.
func (e *NotReady) Error() string { return fmt.Sprintf("%s is not ready: %v", e.Part, e.Err) }

// Unwrap returns the cause.
func (e *NotReady) Unwrap() error { return e.Err }

// Options are the data of the endpoints.
type Options struct {
	Registry *prometheus.Registry // for /metrics

	// Ready returns nil if the gateway can serve requests. An error may be a
	// *[NotReady].
	Ready func(ctx context.Context) error

	// Degraded returns the parts that do not work now, and without which requests
	// are served all the same. It may be nil.
	Degraded func() []string

	Log *slog.Logger // logs changes of the answer of /readyz
}

// Handler returns the endpoints: /metrics, /healthz and /readyz.
func Handler(o Options) http.Handler {
	ready := &readiness{opts: o}
	r := chi.NewRouter()
	r.Use(middleware.GetHead)
	r.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{
		Registry:            o.Registry,
		ErrorLog:            slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
		MaxRequestsInFlight: MaxConnections,
	}))
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeHealth(w, http.StatusOK, `{"status": "ok"}`)
	})
	r.Get("/readyz", ready.serve)
	return r
}

// readiness answers /readyz and logs when the answer changes.
type readiness struct {
	opts   Options
	mu     sync.Mutex
	reason string // of the last answer; "" if it was ready
}

func (h *readiness) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	err := h.opts.Ready(ctx)
	if r.Context().Err() != nil {
		return // the prober is gone, and err may be due to that
	}
	reason := notReadyReason(err)
	h.note(ctx, reason, err)
	if reason == "" {
		writeHealth(w, http.StatusOK, `{"status": "ready"`+h.degraded()+`}`)
		return
	}
	web.SetRetryAfter(w.Header(), http.StatusServiceUnavailable, 0)
	writeHealth(w, http.StatusServiceUnavailable, `{"status": "not ready", "reason": `+web.JSONText(reason)+`}`)
}

// degraded returns the member of the answer that names parts that do not work.
func (h *readiness) degraded() string {
	if h.opts.Degraded == nil {
		return ""
	}
	parts := h.opts.Degraded()
	if len(parts) == 0 {
		return ""
	}
	for i, p := range parts {
		parts[i] = web.JSONText(p)
	}
	return `, "without": [` + strings.Join(parts, ", ") + `]`
}

// note logs a change of the answer, not every probe.
func (h *readiness) note(ctx context.Context, reason string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if reason == h.reason {
		return
	}
	h.reason = reason
	if reason == "" {
		h.opts.Log.LogAttrs(ctx, slog.LevelInfo, "ready again")
		return
	}
	h.opts.Log.LogAttrs(ctx, slog.LevelWarn, "not ready",
		slog.String("reason", reason), slog.String("error", err.Error()))
}

// notReadyReason returns the class of the error, the only part of it that is shown
// without authentication.
func notReadyReason(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*NotReady](err); ok {
		return e.Part
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "timeout"
	}
	return "error"
}

func writeHealth(w http.ResponseWriter, status int, body string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // a prober that is gone needs no response
}
