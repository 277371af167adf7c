package lowstate

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/token"
	"github.com/saltern-api/saltern/saltmaster"
)

// promptMaster accepts every command at once.
type promptMaster struct{ Commands }

func (promptMaster) Publish(_ context.Context, p saltmaster.Publication) (saltmaster.Published, error) {
	return saltmaster.Published{JID: p.JID, Minions: []string{"ms-0"}}, nil
}

// everyToken accepts every token.
type everyToken struct{}

func (everyToken) LookupToken(_ context.Context, value string) (eauth.Token, bool, error) {
	t := eauth.Token{Value: value, User: "bench", Eauth: "sharedsecret", Expire: time.Now().Add(time.Hour)}
	return t, true, nil
}

// BenchmarkLocalAsync measures a request in this package and in eauth, without
// HTTP and without the master.
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
		chunks, err := Parse(nil, body, 0)
		require.NoError(b, err)
		res, err := g.Run(b.Context(), Call{Chunks: chunks})
		require.NoError(b, err)
		require.NotEmpty(b, res.Answers[0].JSON())
	}
}

// BenchmarkParse parses typical bodies.
func BenchmarkParse(b *testing.B) {
	chunk := `{"client": "local_async", "tgt": "*", "fun": "test.ping", "arg": ["one", 2], "kwarg": {"a": [1, 2.5, null]}, "token": "` +
		strings.Repeat("ab", 32) + `"}`
	for name, body := range map[string]string{
		"chunk":      `[` + chunk + `]`,
		"100 chunks": `[` + strings.Repeat(chunk+",", 99) + chunk + `]`,
		"a file":     `{"client": "local_async", "tgt": "*", "fun": "file.write", "arg": ["/tmp/f", "` + strings.Repeat(`a line\n`, 150_000) + `"]}`,
		"numbers":    `{"client": "local_async", "tgt": "*", "fun": "test.arg", "arg": [` + strings.Repeat(`1234, `, 150_000) + `1]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				chunks, err := Parse(nil, []byte(body), 0)
				require.NoError(b, err)
				_, err = chunks[0].readAll(b.Context(), nil)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkTexts parses the arguments of a runner.
func BenchmarkTexts(b *testing.B) {
	for _, text := range []string{"web1", "a=b", "12", "[1, 2]"} {
		chunks, err := Parse(nil, []byte(`{"fun": "f", "arg": [`+strings.Repeat(`"`+text+`", `, 999)+`"`+text+`"]}`), 0)
		require.NoError(b, err)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := chunks[0].masterCall(notForRunner)
				require.NoError(b, err)
			}
		})
	}
}
