package apitokentest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

func testDocuments(t *testing.T, s apitoken.Store) {
	ctx := t.Context()
	_, err := s.Document(ctx, "role", "ops")
	require.ErrorIs(t, err, apitoken.ErrNotFound)
	require.ErrorIs(t, s.DeleteDocument(ctx, "role", "ops"), apitoken.ErrNotFound)

	binary := []byte("a b\x00\xff 1 2 3\n")
	first, err := s.PutDocument(ctx, "role", apitoken.Document{Key: "ops", Value: binary})
	require.NoError(t, err)
	require.NotZero(t, first.Version)
	got, err := s.Document(ctx, "role", "ops")
	require.NoError(t, err)
	require.Equal(t, first, got)
	require.Equal(t, binary, got.Value)
	got.Value[0] = 'x' // the caller may modify it
	got, err = s.Document(ctx, "role", "ops")
	require.NoError(t, err)
	require.Equal(t, binary, got.Value)

	_, err = s.PutDocument(ctx, "role", apitoken.Document{Key: "ops", Value: []byte("new")})
	require.ErrorIs(t, err, apitoken.ErrConflict, "it is there already")
	second, err := s.PutDocument(ctx, "role", apitoken.Document{Key: "ops", Version: first.Version, Value: []byte{}})
	require.NoError(t, err)
	require.NotEqual(t, first.Version, second.Version)
	_, err = s.PutDocument(ctx, "role", first)
	require.ErrorIs(t, err, apitoken.ErrConflict, "somebody else was faster")
	_, err = s.PutDocument(ctx, "role", apitoken.Document{Key: "none", Version: 1})
	require.ErrorIs(t, err, apitoken.ErrConflict, "it is not there")

	require.NoError(t, s.DeleteDocument(ctx, "role", "ops"))
	_, err = s.Document(ctx, "role", "ops")
	require.ErrorIs(t, err, apitoken.ErrNotFound)
	again, err := s.PutDocument(ctx, "role", apitoken.Document{Key: "ops"})
	require.NoError(t, err)
	require.NotContains(t, []int64{first.Version, second.Version}, again.Version, "an old version does not come back")

	for n := range 20 {
		_, err := s.PutDocument(ctx, "service-account", apitoken.Document{
			Key: fmt.Sprintf("key %02d", n), Value: bytes.Repeat([]byte{byte(n)}, n),
		})
		require.NoError(t, err)
	}
	var keys []string
	for after := ""; ; after = keys[len(keys)-1] {
		list, err := s.Documents(ctx, "service-account", after, 6)
		require.NoError(t, err)
		for _, d := range list {
			require.Equal(t, fmt.Sprintf("key %02d", len(keys)), d.Key)
			require.Len(t, d.Value, len(keys))
			keys = append(keys, d.Key)
		}
		if len(list) < 6 {
			break
		}
	}
	require.Len(t, keys, 20)
	list, err := s.Documents(ctx, "role", "", 100)
	require.NoError(t, err)
	require.Len(t, list, 1, "the collections are apart")
	list, err = s.Documents(ctx, "role", "", 0)
	require.NoError(t, err)
	require.Empty(t, list)

	for name, d := range map[string]apitoken.Document{
		"no key": {}, "a long key": {Key: strings.Repeat("x", 513)}, "a zero byte": {Key: "a\x00b"},
		"a large value": {Key: "x", Value: make([]byte, apitoken.MaxDocument+1)},
	} {
		_, err := s.PutDocument(ctx, "role", d)
		require.ErrorIs(t, err, apitoken.ErrInvalid, name)
	}
	_, err = s.PutDocument(ctx, "a:b", apitoken.Document{Key: "x"})
	require.ErrorIs(t, err, apitoken.ErrInvalid)
}

func testPepper(t *testing.T, s apitoken.Store) {
	mine, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	other := filepath.Join(t.TempDir(), "pepper")
	require.NoError(t, os.WriteFile(other, []byte(strings.Repeat("ab", 32)), 0o600))
	others, err := apitoken.ReadPepper(other)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, apitoken.CheckPepper(t.Context(), s, mine))
		require.ErrorIs(t, apitoken.CheckPepper(t.Context(), s, others), apitoken.ErrPepper)
	}
}

func testOnce(t *testing.T, s apitoken.Store) {
	once := func(key string, ttl time.Duration) bool {
		t.Helper()
		first, err := s.Once(t.Context(), key, ttl)
		require.NoError(t, err)
		return first
	}
	require.True(t, once("a", time.Hour))
	require.False(t, once("a", time.Hour))
	require.True(t, once("b", time.Hour))
	require.NoError(t, s.UndoOnce(t.Context(), "a"))
	require.True(t, once("a", time.Hour))
	require.False(t, once("a", time.Hour))
	require.NoError(t, s.UndoOnce(t.Context(), "never was"))

	long := strings.Repeat("key ", 20_000)
	require.True(t, once(long, time.Hour))
	require.False(t, once(long, time.Hour))
	_, err := s.Sweep(t.Context(), start, 0)
	require.NoError(t, err)
	require.False(t, once("b", time.Hour))

	require.True(t, once("short", time.Millisecond))
	require.Eventually(t, func() bool { return once("short", time.Hour) }, 10*time.Second, time.Millisecond)
	require.False(t, once("short", time.Hour))
}

func testFailures(t *testing.T, s apitoken.Store) {
	ctx := t.Context()
	count := func(key string) apitoken.Failures {
		t.Helper()
		f, err := s.Failures(ctx, key)
		require.NoError(t, err)
		return f
	}
	require.Zero(t, count("192.0.2.1"))
	before := time.Now().Add(-time.Second)
	for n := 1; n <= 3; n++ {
		f, err := s.AddFailure(ctx, "192.0.2.1", time.Hour)
		require.NoError(t, err)
		require.Equal(t, n, f.Count)
		require.True(t, f.Last.After(before))
	}
	f := count("192.0.2.1")
	require.Equal(t, 3, f.Count)
	require.True(t, f.Last.After(before))
	require.Zero(t, count("192.0.2.2"))
	require.NoError(t, s.ClearFailures(ctx, "192.0.2.1"))
	require.Zero(t, count("192.0.2.1"))

	_, err := s.AddFailure(ctx, "short", time.Millisecond)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return count("short") == apitoken.Failures{} }, 10*time.Second, time.Millisecond)
	f, err = s.AddFailure(ctx, "short", time.Hour)
	require.NoError(t, err)
	require.Equal(t, 1, f.Count)
}

// Watcher reads notices one at a time.
type Watcher struct {
	t    *testing.T
	next func() (apitoken.Notice, bool)
}

// Watch starts a watcher, and returns when no later change will be missed.
func Watch(t *testing.T, s apitoken.Store) *Watcher {
	t.Helper()
	next, stop := iter.Pull(s.Watch(t.Context()))
	t.Cleanup(stop)
	first, ok := next()
	require.True(t, ok)
	require.Equal(t, apitoken.Notice{Recheck: true}, first)
	return &Watcher{t, next}
}

// Revoked waits until all these ids have been reported.
func (w *Watcher) Revoked(ids ...string) {
	w.t.Helper()
	missing := make(map[string]bool)
	for _, id := range ids {
		missing[id] = true
	}
	for len(missing) > 0 {
		n, ok := w.next()
		require.True(w.t, ok)
		require.False(w.t, n.Recheck)
		for _, id := range n.Revoked {
			require.Contains(w.t, missing, id)
			delete(missing, id)
		}
	}
}

// Next waits for a notice.
func (w *Watcher) Next() apitoken.Notice {
	w.t.Helper()
	n, ok := w.next()
	require.True(w.t, ok)
	return n
}

func testWatch(t *testing.T, s apitoken.Store) {
	one, two := Watch(t, s), Watch(t, s)
	api, other := issue(apitoken.KindAPI, "api"), issue(apitoken.KindAPI, "other")
	child := issue(apitoken.KindAccess, "child", childOf(api))
	once := issue(apitoken.KindRefresh, "once")
	create(t, s, api, child, other, once)
	_, err := s.Revoke(t.Context(), child.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
	require.NoError(t, err)
	one.Revoked(child.Record.ID)
	_, err = s.Revoke(t.Context(), api.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
	require.NoError(t, err)
	one.Revoked(api.Record.ID)
	two.Revoked(child.Record.ID, api.Record.ID)

	_, err = s.Renew(t.Context(), other.Record.ID, apitoken.Renewal{Hash: hash("new"), At: start})
	require.NoError(t, err)
	one.Revoked(other.Record.ID)
	for _, want := range []error{nil, apitoken.ErrReused} {
		_, err = s.Consume(t.Context(), once.Hash, start)
		require.ErrorIs(t, err, want)
	}
	one.Revoked(once.Record.ID)

	d, err := s.PutDocument(t.Context(), "role", apitoken.Document{Key: "ops"})
	require.NoError(t, err)
	require.Equal(t, apitoken.Notice{Documents: true}, one.Next())
	require.NoError(t, s.DeleteDocument(t.Context(), "role", d.Key))
	require.Equal(t, apitoken.Notice{Documents: true}, one.Next())

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range s.Watch(ctx) {
		cancel() // this ends it
	}
	require.Error(t, ctx.Err())
}

func testCanceled(t *testing.T, s apitoken.Store) {
	token := issue(apitoken.KindAPI, "token")
	create(t, s, token)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Lookup(ctx, token.Hash); err != nil { // a store that needs no time may return a result
		require.True(t, errors.Is(err, context.Canceled) || errors.Is(err, apitoken.ErrUnavailable), "%v", err)
	}
	requireStates(t, s, apitoken.Live, token)
}
