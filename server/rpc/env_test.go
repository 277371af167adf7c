package rpc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/rpc"
)

// env is /rpc with the real issuer of tokens. The user admin is a superuser, bob is
// not.
type env struct {
	*tokentest.Gateway
	lines lines

	once   sync.Once
	secret string // of unable
}

// lines are entries of the audit log.
type lines struct {
	mu  sync.Mutex
	all []audit.Entry
}

// Write implements audit.Writer.
func (l *lines) Write(_ context.Context, e audit.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e)
}

func (l *lines) last(t *testing.T) audit.Entry {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.NotEmpty(t, l.all)
	return l.all[len(l.all)-1]
}

func newEnv(t *testing.T, change func(*rpc.API)) *env {
	t.Helper()
	e := new(env)
	e.Gateway = tokentest.Build(t, func(o *tokentest.Options) {
		o.Audit = &e.lines
		o.RPC = func(a *rpc.API) {
			if change != nil {
				change(a)
			}
		}
	})
	return e
}

// answer is an envelope.
type answer struct {
	RIQ   json.RawMessage
	Ret   json.RawMessage
	Error *struct {
		Code    int
		Message string
		Detail  struct {
			State, Parameter string
			RetryAfter       int `json:"retry_after"`
		}
	}
	Warnings []string
}

// code returns the code of the error; 0 without one.
func (a answer) code() int {
	if a.Error == nil {
		return 0
	}
	return a.Error.Code
}

// post sends a body, which is answered with 200.
func (e *env) post(t *testing.T, body string, headers ...string) (a answer) {
	t.Helper()
	got := e.Send(t, http.MethodPost, rpc.Path, body, headers...)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	return envelopeOf(t, got)
}

// envelopeOf reads an envelope, which has exactly its four members.
func envelopeOf(t *testing.T, got tokentest.Answer) (a answer) {
	t.Helper()
	require.Equal(t, "application/json", got.Header.Get("Content-Type"), "never HTML")
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(got.Body), &members), got.Body)
	require.Len(t, members, 4, got.Body)
	require.NoError(t, json.Unmarshal([]byte(got.Body), &a), got.Body)
	require.NotNil(t, a.Warnings, got.Body)
	if a.Error != nil {
		require.Equal(t, "null", string(a.Ret))
		require.NotEmpty(t, a.Error.Message)
		require.NotEmpty(t, a.Error.Detail.State)
	}
	return a
}

// by returns the header of a new session of a user.
func (e *env) by(t *testing.T, user string) string {
	t.Helper()
	return tokentest.Bearer(e.Session(t, user))
}

// unable returns the header of an API token of admin's whose role has next to no
// permissions.
func (e *env) unable(t *testing.T) string {
	t.Helper()
	e.once.Do(func() {
		admin := issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}
		require.NoError(t, e.Tokens.PutRole(t.Context(), admin, role.Role{Name: "next-to-nothing", Permissions: []role.Permission{role.EventWrite}}, true))
		secret, _, err := e.Tokens.Create(t.Context(), admin, issuer.NewToken{
			Name: "unable", Scopes: []string{"next-to-nothing"}, Profile: apitoken.ProfileNative,
		})
		require.NoError(t, err)
		e.secret = secret.Reveal()
	})
	return tokentest.Bearer(e.secret)
}
