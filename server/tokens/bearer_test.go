package tokens_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// Tokens in place of sessions.
func TestBearers(t *testing.T) {
	t.Parallel()
	const bare = `[{"client":"local","tgt":"*","fun":"test.ping"}]`
	calls := make(chan *servertest.Call, 10)
	g := servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		calls <- call
		return [][]byte{[]byte(`{}`)}, nil
	})
	r := servertest.StartTokens(t, g, nil)
	all, id := r.Create(t, `{"name": "all", "scopes": ["Superuser"], "ttl": "never"}`)
	reader, _ := r.Create(t, `{"name": "reader", "scopes": ["Read-only"], "ttl": "30d"}`)
	x, err := r.Issuer.Exchange(t.Context(), all, issuer.Request{Profile: apitoken.ProfileCSP})
	require.NoError(t, err)
	access := x.Access.Reveal()

	for name, c := range map[string]struct {
		method, path, body, header string
		status                     int
		expires                    string
		bearer                     bool
	}{
		"api, header":        {"POST", "/", bare, "X-Auth-Token: " + all, 200, "never", true},
		"api, bearer":        {"POST", "/", bare, "Authorization: bearer " + all, 200, "never", true},
		"access":             {"POST", "/", bare, "Authorization: Bearer " + access, 200, x.Record.Expires.UTC().Format(time.RFC3339), true},
		"access, streamed":   {"POST", "/", strings.ReplaceAll(bare, "local", "local_batch"), "X-Auth-Token: " + access, 200, "", true},
		"access, run":        {"POST", "/run", bare, "X-Auth-Token: " + access, 200, "", true},
		"run, own":           {"POST", "/run", servertest.Ping, "X-Auth-Token: " + access, 200, "", false},
		"own":                {"POST", "/", servertest.Ping, "X-Auth-Token: " + access, 200, "", true},
		"minions":            {"GET", "/minions/*", "", "X-Auth-Token: " + reader, 200, "", true},
		"jobs":               {"GET", "/jobs", "", "X-Auth-Token: " + reader, 200, "", true},
		"hook, out of scope": {"POST", "/hook/x", "", "X-Auth-Token: " + reader, 403, "", false},
		"keys, out of scope": {"POST", "/keys", `{"mid": "m"}`, "X-Auth-Token: " + reader, 403, "", false},
		"a cookie":           {"POST", "/", bare, "Cookie: session_id=" + access, 401, "", false},
		"mistyped":           {"POST", "/", bare, "X-Auth-Token: " + access[:47] + "_", 401, "", false},
		"unknown":            {"POST", "/", bare, "X-Auth-Token: " + apitoken.NewSecret(apitoken.KindAccess).Reveal(), 401, "", false},
		"salt tokens":        {"POST", "/token", `{}`, "X-Auth-Token: " + access, 400, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			before := r.Owners.Released.Load()
			head, text := r.Send(t, c.method, c.path, c.body, c.header)
			require.Equal(t, c.status, head.StatusCode, text)
			if c.expires != "" {
				require.Equal(t, c.expires, head.Header.Get("Saltern-Token-Expires"))
			}
			switch c.status {
			case 401:
				require.Equal(t, `Bearer realm="saltern", error="invalid_token"`, head.Header.Get("Www-Authenticate"))
			case 403:
				require.Contains(t, head.Header.Get("Www-Authenticate"), `error="insufficient_scope"`)
			case 200:
				call := <-calls
				require.Equal(t, c.bearer, call.Authority.Identity != nil)
				require.Equal(t, c.bearer, call.Authority.Scope != nil)
				if c.bearer {
					require.Equal(t, "saltdev", call.Authority.Identity.User)
					require.Eventually(t, func() bool { return r.Owners.Released.Load() == before+1 }, servertest.Timeout, time.Millisecond)
				}
			}
		})
	}

	r.Store.Down.Store(true)
	head, text := r.Send(t, "POST", "/", bare, "X-Auth-Token: "+access)
	require.Equal(t, 503, head.StatusCode, text)
	head, _ = r.Send(t, "POST", "/", bare, "X-Auth-Token: "+servertest.SessionID)
	require.Equal(t, 200, head.StatusCode, "sessions go on")
	r.Store.Down.Store(false)

	// A logout revokes an access token, but not the API token behind it.
	head, text = r.Send(t, "POST", "/logout", "", "X-Auth-Token: "+access)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"return": "Your token has been cleared"}`, text)
	head, _ = r.Send(t, "POST", "/", bare, "X-Auth-Token: "+access)
	require.Equal(t, 401, head.StatusCode)
	head, text = r.Send(t, "POST", "/logout", "", "X-Auth-Token: "+all)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"return": "An API token stays good until its owner revokes it"}`, text)
	head, _ = r.Send(t, "POST", "/", bare, "X-Auth-Token: "+all)
	require.Equal(t, 200, head.StatusCode)
	head, _ = r.Send(t, "DELETE", "/v1/tokens/"+id, "", servertest.AuthToken+servertest.SessionID)
	require.Equal(t, 204, head.StatusCode)
	head, _ = r.Send(t, "POST", "/", bare, "X-Auth-Token: "+all)
	require.Equal(t, 401, head.StatusCode)
}

// Guesses are throttled over HTTP too.
func TestGuessesOverHTTP(t *testing.T) {
	t.Parallel()
	r := servertest.StartTokens(t, servertest.Answering("{}"), nil)
	statuses := make(map[int]int)
	for range 12 {
		head, _ := r.Send(t, "GET", "/jobs", "", "X-Auth-Token: "+apitoken.NewSecret(apitoken.KindAPI).Reveal())
		statuses[head.StatusCode]++
		require.Equal(t, head.StatusCode == http.StatusTooManyRequests, head.Header.Get("Retry-After") != "")
	}
	require.Equal(t, map[int]int{401: 11, 429: 1}, statuses)
}

// A stream of events ends with its token.
func TestAStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	var tokens *servertest.Tokens
	e := servertest.StartEvents(t, servertest.EventOptions{Hub: eventstream.Options{}, Server: func(c *server.Config) {
		tokens = servertest.NewTokens(t, nil)
		c.Tokens = tokens.Issuer
	}})
	secret, record, err := tokens.Issuer.Create(t.Context(), issuer.Caller{User: "saltdev", Eauth: "pam", LoggedIn: true},
		issuer.NewToken{Name: "ci", Scopes: []string{"Read-only"}, Profile: apitoken.ProfileNative})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+e.Addr(0)+"/events", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+secret.Reveal())
	ended := make(chan string, 1)
	go func() {
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			ended <- err.Error()
			return
		}
		defer func() { _ = res.Body.Close() }()
		var all bytes.Buffer
		_, _ = all.ReadFrom(res.Body)
		ended <- all.String()
	}()
	require.Eventually(t, func() bool { return tokens.Owners.Released.Load() == 0 && e.Hub.Stats().Readers == 1 }, servertest.Timeout, time.Millisecond)
	require.NoError(t, tokens.Issuer.Revoke(t.Context(), issuer.Caller{Operator: true}, record.ID))
	select {
	case text := <-ended:
		require.Contains(t, text, "The session was ended")
	case <-time.After(servertest.Timeout):
		require.Fail(t, "the stream goes on")
	}
}
