package gateway

import (
	"github.com/prometheus/client_golang/prometheus"
)

// registerMetrics registers the bus's own counters.
func registerMetrics(reg prometheus.Registerer, g *Gateway) {
	gauge := func(name, help string, value func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() uint64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value()) }))
	}
	gauge("saltern_bus_connected", "Whether the connection to the master's event bus is up.", func() float64 {
		if g.bus.Connected() {
			return 1
		}
		return 0
	})
	gauge("saltern_bus_subscribers", "Requests that wait for events.", func() float64 {
		return float64(g.bus.Stats().Subscribers)
	})
	counter("saltern_bus_events_total", "Events read from the master's event bus.", func() uint64 { return g.bus.Stats().Events })
	counter("saltern_bus_bytes_total", "Bytes read from the master's event bus.", func() uint64 { return g.bus.Stats().Bytes })
	counter("saltern_bus_overflowed_total", "Events for which a request had no room.", func() uint64 { return g.bus.Stats().Overflowed })
	gauge("saltern_stream_readers", "Open streams of events.", func() float64 { return float64(g.hub.Stats().Readers) })
	gauge("saltern_stream_buffer_bytes", "What is kept for readers of events.", func() float64 { return float64(g.hub.Stats().RingBytes) })
	counter("saltern_stream_frames_total", "Events made ready for readers.", func() uint64 { return g.hub.Stats().Frames })
	counter("saltern_stream_dropped_total", "Events that could not be made ready.", func() uint64 { return g.hub.Stats().Dropped })
	counter("saltern_stream_gaps_total", "Places where readers learned that events are missing.", func() uint64 { return g.hub.Stats().Gaps })
	counter("saltern_stream_cut_off_total", "Readers that were too slow.", func() uint64 { return g.hub.Stats().CutOff })
	counter("saltern_bus_reconnects_total", "Connections to the event bus after the first.", func() uint64 { return g.bus.Stats().Reconnects })
}
