package caller_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/web"
)

// request returns a request with a credential in X-Auth-Token.
func request(t *testing.T, credential string) (*web.Exchange, *http.Request) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if credential != "" {
		r.Header.Set("X-Auth-Token", credential)
	}
	return web.NewExchange(httptest.NewRecorder(), time.Minute), r
}

func TestCaller(t *testing.T) {
	t.Parallel()
	v, tokens := callertest.New()
	for credential, want := range map[string]struct {
		user   string
		salt   string // of the authority
		scoped bool
	}{
		"session":              {"saltdev", "salt-token-of-saltdev", false},
		callertest.Secret:      {"ops", "salt-token-of-ops", true},
		"wrong":                {},
		callertest.Secret[:20]: {},
		"":                     {},
	} {
		x, r := request(t, credential)
		found, err := v.Caller(x, r, caller.CredentialsOf(r))
		if want.user == "" {
			e, ok := web.Known(err)
			require.True(t, ok)
			require.Equal(t, http.StatusUnauthorized, e.Status)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want.user, found.User)
		a, release, err := v.Authority(t.Context(), found)
		require.NoError(t, err)
		require.Equal(t, want.salt, a.Token)
		require.Equal(t, want.scoped, a.Scope != nil)
		require.Equal(t, want.scoped, a.Identity != nil)
		release()
		require.Zero(t, tokens.Held.Load())
	}
}

// A good credential makes an answer private, unless its route keeps it out of
// every cache.
func TestCacheControl(t *testing.T) {
	t.Parallel()
	v, _ := callertest.New()
	for before, want := range map[string]string{"": "private", "no-store": "no-store"} {
		x, r := request(t, "session")
		if before != "" {
			x.Header().Set("Cache-Control", before)
		}
		_, err := v.Caller(x, r, caller.CredentialsOf(r))
		require.NoError(t, err)
		require.Equal(t, want, x.Header().Get("Cache-Control"))
	}
}

// TestSwappedCaller replaces the caller: the result has less authority than
// before, never more.
func TestSwappedCaller(t *testing.T) {
	t.Parallel()
	root := &session.Session{ID: "root's", Token: "salt-token-of-root", User: "root", Eauth: "pam"}
	for name, c := range map[string]struct {
		swap func(c *caller.Caller) *caller.Caller
		less bool // nothing is left
	}{
		"the name":              {func(c *caller.Caller) *caller.Caller { c.User, c.Eauth = "root", "file"; return c }, false},
		"the groups":            {func(c *caller.Caller) *caller.Caller { c.Groups = []string{"wheel"}; return c }, false},
		"logged in":             {func(c *caller.Caller) *caller.Caller { c.LoggedIn = true; return c }, false},
		"a session beside it":   {func(c *caller.Caller) *caller.Caller { c.Session = root; return c }, false},
		"no token":              {func(c *caller.Caller) *caller.Caller { c.Principal = nil; return c }, true},
		"no token, and a name":  {func(c *caller.Caller) *caller.Caller { return &caller.Caller{User: "root", LoggedIn: true} }, true},
		"nothing":               {func(*caller.Caller) *caller.Caller { return nil }, true},
		"another caller's zero": {func(*caller.Caller) *caller.Caller { return new(caller.Caller) }, true},
	} {
		v, _ := callertest.New()
		x, r := request(t, callertest.Secret)
		found, err := v.Caller(x, r, caller.CredentialsOf(r))
		require.NoError(t, err, name)
		found = c.swap(found)

		a, release, err := v.Authority(t.Context(), found)
		require.NoError(t, err, name)
		ctx, done := v.Follow(t.Context(), found)
		if c.less {
			require.Equal(t, lowstate.Authority{}, a, name)
			require.Equal(t, eauth.Identity{}, found.Identity(), name)
			require.Equal(t, issuer.Caller{}, found.Issuer(), name)
			require.Error(t, ctx.Err(), name)
		} else {
			require.Equal(t, "ops", a.Identity.User, name)
			require.Equal(t, "pam", a.Identity.Eauth, name)
			require.Empty(t, a.Identity.Groups, name)
			require.NotNil(t, a.Scope, name)
			require.Equal(t, "ops", found.Identity().User, name)
			require.Empty(t, found.Identity().Groups, name)
			require.False(t, found.Issuer().LoggedIn, name)
			require.NotNil(t, found.Issuer().Principal, name)
			require.NoError(t, ctx.Err(), name)
		}
		done()
		release()

		again, err := v.Caller(x, r, caller.CredentialsOf(r))
		require.NoError(t, err, name)
		require.Equal(t, "ops", again.User, "%s: the next one who looks sees the caller as it was", name)
		require.NotNil(t, again.Principal, name)
		require.Nil(t, again.Session, name)
	}
}

// A caller is looked up again with what its token allows by then.
func TestAgain(t *testing.T) {
	t.Parallel()
	v, tokens := callertest.New()
	of := func(credential string) *caller.Caller {
		x, r := request(t, credential)
		c, err := v.Caller(x, r, caller.CredentialsOf(r))
		require.NoError(t, err)
		return c
	}
	token, sess := of(callertest.Secret), of("session")
	again, err := v.Again(t.Context(), sess)
	require.NoError(t, err)
	require.Same(t, sess, again)

	narrow := *tokens.Principals[callertest.Secret]
	narrow.Scopes = role.Compile(role.Options{})
	tokens.Principals[callertest.Secret] = &narrow
	again, err = v.Again(t.Context(), token)
	require.NoError(t, err)
	require.Same(t, &narrow, again.Principal)
	require.Equal(t, token.Credential, again.Credential)
	require.Equal(t, token.From, again.From)

	other := narrow
	other.TokenID = "2"
	for _, p := range []*issuer.Principal{&other, nil} { // another one, and none
		if tokens.Principals[callertest.Secret] = p; p == nil {
			delete(tokens.Principals, callertest.Secret)
		}
		_, err = v.Again(t.Context(), token)
		require.Equal(t, http.StatusUnauthorized, web.ErrorOf(err).Status)
	}
	v.Tokens = nil
	_, err = v.Again(t.Context(), token)
	require.Equal(t, http.StatusUnauthorized, web.ErrorOf(err).Status)
}
