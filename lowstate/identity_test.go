package lowstate

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
)

// borrowed is a grant with a token of the stand-in.
type borrowed struct {
	token   string
	exposed []string
}

func (b *borrowed) Token(context.Context) (string, error)       { return b.token, nil }
func (*borrowed) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (b *borrowed) Exposed(token string)                        { b.exposed = append(b.exposed, token) }
func (*borrowed) Release(context.Context)                       { panic("it is not the gateway's to release") }

// A known identity overrides the credentials of every chunk, except on /run,
// where the chunk's own take precedence. Its grant is notified when the master
// has seen its token.
func TestAKnownIdentity(t *testing.T) {
	t.Parallel()
	o := one("web1")
	b := gatewayBefore(t, o)
	value, err := b.tokenOf("bench")
	require.NoError(t, err)
	logins := b.Count("mk_token")
	grant := &borrowed{token: value}
	run := func(chunk string, first bool) error {
		chunks, err := Parse(nil, []byte(`{`+chunk+`}`), 0)
		require.NoError(t, err)
		_, err = b.gateway.Run(t.Context(), Call{Chunks: chunks, ChunkFirst: first, Authority: Authority{
			Identity: &eauth.Identity{User: "bench", Eauth: "sharedsecret", Grant: grant},
		}})
		return err
	}
	require.NoError(t, run(ping, false))
	require.NoError(t, run(ping, true))
	require.NoError(t, run(ping+`, "token": "x", "eauth": 5`, false))
	require.Equal(t, logins, b.Count("mk_token"))

	var e *Error
	require.ErrorAs(t, run(ping+`, "eauth": "sharedsecret", "username": "bench", "password": "wrong"`, true), &e)
	require.Equal(t, Unauthenticated, e.Kind)
	require.Empty(t, grant.exposed)
}

// An authority that names no caller gives nothing: a chunk without credentials is
// refused, and nothing of the call is sent to the master.
func TestNoAuthority(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, one("web1"))
	kinds := []string{"publish", "runner", "wheel", "mk_token", "get_token"}
	counts := func() (all []int) {
		for _, kind := range kinds {
			all = append(all, b.Count(kind))
		}
		return all
	}
	before := counts()
	for name, authority := range map[string]Authority{
		"the zero value":              {},
		"only a scope":                {Scope: inScope(t, `[".*", "@runner", "@wheel"]`)},
		"an identity without a name":  {Identity: &eauth.Identity{}},
		"a name and no grant":         {Identity: &eauth.Identity{User: "bench", Eauth: "sharedsecret"}},
		"a token of another form":     {Token: "bench"},
		"a grant and no name":         {Identity: &eauth.Identity{Grant: &borrowed{token: "0a1b2c"}}},
		"an eauth module and no name": {Identity: &eauth.Identity{Eauth: "sharedsecret"}},
	} {
		for _, client := range enabled {
			for _, first := range []bool{false, true} {
				chunks, err := Parse(nil, []byte(`{"client": "`+client+`", "tgt": "*", "fun": "test.ping"}`), 0)
				require.NoError(t, err)
				res, err := b.gateway.Run(t.Context(), Call{Chunks: chunks, ChunkFirst: first, Authority: authority})
				var e *Error
				require.ErrorAs(t, err, &e, "%s: %s", name, client)
				require.Equal(t, Unauthenticated, e.Kind, "%s: %s", name, client)
				require.Empty(t, res.Answers)
			}
		}
	}
	require.Equal(t, before, counts())
}
