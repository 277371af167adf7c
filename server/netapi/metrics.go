package netapi

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

// Metrics count chunks. No label has a value that a client chooses freely.
type Metrics struct {
	chunks  *prometheus.CounterVec
	clients []string // the known names
}

// NewMetrics registers the metrics. The clients are the values of a label.
func NewMetrics(reg prometheus.Registerer, clients []string) *Metrics {
	m := &Metrics{clients: clients, chunks: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_chunks_total",
		Help: "Lowstate chunks, by client and by what became of the request that they were in.",
	}, []string{"client", "outcome"})}
	reg.MustRegister(m.chunks)
	return m
}

// count counts the chunks of a request's call.
func (m *Metrics) count(x *web.Exchange) {
	if call, outcome := audit.Of(x).Call(); call != nil {
		m.Count(call, outcome)
	}
}

// Count counts the chunks of a call.
func (m *Metrics) Count(call *audit.CallRecord, outcome string) {
	if m == nil {
		return
	}
	outcome = cmp.Or(outcome, audit.OutcomeInternal) // it panicked
	for i := range call.Chunks() {
		client := "other"
		if known := call.Record(i).Client; slices.Contains(m.clients, known) {
			client = known
		}
		m.chunks.WithLabelValues(client, outcome).Inc()
	}
}
