package issuer_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

const aDay = 24 * time.Hour

func maxIdle(o *issuer.Options) { o.OwnerMaxIdle = 30 * aDay }

// ofLDAP returns a user whose groups cannot be looked up.
func ofLDAP(name string, groups ...string) issuer.Caller {
	c := user(name, groups...)
	c.Eauth = "ldap"
	return c
}

// requireIdle requires that a secret is refused because its owner has to log in.
func (r *env) requireIdle(secret string) {
	r.Helper()
	_, ok, err := r.Check(r.Context(), secret, here)
	require.False(r, ok)
	require.ErrorIs(r, err, issuer.OwnerIdle)
	require.ErrorIs(r, err, issuer.InvalidGrant)
}

// An owner that cannot be looked up has to log in regularly.
func TestAnOwnerWhoDoesNotLogIn(t *testing.T) {
	with(t, maxIdle, func(r *env) {
		ctx := r.Context()
		secret, _ := r.create(ofLDAP("alice", "web"), nil)
		access := r.exchange(secret).Access.Reveal()
		time.Sleep(30*aDay - time.Hour)
		stream, stop := r.Follow(ctx, r.principal(secret))
		defer stop()
		time.Sleep(time.Hour)
		require.True(r, r.good(r.Service, secret))
		require.NoError(r, stream.Err())
		r.told()

		time.Sleep(10 * time.Second)
		r.requireIdle(secret)
		require.Error(r, stream.Err())
		require.Equal(r, []string{"refused:idle"}, r.told())
		_, err := r.Exchange(ctx, secret, issuer.Request{Profile: apitoken.ProfileNative, From: here})
		require.ErrorIs(r, err, issuer.OwnerIdle)
		require.False(r, r.good(r.Service, access), "it has expired")
		_, _, ok, err := r.Details(ctx, secret, here)
		require.NoError(r, err)
		require.False(r, ok)
		in, err := r.Introspect(ctx, operator, secret)
		require.NoError(r, err)
		require.False(r, in.Active)
		_, _, err = r.Create(ctx, operator, issuer.NewToken{
			Name: "more", Scopes: []string{"User"}, Profile: apitoken.ProfileNative, Owner: apitoken.Owner{Eauth: "ldap", User: "alice"},
		})
		require.ErrorContains(r, err, "has not logged in for too long")

		require.NoError(r, r.RecordLogin(ctx, "bob", "ldap", nil))
		r.requireIdle(secret)
		require.NoError(r, r.RecordLogin(ctx, "alice", "ldap", []string{"web"}))
		require.Equal(r, []string{"web"}, r.principal(secret).Groups)
	})
}

// The token of an idle owner does not count as a guess, however often it is presented.
func TestAnIdleOwnersTokenIsNotThrottled(t *testing.T) {
	with(t, maxIdle, func(r *env) {
		secret, _ := r.create(ofLDAP("alice"), nil)
		time.Sleep(31 * aDay)
		for range 50 {
			r.requireIdle(secret)
		}
	})
}

func TestWhoDoesNotHaveToLogIn(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*issuer.Options)
		owner  issuer.Caller
	}{
		"a user whom PAM is asked about": {maxIdle, user("alice")},
		"nobody, without the setting":    {nil, ofLDAP("alice")},
	} {
		t.Run(name, func(t *testing.T) {
			with(t, c.change, func(r *env) {
				secret, _ := r.create(c.owner, func(n *issuer.NewToken) { n.Lifetime = issuer.Never() })
				time.Sleep(200 * aDay)
				require.True(r, r.good(r.Service, secret))
			})
		})
	}
}

// The time of an owner without a login begins with the first token; for a record in
// the former format, which has no time, it begins with the first use.
func TestAnOwnerWhoWasNeverSeen(t *testing.T) {
	with(t, maxIdle, func(r *env) {
		byOperator, _ := r.create(operator, func(n *issuer.NewToken) { n.Owner = apitoken.Owner{Eauth: "ldap", User: "deploy"} })
		_, last := r.town.asked()
		require.Nil(r, last)
		secret, _ := r.create(ofLDAP("alice", "web"), nil)
		d, err := r.store.Document(r.Context(), "owner-groups", "ldap/alice")
		require.NoError(r, err)
		d.Value = []byte(`["ops"]`)
		_, err = r.store.PutDocument(r.Context(), "owner-groups", d)
		require.NoError(r, err)
		time.Sleep(20 * aDay)
		require.Equal(r, []string{"ops"}, r.principal(secret).Groups)
		_, last = r.town.asked()
		require.Equal(r, &issuer.LastLogin{Groups: []string{"ops"}}, last)

		time.Sleep(11 * aDay)
		r.requireIdle(byOperator)
		require.True(r, r.good(r.Service, secret))
		time.Sleep(20 * aDay)
		r.requireIdle(secret)
	})
}

// The logins of a program that logs in for each request are not all stored.
func TestLoginsAreWrittenDownOnceAnHour(t *testing.T) {
	with(t, maxIdle, func(r *env) {
		r.create(ofLDAP("alice"), nil)
		version := func() int64 {
			d, err := r.store.Document(r.Context(), "owner-groups", "ldap/alice")
			require.NoError(r, err)
			return d.Version
		}
		first := version()
		for range 59 {
			time.Sleep(time.Minute)
			require.NoError(r, r.RecordLogin(r.Context(), "alice", "ldap", nil))
		}
		require.Equal(r, first, version())
		time.Sleep(time.Minute)
		require.NoError(r, r.RecordLogin(r.Context(), "alice", "ldap", nil))
		require.Greater(r, version(), first)
	})
}

// PAM may allow an owner from some addresses only.
func TestOwnersAreAskedForWithTheClientsAddress(t *testing.T) {
	with(t, nil, func(r *env) {
		from := func() netip.Addr {
			addr, _ := r.town.asked()
			return addr
		}
		secret, _ := r.create(user("alice"), nil)
		p := r.principal(secret)
		require.Equal(r, here.Addr, from())
		_, ok, err := r.Check(r.Context(), secret, there)
		require.NoError(r, err)
		require.True(r, ok)
		require.Equal(r, there.Addr, from(), "what was said for another address does not count")
		_, stop := r.Follow(r.Context(), p)
		defer stop()
		time.Sleep(20 * time.Second)
		require.Equal(r, here.Addr, from(), "a stream is its client's")
	})
}

// A login waits for the store of tokens, but not for a concurrent look-up of the
// same user in a slow directory.
func TestALoginDoesNotWaitForADirectory(t *testing.T) {
	slow := &slowTown{asked: make(chan struct{}), answer: make(chan struct{})}
	with(t, func(o *issuer.Options) {
		slow.Owners = o.Owners
		o.Owners = slow
	}, func(r *env) {
		slow.asked, slow.answer = make(chan struct{}), make(chan struct{})
		alice := ofLDAP("alice", "web")
		secret, _ := r.create(alice, nil)
		time.Sleep(time.Minute)
		slow.slow.Store(true)
		groups := make(chan []string)
		go func() {
			p, _, _ := r.Check(r.Context(), secret, here)
			groups <- p.Groups
		}()
		<-slow.asked
		slow.slow.Store(false)

		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.NoError(r, r.RecordLogin(ctx, "alice", "ldap", []string{"ops"}))
		require.Zero(r, time.Since(began))

		close(slow.answer)
		require.Equal(r, []string{"web"}, <-groups, "it was asked before the login")
		synctest.Wait()
		require.Equal(r, []string{"ops"}, r.principal(secret).Groups, "and is not kept")
	})
}

// The users who are recorded without tokens are bounded: each of a directory may log in.
func TestTooManyUsers(t *testing.T) {
	with(t, nil, func(r *env) {
		ctx := r.Context()
		known := func(name string) bool {
			_, err := r.store.Store.Document(ctx, "owner-groups", "ldap/"+name)
			return err == nil
		}
		for i := range 9_999 {
			_, err := r.store.PutDocument(ctx, "owner-groups", apitoken.Document{Key: fmt.Sprintf("ldap/u%d", i), Value: []byte(`{"login":true}`)})
			require.NoError(r, err)
		}
		require.NoError(r, r.RecordUser(ctx, "alice", "ldap", []string{"web"}))
		require.True(r, known("alice"))
		require.NoError(r, r.RecordUser(ctx, "bob", "ldap", nil))
		require.False(r, known("bob"))

		require.NoError(r, r.RecordUser(ctx, "alice", "ldap", []string{"ops"}))
		d, err := r.store.Document(ctx, "owner-groups", "ldap/alice")
		require.NoError(r, err)
		require.Contains(r, string(d.Value), "ops", "one who is known stays so")
		r.create(ofLDAP("bob"), nil)
		require.True(r, known("bob"), "and so is the owner of a token")

		for _, name := range []string{"alice", "bob"} {
			require.NoError(r, r.store.DeleteDocument(ctx, "owner-groups", "ldap/"+name))
		}
		require.NoError(r, r.RecordUser(ctx, "carol", "ldap", nil))
		require.False(r, known("carol"), "the store is not read for each of them")
		time.Sleep(time.Minute)
		require.NoError(r, r.RecordUser(ctx, "carol", "ldap", nil))
		require.True(r, known("carol"))
	})
}
