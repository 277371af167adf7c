package clients

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// cutter passes connections on to a gateway, until it is cut: then it ends all
// of them, and every new one, until it is mended.
type cutter struct {
	address string // where it listens

	to string

	mu    sync.Mutex
	isCut bool
	open  map[net.Conn]bool
}

// newCutter starts a cutter that ends with the test.
func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &cutter{address: l.Addr().String(), to: to, open: make(map[net.Conn]bool)}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { c.pass(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		c.cut()
		all.Wait()
	})
	return c
}

// keep says whether a connection may live, and remembers it if so.
func (c *cutter) keep(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isCut {
		_ = conn.Close()
		return false
	}
	c.open[conn] = true
	return true
}

func (c *cutter) drop(conn net.Conn) {
	_ = conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

func (c *cutter) pass(client net.Conn) {
	if !c.keep(client) {
		return
	}
	defer c.drop(client)
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", c.to)
	if err != nil || !c.keep(server) {
		return
	}
	defer c.drop(server)
	var both sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
		both.Go(func() {
			_, _ = io.Copy(to, from)
			c.drop(to)
			c.drop(from)
		})
	}
	both.Wait()
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = true
	for conn := range c.open {
		_ = conn.Close()
	}
}

func (c *cutter) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCut = false
}
