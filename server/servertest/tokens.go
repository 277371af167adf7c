package servertest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server"
)

// Owners are all active, and get the same Salt token.
type Owners struct{ Released atomic.Int64 }

// Active implements [issuer.Owners].
func (*Owners) Active(context.Context, apitoken.Owner, netip.Addr, *issuer.LastLogin) (bool, []string, error) {
	return true, []string{}, nil
}

// Grant implements the mint of [issuer.Options].
func (o *Owners) Grant(context.Context, string, string, []string) (eauth.Grant, error) {
	return grant{o}, nil
}

type grant struct{ *Owners }

func (grant) Token(context.Context) (string, error)         { return SaltToken, nil }
func (grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (grant) Exposed(string)                                {}
func (g grant) Release(context.Context)                     { g.Released.Add(1) }

// Store is a store of API tokens that can be made unavailable.
type Store struct {
	*memory.Store
	Down atomic.Bool
}

// Lookup implements [apitoken.Store].
func (s *Store) Lookup(ctx context.Context, h apitoken.Hash) (apitoken.Record, error) {
	if s.Down.Load() {
		return apitoken.Record{}, apitoken.ErrUnavailable
	}
	return s.Store.Lookup(ctx, h)
}

// saltTokenSessions distinguishes a Salt token from a session.
type saltTokenSessions struct{ server.Sessions }

func (h saltTokenSessions) Resolve(ctx context.Context, credential string) (*session.Session, bool, error) {
	sess, ok, err := h.Sessions.Resolve(ctx, credential)
	if ok && credential == SaltToken {
		sess.ID = ""
	}
	return sess, ok, err
}

// Tokens is a server that issues API tokens.
type Tokens struct {
	*Server
	Issuer *issuer.Service
	Store  *Store
	Owners *Owners
}

// StartTokens starts a server with API tokens, where saltdev is a superuser.
func StartTokens(t *testing.T, g server.Gateway, change func(*server.Config)) *Tokens {
	t.Helper()
	return StartTokensNotify(t, g, nil, change)
}

// StartTokensNotify is StartTokens with a function that is called for each
// event of a token.
func StartTokensNotify(
	t *testing.T, g server.Gateway, notify func(context.Context, issuer.Event), change func(*server.Config),
) *Tokens {
	t.Helper()
	r := NewTokens(t, func(o *issuer.Options) {
		o.Notify = notify
		o.Assignments = []issuer.Assignment{{Users: []string{"saltdev"}, Roles: []string{"Superuser"}}}
	})
	r.Server, _ = StartWithSessions(t, g, func(c *server.Config) {
		c.Sessions = saltTokenSessions{c.Sessions}
		c.Tokens = r.Issuer
		if change != nil {
			change(c)
		}
	})
	return r
}

// NewTokens returns an issuer of API tokens without a server.
func NewTokens(t *testing.T, change func(*issuer.Options)) *Tokens {
	t.Helper()
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	r := &Tokens{Store: &Store{Store: memory.New()}, Owners: new(Owners)}
	o := issuer.Options{Store: r.Store, Pepper: pepper, Owners: r.Owners, Mint: r.Owners}
	if change != nil {
		change(&o)
	}
	r.Issuer, err = issuer.New(o)
	require.NoError(t, err)
	t.Cleanup(r.Issuer.Close)
	return r
}

// Create creates an API token of saltdev's over HTTP. The body is that of POST
// /v1/tokens.
func (r *Tokens) Create(t *testing.T, body string) (secret, id string) {
	t.Helper()
	head, text := r.Send(t, http.MethodPost, "/v1/tokens", body, AuthToken+SessionID)
	require.Equal(t, http.StatusCreated, head.StatusCode, text)
	var made struct{ Token, ID string }
	require.NoError(t, json.Unmarshal([]byte(text), &made))
	return made.Token, made.ID
}
