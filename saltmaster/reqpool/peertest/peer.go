package peertest

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// Wire is the peer's side of a protocol on one connection.
type Wire interface {
	// Handshake does the protocol's handshake.
	Handshake() error
	// Request reads the next request.
	Request() ([]byte, error)
	// Reply writes the reply to the request that was read last.
	Reply(payload []byte) error
}

// Conn is one accepted connection.
type Conn struct {
	// Wire is what [Options] made for the connection.
	Wire Wire

	nc net.Conn // below TLS
	on net.Conn // with TLS, if there is any
	mu sync.Mutex
}

// Reply writes the reply to the request that was read last.
func (c *Conn) Reply(payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Wire.Reply(payload)
}

// Write writes bytes as they are.
func (c *Conn) Write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.on.Write(b)
	return err
}

// Close closes the connection. A child process that has not executed its program yet would keep it open: what
// is sent is ended by itself, which no copy of the descriptor prevents.
func (c *Conn) Close() error {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the peer may have closed it before
	}
	return c.nc.Close()
}

// Handler is called for each request of a connection, in that connection's own goroutine. It may reply at once,
// later from another goroutine, never, or close the connection. request is the handler's to keep.
type Handler func(c *Conn, request []byte)

// Options of a peer. Wire is required.
type Options struct {
	// Wire makes the peer's side of the protocol. Reads go through r.
	Wire func(nc net.Conn, r *bufio.Reader) Wire
	// TLS, when it is set, is put between the connections and the protocol.
	TLS *tls.Config
	// Network and Address as for net.Listen. "tcp" and "127.0.0.1:0" when they are empty.
	Network, Address string
}

// Peer listens and serves connections.
type Peer struct {
	// Mute makes new connections wait for a handshake that never comes, as those of a stopped master do.
	Mute atomic.Bool

	opts     Options
	handler  Handler
	accepted atomic.Int64

	mu       sync.Mutex
	listener net.Listener
	conns    map[*Conn]struct{}
	wg       sync.WaitGroup
}

// New makes a peer that listens once it is started.
func New(opts Options, h Handler) *Peer {
	if opts.Network == "" {
		opts.Network, opts.Address = "tcp", "127.0.0.1:0"
	}
	return &Peer{opts: opts, handler: h}
}

// Listen starts a peer. The test's end stops it.
func Listen(t testing.TB, opts Options, h Handler) *Peer {
	t.Helper()
	p := New(opts, h)
	if err := p.Start(); err != nil {
		t.Fatalf("peertest: %v", err)
	}
	t.Cleanup(p.Stop)
	return p
}

// Network is the kind of address that the peer listens on.
func (p *Peer) Network() string { return p.opts.Network }

// Addr is where the peer listens; it stays the same over Stop and Start.
func (p *Peer) Addr() string { return p.opts.Address }

// Accepted counts the connections accepted so far.
func (p *Peer) Accepted() int { return int(p.accepted.Load()) }

// Start listens again after Stop, on the same address.
func (p *Peer) Start() error {
	l, err := net.Listen(p.opts.Network, p.opts.Address)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opts.Address = l.Addr().String()
	p.listener = l
	p.conns = make(map[*Conn]struct{})
	p.wg.Go(func() { p.accept(l) })
	return nil
}

// Stop closes the listener and every connection, and waits for their goroutines.
func (p *Peer) Stop() {
	p.mu.Lock()
	if p.listener != nil {
		// A child that has not executed its program yet would keep the port from Start.
		syscall.ForkLock.RLock()
		_ = p.listener.Close()
		syscall.ForkLock.RUnlock()
		p.listener = nil
	}
	for c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.wg.Wait()
}

// Conns returns the connections that are open now.
func (p *Peer) Conns() []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*Conn, 0, len(p.conns))
	for c := range p.conns {
		all = append(all, c)
	}
	return all
}

func (p *Peer) accept(l net.Listener) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		p.accepted.Add(1)
		c := &Conn{nc: nc, on: nc}
		if p.opts.TLS != nil {
			c.on = tls.Server(nc, p.opts.TLS)
		}
		p.mu.Lock()
		if p.listener != l {
			p.mu.Unlock()
			_ = nc.Close()
			return
		}
		p.conns[c] = struct{}{}
		p.mu.Unlock()
		p.wg.Go(func() {
			p.serve(c)
			_ = nc.Close()
			p.mu.Lock()
			delete(p.conns, c)
			p.mu.Unlock()
		})
	}
}

func (p *Peer) serve(c *Conn) {
	if p.Mute.Load() {
		_, _ = io.Copy(io.Discard, c.nc)
		return
	}
	c.Wire = p.opts.Wire(c.on, bufio.NewReaderSize(c.on, 16<<10))
	if err := c.Wire.Handshake(); err != nil {
		return
	}
	for {
		request, err := c.Wire.Request()
		if err != nil {
			return
		}
		p.handler(c, request)
	}
}
