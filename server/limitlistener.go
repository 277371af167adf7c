package server

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/server/web"
)

// limitListener bounds the number of open connections; further ones wait in the
// kernel's queue until another closes. Those of an address that has used its
// share are closed at once, so that they do not keep others waiting.
type limitListener struct {
	net.Listener
	slots chan struct{}

	share   func(netip.Addr) int64 // of an address's prefix
	shares  *fair.Shares
	refused func(netip.Addr)

	once   sync.Once
	closed chan struct{}
}

// fairListener returns a limitListener with a share for each address prefix.
// Trusted proxies, which carry the connections of many clients, may use all.
func (s *Server) fairListener(l net.Listener, total, share int) *limitListener {
	limited := &limitListener{
		Listener: l, slots: make(chan struct{}, total), closed: make(chan struct{}),
		shares: fair.NewShares(int64(total), int64(share)),
	}
	limited.share = func(addr netip.Addr) int64 {
		if web.IsIn(s.cfg.Settings.TrustedProxies, addr) {
			return int64(total)
		}
		return int64(share)
	}
	var warned occasionally
	limited.refused = func(addr netip.Addr) {
		s.metrics.connections.Inc()
		if warned.now() {
			s.log.LogAttrs(context.Background(), slog.LevelWarn,
				"connections are refused: an address has its share (limits.connections_per_address), or a proxy is missing in trusted_proxies",
				slog.String("remote", addr.String()))
		}
	}
	return limited
}

// Accept waits for a slot, then for a connection within its share.
func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.slots
			return nil, err
		}
		addr := peerOf(c.RemoteAddr())
		from := fair.Prefix(addr)
		if !l.shares.TakeUpTo(from, 1, l.share(addr)) {
			_ = c.Close()
			l.refused(addr)
			continue
		}
		keepAlive(c)
		return &limitConn{Conn: c, listener: l, from: from}, nil
	}
}

// The kernel probes a client that has sent nothing for a time between minIdle and maxIdle,
// which differs between connections, and closes the connection when probes are not
// answered for over two minutes.
const (
	minIdle       = 15 * time.Second
	maxIdle       = 45 * time.Second
	probeInterval = 15 * time.Second
	maxProbes     = 9
)

// keepAlive has the kernel probe a connection. With the same time for all of them, those of
// thousands of clients that wait behind a proxy on the same machine are probed at once:
// the loopback interface queues 1,000 packets, drops the others, and a client that the drops
// hit often enough is taken for gone.
func keepAlive(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{ // an error recurs with the first read
			Enable: true, Idle: minIdle + rand.N(maxIdle-minIdle), Interval: probeInterval, Count: maxProbes,
		})
	}
}

// peerOf returns the address of a connection's peer.
func peerOf(a net.Addr) netip.Addr {
	peer, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}

// Close also ends an Accept that waits for a slot.
func (l *limitListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitConn struct {
	net.Conn
	listener *limitListener
	from     netip.Prefix
	released atomic.Bool
}

func (c *limitConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}

// release makes room for another connection, once.
func (c *limitConn) release() {
	if c.released.CompareAndSwap(false, true) {
		c.listener.shares.Give(c.from, 1)
		<-c.listener.slots
	}
}

// NetConn returns the connection that is counted.
func (c *limitConn) NetConn() net.Conn { return c.Conn }

// CloseWrite lets net/http close a connection without losing its last response.
func (c *limitConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// occasionally limits how often a message is logged.
type occasionally struct {
	mu   sync.Mutex
	last time.Time
}

// occasion is the minimum time between two messages.
const occasion = time.Minute

// now reports whether the message may be logged again.
func (o *occasionally) now() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.last) < occasion {
		return false
	}
	o.last = time.Now()
	return true
}
