package zmtp

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/zmtp/zmtptest"
)

func TestRestartBetweenRequestsCostsNoRequest(t *testing.T) {
	t.Parallel()
	// A path, because another test may be given a tcp port while nothing listens on it.
	peer := zmtptest.Listen(t, "unix", filepath.Join(t.TempDir(), "s"), echo)
	pool := newPool(t, peer, func(o *Options) { o.Network = "unix" })
	for range 20 {
		_, err := pool.Request(soon(t), []byte("a"))
		require.NoError(t, err)
		peer.Stop()
		require.NoError(t, peer.Start())
	}
}

func TestIdleConnectionClosedBehindHeartbeats(t *testing.T) {
	t.Parallel()
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", echo)
	pool := newPool(t, peer, nil)
	_, err := pool.Request(soon(t), []byte("a"))
	require.NoError(t, err)
	conn := peer.Conns()[0]
	require.NoError(t, conn.Ping("a"))
	require.NoError(t, conn.Ping("b"))
	require.NoError(t, conn.Close())
	_, err = pool.Request(soon(t), []byte("b"))
	require.NoError(t, err)
	require.Equal(t, 2, peer.Accepted())
}

func TestUnaskedMessageEndsTheConnection(t *testing.T) {
	t.Parallel()
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", echo)
	pool := newPool(t, peer, nil)
	_, err := pool.Request(soon(t), []byte("a"))
	require.NoError(t, err)
	require.NoError(t, peer.Conns()[0].Reply([]byte("not yours")))
	reply, err := pool.Request(soon(t), []byte("b"))
	require.NoError(t, err)
	require.Equal(t, "b", string(reply))
	require.Equal(t, 2, peer.Accepted())
}

func TestPeerDiesDuringARequest(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, request []byte) {
		if requests.Add(1) == 1 {
			_ = c.Close()
			return
		}
		_ = c.Reply(request)
	})
	pool := newPool(t, peer, nil)
	_, err := pool.Request(soon(t), []byte("a"))
	requireFailure(t, err, "receive", true)
	_, err = pool.Request(soon(t), []byte("b"))
	require.NoError(t, err)
	require.EqualValues(t, 2, requests.Load(), "the failed request was not sent again")
}

func TestSilentPeer(t *testing.T) {
	t.Parallel()
	asked := make(chan *zmtptest.Conn, 10)
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, request []byte) {
		if string(request) == "silence" {
			asked <- c
			return
		}
		_ = c.Reply(request)
	})
	pool := newPool(t, peer, nil)

	t.Run("deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // connecting and sending are a part of it
		defer cancel()
		_, err := pool.Request(ctx, []byte("silence"))
		requireFailure(t, err, "receive", true)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		late := <-asked
		_ = late.Reply([]byte("late")) // must not answer the next request
	})
	t.Run("cancellation", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-asked
			cancel()
		}()
		_, err := pool.Request(ctx, []byte("silence"))
		requireFailure(t, err, "receive", true)
		require.ErrorIs(t, err, context.Canceled)
	})
	reply, err := pool.Request(soon(t), []byte("b"))
	require.NoError(t, err)
	require.Equal(t, "b", string(reply))
	require.Eventually(t, func() bool { return len(peer.Conns()) == 1 }, 10*time.Second, time.Millisecond,
		"the connections that failed are closed")
}

func TestStoppedPeerDoesNotGreet(t *testing.T) {
	t.Parallel()
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", echo)
	peer.Mute.Store(true)
	// Connecting takes a part of the time too, which on a busy machine was 10 ms and more.
	const enoughToConnect = time.Second
	pool := newPool(t, peer, func(o *Options) { o.DialTimeout = enoughToConnect })
	_, err := pool.Request(soon(t), []byte("a"))
	requireFailure(t, err, "handshake", false)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context has not ended")

	ctx, cancel := context.WithTimeout(t.Context(), enoughToConnect)
	defer cancel()
	pool = newPool(t, peer, nil)
	_, err = pool.Request(ctx, []byte("a"))
	requireFailure(t, err, "handshake", false)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	peer.Mute.Store(false)
	_, err = pool.Request(soon(t), []byte("a"))
	require.NoError(t, err)
}

func TestNothingListens(t *testing.T) {
	t.Parallel()
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", echo)
	peer.Stop()
	_, err := newPool(t, peer, nil).Request(soon(t), []byte("a"))
	requireFailure(t, err, "dial", false)
	var refused *net.OpError
	require.ErrorAs(t, err, &refused)
}

func TestWaitForAFreeConnection(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(*zmtptest.Conn, []byte) { asked <- struct{}{} })
	pool := newPool(t, peer, func(o *Options) { o.Size = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := pool.Request(ctx, []byte("first"))
		first <- err
	}()
	<-asked
	short, cancelShort := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancelShort()
	_, err := pool.Request(short, []byte("second"))
	requireFailure(t, err, "wait", false)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	cancel()
	require.ErrorIs(t, <-first, context.Canceled)
	_, err = pool.Request(ctx, []byte("third"))
	requireFailure(t, err, "wait", false)
}

func TestCloseEndsRequests(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(*zmtptest.Conn, []byte) { asked <- struct{}{} })
	pool := newPool(t, peer, nil)
	go func() {
		<-asked
		pool.Close()
		pool.Close()
	}()
	_, err := pool.Request(soon(t), []byte("a"))
	requireFailure(t, err, "receive", true)
	require.ErrorIs(t, err, ErrClosed)
	_, err = pool.Request(soon(t), []byte("b"))
	requireFailure(t, err, "wait", false)
	require.ErrorIs(t, err, ErrClosed)
}

// A payload that does not fit into the kernel's buffers is partly sent when the request ends: it may have arrived.
func TestPartlySentRequest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(soon(t))
	defer cancel()
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, request []byte) {
		_ = c.Reply(request)
		_, _ = c.ReadByte() // the next request has begun to arrive; no more of it is read
		cancel()
		<-t.Context().Done()
	})
	pool := newPool(t, peer, nil)
	_, err := pool.Request(ctx, []byte("a"))
	require.NoError(t, err)
	_, err = pool.Request(ctx, make([]byte, 64<<20))
	requireFailure(t, err, "send", true)
	require.ErrorIs(t, err, context.Canceled)
}

func TestBadReplies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ reply, want string }{
		"no delimiter":       {"\x00\x01a", "empty delimiter"},
		"filled delimiter":   {"\x01\x01a\x00\x01a", "empty delimiter"},
		"two payload frames": {"\x01\x00\x01\x01a\x00\x01b", "more than one frame"},
		"too long":           {"\x01\x00\x02\x00\x00\x00\x00\x00\x00\x04\x01", "frame of 1025 bytes"},
		"absurd length":      {"\x01\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff", "at most 1024"},
		"reserved flags":     {"\x08\x00", "reserved"},
		"command with MORE":  {"\x05\x02\x01A", "MORE"},
		"long command":       {"\x06\x00\x00\x00\x00\x00\x01\x00\x00", "at most 8192"},
		"nameless command":   {"\x04\x00", "without a name"},
		"cut command name":   {"\x04\x02\x05a", "without a name"},
		"PING without ttl":   {"\x04\x05\x04PING", "PING"},
		"ERROR":              {"\x04\x0a\x05ERROR\x03why", `"why"`},
		"ERROR without text": {"\x04\x06\x05ERROR", "no reason"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, _ []byte) {
				_ = c.Write([]byte(test.reply))
			})
			pool := newPool(t, peer, func(o *Options) { o.MaxFrame = 1024 })
			_, err := pool.Request(soon(t), []byte("a"))
			requireFailure(t, err, "receive", true)
			require.ErrorContains(t, err, test.want)
			require.True(t, errors.Is(err, errProtocol))
			require.Eventually(t, func() bool { return len(peer.Conns()) == 0 }, 10*time.Second, time.Millisecond)
		})
	}
}

func TestUnknownCommandIsPassedOver(t *testing.T) {
	t.Parallel()
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, request []byte) {
		_ = c.Write([]byte("\x04\x04\x03NEW\x01\x00\x04\x04\x03NEW")) // also between two frames
		_ = c.Write([]byte("\x00\x02ok"))
	})
	reply, err := newPool(t, peer, nil).Request(soon(t), []byte("a"))
	require.NoError(t, err)
	require.Equal(t, "ok", string(reply))
}
