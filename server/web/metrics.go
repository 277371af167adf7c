package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count requests. No label has a value that a client chooses freely: no
// function, user or path.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	bodies   *prometheus.CounterVec
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
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
	}
	reg.MustRegister(m.requests, m.duration, m.inFlight, m.bodies)
	return m
}

// methods are those a route may have, in the order of an Allow header.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// other is the label for any unknown value.
const other = "other"

// begin counts a request as begun; the returned function counts it as ended.
func (m *Metrics) begin(x *Exchange) func(*http.Request) {
	x.metrics = m
	gauge := m.inFlight.WithLabelValues(x.Surface)
	gauge.Inc()
	return func(r *http.Request) {
		gauge.Dec()
		method := methodLabel(r)
		m.requests.WithLabelValues(x.Surface, method, strconv.Itoa(x.status)).Inc()
		m.duration.WithLabelValues(x.Surface, method).Observe(time.Since(x.Start).Seconds())
	}
}

// methodLabel returns a request's method if it is a known one, or else other.
func methodLabel(r *http.Request) string {
	if slices.Contains(methods, r.Method) {
		return r.Method
	}
	return other
}

// refused counts a refused body.
func (m *Metrics) refused(e *Error) {
	if m != nil && e.Reason != "" {
		m.bodies.WithLabelValues(e.Reason).Inc()
	}
}
