package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// figures are the counted results, as lines.
type figures []string

func (f *figures) Observe(backend string, ok bool, err error) {
	*f = append(*f, fmt.Sprint(backend, " ", ok, " ", err))
}

func (f *figures) NotTried(backend, reason string) { *f = append(*f, backend+" "+reason) }

// fixed is a backend, and a carrier, with a fixed result.
type fixed struct {
	ok  bool
	err error
}

func (b fixed) Authenticate(context.Context, eauth.Credentials) (eauth.Identity, bool, error) {
	return eauth.Identity{User: "alice"}, b.ok, b.err
}

func (b fixed) Login(context.Context, eauth.Credentials) (eauth.Token, bool, error) {
	return eauth.Token{}, b.ok, b.err
}

func (b fixed) Carry(
	ctx context.Context, _ eauth.Credentials, send func(context.Context) (eauth.Verdict, error),
) (eauth.Verdict, error) {
	return send(ctx)
}

func TestCounted(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	for _, c := range []struct {
		backend fixed
		want    string
	}{
		{fixed{ok: true}, "pam true <nil>"},
		{fixed{}, "pam false <nil>"},
		{fixed{err: away}, "pam false away"},
	} {
		var f figures
		_, ok, err := counted{Backend: c.backend, name: "pam", metrics: &f}.Authenticate(t.Context(), eauth.Credentials{})
		require.Equal(t, c.backend.ok, ok)
		require.Equal(t, c.backend.err, err)
		require.Equal(t, figures{c.want}, f)
	}
}

// A command that carries credentials is counted by its verdict, or else by its
// error.
func TestCountedCarrier(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	for _, c := range []struct {
		verdict eauth.Verdict
		err     error
		want    string
	}{
		{eauth.Right, nil, "master true <nil>"},
		{eauth.Right, away, "master true <nil>"},
		{eauth.Wrong, eauth.ErrWrong, "master false <nil>"},
		{eauth.NoVerdict, away, "master false away"},
		{eauth.NoVerdict, nil, "master false <nil>"},
	} {
		var f figures
		v, err := countedCarrier{fixed{}, &f}.Carry(t.Context(), eauth.Credentials{},
			func(context.Context) (eauth.Verdict, error) { return c.verdict, c.err })
		require.Equal(t, c.verdict, v)
		require.Equal(t, c.err, err, "the error is passed on")
		require.Equal(t, figures{c.want}, f)
	}
}

func TestNotTried(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[guard.Outcome]figures{
		guard.Throttled: {"pam " + string(guard.Throttled)},
		guard.Busy:      {"pam " + string(guard.Busy)},
		guard.OK:        nil,
	} {
		var f figures
		notTried(&f, "pam")(outcome)
		require.Equal(t, want, f, outcome)
	}
}

// masterTokens is the token store of a stand-in.
func masterTokens(t *testing.T, m *mastertest.Master) *saltmaster.Tokens {
	t.Helper()
	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: m.Addr()})
	t.Cleanup(pool.Close)
	client := saltmaster.New(pool, saltmaster.Options{})
	t.Cleanup(client.Close)
	return saltmaster.NewTokens(client, saltmaster.TokensOptions{
		TokenDir: m.TokenDir(), CacheDir: m.CacheDir(), HashType: "sha256", Life: time.Hour,
		Log: slog.New(slog.DiscardHandler),
	})
}

// The backends authenticate callers, and the results are counted.
func TestAuth(t *testing.T) {
	t.Parallel()
	m := mastertest.Start(t, mastertest.Options{})
	mc, _, err := masterconf.Load(m.ConfDir())
	require.NoError(t, err)
	var f figures
	a := New(&config.Config{Master: mc, Settings: settings.Default()}, masterTokens(t, m), &f, slog.New(slog.DiscardHandler))
	require.NoError(t, a.Master.Check(t.Context()))
	for _, c := range []struct {
		name  string
		creds eauth.Credentials
		ok    bool
		want  figures
	}{
		{"right", eauth.Credentials{Eauth: "sharedsecret", Username: "bench", Password: "secret"}, true, figures{"master true <nil>"}},
		{"wrong", eauth.Credentials{Eauth: "sharedsecret", Username: "bench", Password: "guess"}, false, figures{"master false <nil>"}},
		{"no such eauth", eauth.Credentials{Eauth: "ldap", Username: "bench", Password: "secret"}, false, nil},
	} {
		f = nil
		request := a.NewRequestAuth()
		id, ok, err := request.AuthenticateNow(t.Context(), c.creds)
		require.NoError(t, err, c.name)
		require.Equal(t, c.ok, ok, c.name)
		require.Equal(t, c.want, f, c.name)
		if ok {
			require.Equal(t, "bench", id.User, c.name)
		}
		request.Release(t.Context())
	}
	grant, err := a.OwnerMint().Grant(t.Context(), "bench", "sharedsecret", nil)
	require.NoError(t, err)
	grant.Release(t.Context())
	require.NoError(t, a.Mint.Close(t.Context()))
}
