package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server"
)

// fakeOwners are all active, and get the same Salt token.
type fakeOwners struct{ released atomic.Int64 }

func (*fakeOwners) Active(context.Context, apitoken.Owner, netip.Addr, *issuer.LastLogin) (bool, []string, error) {
	return true, []string{}, nil
}

func (v *fakeOwners) Grant(context.Context, string, string, []string) (eauth.Grant, error) {
	return fakeGrant{v}, nil
}

type fakeGrant struct{ *fakeOwners }

func (fakeGrant) Token(context.Context) (string, error)         { return saltToken, nil }
func (fakeGrant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (fakeGrant) Exposed(string)                                {}
func (g fakeGrant) Release(context.Context)                     { g.released.Add(1) }

// flakyStore is a store that can be made unavailable.
type flakyStore struct {
	*memory.Store
	down atomic.Bool
}

func (s *flakyStore) Lookup(ctx context.Context, h apitoken.Hash) (apitoken.Record, error) {
	if s.down.Load() {
		return apitoken.Record{}, apitoken.ErrUnavailable
	}
	return s.Store.Lookup(ctx, h)
}

// saltTokenSessions distinguishes a Salt token from a session.
type saltTokenSessions struct{ server.Sessions }

func (h saltTokenSessions) Resolve(ctx context.Context, credential string) (*session.Session, bool, error) {
	sess, ok, err := h.Sessions.Resolve(ctx, credential)
	if ok && credential == saltToken {
		sess.ID = ""
	}
	return sess, ok, err
}

// tokenEnv is a server with tokens; saltdev is a superuser.
type tokenEnv struct {
	*running
	tokens *issuer.Service
	store  *flakyStore
	people *fakeOwners
}

func withTokens(t *testing.T, g server.Gateway, change func(*server.Config)) *tokenEnv {
	t.Helper()
	return withTokensTold(t, g, nil, change)
}

// withTokensTold also calls a function for each event of a token.
func withTokensTold(
	t *testing.T, g server.Gateway, notify func(context.Context, issuer.Event), change func(*server.Config),
) *tokenEnv {
	t.Helper()
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	r := &tokenEnv{store: &flakyStore{Store: memory.New()}, people: &fakeOwners{}}
	r.tokens, err = issuer.New(issuer.Options{
		Store: r.store, Pepper: pepper, Owners: r.people, Mint: r.people, Notify: notify,
		Assignments: []issuer.Assignment{{Users: []string{"saltdev"}, Roles: []string{"Superuser"}}},
	})
	require.NoError(t, err)
	t.Cleanup(r.tokens.Close)
	r.running, _ = withSessions(t, g, func(c *server.Config) {
		c.Sessions = saltTokenSessions{c.Sessions}
		c.Tokens = r.tokens
		if change != nil {
			change(c)
		}
	})
	return r
}

const loggedIn = "X-Auth-Token: "

// made returns a token created over HTTP.
func (r *tokenEnv) made(t *testing.T, body string) (secret, id string) {
	t.Helper()
	head, text := r.with(t, "POST", "/v1/tokens", body, loggedIn+sessionID)
	require.Equal(t, 201, head.StatusCode, text)
	var made struct{ Token, ID string }
	require.NoError(t, json.Unmarshal([]byte(text), &made))
	return made.Token, made.ID
}

// Tokens in place of sessions.
func TestBearers(t *testing.T) {
	t.Parallel()
	const bare = `[{"client":"local","tgt":"*","fun":"test.ping"}]`
	calls := make(chan *fakeCall, 10)
	g := fakeGateway{func(_ context.Context, call *fakeCall) ([][]byte, error) {
		calls <- call
		return [][]byte{[]byte(`{}`)}, nil
	}}
	r := withTokens(t, g, nil)
	all, id := r.made(t, `{"name": "all", "scopes": ["Superuser"], "ttl": "never"}`)
	reader, _ := r.made(t, `{"name": "reader", "scopes": ["Read-only"], "ttl": "30d"}`)
	x, err := r.tokens.Exchange(t.Context(), all, issuer.Request{Profile: apitoken.ProfileCSP})
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
		"run, own":           {"POST", "/run", ping, "X-Auth-Token: " + access, 200, "", false},
		"own":                {"POST", "/", ping, "X-Auth-Token: " + access, 200, "", true},
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
			before := r.people.released.Load()
			head, text := r.with(t, c.method, c.path, c.body, c.header)
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
					require.Eventually(t, func() bool { return r.people.released.Load() == before+1 }, patience, time.Millisecond)
				}
			}
		})
	}

	r.store.down.Store(true)
	head, text := r.with(t, "POST", "/", bare, "X-Auth-Token: "+access)
	require.Equal(t, 503, head.StatusCode, text)
	head, _ = r.with(t, "POST", "/", bare, "X-Auth-Token: "+sessionID)
	require.Equal(t, 200, head.StatusCode, "sessions go on")
	r.store.down.Store(false)

	// A logout revokes an access token, but not the API token behind it.
	head, text = r.with(t, "POST", "/logout", "", "X-Auth-Token: "+access)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"return": "Your token has been cleared"}`, text)
	head, _ = r.with(t, "POST", "/", bare, "X-Auth-Token: "+access)
	require.Equal(t, 401, head.StatusCode)
	head, text = r.with(t, "POST", "/logout", "", "X-Auth-Token: "+all)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"return": "An API token stays good until its owner revokes it"}`, text)
	head, _ = r.with(t, "POST", "/", bare, "X-Auth-Token: "+all)
	require.Equal(t, 200, head.StatusCode)
	head, _ = r.with(t, "DELETE", "/v1/tokens/"+id, "", loggedIn+sessionID)
	require.Equal(t, 204, head.StatusCode)
	head, _ = r.with(t, "POST", "/", bare, "X-Auth-Token: "+all)
	require.Equal(t, 401, head.StatusCode)
}

// Guesses are throttled over HTTP too.
func TestGuessesOverHTTP(t *testing.T) {
	t.Parallel()
	r := withTokens(t, answering("{}"), nil)
	statuses := make(map[int]int)
	for range 12 {
		head, _ := r.with(t, "GET", "/jobs", "", "X-Auth-Token: "+apitoken.NewSecret(apitoken.KindAPI).Reveal())
		statuses[head.StatusCode]++
		require.Equal(t, head.StatusCode == http.StatusTooManyRequests, head.Header.Get("Retry-After") != "")
	}
	require.Equal(t, map[int]int{401: 11, 429: 1}, statuses)
}

// A stream of events ends with its token.
func TestAStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	var tokens *tokenEnv
	e := newEventRig(t, eventRigOptions{hub: eventstream.Options{}, server: func(c *server.Config) {
		tokens = tokensFor(t)
		c.Tokens = tokens.tokens
	}})
	secret, record, err := tokens.tokens.Create(t.Context(), issuer.Caller{User: "saltdev", Eauth: "pam", LoggedIn: true},
		issuer.NewToken{Name: "ci", Scopes: []string{"Read-only"}, Profile: apitoken.ProfileNative})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+e.addr(0)+"/events", nil)
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
	require.Eventually(t, func() bool { return tokens.people.released.Load() == 0 && e.hub.Stats().Readers == 1 }, patience, time.Millisecond)
	require.NoError(t, tokens.tokens.Revoke(t.Context(), issuer.Caller{Operator: true}, record.ID))
	select {
	case text := <-ended:
		require.Contains(t, text, "The session was ended")
	case <-time.After(patience):
		require.Fail(t, "the stream goes on")
	}
}

// tokensFor is a service without a server.
func tokensFor(t *testing.T) *tokenEnv {
	t.Helper()
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	r := &tokenEnv{store: &flakyStore{Store: memory.New()}, people: &fakeOwners{}}
	r.tokens, err = issuer.New(issuer.Options{Store: r.store, Pepper: pepper, Owners: r.people, Mint: r.people})
	require.NoError(t, err)
	t.Cleanup(r.tokens.Close)
	return r
}
