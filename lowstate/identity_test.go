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
