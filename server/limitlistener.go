package server

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/server/web"
)

// limitListener accepts so many connections at once; further ones wait in the
// kernel's queue until another closes. Those of an address that has its share
// already are closed at once, and so keep nobody else waiting.
type limitListener struct {
	net.Listener
	slots chan struct{}

	share   func(netip.Addr) int64 // of an address's prefix
	shares  *fair.Shares
	refused func(netip.Addr)

	once   sync.Once
	closed chan struct{}
}

// fairListener is a limitListener with a share for each address prefix. Trusted
// proxies, whose connections are those of many clients, may have all.
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

// Accept waits for a slot, then for a connection that is within its share.
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
		return &limitConn{Conn: c, release: sync.OnceFunc(func() {
			l.shares.Give(from, 1)
			<-l.slots
		})}, nil
	}
}

// peerOf is the address at the other end of a connection.
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
	release func()
}

func (c *limitConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}

// CloseWrite lets net/http end a connection without losing its last answer.
func (c *limitConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// occasionally bounds how often something is said.
type occasionally struct {
	mu   sync.Mutex
	last time.Time
}

// occasion is the least time between two times that it is said.
const occasion = time.Minute

// now reports whether it is time to say it again.
func (o *occasionally) now() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.last) < occasion {
		return false
	}
	o.last = time.Now()
	return true
}
