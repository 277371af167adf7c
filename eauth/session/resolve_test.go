package session_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	sess := s.login(t, "ldap", "alice")

	require.Equal(t, sess.Token, s.requireGood(t, sess.ID).Token)
	byToken := s.requireGood(t, sess.Token)
	require.Equal(t, &session.Session{
		Token: sess.Token, User: "alice", Eauth: "ldap", Groups: []string{"ops", "dev"},
		Start: byToken.Start, Expire: byToken.Expire,
	}, byToken)
	require.True(t, s.chunk(t, sess.Token))

	s.requireRefused(t, strings.Repeat("ab", 20))
	s.requireRefused(t, noSuchToken())
}

// A malformed credential reaches neither the store nor the master, and is not
// used as a file name (CVE-2018-15750).
func TestMalformedCredentials(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	sess := s.login(t, "ldap", "alice")
	stored, looked := s.store.asked, s.salt.lookups()
	for _, credential := range []string{
		"", "0", "../x", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "\x00", strings.Repeat("a", 1<<20),
		sess.ID[:39], sess.ID + "0", sess.ID + "\x00", sess.ID[:39] + "g", sess.ID[:39] + "/", " " + sess.ID[1:],
		strings.Repeat("AB", 20), sess.Token[:63], sess.Token + "0", sess.Token + "\x00", "../" + sess.Token[3:],
		sess.Token[:62] + "ä", sess.Token[:63] + "\n", strings.Repeat("ab", 16), strings.Repeat("ab", 64),
	} {
		s.requireRefused(t, credential)
		require.NoError(t, logout(t.Context(), s, credential))
	}
	require.Equal(t, stored, s.store.asked)
	require.Equal(t, looked, s.salt.lookups())
	s.requireGood(t, sess.ID)
}

// With hash_type sha1 a token has the length of an id.
func TestATokenThatLooksLikeAnID(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	tok := strings.Repeat("0a", 20)
	s.salt.tokens = map[string]eauth.Token{
		tok: {Value: tok, User: "alice", Eauth: "ldap", Expire: time.Now().Add(time.Hour)},
	}
	s.requireRefused(t, tok)
	sha1 := session.New(session.Options{
		Store: s.store, Tokens: s.salt, Auth: eauth.New(eauth.Options{Eauths: []string{"ldap"}, HashType: "sha1"}),
	})
	defer sha1.Close()
	sess, ok, err := sha1.Resolve(t.Context(), tok)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "alice", sess.User)
	require.NoError(t, logout(t.Context(), sha1, tok))
	require.Empty(t, s.salt.all())
}

func TestASessionExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, nil)
		sess := s.login(t, "ldap", "alice")
		time.Sleep(life - time.Nanosecond)
		s.requireGood(t, sess.ID)
		s.requireGood(t, sess.Token)
		time.Sleep(time.Nanosecond)
		s.requireRefused(t, sess.ID)
		s.requireRefused(t, sess.Token)
	})
}

func TestASessionSurvivesARestart(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	sess := s.login(t, "pam", "alice")
	require.NoError(t, s.mint.Close(t.Context()))
	s.Close()

	again := s.start(t, nil).requireGood(t, sess.ID)
	require.True(t, sess.Start.Equal(again.Start) && sess.Expire.Equal(again.Expire))
	again.Start, again.Expire = sess.Start, sess.Expire
	require.Equal(t, sess, again)
}

func TestATokenThatOthersRemovedEndsItsSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, remote := range []bool{false, true} {
			s := newSetup(t, nil)
			s.salt.remote = remote
			sess := s.login(t, "ldap", "alice")
			s.requireGood(t, sess.ID)
			s.salt.set(func() { clear(s.salt.tokens) })
			time.Sleep(time.Second)
			s.requireRefused(t, sess.ID)
			s.requireRefused(t, sess.Token)
		}
	})
}

func TestATokenIsLookedUpOncePerSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, nil)
		s.salt.slow = 100 * time.Millisecond
		sess := s.login(t, "ldap", "alice")
		for range 3 {
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					if _, ok, err := s.Resolve(t.Context(), sess.ID); !ok || err != nil {
						t.Error(ok, err)
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Second)
		}
		require.Equal(t, 3, s.salt.lookups())

		// A caller that leaves does not prevent the result for the others.
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, ok, err := s.Resolve(ctx, sess.ID)
		require.False(t, ok)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		s.requireGood(t, sess.ID)
	})
}

func TestAnEauthThatIsGone(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	sess := s.login(t, "ldap", "alice")
	fewer := eauth.New(eauth.Options{Eauths: []string{"pam"}, HashType: "sha256"})
	again := s.start(t, func(o *session.Options) { o.Auth = fewer })
	again.requireRefused(t, sess.ID)
	again.requireRefused(t, sess.Token)
}

func TestResolveThatCannotTell(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	sess := s.login(t, "ldap", "alice")
	down := fmt.Errorf("connect: %w", eauth.ErrUnavailable)
	for name, credential := range map[string]string{"id": sess.ID, "token": sess.Token} {
		s.salt.set(func() { s.salt.err = down })
		_, ok, err := s.Resolve(t.Context(), credential)
		require.False(t, ok, name)
		require.ErrorIs(t, err, eauth.ErrUnavailable, name)

		s.salt.set(func() { s.salt.err = nil })
		s.store.err = errors.New("input/output error")
		_, ok, err = s.Resolve(t.Context(), credential)
		require.False(t, ok, name)
		require.ErrorIs(t, err, eauth.ErrUnavailable, name)
		s.store.err = nil
	}

	// A remote master that is down checks the token itself when it is back.
	s.salt.set(func() { s.salt.err, s.salt.remote = down, true })
	s.requireGood(t, sess.ID)
	_, ok, err := s.Resolve(t.Context(), sess.Token)
	require.False(t, ok)
	require.ErrorIs(t, err, eauth.ErrUnavailable, "nothing else vouches for a token")
}
