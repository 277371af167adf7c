package lowstate

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/token"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// lastPublished accepts every publication, and keeps the last.
type lastPublished struct {
	Commands
	last saltmaster.Publication
}

func (m *lastPublished) Publish(_ context.Context, p saltmaster.Publication) (saltmaster.Published, error) {
	m.last = p
	return saltmaster.Published{JID: p.JID, Minions: []string{"web1"}}, nil
}

// goodToken and badToken have the form of tokens, but oneToken accepts only the
// first.
var goodToken, badToken = strings.Repeat("ab", 32), strings.Repeat("cd", 32)

type oneToken struct{}

func (oneToken) LookupToken(_ context.Context, value string) (eauth.Token, bool, error) {
	t := eauth.Token{Value: value, User: "bench", Eauth: "sharedsecret", Expire: time.Now().Add(time.Hour)}
	return t, value == goodToken, nil
}

// frugal returns a gateway that accepts the token.
func frugal(change func(m *Master)) (*Gateway, *lastPublished) {
	published := new(lastPublished)
	m := testMaster()
	m.Commands = published
	if change != nil {
		change(m)
	}
	return New(Options{
		Clients: Clients(m), Enabled: []string{"local", "local_async", "runner", "wheel"}, HashType: "sha256",
		Auth: eauth.New(eauth.Options{Eauths: []string{"sharedsecret"}, Token: token.New(oneToken{})}),
	}), published
}

// send runs a chunk, parsed within the budget of an unauthenticated caller, with a
// token.
func send(ctx context.Context, g *Gateway, token, chunk string) (Result, error) {
	return sendWithin(ctx, budget.New(ctx, nil), g, token, chunk)
}

func sendWithin(ctx context.Context, b *budget.Budget, g *Gateway, token, chunk string) (Result, error) {
	chunks, err := Parse(b, []byte(`[{"token": "`+token+`", `+chunk+`}]`), 0)
	if err != nil {
		return Result{}, err
	}
	return g.Run(ctx, Call{Chunks: chunks, Budget: b})
}

func requireKind(t *testing.T, want Kind, text string, err error) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, want, e.Kind, e.Text)
	require.Contains(t, e.Text, text)
}

// Only authenticated callers get errors about the rest of a chunk.
func TestUnauthenticatedLearnNothing(t *testing.T) {
	t.Parallel()
	g, published := frugal(nil)
	for chunk, want := range map[string]string{
		`"client": "local_async", "fun": "f", "tgt_type": "nodegroup", "tgt": "nope"`:                                 `the master has no nodegroup "nope"`,
		`"client": "local_async", "fun": "f", "tgt_type": "nodegroup", "tgt": "empty"`:                                `the nodegroup "empty" is empty`,
		`"client": "local_async", "fun": "f", "tgt_type": "compound", "tgt": "N@loop"`:                                "contains itself",
		`"client": "local_async", "fun": "f", "tgt_type": "compound", "tgt": ["a", "N@lost"]`:                         `the master has no nodegroup "gone"`,
		`"client": "local_async", "fun": "f", "tgt_type": "compound", "tgt": 5`:                                       "tgt must be a string",
		`"client": "local_async", "fun": "f"`:                                                                         "tgt is missing",
		`"client": "runner"`:                                                                                          "fun is missing",
		`"client": "wheel", "fun": "f", "kwarg": {"arg": 1}`:                                                          "has an argument named arg",
		`"client": "local_async", "fun": "f", "tgt": "a", "jid": "1"`:                                                 "jid must be 20 digits",
		`"client": "runner", "fun": "f", "kwarg": "` + strings.Repeat("long ", 20_000) + `"`:                          "kwarg must be an object",
		`"client": "local_async", "fun": "f", "tgt_type": "compound", "tgt": [` + strings.Repeat("1,", 50_000) + `1]`: "tgt must be a string",
	} {
		_, err := send(t.Context(), g, badToken, chunk)
		require.Equal(t, ErrUnauthenticated, err, "%.80s", chunk)
		_, err = send(t.Context(), g, goodToken, chunk)
		requireKind(t, BadRequest, want, err)
	}
	require.Empty(t, published.last.Fun)

	// These errors come before, as in salt-api.
	for chunk, want := range map[string]string{
		`"client": "nope"`:                 "Invalid client specified: 'nope'",
		`"client": "local_batch"`:          "Client disabled: 'local_batch'",
		`"CLIENT": "runner"`:               "client is missing",
		`"client": "runner", "Client": ""`: "differ in case only",
	} {
		for _, token := range []string{badToken, goodToken} {
			_, err := send(t.Context(), g, token, chunk)
			requireKind(t, BadRequest, want, err)
		}
	}
}

// Large chunks with their credentials inside are decoded completely once these
// are validated.
func TestLargeChunks(t *testing.T) {
	t.Parallel()
	g, published := frugal(nil)
	file := strings.Repeat(`a line of a "file"\n`, 10_000)
	many := strings.Repeat("1,", 200_000) + "1"
	for name, tc := range map[string]struct{ arg, want string }{
		"a file":   {`["/tmp/f", "` + strings.ReplaceAll(file, `"`, `\"`) + `"]`, ""},
		"numbers":  {`[` + many + `]`, ""},
		"one text": {`"` + strings.Repeat("x", 100_000) + `"`, `["` + strings.Repeat("x", 100_000) + `"]`},
		"of two":   {`[` + many + `], "arg": ["` + strings.Repeat("y", 10_000) + `"]`, `["` + strings.Repeat("y", 10_000) + `"]`},
	} {
		if tc.want == "" {
			tc.want = tc.arg
		}
		want, err := msgpack.AppendFromJSON(nil, []byte(tc.want))
		require.NoError(t, err)
		chunk := `"client": "local_async", "tgt": "*", "fun": "f", "arg": ` + tc.arg
		_, err = send(t.Context(), g, badToken, chunk)
		require.Equal(t, ErrUnauthenticated, err, name)
		res, err := send(t.Context(), g, goodToken, chunk)
		require.NoError(t, err, name)
		require.True(t, string(want) == string(published.last.Arg), name)
		require.NotContains(t, string(res.Chunks[0].Arguments(100)), NotRead)
	}
}

// A caller's budget is finite, too.
func TestCallersBudget(t *testing.T) {
	t.Parallel()
	g, _ := frugal(func(m *Master) {
		m.Nodegroups["all"] = strings.Fields(strings.Repeat("a-minion-with-a-name ", 3000))
		m.Nodegroups["n0"] = []string{"N@all", "or", "x*"}
		for i := range 9 { // ten times the previous one
			name := string(rune('0' + i))
			m.Nodegroups["n"+string(rune('1'+i))] = strings.Fields(strings.TrimSuffix(strings.Repeat("N@n"+name+" or ", 10), " or "))
		}
	})
	for name, chunk := range map[string]string{
		"nodegroups":       `"client": "local_async", "fun": "f", "tgt_type": "compound", "tgt": "` + strings.Repeat("N@all or ", 100) + `a"`,
		"list":             `"client": "local_async", "fun": "f", "tgt_type": "compound", "tgt": [` + strings.Repeat(`"N@all", "or", `, 100) + `"a"]`,
		"nodegroups nest":  `"client": "local_async", "fun": "f", "tgt_type": "nodegroup", "tgt": "n9"`,
		"texts of YAML":    `"client": "runner", "fun": "f", "arg": [` + strings.Repeat(`"[a]", `, 500) + `"a"]`,
		"keywords of YAML": `"client": "runner", "fun": "f", "arg": [` + strings.Repeat(`"k={a: b}", `, 500) + `"a"]`,
		"values":           `"client": "runner", "fun": "f", "arg": [` + strings.Repeat(`1,`, 50_000) + `1]`,
	} {
		for token, want := range map[string]*Error{
			goodToken: {Kind: TooLarge, Text: budget.ErrCaller.Error()},
			badToken:  ErrUnauthenticated,
		} {
			b := budget.New(t.Context(), nil)
			b.Known()
			require.NoError(t, b.Spend(budget.Caller-20_000), "most of it is gone already")
			_, err := sendWithin(t.Context(), b, g, token, chunk)
			require.Equal(t, want, err, name)
		}
	}
}

// leaving is a client that hangs up once its caller is authenticated.
type leaving struct{ leave context.CancelFunc }

func (l leaving) LookupToken(context.Context, string) (eauth.Token, bool, error) {
	l.leave()
	return eauth.Token{Value: goodToken, User: "bench", Eauth: "sharedsecret", Expire: time.Now().Add(time.Hour)}, true, nil
}

// Decoding stops for a client that is gone.
func TestReadingEndsWithTheClient(t *testing.T) {
	t.Parallel()
	for name, chunk := range map[string]string{
		"JSON":       `"client": "runner", "fun": "f", "arg": [` + strings.Repeat(`1,`, 100_000) + `1]`,
		"texts":      `"client": "runner", "fun": "f", "arg": [` + strings.Repeat(`"a",`, 10_000) + `"a"]`,
		"nodegroups": `"client": "local_async", "fun": "f", "tgt_type": "compound", "tgt": "` + strings.Repeat("N@web or ", 5000) + `a"`,
	} {
		ctx, leave := context.WithCancel(t.Context())
		g := New(Options{
			Clients: Clients(testMaster()), Enabled: enabled, HashType: "sha256",
			Auth: eauth.New(eauth.Options{Eauths: []string{"sharedsecret"}, Token: token.New(leaving{leave})}),
		})
		_, err := send(ctx, g, goodToken, chunk)
		require.ErrorIs(t, err, context.Canceled, name)
	}
}
