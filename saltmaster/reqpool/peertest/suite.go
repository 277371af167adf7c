package peertest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
)

// A Suite is what every protocol is tested with.
type Suite struct {
	// Protocol is what is tested, and Options.Wire its other side.
	Protocol reqpool.Protocol
	Options  Options
	// NoHandshake is set where a connection begins with the first request.
	NoHandshake bool

	secured bool
	trusted *x509.CertPool
}

// Run runs the tests, without TLS and with it.
func (s Suite) Run(t *testing.T) {
	t.Parallel()
	s.run(t)
	t.Run("TLS", func(t *testing.T) {
		t.Parallel()
		pair := certtest.New(t, nil)
		s.secured, s.trusted = true, x509.NewCertPool()
		s.trusted.AddCert(pair.Cert)
		s.Options.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{pair.Cert.Raw}, PrivateKey: pair.Key}}}
		s.run(t)
		t.Run("unknown certificate", s.unknownCertificate)
	})
}

func (s Suite) run(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"sizes":                               s.sizes,
		"many at once keep the bound":         s.atOnce,
		"idle connections are closed in time": s.idle,
		"a restart costs no request":          s.restart,
		"a message without a request":         s.unasked,
		"a peer that dies":                    s.dies,
		"a silent peer":                       s.silent,
		"a stopped peer":                      s.stopped,
		"nothing listens":                     s.nothing,
		"waiting for a connection":            s.waiting,
		"closing":                             s.closing,
		"a request that is partly sent":       s.partlySent,
		"a reply that is too large":           s.tooLarge,
		"garbage":                             s.garbage,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// value is a payload: bodies of salttcp are msgpack values.
func value(text string) []byte { return msgpack.AppendString(nil, text) }

func echo(c *Conn, request []byte) { _ = c.Reply(request) }

func (s Suite) listen(t *testing.T, h Handler) *Peer { return Listen(t, s.Options, h) }

// pool makes a pool for peer that is closed at the test's end.
func (s Suite) pool(t *testing.T, peer *Peer, change func(*reqpool.Options)) *reqpool.Pool {
	t.Helper()
	opts := reqpool.Options{Network: peer.Network(), Address: peer.Addr()}
	if s.secured {
		opts.TLS = &tls.Config{RootCAs: s.trusted, ServerName: "localhost", MinVersion: tls.VersionTLS12}
	}
	if change != nil {
		change(&opts)
	}
	p := reqpool.New(s.Protocol, opts)
	t.Cleanup(p.Close)
	return p
}

// Soon is a context for what is expected to end at once.
func Soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// RequireFailure checks an error's step and what it says about the request.
func RequireFailure(t *testing.T, err error, op string, sent bool) {
	t.Helper()
	var e *reqpool.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, op, e.Op, "step of %v", err)
	require.Equal(t, sent, e.Sent, "sent of %v", err)
}

func (s Suite) sizes(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		s := s
		if network == "unix" {
			s.Options.Network, s.Options.Address = network, filepath.Join(t.TempDir(), "s")
		}
		peer := s.listen(t, echo)
		pool := s.pool(t, peer, nil)
		for _, size := range []int{0, 1, 255, 256, 4096, 1 << 18, 1<<18 + 1, 5 << 20} {
			payload := value(string(bytes.Repeat([]byte("z"), size)))
			reply, err := pool.Request(Soon(t), payload)
			require.NoError(t, err, "%s, %d bytes", network, size)
			require.True(t, bytes.Equal(payload, reply), "%s, %d bytes", network, size)
		}
		require.Equal(t, 1, peer.Accepted(), "one connection serves all requests in turn")
	}
}

func (s Suite) atOnce(t *testing.T) {
	peer := s.listen(t, echo)
	pool := s.pool(t, peer, func(o *reqpool.Options) { o.Size = 3 })
	var wg sync.WaitGroup
	errs := make([]error, 100)
	for i := range errs {
		wg.Go(func() {
			want := value(fmt.Sprint("request ", i))
			reply, err := pool.Request(Soon(t), want)
			if err == nil && !bytes.Equal(reply, want) {
				err = fmt.Errorf("sent %q, got %q", want, reply)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.LessOrEqual(t, peer.Accepted(), 3)
}

func (s Suite) idle(t *testing.T) {
	peer := s.listen(t, echo)
	pool := s.pool(t, peer, func(o *reqpool.Options) { o.IdleTimeout = 20 * time.Millisecond })
	for range 2 { // the timer comes back after it has found nothing left
		_, err := pool.Request(Soon(t), value("a"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return len(peer.Conns()) == 0 }, 10*time.Second, time.Millisecond)
	}
	require.Equal(t, 2, peer.Accepted())
}

func (s Suite) restart(t *testing.T) {
	// A path, because another test may be given a tcp port while nothing listens on it.
	s.Options.Network, s.Options.Address = "unix", filepath.Join(t.TempDir(), "s")
	peer := s.listen(t, echo)
	pool := s.pool(t, peer, nil)
	for range 20 {
		_, err := pool.Request(Soon(t), value("a"))
		require.NoError(t, err)
		peer.Stop()
		require.NoError(t, peer.Start())
	}
}

func (s Suite) unasked(t *testing.T) {
	peer := s.listen(t, echo)
	pool := s.pool(t, peer, nil)
	_, err := pool.Request(Soon(t), value("a"))
	require.NoError(t, err)
	require.NoError(t, peer.Conns()[0].Reply(value("not yours")))
	reply, err := pool.Request(Soon(t), value("b"))
	require.NoError(t, err)
	require.Equal(t, string(value("b")), string(reply))
	require.Equal(t, 2, peer.Accepted())
}

func (s Suite) dies(t *testing.T) {
	var requests atomic.Int32
	peer := s.listen(t, func(c *Conn, request []byte) {
		if requests.Add(1) == 1 {
			_ = c.Close()
			return
		}
		_ = c.Reply(request)
	})
	pool := s.pool(t, peer, nil)
	_, err := pool.Request(Soon(t), value("a"))
	RequireFailure(t, err, "receive", true)
	_, err = pool.Request(Soon(t), value("b"))
	require.NoError(t, err)
	require.EqualValues(t, 2, requests.Load(), "the failed request was not sent again")
}

// deadlineAfter returns a context whose deadline is past when wait has returned, however long connecting and
// sending take. wait returns when its own context ends, too.
func deadlineAfter(t *testing.T, wait func(context.Context)) context.Context {
	ctx := pastDeadline{Soon(t), make(chan struct{})}
	go func() {
		defer close(ctx.done)
		wait(ctx.Context)
	}()
	return ctx
}

// A pastDeadline is a context whose deadline is past when done is closed.
type pastDeadline struct {
	context.Context
	done chan struct{}
}

func (c pastDeadline) Done() <-chan struct{} { return c.done }

func (c pastDeadline) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func (s Suite) silent(t *testing.T) {
	asked := make(chan *Conn, 10)
	silence := string(value("silence"))
	peer := s.listen(t, func(c *Conn, request []byte) {
		if string(request) == silence {
			asked <- c
			return
		}
		_ = c.Reply(request)
	})
	pool := s.pool(t, peer, nil)

	var late *Conn
	_, err := pool.Request(deadlineAfter(t, func(ctx context.Context) {
		select {
		case late = <-asked:
		case <-ctx.Done():
		}
	}), []byte(silence))
	RequireFailure(t, err, "receive", true)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_ = late.Reply(value("late")) // must not answer the next request

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err = pool.Request(ctx, []byte(silence))
	RequireFailure(t, err, "receive", true)
	require.ErrorIs(t, err, context.Canceled)

	reply, err := pool.Request(Soon(t), value("b"))
	require.NoError(t, err)
	require.Equal(t, string(value("b")), string(reply))
	require.Eventually(t, func() bool { return len(peer.Conns()) == 1 }, 10*time.Second, time.Millisecond,
		"the connections that failed are closed")
}

// stopped is the case of a peer whose kernel accepts connections, and which does nothing.
func (s Suite) stopped(t *testing.T) {
	peer := s.listen(t, echo)
	peer.Mute.Store(true)
	// Connecting takes a part of the time too, which on a busy machine was 10 ms and more, over TLS a second.
	const enoughToConnect = 3 * time.Second
	if s.NoHandshake && !s.secured {
		ctx, cancel := context.WithTimeout(t.Context(), enoughToConnect)
		defer cancel()
		_, err := s.pool(t, peer, nil).Request(ctx, value("a"))
		RequireFailure(t, err, "receive", true)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		return
	}
	pool := s.pool(t, peer, func(o *reqpool.Options) { o.DialTimeout = enoughToConnect })
	_, err := pool.Request(Soon(t), value("a"))
	RequireFailure(t, err, "handshake", false)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context has not ended")

	pool = s.pool(t, peer, nil)
	accepted := peer.Accepted()
	_, err = pool.Request(deadlineAfter(t, func(ctx context.Context) {
		for ctx.Err() == nil && peer.Accepted() == accepted {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second) // for the pool to see that it is connected
	}), value("a"))
	RequireFailure(t, err, "handshake", false)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	peer.Mute.Store(false)
	_, err = pool.Request(Soon(t), value("a"))
	require.NoError(t, err)
}

func (s Suite) nothing(t *testing.T) {
	s.Options.Network, s.Options.Address = "unix", filepath.Join(t.TempDir(), "s")
	peer := s.listen(t, echo)
	peer.Stop()
	_, err := s.pool(t, peer, nil).Request(Soon(t), value("a"))
	RequireFailure(t, err, "dial", false)
}

func (s Suite) waiting(t *testing.T) {
	asked := make(chan struct{}, 1)
	peer := s.listen(t, func(*Conn, []byte) { asked <- struct{}{} })
	pool := s.pool(t, peer, func(o *reqpool.Options) { o.Size = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := pool.Request(ctx, value("first"))
		first <- err
	}()
	<-asked
	short, cancelShort := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancelShort()
	_, err := pool.Request(short, value("second"))
	RequireFailure(t, err, "wait", false)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	cancel()
	require.ErrorIs(t, <-first, context.Canceled)
	_, err = pool.Request(ctx, value("third"))
	RequireFailure(t, err, "wait", false)
}

func (s Suite) closing(t *testing.T) {
	asked := make(chan struct{}, 1)
	idle := string(value("idle"))
	peer := s.listen(t, func(c *Conn, request []byte) {
		if string(request) == idle {
			_ = c.Reply(request)
			return
		}
		asked <- struct{}{}
	})
	pool := s.pool(t, peer, nil)
	_, err := pool.Request(Soon(t), []byte(idle))
	require.NoError(t, err)
	go func() {
		<-asked
		pool.Close()
		pool.Close()
	}()
	_, err = pool.Request(Soon(t), value("a"))
	RequireFailure(t, err, "receive", true)
	require.ErrorIs(t, err, reqpool.ErrClosed)
	_, err = pool.Request(Soon(t), value("b"))
	RequireFailure(t, err, "wait", false)
	require.ErrorIs(t, err, reqpool.ErrClosed)
}

// A payload that does not fit into the kernel's buffers is partly sent when the request ends: it may have arrived.
func (s Suite) partlySent(t *testing.T) {
	ctx, cancel := context.WithCancel(Soon(t))
	defer cancel()
	peer := s.listen(t, func(c *Conn, request []byte) {
		_ = c.Reply(request)
		var one [1]byte
		_, _ = c.on.Read(one[:]) // the next request has begun to arrive; no more of it is read
		cancel()
		<-t.Context().Done()
	})
	pool := s.pool(t, peer, nil)
	_, err := pool.Request(ctx, value("a"))
	require.NoError(t, err)
	_, err = pool.Request(ctx, value(string(make([]byte, 64<<20))))
	RequireFailure(t, err, "send", true)
	require.ErrorIs(t, err, context.Canceled)
}

func (s Suite) tooLarge(t *testing.T) {
	peer := s.listen(t, echo)
	pool := s.pool(t, peer, func(o *reqpool.Options) { o.MaxReply = 64 << 10 })
	_, err := pool.Request(Soon(t), value(string(make([]byte, 60<<10))))
	require.NoError(t, err)
	_, err = pool.Request(Soon(t), value(string(make([]byte, 80<<10))))
	RequireFailure(t, err, "receive", true)
	require.Eventually(t, func() bool { return len(peer.Conns()) == 0 }, 10*time.Second, time.Millisecond)
}

func (s Suite) garbage(t *testing.T) {
	for _, text := range []string{"HTTP/1.1 400 Bad Request\r\n\r\n", "\xc1\xc1\xc1\xc1", "\xff\xff\xff\xff\xff\xff\xff\xff"} {
		peer := s.listen(t, func(c *Conn, _ []byte) {
			_ = c.Write([]byte(text))
			_ = c.Close() // a protocol may wait for the rest of what it takes for a length
		})
		_, err := s.pool(t, peer, nil).Request(Soon(t), value("a"))
		RequireFailure(t, err, "receive", true)
		require.Eventually(t, func() bool { return len(peer.Conns()) == 0 }, 10*time.Second, time.Millisecond)
	}
}

func (s Suite) unknownCertificate(t *testing.T) {
	t.Parallel()
	peer := s.listen(t, echo)
	s.trusted = x509.NewCertPool()
	_, err := s.pool(t, peer, nil).Request(Soon(t), value("a"))
	RequireFailure(t, err, "handshake", false)
	var unknown *tls.CertificateVerificationError
	require.ErrorAs(t, err, &unknown)
}
