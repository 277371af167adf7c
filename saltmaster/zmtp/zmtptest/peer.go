package zmtptest

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// Handler is called for each request of a connection, in that connection's own goroutine. It may reply at once,
// later from another goroutine, never, or close the connection. request is the handler's to keep.
type Handler func(c *Conn, request []byte)

// Peer listens and serves connections.
type Peer struct {
	// Mute makes new connections wait for a greeting that never comes, as those of a stopped master do.
	Mute atomic.Bool

	network, addr string
	handler       Handler
	accepted      atomic.Int64

	mu       sync.Mutex
	listener net.Listener
	conns    map[*Conn]struct{}
	wg       sync.WaitGroup
}

// New makes a peer that listens once it is started, for example on "tcp" and "127.0.0.1:0" or on "unix" and a path.
func New(network, address string, h Handler) *Peer {
	return &Peer{network: network, addr: address, handler: h}
}

// Listen starts a peer. The test's end stops it.
func Listen(t testing.TB, network, address string, h Handler) *Peer {
	t.Helper()
	p := New(network, address, h)
	if err := p.Start(); err != nil {
		t.Fatalf("zmtptest: %v", err)
	}
	t.Cleanup(p.Stop)
	return p
}

// Addr is where the peer listens; it stays the same over Stop and Start.
func (p *Peer) Addr() string { return p.addr }

// Accepted counts the connections accepted so far.
func (p *Peer) Accepted() int { return int(p.accepted.Load()) }

// Start listens again after Stop, on the same address.
func (p *Peer) Start() error {
	l, err := net.Listen(p.network, p.addr)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.addr = l.Addr().String()
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
		_ = c.nc.Close()
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
		c := newConn(nc)
		p.mu.Lock()
		if p.listener != l {
			p.mu.Unlock()
			_ = nc.Close()
			return
		}
		p.conns[c] = struct{}{}
		p.mu.Unlock()
		p.wg.Go(func() {
			c.serve(p.Mute.Load(), p.handler)
			_ = nc.Close()
			p.mu.Lock()
			delete(p.conns, c)
			p.mu.Unlock()
		})
	}
}
