package peertest

import (
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A connection ends although its descriptor was copied, as a child process has it before it executes its program.
func TestCloseEndsCopies(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*Peer, *Conn){
		"the connection": func(_ *Peer, c *Conn) { _ = c.Close() },
		"the peer":       func(p *Peer, _ *Conn) { p.Stop() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := Listen(t, Options{Wire: NewTCP}, func(*Conn, []byte) {})
			client, err := net.Dial(peer.Network(), peer.Addr())
			require.NoError(t, err)
			defer client.Close() //nolint:errcheck // nothing is written
			require.Eventually(t, func() bool { return len(peer.Conns()) == 1 }, 10*time.Second, time.Millisecond)
			c := peer.Conns()[0]
			raw, err := c.nc.(*net.TCPConn).SyscallConn()
			require.NoError(t, err)
			fd := -1
			require.NoError(t, raw.Control(func(of uintptr) { fd, err = syscall.Dup(int(of)) }))
			require.NoError(t, err)
			defer syscall.Close(fd) //nolint:errcheck // it is a copy
			end(peer, c)
			require.NoError(t, client.SetReadDeadline(time.Now().Add(10*time.Second)))
			_, err = client.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
		})
	}
}
