package server

import (
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
