package redis_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/apitokentest"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
	"github.com/saltern-api/saltern/internal/killtest"
)

func TestMain(m *testing.M) {
	redis.LogTo(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

var stores atomic.Int64

// newStore returns a store of its own on a shared server.
func newStore(t testing.TB, server *redistest.Server) *redis.Store {
	t.Helper()
	return open(t, redis.Options{UniversalOptions: server.Client(), Prefix: fmt.Sprint("test", stores.Add(1))})
}

func open(t testing.TB, o redis.Options) *redis.Store {
	t.Helper()
	s := redis.Open(o)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// TestConformance runs the suite with only the rights that the package's
// documentation names, except for the sentinel's server, whose user may do
// everything.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]redistest.Options{
		"server": {}, "cluster": {Cluster: true}, "sentinel": {Sentinel: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, o)
			if o.Sentinel {
				apitokentest.Run(t, func(t *testing.T) apitoken.Store { return newStore(t, server) })
				return
			}
			allowFew(t, server, o.Cluster)
			apitokentest.Run(t, func(t *testing.T) apitoken.Store {
				o := server.Client()
				o.Username, o.Password = "saltern", "sesame"
				return open(t, redis.Options{UniversalOptions: o, Prefix: fmt.Sprint("test", stores.Add(1))})
			})
		})
	}
}

// allowFew adds the user saltern with the rights that the documentation names.
func allowFew(t *testing.T, server *redistest.Server, cluster bool) {
	t.Helper()
	root := server.Client()
	admin := goredis.NewUniversalClient(&root)
	defer admin.Close() //nolint:errcheck // it only asked
	rights := []any{"ACL", "SETUSER", "saltern", "on", ">sesame", "~{test*}:*", "+@read", "+@write", "+@scripting", "+@connection", "-@dangerous"}
	if cluster {
		rights = append(rights, "+cluster|slots")
	}
	require.NoError(t, admin.Do(t.Context(), rights...).Err())
}

func BenchmarkLookup(b *testing.B) {
	apitokentest.BenchmarkLookup(b, newStore(b, redistest.Start(b, redistest.Options{})))
}

// pair is two gateways on one Redis.
func pair(t *testing.T, server *redistest.Server) (one, two *redis.Store) {
	t.Helper()
	o := redis.Options{UniversalOptions: server.Client(), Prefix: "pair"}
	return open(t, o), open(t, o)
}

func aToken(name string) apitoken.Issue {
	now := time.Now()
	return apitoken.Issue{Hash: apitoken.Hash([]byte(fmt.Sprintf("%-32s", name))), Record: apitoken.Record{
		ID: apitoken.NewID(), Kind: apitoken.KindAPI, Name: name, Owner: apitoken.Owner{Eauth: "pam", User: "alice"},
		Created: now, Issued: now, Expires: now.Add(time.Hour),
	}}
}

func revoke(t *testing.T, s *redis.Store, i apitoken.Issue) {
	t.Helper()
	ids, err := s.Revoke(t.Context(), i.Record.ID, apitoken.Revocation{At: time.Now(), Why: "asked"})
	require.NoError(t, err)
	require.Contains(t, ids, i.Record.ID)
}

func TestTwoGateways(t *testing.T) {
	t.Parallel()
	one, two := pair(t, redistest.Start(t, redistest.Options{}))
	watch := apitokentest.Watch(t, two)
	token := aToken("ci")
	require.NoError(t, one.Create(t.Context(), token))
	r, err := two.Lookup(t.Context(), token.Hash)
	require.NoError(t, err)
	require.Equal(t, apitoken.Live, r.State(time.Now()))

	revoke(t, one, token)
	r, err = two.Lookup(t.Context(), token.Hash)
	require.NoError(t, err)
	require.Equal(t, apitoken.Revoked, r.State(time.Now()))
	watch.Revoked(token.Record.ID)

	for _, s := range []*redis.Store{one, two} {
		first, err := s.Once(t.Context(), "reminder", time.Hour)
		require.NoError(t, err)
		require.Equal(t, s == one, first)
		f, err := s.AddFailure(t.Context(), "192.0.2.1", time.Hour)
		require.NoError(t, err)
		require.Equal(t, map[bool]int{true: 1, false: 2}[s == one], f.Count)
	}
}

// A gateway that could not watch for a while gets rechecks, at once and
// repeatedly, and misses no change after the last one.
func TestWatchOverAnOutage(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{Durable: true})
	one, two := pair(t, server)
	token := aToken("ci")
	require.NoError(t, one.Create(t.Context(), token))
	watch := apitokentest.Watch(t, two)

	server.Kill()
	for range 3 {
		require.Equal(t, apitoken.Notice{Recheck: true}, watch.Next())
	}
	server.Start()
	for n := 0; ; n++ { // until a change is reported, which is the last revocation then
		more := aToken(fmt.Sprint("token ", n))
		require.NoError(t, one.Create(t.Context(), more))
		revoke(t, one, more)
		if notice := watch.Next(); !notice.Recheck {
			require.Equal(t, apitoken.Notice{Revoked: []string{more.Record.ID}}, notice)
			break
		}
		r, err := two.Lookup(t.Context(), more.Hash)
		require.NoError(t, err)
		require.Equal(t, apitoken.Revoked, r.State(time.Now()), "who looks again sees it")
	}
	r, err := two.Lookup(t.Context(), token.Hash)
	require.NoError(t, err)
	require.Equal(t, apitoken.Live, r.State(time.Now()))
}

// A watcher that is so slow that the stream was trimmed gets a recheck.
func TestAStreamThatWasCut(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := open(t, redis.Options{UniversalOptions: server.Client()})
	watch := apitokentest.Watch(t, s)
	put := func() {
		t.Helper()
		_, err := s.PutDocument(t.Context(), "role", apitoken.Document{Key: apitoken.NewID()})
		require.NoError(t, err)
	}
	put()
	require.Equal(t, apitoken.Notice{Documents: true}, watch.Next())
	put()
	put()
	o := server.Client()
	c := goredis.NewUniversalClient(&o)
	defer c.Close() //nolint:errcheck // it only cut
	require.NoError(t, c.XTrimMaxLen(t.Context(), "{saltern}:changes", 1).Err())
	require.Equal(t, apitoken.Notice{Documents: true, Recheck: true}, watch.Next())
	put()
	require.Equal(t, apitoken.Notice{Documents: true}, watch.Next())
}

// A server that holds the connection open and does not respond is noticed too.
func TestAServerThatHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	o := redis.Options{UniversalOptions: server.Client()}
	s := open(t, o)
	token := aToken("ci")
	require.NoError(t, s.Create(t.Context(), token))
	watch := apitokentest.Watch(t, s)

	require.NoError(t, server.Process().Signal(syscall.SIGSTOP))
	_, err := s.Lookup(t.Context(), token.Hash)
	require.ErrorIs(t, err, apitoken.ErrUnavailable)
	require.Equal(t, apitoken.Notice{Recheck: true}, watch.Next())
	require.NoError(t, server.Process().Signal(syscall.SIGCONT))
	require.Eventually(t, func() bool {
		_, err = s.Lookup(t.Context(), token.Hash)
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
}

// While Redis is unreachable no call returns a result about a token.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	s := open(t, redis.Options{
		UniversalOptions: goredis.UniversalOptions{Addrs: []string{filepath.Join(t.TempDir(), "none.sock")}},
		Timeout:          50 * time.Millisecond,
	})
	ctx, i, now := t.Context(), aToken("ci"), time.Now()
	once := i
	once.Record.Kind, once.Record.OneTime = apitoken.KindRefresh, true
	for name, call := range map[string]func() error{
		"create":  func() error { return s.Create(ctx, i) },
		"lookup":  func() error { _, err := s.Lookup(ctx, i.Hash); return err },
		"get":     func() error { _, err := s.Get(ctx, i.Record.ID); return err },
		"list":    func() error { _, _, err := s.List(ctx, apitoken.Query{}); return err },
		"consume": func() error { _, err := s.Consume(ctx, i.Hash, now, once); return err },
		"renew": func() error {
			_, err := s.Renew(ctx, i.Record.ID, apitoken.Renewal{Hash: i.Hash, At: now})
			return err
		},
		"revoke":         func() error { _, err := s.Revoke(ctx, i.Record.ID, apitoken.Revocation{At: now}); return err },
		"touch":          func() error { return s.Touch(ctx, i.Record.ID, apitoken.Use{At: now}) },
		"count":          func() error { _, err := s.CountExpiring(ctx, now, now); return err },
		"sweep":          func() error { _, err := s.Sweep(ctx, now, 0); return err },
		"put":            func() error { _, err := s.PutDocument(ctx, "role", apitoken.Document{Key: "x"}); return err },
		"document":       func() error { _, err := s.Document(ctx, "role", "x"); return err },
		"documents":      func() error { _, err := s.Documents(ctx, "role", "", 10); return err },
		"delete":         func() error { return s.DeleteDocument(ctx, "role", "x") },
		"once":           func() error { _, err := s.Once(ctx, "x", time.Hour); return err },
		"again":          func() error { return s.UndoOnce(ctx, "x") },
		"add failure":    func() error { _, err := s.AddFailure(ctx, "x", time.Hour); return err },
		"failures":       func() error { _, err := s.Failures(ctx, "x"); return err },
		"clear failures": func() error { return s.ClearFailures(ctx, "x") },
	} {
		err := call()
		require.ErrorIs(t, err, apitoken.ErrUnavailable, name)
		require.ErrorIs(t, err, eauth.ErrUnavailable, name)
		require.NotErrorIs(t, err, apitoken.ErrNotFound, name)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.Lookup(canceled, i.Hash)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, apitoken.ErrUnavailable)
}

// The data in Redis reveals neither names nor the secret, and is in the one
// slot.
func TestWhatRedisHolds(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := open(t, redis.Options{UniversalOptions: server.Client(), Prefix: "gateway"})
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	secret := apitoken.NewSecret(apitoken.KindAPI)
	i := aToken("ci")
	i.Hash = pepper.Hash(secret)
	require.NoError(t, s.Create(t.Context(), i))
	first, err := s.Once(t.Context(), "reminder", time.Hour)
	require.NoError(t, err)
	require.True(t, first)

	o := server.Client()
	c := goredis.NewUniversalClient(&o)
	defer c.Close() //nolint:errcheck // it only asked
	keys, err := c.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.NotEmpty(t, keys)
	for _, key := range keys {
		require.Regexp(t, `^\{gateway\}:`, key)
		require.NotContains(t, key, secret.Reveal())
		dump, err := c.Dump(t.Context(), key).Result()
		require.NoError(t, err)
		require.NotContains(t, dump, secret.Reveal())
	}
	require.NoError(t, c.HSet(t.Context(), "{gateway}:token:"+i.Record.ID, "record", "no JSON").Err())
	_, err = s.Lookup(t.Context(), i.Hash)
	require.ErrorIs(t, err, apitoken.ErrUnavailable, "a damaged record is no answer")
	require.NoError(t, c.Set(t.Context(), "{gateway}:token:"+i.Record.ID, "another type", 0).Err())
	_, err = s.Lookup(t.Context(), i.Hash)
	require.ErrorIs(t, err, apitoken.ErrUnavailable)
}

// deaf is a connection that loses its next replies, so that the client repeats
// calls that were already carried out.
type deaf struct {
	net.Conn
	lost *atomic.Int64
}

func (c deaf) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && bytes.HasPrefix(b, []byte("*")) && c.lost.Add(-1) >= 0 {
		return 0, io.EOF
	}
	return n, err
}

func TestALostAnswer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	var lost atomic.Int64
	o := redis.Options{UniversalOptions: server.Client()}
	o.Protocol = 2
	o.Dialer = func(ctx context.Context, _, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "unix", addr)
		return deaf{c, &lost}, err
	}
	s := open(t, o)
	ctx, token := t.Context(), aToken("ci")
	refresh, next := aToken("refresh"), aToken("next")
	for _, i := range []*apitoken.Issue{&refresh, &next} {
		i.Record.Kind, i.Record.OneTime, i.Record.Family = apitoken.KindRefresh, true, refresh.Record.ID
	}
	require.NoError(t, s.Create(ctx, refresh))
	for name, call := range map[string]func() error{
		"create":  func() error { return s.Create(ctx, token) },
		"consume": func() error { _, err := s.Consume(ctx, refresh.Hash, time.Now(), next); return err },
		"once": func() error {
			first, err := s.Once(ctx, "reminder", time.Hour)
			require.True(t, first)
			return err
		},
		"document": func() error {
			_, err := s.PutDocument(ctx, "role", apitoken.Document{Key: "ops"})
			return err
		},
	} {
		lost.Store(1)
		require.NoError(t, call(), name)
		require.Negative(t, lost.Load(), "%s: no answer was lost", name)
	}
	lost.Store(1)
	_, err := s.Renew(ctx, token.Record.ID, apitoken.Renewal{Hash: apitoken.Hash{9}, At: time.Now()})
	require.NoError(t, err)
	r, err := s.Lookup(ctx, next.Hash)
	require.NoError(t, err)
	require.Equal(t, apitoken.Live, r.State(time.Now()), "an exchange that was tried again is no theft")
}

func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{Durable: true})
	o := redis.Options{UniversalOptions: server.Client()}
	o.MaxRetries = -1
	in, out := io.Pipe()
	worker := redis.Open(o)
	failed := make(chan error, 1)
	go func() {
		err := apitokentest.Workload(context.Background(), worker, out)
		failed <- err
		_ = out.Close()
	}()
	done := killtest.Read(t, in, 250, 1250, server.Kill)
	require.ErrorIs(t, <-failed, apitoken.ErrUnavailable)
	require.NoError(t, worker.Close())

	server.Start()
	apitokentest.RequireDone(t, open(t, redis.Options{UniversalOptions: server.Client()}), done)
}
