package reqpool

import (
	"context"
	"crypto/tls"
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
	// TLS, when it is set, is put between the connection and the protocol.
	TLS *tls.Config
	// Size is the most connections, and so the most requests in flight (8). More than a master's
	// worker_threads gains little.
	Size int
	// MaxReply is the most bytes of a reply (64 MiB).
	MaxReply int64
	// DialTimeout bounds connecting and the handshakes together (5 s): a stopped master's kernel accepts
	// connections whose peer never says anything.
	DialTimeout time.Duration
	// IdleTimeout closes a connection that had no request for so long (20 s). It is below the 30 s after
	// which a 3008 master gives up a ZeroMQ connection that answers no heartbeat.
	IdleTimeout time.Duration
}

func (o Options) withDefaults() Options {
	if o.Size <= 0 {
		o.Size = 8
	}
	if o.MaxReply <= 0 {
		o.MaxReply = 64 << 20
	}
	if o.DialTimeout <= 0 {
		o.DialTimeout = 5 * time.Second
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 20 * time.Second
	}
	return o
}

// Protocol is a transport of the request channel.
type Protocol struct {
	// Name begins the text of every error, such as "zmtp".
	Name string
	// Open does the protocol's handshake on a connection that has just been made, until ctx ends. The reply
	// to a request may have up to maxReply bytes.
	Open func(ctx context.Context, nc net.Conn, maxReply int64) (Conn, error)
}

// Conn is a connection after its handshake. One goroutine uses it at a time. The net.Conn that it was opened on
// interrupts it: by its deadline, and by being closed.
type Conn interface {
	// Send sends a request. n is how many bytes the kernel took, or more than none where that is not known:
	// with none of them the peer cannot have seen the request.
	Send(payload []byte) (n int64, err error)
	// Receive returns the reply to the request that was sent.
	Receive() ([]byte, error)
	// Settle looks, without waiting, at what arrived while the connection was idle. The error says that
	// the connection cannot be used for another request.
	Settle() error
	// Close frees what the connection keeps beside the net.Conn, which is closed already.
	Close()
}

// Pool sends requests to one peer over up to Options.Size connections, opened when needed.
// It is safe for concurrent use.
type Pool struct {
	proto Protocol
	opts  Options
	slots chan struct{} // one token per request in flight
	done  chan struct{} // closed by Close

	mu     sync.Mutex
	open   map[*conn]struct{} // every connection, to close them in Close
	idle   []*conn            // most recently used last
	reaper *time.Timer        // runs while there are idle connections
}

// conn is a connection of a pool.
type conn struct {
	nc        net.Conn // below TLS, whose own Close may wait for the peer
	proto     Conn     // nil until its handshake is done
	idleSince time.Time
}

func (c *conn) close() {
	_ = c.nc.Close()
	if c.proto != nil {
		c.proto.Close()
	}
}

// New makes a pool. It connects at the first request.
func New(proto Protocol, opts Options) *Pool {
	opts = opts.withDefaults()
	return &Pool{
		proto: proto,
		opts:  opts,
		slots: make(chan struct{}, opts.Size),
		done:  make(chan struct{}),
		open:  make(map[*conn]struct{}),
	}
}

// Request sends payload and returns the reply. The context bounds every step, the wait for a free connection
// included; without a deadline in it a peer that stays silent is waited for without end. A failure is an
// [*Error].
func (p *Pool) Request(ctx context.Context, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &Error{Protocol: p.proto.Name, Op: "wait", Err: err}
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, &Error{Protocol: p.proto.Name, Op: "wait", Err: ctx.Err()}
	case <-p.done:
		return nil, &Error{Protocol: p.proto.Name, Op: "wait", Err: ErrClosed}
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
	n, err := c.proto.Send(payload)
	if err != nil {
		stop()
		p.drop(c)
		return nil, &Error{Protocol: p.proto.Name, Op: "send", Sent: n > 0, Err: err}
	}
	reply, err := c.proto.Receive()
	// A false stop means that the deadline of the connection is being moved at this moment.
	if interrupted := !stop(); err != nil || interrupted {
		p.drop(c)
	} else {
		p.put(c)
	}
	if err != nil {
		return nil, &Error{Protocol: p.proto.Name, Op: "receive", Sent: true, Err: err}
	}
	return reply, nil
}

// take returns an idle connection that is still good, or a new one.
func (p *Pool) take(ctx context.Context) (c *conn, reused bool, err error) {
	for {
		c, err := p.takeIdle()
		if err != nil {
			return nil, false, &Error{Protocol: p.proto.Name, Op: "wait", Err: err}
		}
		if c == nil {
			break
		}
		stop := interruptOn(ctx, c.nc)
		err = c.proto.Settle()
		if stop() && err == nil {
			return c, true, nil
		}
		p.drop(c)
		if err := ctx.Err(); err != nil {
			return nil, false, &Error{Protocol: p.proto.Name, Op: "wait", Err: err}
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
		return nil, &Error{Protocol: p.proto.Name, Op: "dial", Err: err}
	}
	c := &conn{nc: nc}
	if err := p.register(c); err != nil {
		return nil, &Error{Protocol: p.proto.Name, Op: "dial", Err: err}
	}
	stop := interruptOn(ctx, nc)
	opened, err := p.handshake(ctx, nc)
	if interrupted := !stop(); interrupted {
		err = context.Cause(ctx)
	}
	c.proto = opened
	if err != nil {
		p.drop(c)
		return nil, &Error{Protocol: p.proto.Name, Op: "handshake", Err: err}
	}
	return c, nil
}

func (p *Pool) handshake(ctx context.Context, nc net.Conn) (Conn, error) {
	if p.opts.TLS != nil {
		secured := tls.Client(nc, p.opts.TLS)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		nc = secured
	}
	return p.proto.Open(ctx, nc, p.opts.MaxReply)
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

// Error is what a failed [Pool.Request] returns.
type Error struct {
	// Protocol is the name of the pool's protocol.
	Protocol string
	// Op is the step that failed: "wait" (for a free connection), "dial", "handshake", "send" or "receive".
	Op string
	// Sent is set when the peer may have received the request, so that it may have been carried out.
	Sent bool
	// Err is the cause: the context's error when the context ended, [ErrClosed] when the pool was closed.
	Err error
}

func (e *Error) Error() string { return e.Protocol + " " + e.Op + ": " + e.Err.Error() }

// Unwrap makes the cause reachable by errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }
