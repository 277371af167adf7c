package netapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// keepingGateway records the authority of the last call, and refuses calls
// without one.
type keepingGateway struct{ authority lowstate.Authority }

func (g *keepingGateway) Run(_ context.Context, call lowstate.Call) (lowstate.Result, error) {
	g.authority = call.Authority
	if call.Authority.Token == "" && call.Authority.Identity == nil && !call.Chunks[0].HasCredentials() {
		return lowstate.Result{}, lowstate.ErrUnauthenticated
	}
	return lowstate.Result{Answers: []lowstate.Answer{lowstate.Returns(`true`)}}, nil
}

func (*keepingGateway) Streams(lowstate.Call) bool { return false }

func (*keepingGateway) RunStream(
	context.Context, lowstate.Call, func(lowstate.Result, lowstate.Answer) error,
) (lowstate.Result, error) {
	return lowstate.Result{}, nil
}

func (*keepingGateway) Clients() []string { return []string{"local"} }

const bareChunk = `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`

func post(path, credential string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(bareChunk))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Auth-Token", credential)
	return r
}

// TestSwappedCaller makes a handler drop the caller, or replace it: the call
// then has less authority, never more.
func TestSwappedCaller(t *testing.T) {
	t.Parallel()
	root := &session.Session{ID: "root's", Token: "salt-token-of-root", User: "root", Eauth: "pam"}
	for name, c := range map[string]struct {
		swap   func(who *caller.Caller) *caller.Caller
		status int
	}{
		"as it is":     {func(c *caller.Caller) *caller.Caller { return c }, http.StatusOK},
		"forgotten":    {func(*caller.Caller) *caller.Caller { return nil }, http.StatusUnauthorized},
		"no principal": {func(c *caller.Caller) *caller.Caller { c.Principal = nil; return c }, http.StatusUnauthorized},
		"renamed":      {func(c *caller.Caller) *caller.Caller { c.User, c.LoggedIn = "root", true; return c }, http.StatusOK},
		"with a session": {func(c *caller.Caller) *caller.Caller {
			c.User, c.Session = "root", root
			return c
		}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := new(keepingGateway)
			v, tokens := callertest.New()
			calls := Calls{Gateway: g, MaxChunks: 10, Resolver: v}
			s := &CherryPy{Calls: calls, Formats: format.NewDecoder()}
			m := web.NewMux(web.Errors(WriteError))
			m.Handle(http.MethodPost, "/", func(x *web.Exchange, r *http.Request) error {
				chunks, err := s.readChunks(x, r)
				if err != nil {
					return err
				}
				who, err := v.Caller(x, r, caller.CredentialsOf(r))
				if err != nil {
					return err
				}
				a, release, err := v.Authority(r.Context(), c.swap(who))
				if err != nil {
					return err
				}
				defer release()
				return s.answerTo(x, r, lowstate.Call{Chunks: chunks, Authority: a})
			})
			w := webtest.Send(webtest.Front(m), post("/", callertest.Secret))
			require.Equal(t, c.status, w.Code, w.Body)
			if c.status == http.StatusOK {
				require.Equal(t, "ops", g.authority.Identity.User)
				require.NotNil(t, g.authority.Scope)
			} else {
				require.Equal(t, lowstate.Authority{}, g.authority)
			}
			require.Zero(t, tokens.Held.Load())
		})
	}
}

// TestAuthorityOfEachEndpoint requires that every endpoint runs its call with
// the scopes of the token, and none without a credential.
func TestAuthorityOfEachEndpoint(t *testing.T) {
	t.Parallel()
	g := new(keepingGateway)
	v, tokens := callertest.New()
	s := &CherryPy{Calls: Calls{Gateway: g, MaxChunks: 10, Resolver: v}, Formats: format.NewDecoder()}
	m := web.NewMux()
	s.Mount(m)
	front := webtest.Front(m)
	wsgi := webtest.Handler((&WSGI{Calls: s.Calls}).Handler())
	for _, c := range []struct {
		front        http.Handler
		method, path string
	}{
		{front, "POST", "/"}, {front, "POST", "/run"}, {front, "GET", "/minions"}, {front, "POST", "/minions"},
		{front, "GET", "/jobs"}, {front, "POST", "/jobs"}, {front, "GET", "/keys"}, {wsgi, "POST", "/"},
	} {
		g.authority = lowstate.Authority{}
		r := post(c.path, callertest.Secret)
		r.Method = c.method
		webtest.Send(c.front, r)
		require.NotNil(t, g.authority.Identity, c.path)
		require.Equal(t, "ops", g.authority.Identity.User, c.path)
		require.NotNil(t, g.authority.Scope, c.path)

		g.authority = lowstate.Authority{}
		r = post(c.path, "")
		r.Method = c.method
		require.Equal(t, http.StatusUnauthorized, webtest.Send(c.front, r).Code, c.path)
		require.Equal(t, lowstate.Authority{}, g.authority, c.path)
	}
	require.Zero(t, tokens.Held.Load())
}
