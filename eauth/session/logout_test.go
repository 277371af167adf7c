package session_test

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
	"github.com/saltern-api/saltern/eauth/session"
)

func TestLogout(t *testing.T) {
	t.Parallel()
	for name, credential := range map[string]func(*session.Session) string{
		"by id":    func(s *session.Session) string { return s.ID },
		"by token": func(s *session.Session) string { return s.Token },
	} {
		for _, remote := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, remote %t", name, remote), func(t *testing.T) {
				t.Parallel()
				s := newSetup(t, nil)
				s.salt.remote = remote
				sess, other := s.login(t, "ldap", "alice"), s.login(t, "ldap", "alice")
				s.requireGood(t, sess.ID)
				s.requireGood(t, sess.Token)

				ended, cancel := context.WithCancel(t.Context())
				cancel() // a client that disconnects is logged out nevertheless
				left, err := s.Logout(ended, credential(sess))
				require.NoError(t, err)
				if remote {
					require.WithinDuration(t, sess.Expire, left, 0)
				} else {
					require.Zero(t, left)
				}
				after := func(s *setup) {
					s.requireRefused(t, sess.ID)
					s.requireRefused(t, sess.Token)
					require.False(t, s.chunk(t, sess.Token), "in a chunk neither")
					s.requireGood(t, other.ID)
					require.True(t, s.chunk(t, other.Token))
				}
				after(s)
				_, there := s.salt.all()[sess.Token]
				require.Equal(t, remote, there)

				require.NoError(t, logout(t.Context(), s, credential(sess)), "again is no error")
				after(s)
				s.Close()
				after(s.start(t, nil))
			})
		}
	}
}

func logout(ctx context.Context, s interface {
	Logout(ctx context.Context, credential string) (time.Time, error)
}, credential string) error {
	_, err := s.Logout(ctx, credential)
	return err
}

// A token too many is not denied: the session is over, and the answer is an error.
func TestTooManyDenials(t *testing.T) {
	t.Parallel()
	s := newSetup(t, func(o *session.Options) { o.Denied = 1 })
	s.salt.remote = true
	one, two := s.login(t, "ldap", "alice"), s.login(t, "ldap", "alice")
	require.NoError(t, logout(t.Context(), s, one.ID))
	require.NoError(t, logout(t.Context(), s, one.Token))
	require.ErrorIs(t, logout(t.Context(), s, two.ID), session.ErrFull)
	require.ErrorIs(t, logout(t.Context(), s, two.Token), eauth.ErrUnavailable)
	s.requireRefused(t, two.ID)
	s.requireGood(t, two.Token)
}

func TestADenialLastsAsLongAsTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, nil)
		s.salt.remote = true
		sess := s.login(t, "ldap", "alice")
		require.NoError(t, logout(t.Context(), s, sess.ID))
		time.Sleep(life - time.Nanosecond)
		s.login(t, "ldap", "bob") // this sweeps
		require.False(t, s.chunk(t, sess.Token))

		time.Sleep(time.Minute)
		s.login(t, "ldap", "bob")
		denied, err := s.store.Denied(t.Context(), session.HashOf(sess.Token))
		require.NoError(t, err)
		require.False(t, denied, "it is swept")
		require.False(t, s.chunk(t, sess.Token), "and has expired")
	})
}

func TestLogoutOfWhatIsNot(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.salt.remote = true
	require.NoError(t, logout(t.Context(), s, noSuchToken()))
	denied, err := s.store.Denied(t.Context(), session.HashOf(noSuchToken()))
	require.NoError(t, err)
	require.False(t, denied, "what does not exist needs no denial")
}

func TestLogoutThatFails(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.salt.remote = true
	sess := s.login(t, "ldap", "alice")
	s.store.err = errors.New("disk full")
	for _, credential := range []string{sess.ID, sess.Token} {
		require.ErrorIs(t, logout(t.Context(), s, credential), eauth.ErrUnavailable)
	}
	s.store.err = nil
	s.salt.err = eauth.ErrUnavailable
	require.ErrorIs(t, logout(t.Context(), s, sess.Token), eauth.ErrUnavailable, "nobody can tell until when to deny it")
	require.NoError(t, logout(t.Context(), s, sess.ID), "of a session that is known")
	s.salt.err = nil
	s.requireRefused(t, sess.Token)
}

// Under concurrent use, a session is valid until it is logged out and not
// afterwards.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if err := oneOfMany(t.Context(), s, fmt.Sprint("user", i%7), i%2 == 0); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, s.mint.Close(t.Context()))
	require.Empty(t, s.salt.all())
}

func oneOfMany(ctx context.Context, s *setup, user string, byID bool) error {
	module := "pam"
	if byID {
		module = "ldap"
	}
	sess, ok, err := s.Login(ctx, creds(module, user))
	if !ok || err != nil {
		return fmt.Errorf("login: %t %w", ok, err)
	}
	credential := sess.Token
	if byID {
		credential = sess.ID
	}
	stream, stop := s.Follow(ctx, sess)
	defer stop()
	for range 10 {
		if got, ok, err := s.Resolve(ctx, credential); !ok || err != nil || got.User != user {
			return fmt.Errorf("resolve: %t %w", ok, err)
		}
	}
	if err := logout(ctx, s, credential); err != nil {
		return err
	}
	if _, ok, err := s.Resolve(ctx, credential); ok || err != nil {
		return fmt.Errorf("resolve after the logout: %t %w", ok, err)
	}
	if !errors.Is(context.Cause(stream), session.ErrRevoked) {
		return fmt.Errorf("the stream goes on: %w", context.Cause(stream))
	}
	return nil
}
