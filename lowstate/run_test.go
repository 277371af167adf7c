package lowstate

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/token"
	"github.com/saltern-api/saltern/saltmaster"
)

// panicking is a client whose jobs panic.
type panicking struct{ value any }

func (panicking) Name() string                 { return "local_async" }
func (p panicking) Prepare(Chunk) (Job, error) { return p, nil }
func (panicking) Command() Command             { return Command{Fun: "test.panic"} }

func (p panicking) Run(_ context.Context, _ eauth.Grant, rec *Record) (Answer, error) {
	rec.JID = "20260101000000000001"
	panic(p.value)
}

// After a panic the result shows what ran before, and quotes nothing.
func TestPanic(t *testing.T) {
	t.Parallel()
	g := New(Options{
		Clients: []Client{panicking{"s3cret"}}, Enabled: []string{"local_async"}, HashType: "sha256",
		Auth: eauth.New(eauth.Options{Eauths: []string{"sharedsecret"}, Token: token.New(everyToken{})}),
	})
	call := Call{Chunks: []Chunk{Compose(Pair{"client", "local_async"})}, Authority: Authority{Token: strings.Repeat("ab", 32)}}
	for name, run := range map[string]func() (Result, error){
		"Run":       func() (Result, error) { return g.Run(t.Context(), call) },
		"RunStream": func() (Result, error) { return g.RunStream(t.Context(), call, nil) },
	} {
		res, err := run()
		p, ok := errors.AsType[*PanicError](err)
		require.True(t, ok, name)
		require.Equal(t, "panic with a string", p.Error())
		require.Contains(t, string(p.Stack), "panicking")
		require.Equal(t, []Record{{User: "bench", Eauth: "sharedsecret", Client: "local_async", Fun: "test.panic",
			JID: "20260101000000000001", Begun: true}}, res.Records)
		require.Empty(t, res.Answers)
	}
}

// A call may be run more than once: it is not modified.
func TestCallIsNotWritten(t *testing.T) {
	t.Parallel()
	g := New(Options{
		Clients: Clients(&Master{Commands: promptMaster{}, JIDs: new(saltmaster.JIDs)}),
		Enabled: []string{"local_async"}, HashType: "sha256",
		Auth: eauth.New(eauth.Options{Eauths: []string{"sharedsecret"}, Token: token.New(everyToken{})}),
	})
	large := `{"client": "local_async", "tgt": "*", "fun": "test.arg", "arg": ["` + strings.Repeat("a", readAtOnce) + `"]}`
	chunks, err := Parse(nil, []byte(large), 0)
	require.NoError(t, err)
	call := Call{Chunks: chunks, Authority: Authority{Token: strings.Repeat("ab", 32)}}
	for range 2 {
		res, err := g.Run(t.Context(), call)
		require.NoError(t, err)
		require.NotContains(t, string(res.Chunks[0].Arguments(100)), NotRead)
		require.Contains(t, string(call.Chunks[0].Arguments(100)), NotRead)
		require.Nil(t, call.Budget)
	}
}
