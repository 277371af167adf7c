package eventbus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Errors of [Firer.Fire]. After ErrMalformed, ErrTooLarge and ErrUnavailable the master has not got the event; after
// ErrNotConfirmed it is not known.
var (
	// ErrMalformed means that no master would take the event for one.
	ErrMalformed = errors.New("not an event")
	// ErrTooLarge means that the packed event is larger than Salt's max_event_size.
	ErrTooLarge = errors.New("event is too large")
	// ErrUnavailable means that the event could not be handed over.
	ErrUnavailable = errors.New("event bus is not available")
	// ErrNotConfirmed means that the event was handed over and did not appear on the bus in time.
	ErrNotConfirmed = errors.New("event was not seen on the bus")
)

// FirerOptions says where events go in and sets the bounds. Zero values take the defaults named here.
type FirerOptions struct {
	// Network and Address as for net.Dial: "unix" with <sock_dir>/master_event_pull.ipc, or with Salt's ipc_mode
	// "tcp" "tcp" and 127.0.0.1:<tcp_master_pull_port>.
	Network, Address string
	// MaxEventSize is Salt's option max_event_size, in bytes; 0 is no limit but that of the bus.
	MaxEventSize int
	// Confirm is how long an event may take to appear on the bus (5 s).
	Confirm time.Duration
	// Concurrent is how many events are fired at once (16). More wait.
	Concurrent int
	// BareStamp reports whether the master writes the time of its events without an offset, as Salt does up to 3007. It
	// is called for each event; nil is no.
	BareStamp func() bool
	// Log has a line for how the master reads (slog.Default).
	Log *slog.Logger
}

func (o FirerOptions) withDefaults() FirerOptions {
	if o.Confirm <= 0 {
		o.Confirm = 5 * time.Second
	}
	if o.Concurrent <= 0 {
		o.Concurrent = 16
	}
	if o.BareStamp == nil {
		o.BareStamp = func() bool { return false }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Firer puts events on the master's bus. The socket that takes them says nothing back, and loses without a word what
// is framed in a way that it does not read; so every event counts only once the bus has said it.
//
//	firer := eventbus.NewFirer(bus, eventbus.FirerOptions{Network: "unix", Address: sockDir + "/master_event_pull.ipc"})
//	err := firer.Fire(ctx, "salt/netapi/hook/build", data)
//
// Its methods may be called from many goroutines.
type Firer struct {
	bus   *Bus
	opts  FirerOptions
	dial  func(context.Context) (net.Conn, error)
	slots chan struct{}
	probe chan struct{} // one probe at a time

	mu    sync.Mutex
	known puller
	last  time.Time // of the last stamp
}

// puller is how the master reads events, as long as the bus keeps its connection.
type puller struct {
	framing    Framing
	connection uint64
}

// NewFirer makes a firer whose events are confirmed by bus.
func NewFirer(bus *Bus, opts FirerOptions) *Firer {
	opts = opts.withDefaults()
	dialer := net.Dialer{Timeout: dialTimeout}
	return &Firer{
		bus:  bus,
		opts: opts,
		dial: func(ctx context.Context) (net.Conn, error) {
			return dialer.DialContext(ctx, opts.Network, opts.Address)
		},
		slots: make(chan struct{}, opts.Concurrent),
		probe: make(chan struct{}, 1),
	}
}

// Fire puts an event on the bus and returns once it was seen there. data is a map; the event gets it with a _stamp of
// its own, the time in UTC. Fire never sends an event twice: after an error the caller decides. Errors are
// those named above, or the context's.
func (f *Firer) Fire(ctx context.Context, tag string, data msgpack.Raw) error {
	if err := checkTag(tag); err != nil {
		return err
	}
	if err := msgpack.Valid(data); err != nil || data.Kind() != msgpack.Map {
		return fmt.Errorf("%w: the data is not a map", ErrMalformed)
	}
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	stamped := withStamp(data, f.stampText())
	if f.tooLarge(tag, stamped) {
		return ErrTooLarge
	}
	how, err := f.puller(ctx)
	if err != nil {
		return err
	}
	err = f.send(ctx, how.framing, tag, stamped)
	if errors.Is(err, ErrNotConfirmed) {
		f.forget(how) // it may be another master
	}
	return err
}

// maxFiredTag is the most bytes of a tag, well within what a [Bus] reads.
const maxFiredTag = maxTag / 2

// checkTag refuses a tag that would end early, or that Salt's listeners could not read.
func checkTag(tag string) error {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if tag == "" || len(tag) > maxFiredTag || !utf8.ValidString(tag) || strings.ContainsFunc(tag, control) {
		return fmt.Errorf("%w: the tag cannot be one", ErrMalformed)
	}
	return nil
}

// pythonBytes is what Salt counts beside the packed data when it looks whether an event is too large:
// sys.getsizeof of bytes.
const pythonBytes = 33

func (f *Firer) tooLarge(tag string, data msgpack.Raw) bool {
	if f.opts.MaxEventSize > 0 && len(data)+pythonBytes > f.opts.MaxEventSize {
		return true
	}
	const envelope = 64
	return len(tag)+len(data)+envelope > f.bus.opts.MaxFrame // it would not come back
}

// stampText is [Firer.stamp] as the master would write it.
func (f *Firer) stampText() string {
	if f.opts.BareStamp() {
		return f.stamp().Format("2006-01-02T15:04:05.000000")
	}
	return f.stamp().Format("2006-01-02T15:04:05.000000-07:00")
}

// stamp returns the present time in microseconds, and a later one with each call: it distinguishes an event from an equal one.
func (f *Firer) stamp() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now().UTC().Truncate(time.Microsecond)
	if !now.After(f.last) {
		now = f.last.Add(time.Microsecond)
	}
	f.last = now
	return now
}

// send hands over one event on a connection of its own, which stays open until the event has come back: masters stop
// reading from one that is closed.
func (f *Firer) send(ctx context.Context, framing Framing, tag string, data msgpack.Raw) error {
	sub := f.bus.Expect(tag)
	defer sub.Close()
	if !f.bus.Connected() {
		return fmt.Errorf("%w: not connected", ErrUnavailable)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.opts.Confirm, ErrNotConfirmed)
	defer cancel()
	conn, err := f.hand(ctx, framing, tag, data)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	for {
		event, err := sub.Next(ctx)
		switch {
		case err == nil && event.Tag == tag && string(event.Data) == string(data):
			return nil
		case err == nil, errors.Is(err, ErrOverflow):
			continue
		case errors.Is(err, ErrGap), errors.Is(err, ErrClosed):
			return fmt.Errorf("%w: %w", ErrNotConfirmed, err)
		}
		return context.Cause(ctx)
	}
}

// hand writes one event to a new connection.
func (f *Firer) hand(ctx context.Context, framing Framing, tag string, data msgpack.Raw) (net.Conn, error) {
	conn, err := f.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	deadline, _ := ctx.Deadline()
	_ = conn.SetWriteDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(appendFired(nil, framing, tag, data)); err != nil {
		// What came of it ends in the middle of the message, and no master takes half of one.
		_ = conn.Close()
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return conn, nil
}
