package mint_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/eauthtest"
	"github.com/saltern-api/saltern/eauth/mint"
)

// request is one whole request of user, from login to end.
func request(t *testing.T, m *mint.Mint, user string, groups ...string) string {
	t.Helper()
	g, err := m.Grant(t.Context(), user, "pam", groups)
	require.NoError(t, err)
	defer g.Release(t.Context())
	token, err := g.Token(t.Context())
	require.NoError(t, err)
	return token
}

func TestOneTokenPerUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Millisecond}
		m := mint.New(s, mint.Options{})
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				g, err := m.Grant(t.Context(), fmt.Sprint("user", i%3), "pam", []string{"b", "a", "a"})
				if err == nil {
					g.Release(t.Context())
				}
			})
		}
		wg.Wait()
		require.Equal(t, []string{"user0/pam[a b]", "user1/pam[a b]", "user2/pam[a b]"}, s.owners())
		require.Equal(t, 3, s.written())
		require.Equal(t, request(t, m, "user0", "a", "b"), request(t, m, "user0", "b", "a"), "the order of groups is nothing")

		require.NoError(t, m.Close(t.Context()))
		require.Empty(t, s.owners())
		_, err := m.Grant(t.Context(), "user0", "pam", nil)
		require.ErrorIs(t, err, eauth.ErrUnavailable)
		require.False(t, s.twice)
	})
}

func TestATokenIsReplacedNearItsEnd(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ life, before time.Duration }{
		"long":  {12 * time.Hour, 5 * time.Minute},
		"short": {10 * time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &store{life: tc.life}
				m := mint.New(s, mint.Options{})
				long, err := m.Grant(t.Context(), "alice", "pam", nil)
				require.NoError(t, err)
				first, err := long.Token(t.Context())
				require.NoError(t, err)

				time.Sleep(tc.life - tc.before - time.Nanosecond)
				require.Equal(t, first, request(t, m, "alice"))
				time.Sleep(time.Nanosecond)
				second := request(t, m, "alice")
				require.NotEqual(t, first, second)
				require.True(t, s.has(first), "a request still uses it")

				again, err := long.Token(t.Context())
				require.NoError(t, err)
				require.Equal(t, second, again, "a request that outlives its token gets the next one")
				require.False(t, s.has(first))

				long.Release(t.Context())
				_, err = long.Token(t.Context())
				require.Error(t, err)
				require.NoError(t, m.Close(t.Context()))
			})
		})
	}
}

func TestGroupsThatChange(t *testing.T) {
	t.Parallel()
	s := &store{}
	m := mint.New(s, mint.Options{})
	running, err := m.Grant(t.Context(), "alice", "pam", []string{"ops"})
	require.NoError(t, err)

	request(t, m, "alice", "dev")
	require.Equal(t, []string{"alice/pam[dev]", "alice/pam[ops]"}, s.owners())
	running.Release(t.Context())
	require.Equal(t, []string{"alice/pam[dev]"}, s.owners())
	require.NoError(t, m.Close(t.Context()))
}

func TestAMasterThatForgot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Millisecond}
		m := mint.New(s, mint.Options{})
		usable, err := m.Usable(t.Context())
		require.NoError(t, err)
		require.True(t, usable)
		old := request(t, m, "alice")

		const requests = 100
		renewed := make(chan string, requests)
		var wg sync.WaitGroup
		for range requests {
			wg.Go(func() {
				g, err := m.Grant(t.Context(), "alice", "pam", nil)
				if err != nil {
					return
				}
				defer g.Release(t.Context())
				for range 2 { // a second chunk renews too
					token, err := g.Renew(t.Context(), old)
					if err != nil {
						return
					}
					renewed <- token
				}
			})
		}
		for range requests * 2 {
			require.Equal(t, fmt.Sprintf("%064x", 2), <-renewed)
		}
		wg.Wait()
		require.Equal(t, 2, s.written(), "one token for all")
		require.Len(t, s.owners(), 1)

		_, err = m.Usable(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, s.checks, "the mint doubted once")
		require.NoError(t, m.Close(t.Context()))
	})
}

func TestATokenThatOthersSaw(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		m := mint.New(s, mint.Options{})
		g, err := m.Grant(t.Context(), "alice", "pam", nil)
		require.NoError(t, err)
		seen, err := g.Token(t.Context())
		require.NoError(t, err)

		g.Exposed("another")
		require.Equal(t, seen, request(t, m, "alice"))
		g.Exposed(seen)
		g.Exposed(seen)
		again, err := g.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, seen, again, "the request that runs goes on")

		fresh := request(t, m, "alice")
		require.NotEqual(t, seen, fresh)
		g.Release(t.Context())
		require.Equal(t, []string{"alice/pam[]"}, s.owners(), "the seen one is removed")
		require.Equal(t, fresh, request(t, m, "alice"))
		require.NoError(t, m.Close(t.Context()))
		require.Empty(t, s.owners())
	})
}

func TestUsersAreBounded(t *testing.T) {
	t.Parallel()
	s := &store{}
	m := mint.New(s, mint.Options{Users: 2})
	running, err := m.Grant(t.Context(), "alice", "pam", nil)
	require.NoError(t, err)

	for _, user := range []string{"bob", "carol", "dave"} {
		request(t, m, user)
	}
	require.Equal(t, []string{"alice/pam[]", "carol/pam[]", "dave/pam[]"}, s.owners(), "alice is pushed out but in use")
	running.Release(t.Context())
	require.Equal(t, []string{"carol/pam[]", "dave/pam[]"}, s.owners())
	require.NoError(t, m.Close(t.Context()))
}

func TestIdleUsersAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		m := mint.New(s, mint.Options{})
		request(t, m, "alice")
		request(t, m, "bob")
		time.Sleep(life)
		request(t, m, "carol")
		require.Equal(t, []string{"carol/pam[]"}, s.owners())
		require.NoError(t, m.Close(t.Context()))
	})
}

// Tokens that are written while callers leave are tracked and so removed.
func TestNothingIsLostWhenCallersLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: 10 * time.Millisecond}
		m := mint.New(s, mint.Options{Users: 5})
		var wg sync.WaitGroup
		for i := range 300 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%23)*time.Millisecond)
				defer cancel()
				g, err := m.Grant(ctx, fmt.Sprint("user", i%11), "pam", []string{fmt.Sprint("group", i%2)})
				if err != nil {
					return
				}
				defer g.Release(ctx)
				if token, err := g.Token(ctx); err == nil && i%5 == 0 {
					_, _ = g.Renew(ctx, token)
				}
			})
			if i%50 == 0 {
				time.Sleep(7 * time.Millisecond)
			}
		}
		wg.Wait()
		time.Sleep(time.Minute)
		require.LessOrEqual(t, len(s.owners()), 5)
		require.NoError(t, m.Close(t.Context()))
		require.Empty(t, s.owners())
		require.False(t, s.twice)
	})
}

func TestAWriteThatIsSlowerThanItsCallerIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Second}
		m := mint.New(s, mint.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := m.Grant(ctx, "alice", "pam", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		time.Sleep(time.Second)
		request(t, m, "alice")
		require.Equal(t, 1, s.written(), "the next request uses it")
		require.NoError(t, m.Close(t.Context()))
		require.Empty(t, s.owners())
	})
}

func TestCloseDuringAWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Second}
		m := mint.New(s, mint.Options{})
		failed := make(chan error, 1)
		go func() {
			_, err := m.Grant(t.Context(), "alice", "pam", nil)
			failed <- err
		}()
		synctest.Wait()

		require.NoError(t, m.Close(t.Context()))
		require.ErrorIs(t, <-failed, eauth.ErrUnavailable)
		time.Sleep(time.Minute)
		require.Equal(t, 1, s.written())
		require.Empty(t, s.owners())
	})
}

func TestCloseHasNotForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: 10 * time.Second}
		m := mint.New(s, mint.Options{})
		go func() { _, _ = m.Grant(t.Context(), "alice", "pam", nil) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, m.Close(ctx), context.DeadlineExceeded)
		time.Sleep(time.Minute)
		require.Empty(t, s.owners(), "it is removed all the same")
	})
}

func TestCloseRemovesWhatIsInUse(t *testing.T) {
	t.Parallel()
	s := &store{}
	m := mint.New(s, mint.Options{})
	g, err := m.Grant(t.Context(), "alice", "pam", nil)
	require.NoError(t, err)
	require.NoError(t, m.Close(t.Context()))
	require.Empty(t, s.owners())
	g.Release(t.Context())
	require.NoError(t, m.Close(t.Context()))
	require.False(t, s.twice)
}

func TestWritesThatFail(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*store{
		"an error":        {writeErr: eauth.ErrUnavailable},
		"expired at once": {life: -time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mint.New(s, mint.Options{})
			_, err := m.Grant(t.Context(), "alice", "pam", nil)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "0001", "no token in an error")
			require.NoError(t, m.Close(t.Context()))
			require.Empty(t, s.owners())
		})
	}
}

// While no token can be removed, no more are written after a while.
func TestRemovalsThatFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("read-only file system")
		s := &store{removeErr: broken}
		log := &eauthtest.Log{}
		m := mint.New(s, mint.Options{Users: 3, Logger: log.Logger()})
		var err error
		for i := range 100 {
			var g eauth.Grant
			g, err = m.Grant(t.Context(), fmt.Sprint("user", i), "pam", nil)
			if err != nil {
				break
			}
			g.Release(t.Context())
		}
		require.ErrorIs(t, err, eauth.ErrUnavailable)
		require.LessOrEqual(t, s.most, 3+3+1)
		require.Contains(t, log.String(), broken.Error())
		require.NotContains(t, log.String(), "0001", "no token in a log")
		require.ErrorIs(t, m.Close(t.Context()), broken)

		s.set(func() { s.removeErr = nil })
		require.NoError(t, m.Close(t.Context()), "closing again tries again")
		require.Empty(t, s.owners())
	})
}

func TestRemovalsAreTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{removeErr: errors.New("busy")}
		m := mint.New(s, mint.Options{})
		request(t, m, "alice", "ops")
		request(t, m, "alice", "dev")
		require.Len(t, s.owners(), 2)

		s.set(func() { s.removeErr = nil })
		time.Sleep(time.Second)
		request(t, m, "alice", "dev")
		require.Equal(t, []string{"alice/pam[dev]"}, s.owners())
		require.NoError(t, m.Close(t.Context()))
	})
}
