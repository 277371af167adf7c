package tokens_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// On the rest_wsgi listener a token in a header serves the chunks that have no
// credentials of their own, and no other credential in a header counts.
func TestBearersOfRestWSGI(t *testing.T) {
	t.Parallel()
	const bare = `[{"client":"local","tgt":"*","fun":"test.ping"}]`
	const both = `[{"client":"local","tgt":"*","fun":"test.ping"},{"eauth":"pam","client":"local","tgt":"*","fun":"test.ping"}]`
	calls := make(chan *servertest.Call, 10)
	g := servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		calls <- call
		return [][]byte{[]byte(`{}`)}, nil
	})
	r := servertest.StartTokens(t, g, nil)
	api, _ := r.Create(t, `{"name": "reader", "scopes": ["Read-only"], "ttl": "never"}`)
	x, err := r.Issuer.Exchange(t.Context(), api, issuer.Request{Profile: apitoken.ProfileCSP})
	require.NoError(t, err)
	access := x.Access.Reveal()
	unknown := apitoken.NewSecret(apitoken.KindAccess).Reveal()

	for name, c := range map[string]struct {
		body, header string
		status       int
		bearer       bool
	}{
		"api, header":      {bare, "X-Auth-Token: " + api, 200, true},
		"access, bearer":   {bare, "Authorization: bearer " + access, 200, true},
		"one has its own":  {both, "X-Auth-Token: " + access, 200, true},
		"all have":         {servertest.Ping, "X-Auth-Token: " + access, 200, false},
		"all have, wrong":  {servertest.Ping, "X-Auth-Token: " + unknown, 200, false},
		"none":             {`[]`, "X-Auth-Token: " + unknown, 200, false},
		"a cookie":         {bare, "Cookie: session_id=" + access, 200, false},
		"a session":        {bare, "X-Auth-Token: " + servertest.SessionID, 200, false},
		"a Salt token":     {bare, "Authorization: Bearer " + servertest.SaltToken, 200, false},
		"basic":            {bare, "Authorization: Basic " + access, 200, false},
		"unknown":          {bare, "X-Auth-Token: " + unknown, 401, false},
		"unknown, for one": {both, "X-Auth-Token: " + unknown, 401, false},
		"mistyped":         {bare, "X-Auth-Token: " + api[:47] + "_", 401, false},
	} {
		t.Run(name, func(t *testing.T) {
			before := r.Owners.Released.Load()
			head, text := r.SendTo(t, 1, "POST", "/any/path", c.body, c.header)
			require.Equal(t, c.status, head.StatusCode, text)
			if c.status == 401 {
				require.Equal(t, `{"return": "Authentication error occurred."}`, text, "as for wrong credentials of a chunk")
				return
			}
			call := <-calls
			require.True(t, call.ChunkFirst)
			require.Equal(t, c.bearer, call.Authority.Identity != nil)
			require.Equal(t, c.bearer, call.Authority.Scope != nil)
			require.Equal(t, c.bearer, call.Authority.Token != "")
			if c.bearer {
				require.Equal(t, "saltdev", call.Authority.Identity.User)
				require.NotEmpty(t, head.Header.Get("Saltern-Token-Expires"))
				require.Eventually(t, func() bool { return r.Owners.Released.Load() == before+1 }, servertest.Timeout, time.Millisecond)
			}
		})
	}

	r.Store.Down.Store(true)
	head, text := r.SendTo(t, 1, "POST", "/", bare, "X-Auth-Token: "+access)
	require.Equal(t, 503, head.StatusCode)
	require.Equal(t, `{"return": "The token store is not available"}`, text)
	require.Equal(t, "5", head.Header.Get("Retry-After"))
	head, _ = r.SendTo(t, 1, "POST", "/", servertest.Ping, "X-Auth-Token: "+access)
	require.Equal(t, 200, head.StatusCode, "the chunk's own go on")
}

// A gateway without tokens accepts none.
func TestRestWSGIWithoutTokens(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("{}"), func(c *server.Config) { c.Tokens = nil })
	secret := apitoken.NewSecret(apitoken.KindAccess).Reveal()
	head, _ := s.SendTo(t, 1, "POST", "/", `[{"client":"local"}]`, "X-Auth-Token: "+secret)
	require.Equal(t, 401, head.StatusCode)
}
