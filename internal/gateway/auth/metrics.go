package auth

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts the results of authentications.
type Metrics struct{ results, notTried *prometheus.CounterVec }

// NewMetrics registers the counters.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{results: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_auth_results_total",
		Help: "Authentications by backend and result: ok, refused, or error when it could not be found out.",
	}, []string{"backend", "result"}), notTried: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_auth_not_tried_total",
		Help: "Authentications refused before any backend tried them, by reason: throttled after wrong ones, or busy with others.",
	}, []string{"backend", "reason"})}
	for _, backend := range []string{backendPAM, backendMaster} { // a rate needs a zero before the first count
		for _, reason := range []string{"throttled", "busy"} {
			m.notTried.WithLabelValues(backend, reason)
		}
	}
	reg.MustRegister(m.results, m.notTried)
	return m
}

// Observe counts the result of a backend's Authenticate.
func (m *Metrics) Observe(backend string, ok bool, err error) {
	result := "refused"
	switch {
	case err != nil:
		result = "error"
	case ok:
		result = "ok"
	}
	m.results.WithLabelValues(known(backend), result).Inc()
}

// NotTried counts an authentication that was refused before it was tried.
func (m *Metrics) NotTried(backend, reason string) {
	m.notTried.WithLabelValues(known(backend), reason).Inc()
}

// known returns the label of a backend: no other value than these and "other".
func known(backend string) string {
	switch backend {
	case backendPAM, backendMaster, backendToken:
		return backend
	default:
		return "other"
	}
}
