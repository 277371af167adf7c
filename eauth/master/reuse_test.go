package master_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/eauthtest"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/master"
	"github.com/saltern-api/saltern/eauth/throttle"
)

const reuse = 5 * time.Second

var home = netip.MustParseAddr("192.0.2.1")

// changing is a fake master whose only user is alice, with a password that can
// be changed.
type changing struct {
	mu       sync.Mutex
	password string
	authList []byte
	life     time.Duration
	checks   int
	tokens   map[string]bool
}

func (s *changing) MakeToken(_ context.Context, module, name, password string, _ time.Duration) (eauth.Token, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checks++
	if name != "alice" || password != s.password {
		return eauth.Token{}, false, nil
	}
	value := fmt.Sprintf("%064x", s.checks)
	s.tokens[value] = true
	return eauth.Token{Value: value, User: name, Eauth: module, AuthList: s.authList, Expire: time.Now().Add(s.life)}, true, nil
}

func (s *changing) RemoveToken(_ context.Context, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, token)
	return nil
}

// reusing is a backend that reuses tokens, before a fake master.
type reusing struct {
	*master.Backend
	salt *changing
}

func newReusing() reusing {
	s := &changing{password: "wonderland", life: time.Hour, tokens: map[string]bool{}}
	return reusing{master.New(s, master.Options{
		Reuse: reuse, Reusable: func(module string) bool { return module == "ldap" },
		Guard: guard.Options{Throttle: throttle.Options{Free: 1}},
	}), s}
}

func credentials(change func(c *eauth.Credentials)) eauth.Credentials {
	c := alice
	c.RemoteAddr = home
	if change != nil {
		change(&c)
	}
	return c
}

// login authenticates and returns the identity with its token.
func (b reusing) login(t *testing.T, c eauth.Credentials) (eauth.Identity, string) {
	t.Helper()
	id, ok, err := b.Authenticate(t.Context(), c)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "alice", id.User)
	token, err := id.Grant.Token(t.Context())
	require.NoError(t, err)
	return id, token
}

// request is a login that ends at once.
func (b reusing) request(t *testing.T, c eauth.Credentials) string {
	t.Helper()
	id, token := b.login(t, c)
	id.Grant.Release(t.Context())
	return token
}

func (b reusing) require(t *testing.T, checks, tokens int) {
	t.Helper()
	synctest.Wait()
	b.salt.mu.Lock()
	defer b.salt.mu.Unlock()
	require.Equal(t, checks, b.salt.checks, "checks by the master")
	require.Len(t, b.salt.tokens, tokens, "tokens at the master")
}

// The suite for all backends holds, whether or not a token is used again.
func TestReuseConformance(t *testing.T) {
	t.Parallel()
	eauthtest.RunBackend(t, func(t *testing.T) eauthtest.Fixture {
		s, log := &salt{}, &eauthtest.Log{}
		b := master.New(s, master.Options{Logger: log.Logger(), Reuse: time.Hour, Reusable: func(string) bool { return true }})
		t.Cleanup(func() { b.Close(context.Background()) })
		return eauthtest.Fixture{Backend: b, Right: credentials(nil), User: "alice", Eauth: "ldap", Log: log, Lasting: 1}
	})
}

// One check serves the requests of the next five seconds, and not one more.
func TestReuse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newReusing()
		first := b.request(t, credentials(nil))
		for range 4 {
			time.Sleep(time.Second)
			require.Equal(t, first, b.request(t, credentials(nil)))
		}
		b.require(t, 1, 1)
		time.Sleep(time.Second)
		b.require(t, 1, 0)
		require.NotEqual(t, first, b.request(t, credentials(nil)))
		b.require(t, 2, 1)
		b.Close(t.Context())
		b.require(t, 2, 0)
		b.request(t, credentials(nil))
		b.require(t, 3, 0)
	})
}

// What differs in one part is other credentials.
func TestReuseIsForTheSameCredentials(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *eauth.Credentials){
		"another address":      func(c *eauth.Credentials) { c.RemoteAddr = netip.MustParseAddr("192.0.2.2") },
		"no address":           func(c *eauth.Credentials) { c.RemoteAddr = netip.Addr{} },
		"another lifetime":     func(c *eauth.Credentials) { c.TokenExpire = time.Minute },
		"another module":       func(c *eauth.Credentials) { c.Eauth = "otp" },
		"a check of their own": func(c *eauth.Credentials) { c.Fresh = true },
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newReusing()
			defer b.Close(t.Context())
			first := b.request(t, credentials(nil))
			require.NotEqual(t, first, b.request(t, credentials(change)), name)
			require.Equal(t, first, b.request(t, credentials(nil)), name)
			b.require(t, 2, b.tokens())
		})
	}
}

func (b reusing) tokens() int {
	b.salt.mu.Lock()
	defer b.salt.mu.Unlock()
	return len(b.salt.tokens)
}

// Nothing is used again of a module that does not permit it, of a token with
// rights in it, and of one that is about to expire.
func TestNoReuse(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *changing, c *eauth.Credentials){
		"a module with one-time passwords": func(_ *changing, c *eauth.Credentials) { c.Eauth = "otp" },
		"keep_acl_in_token":                func(s *changing, _ *eauth.Credentials) { s.authList = []byte(`["test.ping"]`) },
		"keep_acl_in_token, nothing":       func(s *changing, _ *eauth.Credentials) { s.authList = []byte(`null`) },
		"an expired token":                 func(s *changing, _ *eauth.Credentials) { s.life = 0 },
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newReusing()
			defer b.Close(t.Context())
			c := credentials(nil)
			change(b.salt, &c)
			require.NotEqual(t, b.request(t, c), b.request(t, c), name)
			b.require(t, 2, 0)
		})
	}
}

// A password that was changed is accepted until the time is over, or until the
// new one was used, or until the master has refused the old one.
func TestReuseAfterAChangedPassword(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newReusing()
		defer b.Close(t.Context())
		before, after := credentials(nil), credentials(func(c *eauth.Credentials) { c.Password = "looking-glass" })
		refused := func(c eauth.Credentials) {
			t.Helper()
			_, ok, err := b.Authenticate(t.Context(), c)
			require.NoError(t, err)
			require.False(t, ok)
		}

		first := b.request(t, before)
		b.salt.password = after.Password
		require.Equal(t, first, b.request(t, before))
		time.Sleep(reuse)
		refused(before)
		b.require(t, 2, 0)

		b.request(t, after)
		b.salt.password = before.Password
		b.request(t, before) // from then on the other one counts for nothing
		b.require(t, 4, 1)
		refused(after)
		b.require(t, 5, 1)

		// A login is checked by the master, and its refusal ends the reuse.
		first = b.request(t, before)
		b.salt.password = "changed again"
		require.Equal(t, first, b.request(t, before))
		refused(credentials(func(c *eauth.Credentials) { c.Fresh = true }))
		b.require(t, 6, 0)
	})
}

// A wrong password does not end the reuse of the right one.
func TestReuseAfterAGuess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newReusing()
		defer b.Close(t.Context())
		first := b.request(t, credentials(nil))
		_, ok, err := b.Authenticate(t.Context(), credentials(func(c *eauth.Credentials) { c.Password = "guess" }))
		require.NoError(t, err)
		require.False(t, ok)
		require.Equal(t, first, b.request(t, credentials(nil)))
	})
}

// A token that the master does not recognize is not used again; the request is
// checked as if there had been none.
func TestReuseOfATokenThatTheMasterDoesNotKnow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newReusing()
		defer b.Close(t.Context())
		id, first := b.login(t, credentials(nil))
		_, err := id.Grant.Renew(t.Context(), first)
		require.ErrorIs(t, err, eauth.ErrNoToken, "the token was made for this request")
		id.Grant.Release(t.Context())
		b.require(t, 1, 0)

		first = b.request(t, credentials(nil))
		id, token := b.login(t, credentials(nil))
		require.Equal(t, first, token)
		renewed, err := id.Grant.Renew(t.Context(), first)
		require.NoError(t, err)
		require.NotEqual(t, first, renewed)
		again, err := id.Grant.Renew(t.Context(), first)
		require.NoError(t, err)
		require.Equal(t, renewed, again, "for another chunk that had the old one")
		token, err = id.Grant.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, renewed, token)
		_, err = id.Grant.Renew(t.Context(), renewed)
		require.ErrorIs(t, err, eauth.ErrNoToken)
		b.require(t, 3, 2) // the old one is in use until the request ends
		id.Grant.Release(t.Context())
		b.require(t, 3, 0)
		_, err = id.Grant.Token(t.Context())
		require.Error(t, err)

		// The password was changed meanwhile: the guess counts.
		first = b.request(t, credentials(nil))
		id, _ = b.login(t, credentials(nil))
		b.salt.password = "changed"
		_, err = id.Grant.Renew(t.Context(), first)
		require.ErrorIs(t, err, eauth.ErrNoToken)
		id.Grant.Release(t.Context())
		b.require(t, 5, 0)
	})
}

// A token that was seen on the event bus serves no further request, and goes
// when those that have it are over.
func TestReuseOfAnExposedToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newReusing()
		defer b.Close(t.Context())
		one, first := b.login(t, credentials(nil))
		two, token := b.login(t, credentials(nil))
		require.Equal(t, first, token)
		one.Grant.Exposed("another")
		one.Grant.Exposed(first)
		one.Grant.Release(t.Context())
		one.Grant.Release(t.Context())
		b.require(t, 1, 1)
		require.NotEqual(t, first, b.request(t, credentials(nil)))
		two.Grant.Release(t.Context())
		b.require(t, 2, 1)
	})
}

// While an address is slowed down, what was right a moment ago is let through
// as the guard lets it through, and no further.
func TestReuseBehindTheGuard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newReusing()
		defer b.Close(t.Context())
		b.request(t, credentials(nil))
		var refused int
		for i := range 40 {
			_, ok, err := b.Authenticate(t.Context(), credentials(func(c *eauth.Credentials) { c.Password = fmt.Sprint("guess", i) }))
			require.NoError(t, err)
			require.False(t, ok)
			if _, ok, err = b.Authenticate(t.Context(), credentials(nil)); err != nil || !ok {
				refused++
			}
		}
		require.Positive(t, refused, "twenty guesses from the same address end it")
		checks := b.salt.checks
		require.Less(t, checks, 5)
	})
}

// Users of a reuse are bounded: the one that was idle for the longest time has
// to be checked again.
func TestReuseIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newReusing()
		at := func(i int) eauth.Credentials {
			return credentials(func(c *eauth.Credentials) { c.RemoteAddr = netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}) })
		}
		for i := range 1025 {
			b.request(t, at(i))
		}
		b.require(t, 1025, 1024)
		b.request(t, at(1024))
		b.require(t, 1025, 1024)
		b.request(t, at(0))
		b.require(t, 1026, 1024)
		b.Close(t.Context())
		b.require(t, 1026, 0)
	})
}

// Whatever runs at once, no token is left, and none is gone while it is used.
func TestReuseAtOnce(t *testing.T) {
	t.Parallel()
	b := newReusing()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				id, ok, err := b.Authenticate(t.Context(), credentials(nil))
				if err != nil || !ok {
					t.Errorf("%v %v", ok, err)
					return
				}
				token, _ := id.Grant.Token(t.Context())
				b.salt.mu.Lock()
				there := b.salt.tokens[token]
				b.salt.mu.Unlock()
				if !there {
					t.Error("the token is gone")
				}
				if i == 0 {
					id.Grant.Exposed(token)
				}
				id.Grant.Release(t.Context())
			}
		})
	}
	all.Wait()
	b.Close(t.Context())
	require.Zero(t, b.tokens())
}
