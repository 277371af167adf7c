package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/saltern-api/saltern/server/web"
)

const (
	readyTimeout     = 2 * time.Second
	adminConnections = 16
	adminTimeout     = 10 * time.Second
)

// NotReady is an error of Config.Ready that says which part is missing.
type NotReady struct {
	Part string // one word of the gateway's own, such as "master" or "bus"; shown
	Err  error  // for the log
}

// Error gives the log's view.
func (e *NotReady) Error() string { return fmt.Sprintf("%s is not ready: %v", e.Part, e.Err) }

// Unwrap returns the cause.
func (e *NotReady) Unwrap() error { return e.Err }

// listenAdmin opens the listener for metrics and health. It has a server of
// its own, so that nothing that holds up the surfaces holds up this one.
func (s *Server) listenAdmin(ctx context.Context) error {
	address := s.cfg.Settings.Admin.Listen
	if address == "" {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	s.admin = &opened{
		listener: s.fairListener(l, adminConnections, adminConnections/2),
		http: &http.Server{
			Handler:        s.adminHandler(),
			BaseContext:    func(net.Listener) context.Context { return s.base },
			ReadTimeout:    adminTimeout,
			WriteTimeout:   adminTimeout,
			IdleTimeout:    s.cfg.Settings.Limits.IdleTimeout,
			MaxHeaderBytes: maxHeaderBytes,
			ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		},
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "listening",
		slog.String("surface", "admin"), slog.String("address", l.Addr().String()))
	return nil
}

func (s *Server) adminHandler() http.Handler {
	ready := &readiness{server: s}
	r := chi.NewRouter()
	r.Use(middleware.GetHead)
	r.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(s.cfg.Registry, promhttp.HandlerOpts{
		Registry:            s.cfg.Registry,
		ErrorLog:            slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		MaxRequestsInFlight: adminConnections,
	}))
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeHealth(w, http.StatusOK, `{"status": "ok"}`)
	})
	r.Get("/readyz", ready.serve)
	return Named(r)
}

// readiness answers /readyz and logs when the answer changes.
type readiness struct {
	server *Server
	mu     sync.Mutex
	reason string // of the last answer; "" when it was ready
}

func (h *readiness) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	err := h.check(ctx)
	if r.Context().Err() != nil {
		return // nobody waits, and nothing was learnt
	}
	reason := notReadyReason(err)
	h.note(ctx, reason, err)
	if reason == "" {
		writeHealth(w, http.StatusOK, `{"status": "ready"}`)
		return
	}
	web.SetRetryAfter(w.Header(), http.StatusServiceUnavailable, 0)
	writeHealth(w, http.StatusServiceUnavailable, `{"status": "not ready", "reason": `+web.JSONText(reason)+`}`)
}

func (h *readiness) check(ctx context.Context) error {
	if h.server.stopping.Load() {
		return &NotReady{Part: "stopping", Err: web.ErrStopping}
	}
	return h.server.cfg.Ready(ctx)
}

// note logs a change, not every probe.
func (h *readiness) note(ctx context.Context, reason string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if reason == h.reason {
		return
	}
	h.reason = reason
	if reason == "" {
		h.server.log.LogAttrs(ctx, slog.LevelInfo, "ready again")
		return
	}
	h.server.log.LogAttrs(ctx, slog.LevelWarn, "not ready",
		slog.String("reason", reason), slog.String("error", err.Error()))
}

// notReadyReason tells the class of the error, which is all that a stranger
// may learn of it.
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
	_, _ = w.Write([]byte(body)) // a prober that has gone needs no answer
}
