package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	for module, groups := range map[string][]string{"pam": {"wheel"}, "ldap": {"ops", "dev"}} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSetup(t, nil)
				sess := s.login(t, module, "alice")
				require.Regexp(t, `\A[0-9a-f]{40}\z`, sess.ID)
				require.Equal(t, &session.Session{
					ID: sess.ID, Token: sess.Token, User: "alice", Eauth: module, Groups: groups,
					Start: time.Now(), Expire: time.Now().Add(life),
				}, sess)

				other := s.login(t, module, "alice")
				require.NotEqual(t, sess.ID, other.ID)
				require.NotEqual(t, sess.Token, other.Token, "each session has a token of its own")

				require.NoError(t, s.mint.Close(t.Context()))
				require.Len(t, s.salt.all(), 2, "a session's token outlives the gateway, and no other does")
				require.Equal(t, sess.ID, s.requireGood(t, sess.ID).ID)
			})
		})
	}
}

func TestTheLifeThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, module := range []string{"pam", "ldap"} {
		s := newSetup(t, nil)
		c := creds(module, "alice")
		c.TokenExpire = time.Minute
		sess, ok, err := s.Login(t.Context(), c)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, time.Minute, sess.Expire.Sub(sess.Start), module)
		require.NoError(t, s.mint.Close(t.Context()))
	}
}

func TestTokenWithoutASession(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	sess, ok, err := s.Token(t.Context(), creds("pam", "alice"))
	require.NoError(t, err)
	require.True(t, ok)
	require.Empty(t, sess.ID)
	require.Zero(t, s.store.asked)
	require.NoError(t, s.mint.Close(t.Context()))

	again := s.requireGood(t, sess.Token)
	require.Equal(t, "alice", again.User)
	require.Equal(t, []string{"wheel"}, again.Groups)
	require.True(t, s.chunk(t, sess.Token))
}

func TestAWrongLogin(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	good := s.login(t, "ldap", "alice")
	wrong := creds("ldap", "alice")
	wrong.Password = "looking glass"
	for name, c := range map[string]eauth.Credentials{
		"password":                  wrong,
		"nobody":                    {},
		"a module that is not used": creds("file", "alice"),
		"a token":                   {Token: good.Token, Eauth: "ldap"},
	} {
		for _, login := range []func(context.Context, eauth.Credentials) (*session.Session, bool, error){s.Login, s.Token} {
			sess, ok, err := login(t.Context(), c)
			require.NoError(t, err, name)
			require.False(t, ok, name)
			require.Nil(t, sess, name)
		}
	}
	require.Len(t, s.salt.all(), 1)
}

func TestALoginThatCannotBeStoredLeavesNoToken(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.store.err = errors.New("disk full")
	_, ok, err := s.Login(t.Context(), creds("ldap", "alice"))
	require.False(t, ok)
	require.ErrorIs(t, err, eauth.ErrUnavailable)
	require.ErrorContains(t, err, "disk full")
	require.Empty(t, s.salt.all())
}

func TestALoginThatIsCanceled(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, ok, err := s.Login(ctx, creds("ldap", "alice"))
	require.False(t, ok)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, s.salt.all())
	require.Zero(t, s.store.asked)
}

func TestAUserHasSoManySessions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, func(o *session.Options) { o.PerUser = 2 })
		oldest := s.login(t, "ldap", "alice")
		stream, stop := s.Follow(t.Context(), oldest)
		defer stop()
		time.Sleep(time.Second)
		second := s.login(t, "ldap", "alice")
		s.login(t, "ldap", "bob")
		s.login(t, "pam", "alice")
		s.requireGood(t, oldest.ID)

		time.Sleep(time.Second)
		third := s.login(t, "ldap", "alice")
		s.requireRefused(t, oldest.ID)
		require.NotContains(t, s.salt.all(), oldest.Token)
		require.ErrorIs(t, context.Cause(stream), session.ErrRevoked)
		s.requireGood(t, second.ID)
		s.requireGood(t, third.ID)
		require.Contains(t, s.log.String(), "too many sessions")
		require.NoError(t, s.mint.Close(t.Context()))
	})
}

func TestSessionsThatExpiredAreSwept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup(t, nil)
		old := s.login(t, "ldap", "alice")
		time.Sleep(life)
		s.login(t, "ldap", "alice")
		_, ok, err := s.store.Get(t.Context(), session.HashOf(old.ID))
		require.NoError(t, err)
		require.False(t, ok)
	})
}

// The content of a stolen store is useless.
func TestWhatIsStored(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	sess := s.login(t, "ldap", "alice")
	r, ok, err := s.store.Get(t.Context(), session.HashOf(sess.ID))
	require.NoError(t, err)
	require.True(t, ok)
	for _, secret := range []string{sess.ID, sess.Token, "alice", "ops"} {
		require.NotContains(t, string(r.Sealed), secret)
	}

	// A session's content is bound to its id: it cannot be moved to another.
	mine := s.login(t, "ldap", "mallory")
	_, err = s.store.Put(t.Context(), session.Record{
		Key: session.HashOf(mine.ID), Token: r.Token, User: r.User, Start: r.Start, Expire: r.Expire, Sealed: r.Sealed,
	}, 10)
	require.NoError(t, err)
	s.requireRefused(t, mine.ID)
	require.Contains(t, s.log.String(), "damaged")

	// Nor can its lifetime be extended.
	r.Expire = r.Expire.Add(life)
	_, err = s.store.Put(t.Context(), r, 10)
	require.NoError(t, err)
	require.True(t, sess.Expire.Equal(s.requireGood(t, sess.ID).Expire))
}

func TestAuthListIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	for _, list := range []json.RawMessage{nil, json.RawMessage(`null`), json.RawMessage(`[".*",{"web*":["test.ping"]}]`)} {
		s := newSetup(t, nil)
		sess := s.login(t, "ldap", "alice")
		s.salt.set(func() {
			made := s.salt.tokens[sess.Token]
			made.AuthList = list
			s.salt.tokens[sess.Token] = made
		})
		require.Equal(t, list, s.requireGood(t, sess.Token).AuthList)

		again, ok, err := s.start(t, func(o *session.Options) { o.Auth = withAuthList(s, list) }).Login(t.Context(), creds("ldap", "bob"))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, list, again.AuthList)
		require.Equal(t, list, s.requireGood(t, again.ID).AuthList)
	}
}

// withAuthList returns an authenticator whose tokens have an auth_list.
func withAuthList(s *setup, list json.RawMessage) *eauth.Authenticator {
	return eauth.New(eauth.Options{Eauths: []string{"ldap"}, HashType: "sha256", Master: listing{s.salt, list}})
}

type listing struct {
	salt *salt
	list json.RawMessage
}

func (l listing) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	t, err := l.salt.Write(ctx, c.Username, c.Eauth, nil, 0)
	t.AuthList = l.list
	return eauth.Identity{User: t.User, Eauth: t.Eauth, Grant: keeper{t}}, err == nil, err
}

type keeper struct{ t eauth.Token }

func (k keeper) Token(context.Context) (string, error)                    { return k.t.Value, nil }
func (k keeper) Renew(context.Context, string) (string, error)            { return "", eauth.ErrNoToken }
func (k keeper) Keep(context.Context, time.Duration) (eauth.Token, error) { return k.t, nil }
func (keeper) Exposed(string)                                             {}
func (keeper) Release(context.Context)                                    {}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	s := newSetup(t, nil)
	s.salt.set(func() { s.salt.remote = true })
	sess := s.login(t, "ldap", "alice")
	s.log.Logger().Info("a session", slog.Any("one", sess), slog.Any("other", *sess))
	require.NoError(t, logout(t.Context(), s, sess.ID))
	s.store.err = errors.New("disk full")
	err := logout(t.Context(), s, sess.Token)
	require.Error(t, err)
	told := fmt.Sprintf("%v %+v %#v %v %+v %#v %v", sess, sess, sess, *sess, *sess, *sess, err) + s.log.String()
	require.NotContains(t, told, sess.ID)
	require.NotContains(t, told, sess.Token)
	require.Contains(t, told, `user "alice"`)
}
