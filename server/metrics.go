package server

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

// metrics are the server's own. No label takes a value that a client chooses
// freely: no function, user or path.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	bodies   *prometheus.CounterVec
	chunks   *prometheus.CounterVec
	reloads  *prometheus.CounterVec
	expiry   *prometheus.GaugeVec

	connections prometheus.Counter
	streams     *prometheus.CounterVec

	clients []string // the known names
}

// NewRegistry returns a registry with what Go and the process tell of
// themselves. Other rooms of the gateway may add their own.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return r
}

func newMetrics(reg prometheus.Registerer, clients []string) *metrics {
	m := &metrics{
		clients: clients,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saltern_http_requests_total",
			Help: "HTTP requests answered. Code 499 stands for clients that did not wait.",
		}, []string{"surface", "method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "saltern_http_request_duration_seconds",
			Help:    "Time from a request's headers to the end of its answer.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}, []string{"surface", "method"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "saltern_http_requests_in_flight",
			Help: "HTTP requests being worked on.",
		}, []string{"surface"}),
		bodies: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saltern_http_bodies_refused_total",
			Help: "Request bodies refused, by reason.",
		}, []string{"reason"}),
		chunks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saltern_chunks_total",
			Help: "Lowstate chunks, by client and by what became of the request that they were in.",
		}, []string{"client", "outcome"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saltern_tls_reloads_total",
			Help: "TLS certificates read again after their files changed.",
		}, []string{"result"}),
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "saltern_tls_certificate_not_after_timestamp_seconds",
			Help: "When the TLS certificate in use ends.",
		}, []string{"file"}),
	}
	m.connections = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "saltern_http_connections_refused_total",
		Help: "Connections closed because their address had its share already.",
	})
	m.streams = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_event_streams_refused_total",
		Help: "Event streams refused, by bound: those of a user, of a session or token, or of a user's formatted ones.",
	}, []string{"bound"})
	for _, bound := range []string{"user", "session", "view"} {
		m.streams.WithLabelValues(bound)
	}
	reg.MustRegister(m.connections, m.streams, m.requests, m.duration, m.inFlight, m.bodies, m.chunks, m.reloads, m.expiry)
	return m
}

// begin counts a request in; the returned function counts it out.
func (m *metrics) begin(x *exchange) func(*http.Request) {
	surface := x.surface.String()
	gauge := m.inFlight.WithLabelValues(surface)
	gauge.Inc()
	return func(r *http.Request) {
		gauge.Dec()
		method := r.Method
		if !slices.Contains(methods, method) {
			method = other
		}
		m.requests.WithLabelValues(surface, method, strconv.Itoa(x.status)).Inc()
		m.duration.WithLabelValues(surface, method).Observe(time.Since(x.start).Seconds())
		if call, outcome := x.recorder.Call(); call != nil {
			m.called(call, outcome)
		}
	}
}

// other is the label for whatever is not known.
const other = "other"

// called counts the chunks of a call.
func (m *metrics) called(call *audit.CallRecord, outcome string) {
	outcome = cmp.Or(outcome, audit.OutcomeInternal) // it panicked
	for i := range call.Chunks() {
		client := other
		if known := call.Record(i).Client; slices.Contains(m.clients, known) {
			client = known
		}
		m.chunks.WithLabelValues(client, outcome).Inc()
	}
}

// refused counts a body that was not taken.
func (m *metrics) refused(e *web.Error) {
	if e.Reason != "" {
		m.bodies.WithLabelValues(e.Reason).Inc()
	}
}

// AuthMetrics counts the results of authentications.
type AuthMetrics struct {
	results  *prometheus.CounterVec
	notTried *prometheus.CounterVec
	backends []string
}

// NewAuthMetrics registers the counter. The backends are the values that its
// label may have.
func NewAuthMetrics(reg prometheus.Registerer, backends ...string) *AuthMetrics {
	m := &AuthMetrics{backends: backends, results: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_auth_results_total",
		Help: "Authentications by backend and result: ok, refused, or error when it could not be told.",
	}, []string{"backend", "result"}), notTried: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_auth_not_tried_total",
		Help: "Authentications that no backend was asked for, by reason: throttled after wrong ones, or busy with others.",
	}, []string{"backend", "reason"})}
	for _, backend := range []string{"pam", "master"} { // a rate needs the zero before the first
		for _, reason := range []string{"throttled", "busy"} {
			m.notTried.WithLabelValues(backend, reason)
		}
	}
	reg.MustRegister(m.results, m.notTried)
	return m
}

// Observe takes what a backend's Authenticate returned.
func (m *AuthMetrics) Observe(backend string, ok bool, err error) {
	if !slices.Contains(m.backends, backend) {
		backend = other
	}
	result := "refused"
	switch {
	case err != nil:
		result = "error"
	case ok:
		result = "ok"
	}
	m.results.WithLabelValues(backend, result).Inc()
}

// NotTried counts an authentication that did not come so far.
func (m *AuthMetrics) NotTried(backend, reason string) {
	if !slices.Contains(m.backends, backend) {
		backend = other
	}
	m.notTried.WithLabelValues(backend, reason).Inc()
}
