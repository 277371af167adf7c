package server

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

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

// other is the label for any unknown value.
const other = "other"

// AuthMetrics counts the results of authentications.
type AuthMetrics struct {
	results  *prometheus.CounterVec
	notTried *prometheus.CounterVec
	backends []string
}

// NewAuthMetrics registers the counter. The backends are the values of its
// label.
func NewAuthMetrics(reg prometheus.Registerer, backends ...string) *AuthMetrics {
	m := &AuthMetrics{backends: backends, results: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_auth_results_total",
		Help: "Authentications by backend and result: ok, refused, or error when it could not be told.",
	}, []string{"backend", "result"}), notTried: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_auth_not_tried_total",
		Help: "Authentications that no backend was asked for, by reason: throttled after wrong ones, or busy with others.",
	}, []string{"backend", "reason"})}
	for _, backend := range []string{"pam", "master"} { // a rate needs a zero before the first count
		for _, reason := range []string{"throttled", "busy"} {
			m.notTried.WithLabelValues(backend, reason)
		}
	}
	reg.MustRegister(m.results, m.notTried)
	return m
}

// Observe counts the result of a backend's Authenticate.
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

// NotTried counts an authentication that was refused before it was tried.
func (m *AuthMetrics) NotTried(backend, reason string) {
	if !slices.Contains(m.backends, backend) {
		backend = other
	}
	m.notTried.WithLabelValues(backend, reason).Inc()
}
