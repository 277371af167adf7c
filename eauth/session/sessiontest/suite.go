package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/session"
)

// RunStore runs the suite. newStore is called for every part of it and returns
// an empty store, which the suite does not close.
func RunStore(t *testing.T, newStore func(t *testing.T) session.Store) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, session.Store){
		"put and get": testPutAndGet,
		"bound":       testBound,
		"end":         testEnd,
		"deny":        testDeny,
		"most denied": testMostDenied,
		"sweep":       testSweep,
		"concurrency": testConcurrency,
	} {
		t.Run(name, func(t *testing.T) { part(t, newStore(t)) })
	}
}

// mostDenied is more than the suite denies but for where the limit is its subject.
const mostDenied = 1000

// start is an arbitrary time with microseconds.
var start = time.UnixMicro(1_700_000_000_123_456)

// record is the n-th session of a user, begun n seconds after start.
func record(user string, n int) session.Record {
	name := fmt.Sprint(user, "-", n)
	begun := start.Add(time.Duration(n) * time.Second)
	return session.Record{
		Key: session.HashOf("id " + name), Token: session.HashOf("token " + name), User: session.HashOf(user),
		Start: begun, Expire: begun.Add(time.Hour), Sealed: []byte("sealed " + name),
	}
}

func testPutAndGet(t *testing.T, s session.Store) {
	ctx := t.Context()
	want := record("alice", 1)
	_, ok, err := s.Get(ctx, want.Key)
	require.NoError(t, err)
	require.False(t, ok, "an empty store knows nobody")

	put(t, s, want, 10)
	put(t, s, record("alice", 2), 10)
	got, ok, err := s.Get(ctx, want.Key)
	require.NoError(t, err)
	require.True(t, ok)
	requireSame(t, want, got)

	for name, h := range map[string]session.Hash{"token": want.Token, "user": want.User, "zero": {}} {
		_, ok, err = s.Get(ctx, h)
		require.NoError(t, err)
		require.False(t, ok, "the hash of a %s is no key", name)
	}

	far := record("bob", 1)
	far.Expire = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	far.Sealed = make([]byte, 100_000)
	put(t, s, far, 10)
	got, ok, err = s.Get(ctx, far.Key)
	require.NoError(t, err)
	require.True(t, ok)
	requireSame(t, far, got)
}

func testBound(t *testing.T, s session.Store) {
	const most = 3
	put(t, s, record("bob", 0), most)
	for n := 1; n <= most; n++ {
		put(t, s, record("alice", n), most)
	}
	for n := most + 1; n <= 2*most; n++ {
		ended, err := s.Put(t.Context(), record("alice", n), most)
		require.NoError(t, err)
		require.Len(t, ended, 1)
		requireSame(t, record("alice", n-most), ended[0])
	}
	requireThere(t, s, map[int]bool{1: false, 2: false, 3: false, 4: true, 5: true, 6: true}, "alice")
	requireThere(t, s, map[int]bool{0: true}, "bob")

	ended, err := s.Put(t.Context(), record("alice", 7), 1)
	require.NoError(t, err)
	require.Len(t, ended, most, "a bound that was lowered ends many at once")
	requireSame(t, record("alice", 4), ended[0])
	requireThere(t, s, map[int]bool{4: false, 5: false, 6: false, 7: true}, "alice")

	early := record("alice", 1) // by a clock that was set back
	ended, err = s.Put(t.Context(), early, 2)
	require.NoError(t, err)
	require.Empty(t, ended)

	require.NoError(t, s.End(t.Context(), early.Token, time.Time{}, mostDenied))
	ended, err = s.Put(t.Context(), record("alice", 8), 2)
	require.NoError(t, err)
	require.Empty(t, ended, "a session that was ended does not count")
}

func testEnd(t *testing.T, s session.Store) {
	ctx := t.Context()
	one, two, other := record("alice", 1), record("alice", 2), record("bob", 1)
	two.Token = one.Token
	for _, r := range []session.Record{one, two, other} {
		put(t, s, r, 10)
	}
	for range 2 { // the second time it does nothing
		require.NoError(t, s.End(ctx, one.Token, time.Time{}, mostDenied))
		requireThere(t, s, map[int]bool{1: false, 2: false}, "alice")
		requireThere(t, s, map[int]bool{1: true}, "bob")
		requireDenied(t, s, one.Token, false)
	}
	put(t, s, one, 10)
	requireThere(t, s, map[int]bool{1: true}, "alice")
}

func testDeny(t *testing.T, s session.Store) {
	r := record("alice", 1)
	put(t, s, r, 10)
	requireDenied(t, s, r.Token, false)
	for range 2 {
		require.NoError(t, s.End(t.Context(), r.Token, r.Expire, mostDenied))
		requireThere(t, s, map[int]bool{1: false}, "alice")
		requireDenied(t, s, r.Token, true)
		requireDenied(t, s, record("alice", 2).Token, false)
	}
	require.NoError(t, s.End(t.Context(), r.Token, time.Time{}, mostDenied))
	requireDenied(t, s, r.Token, true)
	sweep(t, s, r.Expire, 1)
	requireDenied(t, s, r.Token, false)

	require.NoError(t, s.End(t.Context(), r.Token, r.Expire, mostDenied))
	require.NoError(t, s.End(t.Context(), r.Token, r.Expire.Add(time.Hour), mostDenied))
	sweep(t, s, r.Expire, 0)
	requireDenied(t, s, r.Token, true)
	sweep(t, s, r.Expire.Add(time.Hour), 1)
	requireDenied(t, s, r.Token, false)
}

func testMostDenied(t *testing.T, s session.Store) {
	const most = 3
	deny := func(n int) error {
		r := record("alice", n)
		put(t, s, r, 10)
		err := s.End(t.Context(), r.Token, r.Expire, most)
		requireThere(t, s, map[int]bool{n: false}, "alice")
		requireDenied(t, s, r.Token, err == nil)
		return err
	}
	for range 2 { // again it is no other token
		for n := range most {
			require.NoError(t, deny(n))
		}
	}
	require.ErrorIs(t, deny(most), session.ErrFull)
	require.NoError(t, s.End(t.Context(), record("alice", most).Token, time.Time{}, most), "nothing is denied")
	sweep(t, s, record("alice", 0).Expire, 1)
	require.NoError(t, deny(most))
	require.ErrorIs(t, deny(most+1), session.ErrFull)
}

func testSweep(t *testing.T, s session.Store) {
	const n = 5
	for i := range n {
		put(t, s, record("alice", i), 10)
		require.NoError(t, s.End(t.Context(), record("bob", i).Token, record("bob", i).Expire, mostDenied))
	}
	sweep(t, s, start, 0)
	second := record("alice", 1).Expire
	sweep(t, s, second.Add(-time.Microsecond), 2)
	sweep(t, s, second, 2)
	sweep(t, s, second, 0)
	requireThere(t, s, map[int]bool{0: false, 1: false, 2: true, 3: true, 4: true}, "alice")
	requireDenied(t, s, record("bob", 1).Token, false)
	requireDenied(t, s, record("bob", 2).Token, true)
	sweep(t, s, start.Add(24*time.Hour), 6)

	ended, err := s.Put(t.Context(), record("alice", 9), 1)
	require.NoError(t, err)
	require.Empty(t, ended, "those that were swept do not count")
}

func testConcurrency(t *testing.T, s session.Store) {
	const users, each, most = 4, 25, 10
	var wg sync.WaitGroup
	errs := make(chan error, users*each)
	ended := make(chan session.Record, users*each)
	for i := range users * each {
		wg.Go(func() { errs <- oneOfMany(t.Context(), s, fmt.Sprint("user", i%users), i, most, ended) })
	}
	wg.Wait()
	close(errs)
	close(ended)
	for err := range errs {
		require.NoError(t, err)
	}
	require.Len(t, ended, users*(each-most), "each user is left with as many as are allowed")
	sweep(t, s, start.Add(24*time.Hour), users*most+users*each)
}

// oneOfMany uses every method.
func oneOfMany(
	ctx context.Context, s session.Store, user string, n, most int, ended chan<- session.Record,
) error {
	old, err := s.Put(ctx, record(user, n), most)
	if err != nil {
		return err
	}
	for _, r := range old {
		ended <- r
		if _, ok, err := s.Get(ctx, r.Key); ok || err != nil {
			return fmt.Errorf("a session that was ended is still there, or %w", err)
		}
	}
	denied := session.HashOf(fmt.Sprint("denied ", n))
	if err := s.End(ctx, denied, start.Add(time.Hour), mostDenied); err != nil {
		return err
	}
	if ok, err := s.Denied(ctx, denied); !ok || err != nil {
		return fmt.Errorf("a token is not denied, or %w", err)
	}
	if removed, err := s.Sweep(ctx, start); err != nil || removed > 0 {
		return errors.Join(fmt.Errorf("%d were swept too early", removed), err)
	}
	return nil
}

func put(t *testing.T, s session.Store, r session.Record, most int) {
	t.Helper()
	ended, err := s.Put(t.Context(), r, most)
	require.NoError(t, err)
	require.Empty(t, ended)
}

func sweep(t *testing.T, s session.Store, now time.Time, want int) {
	t.Helper()
	removed, err := s.Sweep(t.Context(), now)
	require.NoError(t, err)
	require.Equal(t, want, removed)
}

func requireSame(t *testing.T, want, got session.Record) {
	t.Helper()
	require.True(t, want.Start.Equal(got.Start))
	require.True(t, want.Expire.Equal(got.Expire))
	got.Start, got.Expire = want.Start, want.Expire
	require.Equal(t, want, got)
}

func requireThere(t *testing.T, s session.Store, want map[int]bool, user string) {
	t.Helper()
	for n, there := range want {
		_, ok, err := s.Get(t.Context(), record(user, n).Key)
		require.NoError(t, err)
		require.Equal(t, there, ok, "%s's session %d", user, n)
	}
}

func requireDenied(t *testing.T, s session.Store, token session.Hash, want bool) {
	t.Helper()
	denied, err := s.Denied(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, want, denied)
}
