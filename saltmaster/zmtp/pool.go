package zmtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// Options says where the peer is and sets the bounds. Zero values take the defaults named here.
type Options struct {
	// Network and Address as for net.Dial: "tcp" with "127.0.0.1:4506" (Salt's interface and ret_port), or
	// "unix" with a path.
	Network, Address string
	// Size is the most connections, and so the most requests in flight (8). More than a master's
	// worker_threads gains little.
	Size int
	// MaxFrame is the most bytes of a reply (64 MiB).
	MaxFrame int64
	// DialTimeout bounds connecting and the handshake together (5 s): a stopped master's kernel accepts
	// connections whose peer sends no greeting.
	DialTimeout time.Duration
	// IdleTimeout closes a connection that had no request for so long (20 s). It is below the 30 s after
	// which a 3008 master gives up a connection that answers no heartbeat.
	IdleTimeout time.Duration
}

func (o Options) withDefaults() Options {
	if o.Size <= 0 {
		o.Size = 8
	}
	if o.MaxFrame <= 0 {
		o.MaxFrame = 64 << 20
	}
	if o.DialTimeout <= 0 {
		o.DialTimeout = 5 * time.Second
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 20 * time.Second
	}
	return o
}

// Pool sends requests to one peer over up to Options.Size connections, opened when needed.
// It is safe for concurrent use.
type Pool struct {
	opts  Options
	slots chan struct{} // one token per request in flight
	done  chan struct{} // closed by Close

	mu     sync.Mutex
	open   map[net.Conn]struct{} // every connection, to close them in Close
	idle   []*conn               // most recently used last
	reaper *time.Timer           // runs while there are idle connections
}

// NewPool makes a pool. It connects at the first request.
func NewPool(opts Options) *Pool {
	opts = opts.withDefaults()
	return &Pool{
		opts:  opts,
		slots: make(chan struct{}, opts.Size),
		done:  make(chan struct{}),
		open:  make(map[net.Conn]struct{}),
	}
}

// Request sends payload and returns the reply. The context bounds every step, the wait for a free connection
// included; without a deadline in it a peer that stays silent is waited for without end. A failure is an
// [*Error].
func (p *Pool) Request(ctx context.Context, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: "wait", Err: err}
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, &Error{Op: "wait", Err: ctx.Err()}
	case <-p.done:
		return nil, &Error{Op: "wait", Err: ErrClosed}
	}
	for {
		c, reused, err := p.take(ctx)
		if err != nil {
			return nil, p.explain(ctx, err)
		}
		reply, err := p.exchange(ctx, c, payload)
		if err == nil {
			return reply, nil
		}
		err = p.explain(ctx, err)
		// A connection that was closed between the look at it and the write took no byte, so another may be
		// tried; a fresh one that fails is the peer's trouble.
		if e := err.(*Error); reused && !e.Sent && ctx.Err() == nil && e.Err != ErrClosed {
			continue
		}
		return nil, err
	}
}

// exchange sends one request on c and reads its reply. Afterwards c is idle in the pool, or closed.
func (p *Pool) exchange(ctx context.Context, c *conn, payload []byte) ([]byte, error) {
	stop := interruptOn(ctx, c.nc)
	n, err := c.send(payload)
	if err != nil {
		stop()
		p.drop(c.nc)
		return nil, &Error{Op: "send", Sent: n > 0, Err: err}
	}
	reply, err := c.receive()
	// A false stop means that the deadline of the connection is being moved at this moment.
	if interrupted := !stop(); err != nil || interrupted {
		p.drop(c.nc)
	} else {
		p.put(c)
	}
	if err != nil {
		return nil, &Error{Op: "receive", Sent: true, Err: err}
	}
	return reply, nil
}

// take returns an idle connection that is still good, or a new one.
func (p *Pool) take(ctx context.Context) (c *conn, reused bool, err error) {
	for {
		c, err := p.takeIdle()
		if err != nil {
			return nil, false, &Error{Op: "wait", Err: err}
		}
		if c == nil {
			break
		}
		stop := interruptOn(ctx, c.nc)
		err = c.settle()
		if stop() && err == nil {
			return c, true, nil
		}
		p.drop(c.nc)
		if err := ctx.Err(); err != nil {
			return nil, false, &Error{Op: "wait", Err: err}
		}
	}
	c, err = p.dial(ctx)
	return c, false, err
}

func (p *Pool) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.opts.DialTimeout,
		fmt.Errorf("not done after %v: %w", p.opts.DialTimeout, os.ErrDeadlineExceeded))
	defer cancel()
	var d net.Dialer
	nc, err := d.DialContext(ctx, p.opts.Network, p.opts.Address)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, &Error{Op: "dial", Err: err}
	}
	if err := p.register(nc); err != nil {
		return nil, &Error{Op: "dial", Err: err}
	}
	stop := interruptOn(ctx, nc)
	c, err := newConn(nc, p.opts.MaxFrame)
	if err == nil {
		err = handshake(c.r, nc)
	}
	if interrupted := !stop(); interrupted {
		err = context.Cause(ctx)
	}
	if err != nil {
		p.drop(nc)
		return nil, &Error{Op: "handshake", Err: err}
	}
	return c, nil
}

// explain puts the reason in place of its symptom: an ended context or a closed pool shows as an error of the
// connection.
func (p *Pool) explain(ctx context.Context, err error) error {
	e := err.(*Error)
	select {
	case <-p.done:
		e.Err = ErrClosed
	default:
		if ctxErr := ctx.Err(); ctxErr != nil {
			e.Err = ctxErr
		}
	}
	return e
}

// interruptOn makes every read and write of nc fail as soon as ctx ends. The returned stop ends that; it is
// false when the interruption has begun, and nc is then of no more use.
func interruptOn(ctx context.Context, nc net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
}

// ErrClosed means that the pool was closed before or during the request.
var ErrClosed = errors.New("pool is closed")

// errProtocol is wrapped by everything a peer says that ZMTP does not allow.
var errProtocol = errors.New("zmtp protocol error")

func protocolError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, args...))
}

// Error is what a failed [Pool.Request] returns.
type Error struct {
	// Op is the step that failed: "wait" (for a free connection), "dial", "handshake", "send" or "receive".
	Op string
	// Sent is set when the peer may have received the request, so that it may have been carried out.
	Sent bool
	// Err is the cause: the context's error when the context ended, [ErrClosed] when the pool was closed.
	Err error
}

func (e *Error) Error() string { return "zmtp " + e.Op + ": " + e.Err.Error() }

// Unwrap makes the cause reachable by errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }
