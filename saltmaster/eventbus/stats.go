package eventbus

import (
	"io"
	"sync/atomic"
)

// Stats is what the bus has seen since it was made. Counts only grow.
type Stats struct {
	Connected bool
	// Framing is that of the last message read.
	Framing Framing
	// Events and Bytes count what was read, wanted or not.
	Events, Bytes uint64
	// Delivered counts events put into the queue of a Sub, Overflowed those that found it full.
	Delivered, Overflowed uint64
	// Reconnects counts the connections after the first.
	Reconnects uint64
	// Subscribers is the number of Subs now open.
	Subscribers int
}

type counters struct {
	events, bytes, delivered, overflowed, connects atomic.Uint64
}

// Stats returns the counts for metrics.
func (b *Bus) Stats() Stats {
	subscribers := 0
	b.mu.Lock()
	b.each(func(*Sub) { subscribers++ })
	b.mu.Unlock()
	return Stats{
		Connected:   b.Connected(),
		Framing:     Framing(b.framing.Load()),
		Events:      b.counts.events.Load(),
		Bytes:       b.counts.bytes.Load(),
		Delivered:   b.counts.delivered.Load(),
		Overflowed:  b.counts.overflowed.Load(),
		Reconnects:  max(b.counts.connects.Load(), 1) - 1,
		Subscribers: subscribers,
	}
}

type countedReader struct {
	io.Reader
	n *atomic.Uint64
}

func (r countedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n.Add(uint64(n))
	return n, err
}
