package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/saltern-api/saltern/server/admin"
	"github.com/saltern-api/saltern/server/audit/auditapi"
	"github.com/saltern-api/saltern/server/events"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/jobs"
	"github.com/saltern-api/saltern/server/netapi"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/certs"
)

// forcedCloseTimeout is how long canceled requests may take to end.
const forcedCloseTimeout = 2 * time.Second

// Server serves every listener of its [Config].
type Server struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	bodies  *web.Bodies
	traffic *web.Traffic
	formats *format.Decoder

	webMetrics    *web.Metrics
	certMetrics   *certs.Metrics
	calledMetrics *netapi.Metrics

	streams *events.Limits
	views   *events.Views

	auditReader *auditapi.Reader
	jobs        *jobs.Records       // nil without /v1/jobs
	waiting     *waiting.Jobs       // nil if no request waits for a job
	following   *commands.Following // nil without a gateway that follows commands

	open  []opened
	admin *opened // nil if it is off

	base   context.Context // of every request
	cancel context.CancelCauseFunc

	// streaming ends when the server begins to stop: a stream does not end by
	// itself, so shutdown cannot wait for it.
	streaming    context.Context
	endStreaming context.CancelCauseFunc

	stopping atomic.Bool
	requests tally
}

// opened is an open listener and its server.
type opened struct {
	spec     ListenerSpec
	listener net.Listener
	http     *http.Server
}

// Listen opens every listener, so that all errors are returned here. The caller
// must call Serve or Close.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &Server{
		cfg:     cfg,
		log:     cfg.Log,
		metrics: newMetrics(cfg.Registry),
		bodies:  web.NewBodies(cfg.BodyLimit),
		traffic: web.NewTraffic(),
		formats: format.NewDecoder(),

		webMetrics:    web.NewMetrics(cfg.Registry),
		certMetrics:   certs.NewMetrics(cfg.Registry),
		calledMetrics: netapi.NewMetrics(cfg.Registry, cfg.Gateway.Clients()),

		views: events.NewViews(),

		auditReader: auditapi.NewReader(cfg.Audit.Log),
	}
	if cfg.Jobs.Records != nil {
		s.jobs = jobs.NewRecords(cfg.Jobs.Records)
	}
	s.streams = events.NewLimits(cfg.Settings.Events, cfg.Registry)
	s.base, s.cancel = context.WithCancelCause(context.Background())
	s.streaming, s.endStreaming = context.WithCancelCause(s.base)
	if gateway, ok := cfg.Gateway.(commands.Follower); ok {
		s.following = &commands.Following{Gateway: gateway, Stopping: s.streaming, Go: s.requests.run, Log: s.log}
	}
	if cfg.Jobs.Records != nil && cfg.Jobs.Watches != nil {
		s.waiting = &waiting.Jobs{
			Watches: cfg.Jobs.Watches, Most: cfg.Settings.Records.MaxWait, Stopping: s.streaming,
		}
	}
	if err := s.listen(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("listen: %w", err)
	}
	return s, nil
}

func (s *Server) listen(ctx context.Context) error {
	pairs := certs.NewCache(s.cfg.Settings.StateDir, s.log, s.certMetrics)
	for _, spec := range s.cfg.Listeners {
		server, err := s.httpServer(spec, pairs)
		if err != nil {
			return err
		}
		if err := s.bind(ctx, spec, server); err != nil {
			return err
		}
	}
	return s.listenAdmin(ctx)
}

// bind opens one listener.
func (s *Server) bind(ctx context.Context, spec ListenerSpec, server *http.Server) error {
	l, err := listen(ctx, spec.Address)
	if spec.Optional && (errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)) {
		return nil
	}
	if err != nil {
		return err
	}
	l = s.fairListener(l, s.cfg.Settings.Limits.Connections, s.cfg.Settings.Limits.ConnectionsPerAddress)
	s.open = append(s.open, opened{spec: spec, listener: l, http: server})
	s.log.LogAttrs(ctx, slog.LevelInfo, "listening", slog.String("surface", spec.Surface.String()),
		slog.String("address", l.Addr().String()), slog.Bool("tls", spec.TLS))
	return nil
}

// listen opens a socket. [limitListener] has its connections kept alive.
func listen(ctx context.Context, address string) (net.Listener, error) {
	return (&net.ListenConfig{KeepAlive: -1}).Listen(ctx, "tcp", address)
}

// Addrs returns the address of each open listener, in the order of the config.
func (s *Server) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(s.open))
	for i, o := range s.open {
		addrs[i] = o.listener.Addr()
	}
	return addrs
}

// AdminAddr returns the address of the admin listener, or nil.
func (s *Server) AdminAddr() net.Addr {
	if s.admin == nil {
		return nil
	}
	return s.admin.listener.Addr()
}

// Serve serves requests until ctx ends. It then accepts no new ones, lets the
// running ones finish within the shutdown timeout, cancels the rest, and
// returns nil. It is called once.
func (s *Server) Serve(ctx context.Context) error {
	var serving sync.WaitGroup
	failed := make(chan error, len(s.open)+1)
	for _, o := range s.all() {
		serving.Go(func() {
			if err := o.serve(); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	}
	s.stop(context.WithoutCancel(ctx))
	s.Close()
	serving.Wait()
	return err
}

func (o *opened) serve() error {
	if o.spec.TLS {
		l := newTLSListener(o.listener, o.http.TLSConfig.Clone(), o.http.ReadHeaderTimeout, o.http.ErrorLog)
		return o.http.Serve(l)
	}
	return o.http.Serve(NamedListener(o.listener))
}

// stop stops the surfaces. The admin listener goes on: it shows the state of
// the shutdown.
func (s *Server) stop(ctx context.Context) {
	s.stopping.Store(true)
	s.endStreaming(web.ErrStopping)
	timeout := s.cfg.Settings.ShutdownTimeout
	s.log.LogAttrs(ctx, slog.LevelInfo, "stopping", slog.String("timeout", timeout.String()))
	if s.shutdown(ctx, timeout) {
		return
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "requests are cut short, the time to stop is over")
	s.cancel(web.ErrStopping)
	s.shutdown(ctx, forcedCloseTimeout)
}

// shutdown reports whether all requests ended in time.
func (s *Server) shutdown(ctx context.Context, timeout time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var late atomic.Bool
	var all sync.WaitGroup
	for _, o := range s.open {
		all.Go(func() {
			if o.http.Shutdown(ctx) != nil {
				late.Store(true)
			}
		})
	}
	all.Wait()
	// Connections that a handler has taken over are none of http.Server's.
	until, _ := ctx.Deadline()
	return s.requests.wait(time.Until(until)) && !late.Load()
}

// Close closes every listener and connection at once. It may be called again.
func (s *Server) Close() {
	s.endStreaming(web.ErrStopping)
	s.cancel(web.ErrStopping)
	for _, o := range s.all() {
		_ = o.http.Close()
		_ = o.listener.Close()
	}
	if !s.requests.wait(forcedCloseTimeout) {
		s.log.Warn("a request does not end")
	}
}

func (s *Server) all() []*opened {
	var all []*opened
	for i := range s.open {
		all = append(all, &s.open[i])
	}
	if s.admin != nil {
		all = append(all, s.admin)
	}
	return all
}

// listenAdmin opens the listener for metrics and health. It has a server of its
// own, so that it does not wait for the surfaces.
func (s *Server) listenAdmin(ctx context.Context) error {
	address := s.cfg.Settings.Admin.Listen
	if address == "" {
		return nil
	}
	l, err := listen(ctx, address)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	s.admin = &opened{
		listener: s.fairListener(l, admin.MaxConnections, admin.MaxConnections/2),
		http: &http.Server{
			Handler: Named(admin.Handler(admin.Options{
				Registry: s.cfg.Registry, Ready: s.ready, Degraded: s.cfg.Degraded, Log: s.log,
			})),
			BaseContext:    func(net.Listener) context.Context { return s.base },
			ReadTimeout:    admin.Timeout,
			WriteTimeout:   admin.Timeout,
			IdleTimeout:    s.cfg.Settings.Limits.IdleTimeout,
			MaxHeaderBytes: maxHeaderBytes,
			ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		},
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "listening",
		slog.String("surface", "admin"), slog.String("address", l.Addr().String()))
	return nil
}

// ready returns nil if the gateway can serve requests.
func (s *Server) ready(ctx context.Context) error {
	if s.stopping.Load() {
		return &NotReady{Part: "stopping", Err: web.ErrStopping}
	}
	return s.cfg.Ready(ctx)
}

// tally counts running requests. Unlike with a sync.WaitGroup, more may begin
// during a wait, and the wait has a timeout.
type tally struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // made by wait, closed when n becomes 0
}

// run calls f in a goroutine that counts as a request.
func (t *tally) run(f func()) {
	t.enter()
	go func() {
		defer t.leave()
		f()
	}()
}

func (t *tally) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
}

func (t *tally) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n--
	if t.n == 0 && t.none != nil {
		close(t.none)
		t.none = nil
	}
}

// wait reports whether no request was running within the given time.
func (t *tally) wait(most time.Duration) bool {
	t.mu.Lock()
	if t.n == 0 {
		t.mu.Unlock()
		return true
	}
	if t.none == nil {
		t.none = make(chan struct{})
	}
	none := t.none
	t.mu.Unlock()

	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-none:
		return true
	case <-timer.C:
		return false
	}
}

// metrics are the server's own. No label has a value that a client chooses
// freely: no function, user or path.
type metrics struct{ connections prometheus.Counter }

// NewRegistry returns a registry with the metrics of Go and of the process. Other
// packages may add their own.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return r
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		connections: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "saltern_http_connections_refused_total",
			Help: "Connections closed because their address had its share already.",
		}),
	}
	reg.MustRegister(m.connections)
	return m
}
