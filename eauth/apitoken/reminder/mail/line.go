package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// line is the one connection of an exchange. Unlike the client's own it ends
// with the context, and is always closed.
type line struct {
	opts Options
	tls  *tls.Config

	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

// dial opens the connection.
func (l *line) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	raw, err := new(net.Dialer).DialContext(ctx, network, l.opts.Server)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if !l.keep(raw) {
		return nil, errors.Join(context.Canceled, raw.Close())
	}
	heard := &heard{Conn: raw}
	if l.opts.TLS != Implicit {
		return heard, nil
	}
	conn := tls.Client(heard, l.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return conn, nil
}

// keep stores the connection and reports whether the line is still open.
func (l *line) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = c
	return !l.closed
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

var errTalkative = errors.New("the server says too much")

// heard is a connection from which no more than maxHeard bytes are read.
type heard struct {
	net.Conn
	bytes atomic.Int64
}

// Read implements [net.Conn].
func (h *heard) Read(p []byte) (int, error) {
	if h.bytes.Load() > maxHeard {
		return 0, errTalkative
	}
	n, err := h.Conn.Read(p)
	h.bytes.Add(int64(n))
	return n, err
}
