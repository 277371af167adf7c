package saltmaster

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"saltern/saltmaster/msgpack"
	"saltern/saltmaster/tokenstore"
	"saltern/saltmaster/zmtp"
)

// masterWithStore answers get_token as a master whose tokens are in a store.
// A nil store stands for one that is elsewhere.
func masterWithStore(t *testing.T, s *tokenstore.Store) *Client {
	c := New(wire(func(_ context.Context, p []byte) ([]byte, error) {
		l, _ := msgpack.Raw(p).Lookup("load")
		if s == nil || lookupString(l, "cmd") != "get_token" {
			return packed(t, `{}`), nil
		}
		r, err := s.Read(lookupString(l, "token"))
		if err != nil {
			return packed(t, `{}`), nil
		}
		return packed(t, `{"start": 1.0, "expire": 2.0, "name": "`+r.User+`", "eauth": "`+r.Eauth+`", "token": "`+r.Token+`"}`), nil
	}), Options{})
	t.Cleanup(c.Close)
	return c
}

func stores(t *testing.T) (o TokensOptions, flat, enveloped *tokenstore.Store) {
	t.Helper()
	cache := t.TempDir()
	dir := filepath.Join(cache, "tokens")
	require.NoError(t, os.Mkdir(dir, 0o700))
	o = TokensOptions{TokenDir: dir, CacheDir: cache, HashType: "sha256", Life: time.Hour, Log: slog.New(slog.DiscardHandler)}
	return o,
		&tokenstore.Store{Dir: dir, Layout: tokenstore.Flat, HashType: "sha256"},
		&tokenstore.Store{Dir: dir, Layout: tokenstore.Enveloped, HashType: "sha256"}
}

func requireNoFiles(t *testing.T, o TokensOptions) {
	t.Helper()
	entries, err := os.ReadDir(o.TokenDir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestCheckFindsTheLayout(t *testing.T) {
	t.Parallel()
	o, flat, enveloped := stores(t)
	for _, s := range []*tokenstore.Store{flat, enveloped} {
		tokens := NewTokens(masterWithStore(t, s), o)
		_, known := tokens.Written()
		require.False(t, known)

		require.NoError(t, tokens.Check(t.Context()))
		layout, known := tokens.Written()
		require.True(t, known)
		require.Equal(t, s.Layout, layout)
		requireNoFiles(t, o)

		token, expire, err := tokens.Write(t.Context(), "saltdev", "pam", []string{"ops"})
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(time.Hour), expire, time.Minute)
		user, module, _, ok, err := tokens.LookupToken(t.Context(), token)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "saltdev pam", user+" "+module)
		require.NoError(t, tokens.Remove(t.Context(), token))
		_, _, _, ok, err = tokens.LookupToken(t.Context(), token)
		require.NoError(t, err)
		require.False(t, ok)
		requireNoFiles(t, o)
	}
}

func TestCheckOfAMasterElsewhere(t *testing.T) {
	t.Parallel()
	o, _, _ := stores(t)
	tokens := NewTokens(masterWithStore(t, nil), o)
	require.ErrorIs(t, tokens.Check(t.Context()), ErrNotAccepted)
	requireNoFiles(t, o)
	_, _, err := tokens.Write(t.Context(), "saltdev", "pam", nil)
	require.ErrorIs(t, err, ErrNotAccepted)
	require.ErrorIs(t, tokens.Remove(t.Context(), "00"), ErrNotAccepted)
	requireNoFiles(t, o)
}

func TestCheckThatCannotTell(t *testing.T) {
	t.Parallel()
	o, _, _ := stores(t)
	c := New(wire(func(context.Context, []byte) ([]byte, error) {
		return nil, &zmtp.Error{Op: "dial", Err: os.ErrDeadlineExceeded}
	}), Options{})
	t.Cleanup(c.Close)
	err := NewTokens(c, o).Check(t.Context())
	require.ErrorIs(t, err, ErrDown)
	require.NotErrorIs(t, err, ErrNotAccepted)
	requireNoFiles(t, o)
}

func TestCheckWithoutAFolder(t *testing.T) {
	t.Parallel()
	o, flat, _ := stores(t)
	o.TokenDir, o.CacheDir = "/nonexistent/tokens", "/nonexistent"
	require.ErrorIs(t, NewTokens(masterWithStore(t, flat), o).Check(t.Context()), ErrNotAccepted)
}

// Without a store in reach the master itself is asked.
func TestLookupOverTheWire(t *testing.T) {
	t.Parallel()
	o, flat, _ := stores(t)
	r := tokenstore.Record{Token: flat.NewToken(), User: "bench", Eauth: "ldap", Expire: time.Now().Add(time.Hour)}
	require.NoError(t, flat.Write(r))
	user, module, _, ok, err := NewTokens(masterWithStore(t, flat), o).LookupToken(t.Context(), r.Token)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "bench ldap", user+" "+module)
}
