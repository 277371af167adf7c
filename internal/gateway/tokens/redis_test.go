package tokens

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
	"github.com/saltern-api/saltern/internal/certtest"
)

// redisWorld is a configuration with tokens in Redis, in a directory of its
// own. more is added to the section of Redis.
func redisWorld(t *testing.T, server *redistest.Server, more string) *world {
	t.Helper()
	w := newWorld(t)
	pepper := filepath.Join(filepath.Dir(w.files.Settings), "pepper")
	require.NoError(t, os.WriteFile(pepper, []byte(strings.Repeat("5a", 32)+"\n"), 0o640))
	w.set(fmt.Sprintf("tokens:\n  store: redis\n  pepper_file: %s\n  redis: {addresses: [%q]%s}\n",
		pepper, server.Client().Addrs[0], more))
	return w
}

// open opens the service as a gateway does.
func (w *world) open(log io.Writer) (*Service, error) {
	w.t.Helper()
	s, err := Open(w.t.Context(), w.config(), issuer.Options{
		Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err == nil {
		w.t.Cleanup(s.Close)
	}
	return s, err
}

// safeBuffer is a log that may be read while it is written.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// A gateway starts while Redis is down, and accepts tokens once it is back.
func TestRedisAwayAtTheStart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{Durable: true})
	w := redisWorld(t, server, "")
	before, err := w.open(io.Discard)
	require.NoError(t, err)
	secret, _, err := before.Create(t.Context(), issuer.Caller{Operator: true}, issuer.NewToken{
		Name: "ci", Scopes: []string{"User"}, Profile: apitoken.ProfileNative, Owner: apitoken.Owner{Eauth: "sharedsecret", User: "deploy"},
	})
	require.NoError(t, err)

	server.Kill()
	var log safeBuffer
	s, err := w.open(&log)
	require.NoError(t, err)
	_, _, err = s.Check(t.Context(), secret.Reveal(), issuer.Origin{})
	require.ErrorIs(t, err, apitoken.ErrUnavailable)
	server.Start()
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "answers now") }, 30*time.Second, 20*time.Millisecond)
	_, ok, err := s.Check(t.Context(), secret.Reveal(), issuer.Origin{})
	require.NoError(t, err)
	require.True(t, ok)
}

// With another pepper every token would be unknown.
func TestRedisWithAnotherPepper(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{Durable: true})
	_, err := redisWorld(t, server, "").open(io.Discard)
	require.NoError(t, err)
	w := redisWorld(t, server, "")
	c := w.config()
	require.NoError(t, os.WriteFile(c.Settings.Tokens.PepperFile, []byte(strings.Repeat("77", 32)), 0o600))
	_, err = w.open(io.Discard)
	require.ErrorIs(t, err, apitoken.ErrPepper)
	require.ErrorContains(t, err, "tokens.pepper_file")

	// A gateway that starts while Redis is down detects it later.
	server.Kill()
	var log safeBuffer
	s, err := w.open(&log)
	require.NoError(t, err)
	server.Start()
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "another pepper") }, 30*time.Second, 20*time.Millisecond)
	_, _, err = s.Check(t.Context(), apitoken.NewSecret(apitoken.KindAPI).Reveal(), issuer.Origin{})
	require.ErrorIs(t, err, apitoken.ErrUnavailable)
}

// The password is in no error and no log line.
func TestRedisPassword(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	o := server.Client()
	admin := goredis.NewUniversalClient(&o)
	defer admin.Close() //nolint:errcheck // it only set a password
	require.NoError(t, admin.ConfigSet(t.Context(), "requirepass", "open sesame").Err())

	file := filepath.Join(t.TempDir(), "password")
	w := redisWorld(t, server, ", password_file: "+file)
	for password, good := range map[string]bool{"open barley": false, "open sesame": true} {
		require.NoError(t, os.WriteFile(file, []byte(password+"\n"), 0o600))
		var log safeBuffer
		s, err := w.open(&log)
		require.NoError(t, err)
		_, err = s.Roles(t.Context(), issuer.Caller{Operator: true})
		if good {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, apitoken.ErrUnavailable)
			require.Contains(t, log.String(), "WRONGPASS")
			require.NotContains(t, err.Error(), password)
		}
		require.NotContains(t, log.String(), password)
	}
}

// Over TLS, with a certificate of the gateway's own.
func TestRedisOverTLS(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	dir := t.TempDir()
	ca := certtest.New(t, nil)
	ca.Write(t, dir+"/ca.crt", dir+"/ca.key")
	certtest.New(t, ca, func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}).Write(t, dir+"/client.crt", dir+"/client.key")
	addr := relay(t, server.Client().Addrs[0], &tls.Config{
		Certificates: []tls.Certificate{certtest.New(t, ca).TLS()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool(),
		MinVersion: tls.VersionTLS12,
	})

	for with, good := range map[string]bool{
		fmt.Sprintf("{ca: %[1]s/ca.crt, crt: %[1]s/client.crt, key: %[1]s/client.key}", dir): true,
		fmt.Sprintf("{ca: %s/ca.crt}", dir):                                                  false, // without a certificate of its own
		"true":                                                                               false, // the system does not know this authority
		"false":                                                                              false,
	} {
		w := redisWorld(t, server, "")
		text, err := os.ReadFile(w.files.Settings)
		require.NoError(t, err)
		text = bytes.ReplaceAll(text, []byte(fmt.Sprintf("%q", server.Client().Addrs[0])), []byte(fmt.Sprintf("%q", addr)))
		text = bytes.ReplaceAll(text, []byte("]}"), []byte("], tls: "+with+"}"))
		require.NoError(t, os.WriteFile(w.files.Settings, text, 0o600))
		s, err := w.open(io.Discard)
		require.NoError(t, err)
		_, err = s.Roles(t.Context(), issuer.Caller{Operator: true})
		if good {
			require.NoError(t, err, with)
			continue
		}
		require.ErrorIs(t, err, apitoken.ErrUnavailable, with)
	}
}

// relay terminates TLS in front of a socket.
func relay(t *testing.T, socket string, c *tls.Config) (addr string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", socket)
			if err != nil {
				_ = from.Close()
				continue
			}
			both := func() {
				_ = from.Close()
				_ = to.Close()
			}
			context.AfterFunc(ctx, both)
			all.Go(func() { defer both(); _, _ = io.Copy(to, from) })
			all.Go(func() { defer both(); _, _ = io.Copy(from, to) })
		}
	})
	return l.Addr().String()
}
