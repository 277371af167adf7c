package lowstate

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"saltern/eauth"
	"saltern/eauth/token"
	"saltern/saltmaster"
)

// promptMaster takes every command at once.
type promptMaster struct{ Commands }

func (promptMaster) Publish(_ context.Context, p saltmaster.Publication) (saltmaster.Published, error) {
	return saltmaster.Published{JID: p.JID, Minions: []string{"ms-0"}}, nil
}

// everyToken knows every token.
type everyToken struct{}

func (everyToken) LookupToken(_ context.Context, value string) (eauth.Token, bool, error) {
	t := eauth.Token{Value: value, User: "bench", Eauth: "sharedsecret", Expire: time.Now().Add(time.Hour)}
	return t, true, nil
}

// BenchmarkLocalAsync is what a request costs in this package and in eauth,
// without the HTTP around it and without the master.
func BenchmarkLocalAsync(b *testing.B) {
	g := New(Options{
		Clients:  Clients(&Master{Commands: promptMaster{}, JIDs: new(saltmaster.JIDs)}),
		Enabled:  []string{"local_async"},
		HashType: "sha256",
		Auth:     eauth.New(eauth.Options{Eauths: []string{"sharedsecret"}, Token: token.New(everyToken{})}),
	})
	body := []byte(`[{"client": "local_async", "tgt": "*", "fun": "test.ping", "arg": ["one", 2], "token": "` +
		strings.Repeat("ab", 32) + `"}]`)
	b.ReportAllocs()
	for b.Loop() {
		chunks, err := Parse(body, 0)
		require.NoError(b, err)
		_, err = g.Run(b.Context(), &Call{Chunks: chunks})
		require.NoError(b, err)
	}
}
