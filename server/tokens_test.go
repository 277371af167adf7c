package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
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

// villagers may all act, and get the same Salt token.
type villagers struct{ released atomic.Int64 }

func (*villagers) Active(context.Context, apitoken.Owner, netip.Addr, *issuer.LastLogin) (bool, []string, error) {
	return true, []string{}, nil
}

func (v *villagers) Grant(context.Context, string, string, []string) (eauth.Grant, error) {
	return villageGrant{v}, nil
}

type villageGrant struct{ *villagers }

func (villageGrant) Token(context.Context) (string, error)         { return saltToken, nil }
func (villageGrant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (villageGrant) Exposed(string)                                {}
func (g villageGrant) Release(context.Context)                     { g.released.Add(1) }

// brittle is a store that can go away.
type brittle struct {
	*memory.Store
	down atomic.Bool
}

func (s *brittle) Lookup(ctx context.Context, h apitoken.Hash) (apitoken.Record, error) {
	if s.down.Load() {
		return apitoken.Record{}, apitoken.ErrUnavailable
	}
	return s.Store.Lookup(ctx, h)
}

// honest tells a Salt token from a session.
type honest struct{ server.Sessions }

func (h honest) Resolve(ctx context.Context, credential string) (*session.Session, bool, error) {
	sess, ok, err := h.Sessions.Resolve(ctx, credential)
	if ok && credential == saltToken {
		sess.ID = ""
	}
	return sess, ok, err
}

// tokenRig is a server with tokens; saltdev is a superuser.
type tokenRig struct {
	*running
	tokens *issuer.Service
	store  *brittle
	people *villagers
}

func withTokens(t *testing.T, g server.Gateway, change func(*server.Config)) *tokenRig {
	t.Helper()
	return withTokensTold(t, g, nil, change)
}

// withTokensTold also has somebody hear of what happens to tokens.
func withTokensTold(
	t *testing.T, g server.Gateway, notify func(context.Context, issuer.Event), change func(*server.Config),
) *tokenRig {
	t.Helper()
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	r := &tokenRig{store: &brittle{Store: memory.New()}, people: &villagers{}}
	r.tokens, err = issuer.New(issuer.Options{
		Store: r.store, Pepper: pepper, Owners: r.people, Mint: r.people, Notify: notify,
		Assignments: []issuer.Assignment{{Users: []string{"saltdev"}, Roles: []string{"Superuser"}}},
	})
	require.NoError(t, err)
	t.Cleanup(r.tokens.Close)
	r.running, _ = withSessions(t, g, func(c *server.Config) {
		c.Sessions = honest{c.Sessions}
		c.Tokens = r.tokens
		if change != nil {
			change(c)
		}
	})
	return r
}

const loggedIn = "X-Auth-Token: "

// made is a token that was made over HTTP.
func (r *tokenRig) made(t *testing.T, body string) (secret, id string) {
	t.Helper()
	head, text := r.with(t, "POST", "/v1/tokens", body, loggedIn+sessionID)
	require.Equal(t, 201, head.StatusCode, text)
	var made struct{ Token, ID string }
	require.NoError(t, json.Unmarshal([]byte(text), &made))
	return made.Token, made.ID
}

func TestNativeTokens(t *testing.T) {
	t.Parallel()
	r := withTokens(t, answering("{}"), nil)
	head, text := r.with(t, "POST", "/v1/tokens", `{"name": "ci", "scopes": ["Superuser"], "ttl": "180d"}`, loggedIn+sessionID)
	require.Equal(t, 201, head.StatusCode, text)
	require.Equal(t, "no-store", head.Header.Get("Cache-Control"))
	require.Equal(t, "application/json", head.Header.Get("Content-Type"))
	var made struct {
		ID, Name, Token, State string
		Scopes                 []string
		Created, Expires       time.Time
		LastUsed               *struct{} `json:"last_used"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &made))
	require.Equal(t, "ci", made.Name)
	require.Equal(t, []string{"Superuser"}, made.Scopes)
	require.Equal(t, 180*24*time.Hour, made.Expires.Sub(made.Created))
	require.Equal(t, "live", made.State)
	require.Nil(t, made.LastUsed)
	require.Regexp(t, "^"+apitoken.Pattern+"$", made.Token)

	for _, path := range []string{"/v1/tokens", "/v1/tokens/" + made.ID, "/v1/tokens?user=saltdev&eauth=pam", "/v1/tokens?all=true"} {
		head, text = r.with(t, "GET", path, "", loggedIn+sessionID)
		require.Equal(t, 200, head.StatusCode, text)
		require.Contains(t, text, made.ID)
		require.NotContains(t, text, made.Token, "never again")
	}
	head, text = r.with(t, "POST", "/v1/tokens/"+made.ID+"/regenerate", "", loggedIn+sessionID)
	require.Equal(t, 200, head.StatusCode, text)
	require.Contains(t, text, `"name":"ci"`)
	require.Contains(t, text, `"token":"saltern_api_`)
	require.NotContains(t, text, made.Token)

	head, _ = r.with(t, "DELETE", "/v1/tokens/"+made.ID, "", loggedIn+sessionID)
	require.Equal(t, 204, head.StatusCode)
	head, _ = r.with(t, "GET", "/v1/tokens/"+made.Token, "", loggedIn+sessionID)
	require.Equal(t, 404, head.StatusCode, "that was no id, and the log has no secret all the same")
	head, text = r.with(t, "GET", "/v1/tokens/"+made.ID, "", loggedIn+sessionID)
	require.Equal(t, 404, head.StatusCode)
	require.Equal(t, `{"status": 404, "return": "There is none"}`, text)
	require.NotContains(t, r.log.String(), made.Token)
	require.NotContains(t, r.log.String(), made.Token[len("saltern_api_"):])
	require.Contains(t, r.log.String(), "/v1/tokens/saltern_api_...")
}

// What /v1 refuses, and how.
func TestNativeRefusals(t *testing.T) {
	t.Parallel()
	r := withTokens(t, answering("{}"), nil)
	api, id := r.made(t, `{"name": "ci", "scopes": ["Superuser"], "ttl": "never"}`)
	const fine = `{"name": "x", "scopes": ["User"]}`
	for name, c := range map[string]struct {
		method, path, body, credential string
		status                         int
		says                           string
	}{
		"no credential":      {"POST", "/v1/tokens", fine, "", 401, "No permission"},
		"unknown session":    {"POST", "/v1/tokens", fine, "00", 401, "No permission"},
		"a Salt token":       {"POST", "/v1/tokens", fine, saltToken, 403, "to do this with a token of this kind: log in first"},
		"a token makes one":  {"POST", "/v1/tokens", fine, api, 403, "to do this with a token of this kind: log in first"},
		"a token sees one":   {"GET", "/v1/tokens/" + id, "", api, 403, "to do this with a token of this kind: log in first"},
		"a token sees all":   {"GET", "/v1/tokens", "", api, 403, "to do this with a token of this kind: log in first"},
		"a token revokes":    {"DELETE", "/v1/tokens/" + id, "", api, 403, "to do this with a token of this kind: log in first"},
		"a token renews":     {"POST", "/v1/tokens/" + id + "/regenerate", "", api, 403, "to do this with a token of this kind: log in first"},
		"a token and a role": {"PUT", "/v1/roles/x", `{"permissions": ["cmd-read"]}`, api, 403, "to do this with a token of this kind: log in first"},
		"an account's":       {"POST", "/v1/service-accounts", fine, api, 403, "to do this with a token of this kind: log in first"},
		"a mistyped token":   {"GET", "/v1/tokens", "", api[:40] + "AAAAAAAA", 401, "No permission"},
		"unknown key":        {"POST", "/v1/tokens", `{"name": "x", "scope": ["User"]}`, sessionID, 400, "no key"},
		"another case":       {"POST", "/v1/tokens", `{"Name": "x", "scopes": ["User"]}`, sessionID, 400, "no key"},
		"twice":              {"POST", "/v1/tokens", `{"name": "x", "name": "y"}`, sessionID, 400, "twice"},
		"wrong type":         {"POST", "/v1/tokens", `{"name": 5}`, sessionID, 400, "name: a number cannot stand there"},
		"no object":          {"POST", "/v1/tokens", `[1]`, sessionID, 400, "has to be an object"},
		"no JSON":            {"POST", "/v1/tokens", `{"name": "x"`, sessionID, 400, "not valid JSON"},
		"nothing":            {"POST", "/v1/tokens", ``, sessionID, 400, "scopes"},
		"name taken":         {"POST", "/v1/tokens", `{"name": "ci", "scopes": ["User"]}`, sessionID, 409, "taken"},
		"no such role":       {"POST", "/v1/tokens", `{"name": "x", "scopes": ["Root"]}`, sessionID, 400, "no role"},
		"bad life":           {"POST", "/v1/tokens", `{"name": "x", "scopes": ["User"], "ttl": "long"}`, sessionID, 400, "180d"},
		"for another":        {"POST", "/v1/tokens", `{"name": "x", "scopes": ["User"], "user": "bob", "eauth": "pam"}`, sessionID, 403, "You are not allowed to do this\""},
		"no such token":      {"DELETE", "/v1/tokens/" + apitoken.NewID(), "", sessionID, 404, "none"},
		"no id":              {"GET", "/v1/tokens/..%2f", "", sessionID, 404, ""},
		"unknown parameter":  {"GET", "/v1/tokens?user=x&who=y", "", sessionID, 400, ""},
		"half a user":        {"GET", "/v1/tokens?user=x", "", sessionID, 400, "user and eauth"},
		"wrong method":       {"PATCH", "/v1/tokens", "", sessionID, 405, ""},
		"built in":           {"DELETE", "/v1/roles/User", "", sessionID, 403, "You are not allowed to do this\""},
		"another's name":     {"PUT", "/v1/roles/x", `{"name": "y", "permissions": ["cmd-read"]}`, sessionID, 400, "cannot be changed"},
		"bad role":           {"POST", "/v1/roles", `{"name": "x", "permissions": ["to-fly"]}`, sessionID, 400, "to-fly"},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if c.credential != "" {
				headers = append(headers, "Authorization: Bearer "+c.credential)
			}
			head, text := r.with(t, c.method, c.path, c.body, headers...)
			require.Equal(t, c.status, head.StatusCode, text)
			require.Contains(t, text, c.says)
			require.True(t, json.Valid([]byte(text)), text)
			require.NotContains(t, text, "saltern_api_")
		})
	}
	head, _ := r.with(t, "POST", "/v1/tokens", `name=x`, loggedIn+sessionID, "Content-Type: application/x-www-form-urlencoded")
	require.Equal(t, 415, head.StatusCode)
	head, _ = r.with(t, "POST", "/v1/tokens", fine, "Cookie: session_id="+sessionID, "Origin: https://evil.example")
	require.Equal(t, 403, head.StatusCode)
}

func TestNativeRolesAndAccounts(t *testing.T) {
	t.Parallel()
	r := withTokens(t, answering("{}"), nil)
	do := func(status int, method, path, body string) string {
		t.Helper()
		head, text := r.with(t, method, path, body, loggedIn+sessionID)
		require.Equal(t, status, head.StatusCode, text)
		return text
	}
	const role = `{"name": "web", "acl": [{"web*": ["state.apply"]}]}`
	require.JSONEq(t, role, do(201, "POST", "/v1/roles", role))
	do(409, "POST", "/v1/roles", role)
	do(200, "PUT", "/v1/roles/web", role)
	require.JSONEq(t, role, do(200, "GET", "/v1/roles/web", ""))
	all := do(200, "GET", "/v1/roles", "")
	require.Contains(t, all, `"name":"Superuser"`)
	require.Contains(t, all, `"acl":[{"web*":["state.apply"]}]`)
	require.Contains(t, all, `"name":"cmd-run"`, "the permissions are told too")

	var account struct{ ID, User, Status string }
	text := do(201, "POST", "/v1/service-accounts", `{"name": "robot", "scopes": ["web"]}`)
	require.NoError(t, json.Unmarshal([]byte(text), &account))
	require.Equal(t, "saltdev", account.User)
	secret, _ := r.made(t, `{"name": "robot's", "service_account": "`+account.ID+`"}`)
	head, _ := r.with(t, "GET", "/v1/service-accounts", "", loggedIn+secret)
	require.Equal(t, 403, head.StatusCode)
	require.Contains(t, do(200, "GET", "/v1/tokens?service_account="+account.ID, ""), "robot's")
	require.Contains(t, do(200, "GET", "/v1/service-accounts", ""), account.ID)
	do(200, "PUT", "/v1/service-accounts/"+account.ID, `{"scopes": ["User"]}`)
	do(200, "POST", "/v1/service-accounts/"+account.ID+"/revoke", "")
	head, _ = r.with(t, "GET", "/v1/roles", "", loggedIn+secret)
	require.Equal(t, 401, head.StatusCode)
	do(200, "GET", "/v1/service-accounts/"+account.ID, "")
	do(204, "DELETE", "/v1/service-accounts/"+account.ID, "")
	do(204, "DELETE", "/v1/roles/web", "")
}

// Tokens wherever a session could be.
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

	// A log-out ends an access token, and not the API token behind it.
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

// Guesses are answered later and later, also over HTTP.
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
	var tokens *tokenRig
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

func TestOperatorHandler(t *testing.T) {
	t.Parallel()
	r := tokensFor(t)
	h := server.OperatorHandler(r.tokens)
	do := func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
		require.Equal(t, "application/json", w.Header().Get("Content-Type"), "%s %s", method, path)
		return w.Code, w.Body.String()
	}
	status, text := do("POST", "/v1/tokens", `{"name": "ci", "scopes": ["User"], "user": "saltdev", "eauth": "pam"}`)
	require.Equal(t, 201, status, text)
	require.Contains(t, text, `"token":"saltern_api_`)
	status, text = do("GET", "/v1/tokens", "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `"name":"ci"`)
	for path, want := range map[string]int{"/v1/tokens/x": 404, "/": 404, "/v1/nothing": 404} {
		status, _ = do("GET", path, "")
		require.Equal(t, want, status, path)
	}
	status, _ = do("PATCH", "/v1/tokens", "")
	require.Equal(t, 405, status)
	status, text = do("POST", "/v1/tokens", `{`)
	require.Equal(t, 400, status, text)
	status, _ = do("POST", "/v1/tokens", `{"name": "`+strings.Repeat("n", 70<<10)+`"}`)
	require.Equal(t, 400, status)
}

// tokensFor is a service without a server.
func tokensFor(t *testing.T) *tokenRig {
	t.Helper()
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	r := &tokenRig{store: &brittle{Store: memory.New()}, people: &villagers{}}
	r.tokens, err = issuer.New(issuer.Options{Store: r.store, Pepper: pepper, Owners: r.people, Mint: r.people})
	require.NoError(t, err)
	t.Cleanup(r.tokens.Close)
	return r
}
