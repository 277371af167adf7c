package eventstream

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

// Errors of [Reader.Next].
var (
	// ErrSlow means that events came faster than this reader took them, until some were gone.
	ErrSlow = errors.New("events came faster than they were read")
	// ErrClosed means that no event will come any more.
	ErrClosed = errors.New("event stream is closed")
)

// Tap is where events come from. *eventbus.Sub is one.
type Tap interface {
	Next(ctx context.Context) (eventbus.Event, error)
	Close()
}

var _ Tap = (*eventbus.Sub)(nil)

// Options sets a hub up. Only Tap is required; zero values take the defaults named here.
type Options struct {
	// Tap begins to listen to every event of the bus.
	Tap func() Tap
	// ACL decides which reader sees what; with nil every reader sees everything, as with salt-api.
	ACL *ACL
	// Events and Bytes bound the ring (8192 events, 64 MiB).
	Events int
	Bytes  int64
	// Linger is how long the hub goes on listening after its last reader has left, so that one that comes back in
	// time misses nothing (2 min).
	Linger time.Duration
	// Batch is the least time between two wakings of the readers (10 ms): with many of them and many events, waking
	// is what costs.
	Batch time.Duration
	// Log has a line for events that had to be left out (slog.Default).
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Events <= 0 {
		o.Events = 8192
	}
	if o.Bytes <= 0 {
		o.Bytes = 64 << 20
	}
	if o.Linger <= 0 {
		o.Linger = 2 * time.Minute
	}
	if o.Batch <= 0 {
		o.Batch = 10 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Hub is the one listener, and what its readers read. Its methods may be called from many goroutines.
type Hub struct {
	opts   Options
	boot   string // begins every id, so that those of another process are known for that
	counts counters

	mu      sync.RWMutex
	ring    ring
	wake    chan struct{} // closed when there is more to read
	waiting []*Reader     // called when there is more to read
	readers int
	stop    func()      // ends the listening; nil when there is none
	linger  *time.Timer // ends it later; nil while there are readers
	ended   bool

	pumps sync.WaitGroup
}

type counters struct{ frames, dropped, gaps, cutOff atomic.Uint64 }

// New makes a hub. The caller closes it.
func New(opts Options) *Hub {
	var boot [6]byte
	_, _ = rand.Read(boot[:]) // never fails
	return &Hub{
		opts: opts.withDefaults(),
		boot: hex.EncodeToString(boot[:]),
		ring: ring{tail: 1, head: 1},
		wake: make(chan struct{}),
	}
}

// Close ends every reader, and those still to come.
func (h *Hub) Close() {
	h.end()
	h.pumps.Wait()
}

func (h *Hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return
	}
	h.ended = true
	if h.linger != nil {
		h.linger.Stop()
	}
	h.deafen()
	h.wakeLocked()
}

// wakeLocked wakes every reader. The caller holds h.mu.
func (h *Hub) wakeLocked() {
	close(h.wake)
	h.wake = make(chan struct{})
	for i, r := range h.waiting {
		go r.after()
		r.after, r.place, h.waiting[i] = nil, 0, nil
	}
	h.waiting = h.waiting[:0]
}

// forget removes a reader from those that are called. The caller holds h.mu.
func (h *Hub) forget(r *Reader) {
	if r.place == 0 {
		return
	}
	last := len(h.waiting) - 1
	h.waiting[r.place-1] = h.waiting[last]
	h.waiting[r.place-1].place = r.place
	h.waiting[last] = nil
	h.waiting = h.waiting[:last]
	r.after, r.place = nil, 0
}

// Request says what a reader is to get.
type Request struct {
	// Subject reads, for the ACL.
	Subject Subject
	// Tags are globs as of Python's fnmatch; an event is wanted when any of them matches. None is all events.
	Tags []string
	// After is the id of the last frame that the reader has had in an earlier life, or empty. When the events since
	// then are not known any more the first frame is a gap.
	After string
}

// Read makes a reader of the events from now on, or from where an earlier one stopped. The caller closes it. The error
// is about the globs and is of type *GlobError.
func (h *Hub) Read(req Request) (*Reader, error) {
	filter, err := NewFilter(req.Tags...)
	if err != nil {
		return nil, err
	}
	r := &Reader{hub: h, filter: filter.And(h.opts.ACL.Allowed(req.Subject))}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		r.closed = true
		return r, nil
	}
	h.readers++
	if h.linger != nil {
		h.linger.Stop()
		h.linger = nil
	}
	if h.stop == nil {
		h.listen()
	}
	r.next = h.ring.head
	if req.After == "" {
		return r, nil
	}
	if seq, ok := h.seqOf(req.After); ok && seq+1 >= h.ring.tail && seq < h.ring.head {
		r.next = seq + 1
		return r, nil
	}
	h.counts.gaps.Add(1)
	r.batch = append(r.batch, gap(h.id(h.ring.head-1), reasonUnknownID))
	return r, nil
}

// leave counts a reader out.
func (h *Hub) leave(r *Reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(r)
	h.readers--
	if h.readers > 0 || h.ended || h.stop == nil {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(h.opts.Linger, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.linger == timer { // no reader has come back
			h.linger = nil
			h.deafen()
		}
	})
	h.linger = timer
}

// Stats is what the hub has done since it was made, for metrics. Counts only grow.
type Stats struct {
	// Readers are those now open; Listening reports whether the bus is listened to.
	Readers   int
	Listening bool
	// RingEvents and RingBytes are what the ring now holds.
	RingEvents int
	RingBytes  int64
	// Frames counts events turned into JSON, Dropped those that could not be, Gaps the places where events were lost,
	// CutOff the readers that were too slow.
	Frames, Dropped, Gaps, CutOff uint64
}

// Stats returns the counts.
func (h *Hub) Stats() Stats {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return Stats{
		Readers:    h.readers,
		Listening:  h.stop != nil,
		RingEvents: int(h.ring.head - h.ring.tail), //nolint:gosec // at most Options.Events
		RingBytes:  h.ring.bytes,
		Frames:     h.counts.frames.Load(),
		Dropped:    h.counts.dropped.Load(),
		Gaps:       h.counts.gaps.Load(),
		CutOff:     h.counts.cutOff.Load(),
	}
}

// ring holds the newest frames: those with the numbers tail to head-1.
type ring struct {
	frames     []Frame // by number modulo its length
	tail, head uint64
	bytes      int64
}

func (r *ring) at(seq uint64) *Frame { return &r.frames[seq%uint64(len(r.frames))] }

// push adds a frame and drops the oldest ones until all fit.
func (r *ring) push(f Frame, maxBytes int64) {
	for r.tail < r.head && (r.head-r.tail == uint64(len(r.frames)) || r.bytes+f.size() > maxBytes) {
		oldest := r.at(r.tail)
		r.bytes -= oldest.size()
		*oldest = Frame{}
		r.tail++
	}
	*r.at(r.head) = f
	r.bytes += f.size()
	r.head++
}

// reset drops everything. A number is left out, so that no reader of the last frame takes the next one for the
// one that followed.
func (r *ring) reset() {
	r.head++
	r.tail, r.frames, r.bytes = r.head, nil, 0
}
