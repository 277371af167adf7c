package tokentest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/csp"
	"github.com/saltern-api/saltern/server/oauth"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/tokens"
	"github.com/saltern-api/saltern/server/vcd"
	"github.com/saltern-api/saltern/server/web"
)

// fakeSessions accept any user with the password "secret". The role of admin is
// Superuser, that of bob the default one.
type fakeSessions struct {
	mu       sync.Mutex
	sessions map[string]*session.Session
	logins   int
}

var (
	_ tokenapi.Sessions = (*fakeSessions)(nil)
	_ caller.Sessions   = (*fakeSessions)(nil)
)

// SaltToken is a Salt token of bob's: not a session.
var SaltToken = strings.Repeat("5a", 32)

// Login implements tokenapi.Sessions.
func (p *fakeSessions) Login(_ context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	if c.Username == "nobody-can-tell" {
		return nil, false, eauth.ErrUnavailable
	}
	if c.Password != "secret" || c.Eauth != "pam" {
		return nil, false, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logins++
	now := time.Now()
	s := &session.Session{
		ID: fmt.Sprintf("%040x", p.logins), Token: "salt-token-of-" + c.Username, User: c.Username, Eauth: c.Eauth,
		Start: now, Expire: now.Add(time.Hour),
	}
	p.sessions[s.ID] = s
	return s, true, nil
}

// Resolve implements caller.Sessions.
func (p *fakeSessions) Resolve(_ context.Context, credential string) (*session.Session, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if credential == SaltToken {
		return &session.Session{Token: SaltToken, User: "bob", Eauth: "pam"}, true, nil
	}
	s, ok := p.sessions[credential]
	return s, ok, nil
}

// Logout implements tokenapi.Sessions.
func (p *fakeSessions) Logout(_ context.Context, credential string) (time.Time, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, credential)
	return time.Time{}, nil
}

// Follow implements caller.Sessions.
func (p *fakeSessions) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// Active reports all owners but "gone" as active.
func (p *fakeSessions) Active(_ context.Context, o apitoken.Owner, _ netip.Addr, _ *issuer.LastLogin) (bool, []string, error) {
	return o.User != "gone", nil, nil
}

// Grant implements the mint of [issuer.Options].
func (p *fakeSessions) Grant(_ context.Context, user, _ string, _ []string) (eauth.Grant, error) {
	return grant("salt-token-of-" + user), nil
}

// grant is a Salt token.
type grant string

func (g grant) Token(context.Context) (string, error)       { return string(g), nil }
func (grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (grant) Exposed(string)                                {}
func (grant) Release(context.Context)                       {}

// Service issues tokens. *issuer.Service is one.
type Service interface {
	csp.Issuer
	oauth.Issuer
	vcd.Issuer
	caller.Tokens
}

// Options configure a [Gateway].
type Options struct {
	Service      Service // in place of the real one
	NoCSP, NoVCD bool
	Orgs         []string
	QueryTokens  bool
	Prefix       string // of every path
	PublicURL    string
	LoginRoles   []string            // of every user; nil stands for the default
	Assignments  []issuer.Assignment // beside that of admin

	Audit audit.Writer // may be nil

	// RPC, if not nil, mounts /rpc, and is called with the API before that.
	RPC func(*rpc.API)

	// Swap, if not nil, replaces the caller that handlers get.
	Swap func(*caller.Caller) *caller.Caller
}

// Gateway is a gateway for tests.
type Gateway struct {
	URL    string
	Tokens *issuer.Service // nil if there is a fake
	Client *http.Client
	Log    Log
}

// Log is a log that may be read while it is written.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (j *Log) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// String returns everything that was written.
func (j *Log) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// Build returns a gateway with the real issuer, and with the native API.
func Build(t *testing.T, change func(*Options)) *Gateway {
	t.Helper()
	g, store := new(Gateway), memory.New()
	var o Options
	if change != nil {
		change(&o)
	}
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	g.Tokens, err = issuer.New(issuer.Options{
		Store: store, Pepper: pepper, Owners: &fakeSessions{}, Mint: &fakeSessions{},
		Assignments: append(o.Assignments, issuer.Assignment{Users: []string{"admin"}, Roles: []string{"Superuser"}}),
		Throttle:    issuer.Throttle{Free: 1000}, LoginRoles: o.LoginRoles,
		Notify: func(ctx context.Context, e issuer.Event) {
			if o.Audit != nil {
				o.Audit.Write(ctx, audit.OfToken(e))
			}
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		g.Tokens.Close()
		require.NoError(t, store.Close())
	})
	o.Service = g.Tokens
	g.Open(t, o)
	return g
}

// Open serves until the test ends.
func (g *Gateway) Open(t *testing.T, o Options) {
	t.Helper()
	prefix := web.RootPrefix(o.Prefix)
	urls := web.URLs{Public: o.PublicURL, Root: prefix}
	sessions := &fakeSessions{sessions: make(map[string]*session.Session)}
	mux := web.NewMux()
	cross := http.NewCrossOriginProtection()
	jwts, err := caller.NewJWTs(make([]byte, 32))
	require.NoError(t, err)
	resolver := swapped{&caller.Resolver{Sessions: sessions, Tokens: o.Service, JWTs: jwts, CrossOrigin: cross}, o.Swap}
	callers := tokenapi.Callers{Lookup: resolver}
	logins := &tokenapi.Logins{Sessions: sessions}
	if g.Tokens != nil && o.RPC != nil {
		logins.Users = g.Tokens
	}
	realm := tokenapi.Realm{URLs: urls, Metadata: !o.NoVCD}
	orgs := tenant.NewOrgs(o.Orgs...)
	var areas tokenapi.Areas
	if !o.NoCSP {
		(&csp.API{
			Issuer: o.Service, Callers: callers, Realm: realm, Orgs: orgs, QueryTokens: o.QueryTokens,
		}).Mount(mux)
		(&tokenapi.Account{Callers: callers, Logins: logins, Realm: realm, JWTs: jwts, CrossOrigin: cross}).Mount(mux, "")
		areas = slices.Concat(areas, csp.Areas(), tokenapi.Areas{tokenapi.AccountArea("")})
	}
	if !o.NoVCD {
		(&oauth.API{
			Issuer: o.Service, Callers: callers, Realm: realm, Orgs: orgs, VerificationPath: vcd.DeviceLookupPath,
		}).Mount(mux)
		(&vcd.API{
			Issuer: o.Service, Callers: callers, Logins: logins, Realm: realm, Orgs: orgs, CrossOrigin: cross,
		}).Mount(mux)
		areas = append(areas, slices.Concat(oauth.Areas(), vcd.Areas())...)
	}
	if o.RPC != nil {
		api := &rpc.API{
			Callers: callers, Logins: logins, Realm: realm, JWTs: jwts, CrossOrigin: cross, Rights: g.Tokens, Accounts: g.Tokens,
			Authority: resolver, MaxCalls: 100, MasterID: "salt", Version: "1.2.3",
		}
		o.RPC(api)
		api.Mount(mux)
		(&tokenapi.Account{Callers: callers, Logins: logins, Realm: realm, JWTs: jwts, CrossOrigin: cross}).Mount(mux, rpc.Below)
		areas = slices.Concat(areas, rpc.Areas())
	}
	if g.Tokens != nil {
		(&tokens.API{Tokens: g.Tokens, Callers: resolver}).Mount(mux)
	}
	elsewhere := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNotFound
		if len(mux.Allowed(r)) > 0 {
			status = http.StatusMethodNotAllowed
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, Elsewhere)
	})
	unrouted := realm.Unrouted(mux, areas, elsewhere)
	mux.NotFound(unrouted)
	mux.NotAllowed(unrouted)
	const timeout = time.Minute
	front := &web.Front{
		Surface: "main", WriteTimeout: timeout, BodyTimeout: timeout, Bodies: web.NewBodies(1 << 20),
		Metrics: web.NewMetrics(prometheus.NewRegistry()), Traffic: web.NewTraffic(),
		Log: slog.New(slog.NewJSONHandler(&g.Log, nil)), Errors: tokenapi.WriteOAuthVCDError, Path: mux.LogPath(),
		Record: func(ctx context.Context, x *web.Exchange, r *http.Request) (web.Recorder, context.Context) {
			return audit.NewRecorder(ctx, o.Audit, false, &audit.Request{ID: x.ID, Agent: r.UserAgent()})
		},
		Next: web.ClientAddr(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner, ok := web.BelowRoot(r, prefix)
			if !ok {
				http.NotFound(w, r)
				return
			}
			web.Negotiated(mux).ServeHTTP(w, inner)
		})),
	}
	ts := httptest.NewServer(front)
	t.Cleanup(ts.Close)
	g.URL, g.Client = ts.URL, &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// swapped resolves the caller, and returns another one.
type swapped struct {
	*caller.Resolver
	swap func(*caller.Caller) *caller.Caller
}

// Lookup implements tokenapi.Lookup.
func (s swapped) Lookup(x *web.Exchange, r *http.Request, c caller.Credential) (*caller.Caller, bool, error) {
	found, ok, err := s.Resolver.Lookup(x, r, c)
	return s.in(found), ok, err
}

// Caller implements tokens.Callers.
func (s swapped) Caller(x *web.Exchange, r *http.Request, all []caller.Credential) (*caller.Caller, error) {
	found, err := s.Resolver.Caller(x, r, all)
	return s.in(found), err
}

func (s swapped) in(found *caller.Caller) *caller.Caller {
	if s.swap == nil || found == nil {
		return found
	}
	return s.swap(found)
}

// Elsewhere is the response to paths outside of these APIs.
const Elsewhere = `"elsewhere"`

// Answer is a response.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Member returns a member of a JSON response.
func (a Answer) Member(t *testing.T, name string) any {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.Body), &all), a.Body)
	return all[name]
}

// Text returns a string member.
func (a Answer) Text(t *testing.T, name string) string {
	t.Helper()
	text, ok := a.Member(t, name).(string)
	require.True(t, ok, "%s in %s", name, a.Body)
	return text
}

// FormType is the media type of forms.
const FormType = "application/x-www-form-urlencoded"

// Send sends a request; headers are "Name: value".
func (g *Gateway) Send(t *testing.T, method, path, body string, headers ...string) Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, g.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Add(name, value)
	}
	resp, err := g.Client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return Answer{resp.StatusCode, resp.Header, string(text)}
}

// Form posts a form.
func (g *Gateway) Form(t *testing.T, path, body string, headers ...string) Answer {
	t.Helper()
	return g.Send(t, http.MethodPost, path, body, append(headers, "Content-Type: "+FormType)...)
}

// Object posts a JSON object.
func (g *Gateway) Object(t *testing.T, path, body string, headers ...string) Answer {
	t.Helper()
	return g.Send(t, http.MethodPost, path, body, append(headers, "Content-Type: application/json")...)
}

// Session logs a user in and returns the session's id.
func (g *Gateway) Session(t *testing.T, user string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.URL+"/cloudapi/1.0.0/sessions", nil)
	require.NoError(t, err)
	req.SetBasicAuth(user, "secret")
	resp, err := g.Client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return resp.Header.Get("X-Vmware-Vcloud-Access-Token")
}

// APIToken creates an API token of bob's.
func (g *Gateway) APIToken(t *testing.T, p apitoken.Profile) (secret string, r apitoken.Record) {
	t.Helper()
	bob := issuer.Caller{User: "bob", Eauth: "pam", LoggedIn: true}
	s, r, err := g.Tokens.Create(t.Context(), bob, issuer.NewToken{Name: "ci-" + string(p), Scopes: []string{"User"}, Profile: p})
	require.NoError(t, err)
	return s.Reveal(), r
}

// AccessToken exchanges an API token through OAuth.
func (g *Gateway) AccessToken(t *testing.T) string {
	t.Helper()
	secret, _ := g.APIToken(t, apitoken.ProfileVCD)
	a := g.Form(t, "/oauth/provider/token", "grant_type=refresh_token&refresh_token="+secret)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	return a.Text(t, "access_token")
}

// Bearer returns an Authorization header.
func Bearer(token string) string { return "Authorization: Bearer " + token }

// Union checks an error in the form of OAuth and Cloud Director.
func Union(t *testing.T, a Answer, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.Status, a.Body)
	require.Equal(t, code, a.Text(t, "error"))
	require.Equal(t, code, a.Text(t, "minorErrorCode"))
	require.Equal(t, a.Text(t, "error_description"), a.Text(t, "message"))
	require.Regexp(t, `^[\x20-\x21\x23-\x5B\x5D-\x7E]+$`, a.Text(t, "error_description"))
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, "no-cache", a.Header.Get("Pragma"))
}

// WrongToken returns a well-formed token that was never issued.
func WrongToken() string { return apitoken.NewSecret(apitoken.KindAPI).Reveal() }

// Account registers a service account as admin.
func (g *Gateway) Account(t *testing.T, admin string) (id string) {
	t.Helper()
	a := g.Object(t, "/oauth/provider/register", `{"client_name":"robot","software_id":"12345678-1234-1234-1234-1234567890ab",`+
		`"software_version":"1.0","client_uri":"https://example.com","scope":"urn:vcloud:role:System%20Administrator"}`, Bearer(admin))
	require.Equal(t, http.StatusCreated, a.Status, a.Body)
	id = a.Text(t, "client_id")
	require.Equal(t, `{"client_name":"robot","client_id":"`+id+`","grant_types":[`+
		`"urn:ietf:params:oauth:grant-type:device_code","refresh_token"],"token_endpoint_auth_method":"none",`+
		`"software_id":"12345678-1234-1234-1234-1234567890ab","software_version":"1.0",`+
		`"client_uri":"https://example.com","scope":"urn:vcloud:role:System%20Administrator"}`, a.Body)
	return id
}
