package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
)

func TestFollow(t *testing.T) {
	t.Parallel()
	removedByOthers := func(_ *testing.T, s *setup, _ *session.Session) {
		s.salt.set(func() { clear(s.salt.tokens) })
	}
	for name, tc := range map[string]struct {
		remote bool
		end    func(*testing.T, *setup, *session.Session)
		within time.Duration
		cause  error
	}{
		"logout": {false, func(t *testing.T, s *setup, sess *session.Session) {
			require.NoError(t, logout(t.Context(), s, sess.ID))
		}, 0, session.ErrRevoked},
		"logout of the token": {true, func(t *testing.T, s *setup, sess *session.Session) {
			require.NoError(t, logout(t.Context(), s, sess.Token))
		}, 0, session.ErrRevoked},
		"logout at another gateway": {true, func(t *testing.T, s *setup, sess *session.Session) {
			require.NoError(t, logout(t.Context(), s.start(t, nil), sess.ID))
		}, time.Second, session.ErrRevoked},
		"removed by others":           {false, removedByOthers, time.Second, session.ErrRevoked},
		"removed by others, far away": {true, removedByOthers, time.Second, session.ErrRevoked},
		"expiry":                      {false, func(*testing.T, *setup, *session.Session) {}, life, session.ErrExpired},
		"expiry, and the master tidies up": {false, func(t *testing.T, s *setup, sess *session.Session) {
			time.AfterFunc(time.Until(sess.Expire), func() { removedByOthers(t, s, sess) })
		}, life, session.ErrExpired},
		"the end of the gateway": {false, func(_ *testing.T, s *setup, _ *session.Session) { s.Close() }, 0, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSetup(t, nil)
				s.salt.remote = tc.remote
				sess := s.login(t, "ldap", "alice")
				first, stop := s.Follow(t.Context(), sess)
				defer stop()
				second, stop := s.Follow(t.Context(), s.requireGood(t, sess.Token))
				defer stop()
				time.Sleep(time.Second / 2)
				require.NoError(t, first.Err())

				start := time.Now()
				tc.end(t, s, sess)
				<-first.Done()
				<-second.Done()
				require.LessOrEqual(t, time.Since(start), tc.within)
				require.ErrorIs(t, context.Cause(first), tc.cause)
				require.ErrorIs(t, context.Cause(second), tc.cause)
			})
		})
	}
}

func TestOneLogoutEndsNoOthersStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, nil)
		alice, bob := s.login(t, "ldap", "alice"), s.login(t, "ldap", "bob")
		ended, stop := s.Follow(t.Context(), alice)
		defer stop()
		running, stop := s.Follow(t.Context(), bob)
		defer stop()
		require.NoError(t, logout(t.Context(), s, alice.ID))
		require.Error(t, ended.Err())
		time.Sleep(time.Minute)
		require.NoError(t, running.Err())
	})
}

// A logout may come after a request was let in and before its stream began.
func TestFollowWhatHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, remote := range []bool{false, true} {
			s := newSetup(t, nil)
			s.salt.remote = remote
			sess := s.login(t, "ldap", "alice")
			require.NoError(t, logout(t.Context(), s, sess.ID))
			ctx, stop := s.Follow(t.Context(), sess)
			defer stop()
			require.ErrorIs(t, context.Cause(ctx), session.ErrRevoked)

			sess = s.login(t, "ldap", "alice")
			time.Sleep(life)
			ctx, stop = s.Follow(t.Context(), sess)
			defer stop()
			require.ErrorIs(t, context.Cause(ctx), session.ErrExpired)

			s.Close()
			ctx, stop = s.Follow(t.Context(), s.login(t, "ldap", "alice"))
			defer stop()
			require.Error(t, ctx.Err())
		}
	})
}

// A stream ends with its request, too, and no goroutine is left: the bubble
// would wait for it forever.
func TestNothingRunsWithoutStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, nil)
		sess := s.login(t, "ldap", "alice")
		for range 2 {
			_, stop := s.Follow(t.Context(), sess)
			time.Sleep(1500 * time.Millisecond)
			stop()
			stop()

			request, hangUp := context.WithCancelCause(t.Context())
			ctx, stop := s.Follow(request, sess)
			errGone := errors.New("the client is gone")
			hangUp(errGone)
			require.ErrorIs(t, context.Cause(ctx), errGone)
			synctest.Wait()
			looked := s.salt.lookups()
			time.Sleep(time.Minute)
			require.Equal(t, looked, s.salt.lookups())
			stop()
		}
	})
}

func TestOneLookPerTokenAndSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, nil)
		for _, user := range []string{"alice", "bob"} {
			sess := s.login(t, "ldap", user)
			for range 100 {
				_, stop := s.Follow(t.Context(), sess)
				defer stop()
			}
		}
		before := s.salt.lookups()
		time.Sleep(10*time.Second + time.Millisecond)
		require.Equal(t, 2*10, s.salt.lookups()-before)
	})
}

// A master that must be asked gets few requests, but for every stream in turn.
func TestManyStreamsFarFromTheMaster(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, nil)
		s.salt.remote, s.salt.slow = true, 10*time.Millisecond
		const n = 100
		var streams []context.Context
		for i := range n {
			ctx, stop := s.Follow(t.Context(), s.login(t, "ldap", fmt.Sprint("user", i)))
			defer stop()
			streams = append(streams, ctx)
		}
		time.Sleep(time.Millisecond)
		before := s.salt.lookups()
		time.Sleep(10 * time.Second)
		asked := s.salt.lookups() - before
		require.LessOrEqual(t, asked, 20*10)
		require.GreaterOrEqual(t, asked, n)
		require.LessOrEqual(t, s.salt.most, 4)

		s.salt.set(func() { clear(s.salt.tokens) })
		time.Sleep(n / 20 * time.Second)
		for _, ctx := range streams {
			require.ErrorIs(t, context.Cause(ctx), session.ErrRevoked)
		}
	})
}

// A stream survives a master that is down or hangs, since the token was not
// reported as gone.
func TestStreamsSurviveTheMaster(t *testing.T) {
	t.Parallel()
	for _, remote := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSetup(t, nil)
			s.salt.remote = remote
			ctx, stop := s.Follow(t.Context(), s.login(t, "ldap", "alice"))
			defer stop()
			s.salt.set(func() { s.salt.err = eauth.ErrUnavailable })
			time.Sleep(time.Minute)
			s.salt.set(func() { s.salt.err, s.salt.slow = nil, time.Hour })
			time.Sleep(time.Minute)
			require.NoError(t, ctx.Err())

			s.salt.set(func() { s.salt.slow = 0; clear(s.salt.tokens) })
			if remote { // a lookup that hangs ends after a while
				time.Sleep(6 * time.Second)
				require.ErrorIs(t, context.Cause(ctx), session.ErrRevoked)
			}
		})
	}
}
