package eventbus

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// message is one message of a publisher in the given framing.
func message(framing Framing, tag string, data []byte) []byte {
	body := append([]byte(tag+"\n\n"), data...)
	m := msgpack.AppendMap(nil, 2)
	m = msgpack.AppendString(m, "head")
	m = msgpack.AppendMap(m, 0)
	m = msgpack.AppendString(m, "body")
	if framing == FramingBare { // masters of this framing write bin
		m = binary.BigEndian.AppendUint32(append(m, 0xc6), uint32(len(body)))
		return append(m, body...)
	}
	m = msgpack.AppendString(m, body)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(m))), m...)
}

// publisher is the master's side: a unix socket with one listener at a time.
type publisher struct {
	t       *testing.T
	framing Framing
	path    string
	l       net.Listener
	conn    net.Conn
}

func newPublisher(t *testing.T, framing Framing) *publisher {
	t.Helper()
	p := &publisher{t: t, framing: framing, path: filepath.Join(t.TempDir(), "pub.ipc")}
	p.listen()
	t.Cleanup(func() {
		if p.l != nil {
			_ = p.l.Close()
		}
		if p.conn != nil {
			_ = p.conn.Close()
		}
	})
	return p
}

func (p *publisher) listen() {
	p.t.Helper()
	l, err := net.Listen("unix", p.path)
	require.NoError(p.t, err)
	p.l = l
}

// accept waits for the bus to connect and be up.
func (p *publisher) accept(b *Bus) {
	p.t.Helper()
	if p.l == nil {
		p.listen()
	}
	conn, err := p.l.Accept()
	require.NoError(p.t, err)
	p.conn = conn
	require.Eventually(p.t, b.Connected, 10*time.Second, 100*time.Microsecond)
}

// hangUp ends the connection and waits until the bus has seen it, which cannot connect again before accept.
func (p *publisher) hangUp(b *Bus) {
	p.t.Helper()
	require.NoError(p.t, p.l.Close())
	p.l = nil
	require.NoError(p.t, p.conn.(*net.UnixConn).CloseWrite()) // for a child that has a copy until it executes its program
	require.NoError(p.t, p.conn.Close())
	require.Eventually(p.t, func() bool { return !b.Connected() }, 10*time.Second, time.Millisecond)
}

func (p *publisher) write(b []byte) {
	p.t.Helper()
	_, err := p.conn.Write(b)
	require.NoError(p.t, err)
}

func (p *publisher) send(tag string, data []byte) {
	p.t.Helper()
	p.write(message(p.framing, tag, data))
}

// start runs a bus for p until the test ends and waits until it is connected.
func (p *publisher) start(change func(*Options)) *Bus {
	p.t.Helper()
	opts := Options{Network: "unix", Address: p.path, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&opts)
	}
	b := New(opts)
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	p.t.Cleanup(func() {
		cancel()
		require.ErrorIs(p.t, <-done, context.Canceled)
	})
	p.accept(b)
	return b
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// requireEvent checks the next event of s.
func requireEvent(t *testing.T, s *Sub, tag string, data []byte) {
	t.Helper()
	e, err := s.Next(soon(t))
	require.NoError(t, err)
	require.Equal(t, tag, e.Tag)
	require.Equal(t, data, []byte(e.Data))
}

// requireNone checks that s has nothing now; the caller made sure that the bus has read everything.
func requireNone(t *testing.T, s *Sub) {
	t.Helper()
	next, ok := s.pop()
	require.False(t, ok, "unexpected %+v", next)
}

// requireRead waits until the bus has read n events.
func requireRead(t *testing.T, b *Bus, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return b.Stats().Events == uint64(n) }, 10*time.Second, 100*time.Microsecond)
}
