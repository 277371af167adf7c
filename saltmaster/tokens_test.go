package saltmaster

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

// masterWithStore answers get_token as a master whose tokens are in a store.
// A nil store stands for one that is elsewhere.
func masterWithStore(t *testing.T, s *tokenstore.Store) *Client {
	c := New(wire(func(_ context.Context, p []byte) ([]byte, error) {
		l, _ := msgpack.Raw(p).Lookup("load")
		if s == nil || l.LookupStr("cmd") != "get_token" {
			return packed(t, `{}`), nil
		}
		r, err := s.Read(l.LookupStr("token"))
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
		require.False(t, tokens.Elsewhere())
		require.Equal(t, s.Layout, layout)
		requireNoFiles(t, o)

		for name, remove := range map[string]func(Token) error{
			"by token": func(made Token) error { return tokens.Remove(t.Context(), made.Token) },
			"by hash": func(made Token) error {
				return tokens.RemoveHashed(t.Context(), sha256.Sum256([]byte(made.Token)))
			},
		} {
			made, err := tokens.Write(t.Context(), "saltdev", "pam", []string{"ops"}, 0)
			require.NoError(t, err)
			require.Equal(t, time.Hour, made.Expire.Sub(made.Start))
			found, ok, err := tokens.LookupToken(t.Context(), made.Token)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, made, found)
			require.NoError(t, remove(made), name)
			_, ok, err = tokens.LookupToken(t.Context(), made.Token)
			require.NoError(t, err)
			require.False(t, ok)
			requireNoFiles(t, o)
		}
	}
}

func TestCheckOfAMasterElsewhere(t *testing.T) {
	t.Parallel()
	o, _, _ := stores(t)
	tokens := NewTokens(masterWithStore(t, nil), o)
	require.False(t, tokens.Elsewhere(), "that is not known yet")
	require.ErrorIs(t, tokens.Check(t.Context()), ErrNotAccepted)
	require.True(t, tokens.Elsewhere())
	requireNoFiles(t, o)
	_, err := tokens.Write(t.Context(), "saltdev", "pam", nil, 0)
	require.ErrorIs(t, err, ErrNotAccepted)
	require.ErrorIs(t, tokens.RemoveHashed(t.Context(), sha256.Sum256([]byte("00"))), ErrNotAccepted)
	require.ErrorIs(t, tokens.Remove(t.Context(), "00"), ErrNotAccepted)
	requireNoFiles(t, o)
}

func TestCheckWithoutAnswer(t *testing.T) {
	t.Parallel()
	o, _, _ := stores(t)
	c := New(wire(func(context.Context, []byte) ([]byte, error) {
		return nil, &reqpool.Error{Op: "dial", Err: os.ErrDeadlineExceeded}
	}), Options{})
	t.Cleanup(c.Close)
	err := NewTokens(c, o).Check(t.Context())
	require.ErrorIs(t, err, ErrDown)
	require.NotErrorIs(t, err, ErrNotAccepted)
	requireNoFiles(t, o)
}

// A check that a silent master leaves without an answer, or that is still on its
// way, does not take away the layout that was found before.
func TestCheckKeepsTheLayout(t *testing.T) {
	t.Parallel()
	o, flat, _ := stores(t)
	answers := masterWithStore(t, flat)
	var silent bool
	var tokens *Tokens
	c := New(wire(func(ctx context.Context, request []byte) ([]byte, error) {
		if !silent {
			return answers.wire.Request(ctx, request)
		}
		_, known := tokens.Written()
		require.True(t, known, "while it is asked")
		return nil, &reqpool.Error{Op: "read", Err: os.ErrDeadlineExceeded}
	}), Options{})
	t.Cleanup(c.Close)
	tokens = NewTokens(c, o)
	require.NoError(t, tokens.Check(t.Context()))

	silent = true
	require.Error(t, tokens.Check(t.Context()))
	_, err := tokens.Write(t.Context(), "saltdev", "pam", nil, 0)
	require.NoError(t, err)
}

func TestCheckWithoutAFolder(t *testing.T) {
	t.Parallel()
	o, flat, _ := stores(t)
	o.TokenDir, o.CacheDir = "/nonexistent/tokens", "/nonexistent"
	require.ErrorIs(t, NewTokens(masterWithStore(t, flat), o).Check(t.Context()), ErrNotAccepted)
}

// Without a store in reach the master itself makes the token.
func TestLookupOverTheWire(t *testing.T) {
	t.Parallel()
	o, flat, _ := stores(t)
	r := tokenstore.Record{Token: flat.NewToken(), User: "bench", Eauth: "ldap", Expire: time.Now().Add(time.Hour)}
	require.NoError(t, flat.Write(r))
	found, ok, err := NewTokens(masterWithStore(t, flat), o).LookupToken(t.Context(), r.Token)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "bench ldap", found.User+" "+found.Eauth)
}

func TestTheLifeThatAUserChooses(t *testing.T) {
	t.Parallel()
	o, flat, _ := stores(t)
	asked := func(user string, life time.Duration) time.Duration {
		tokens := NewTokens(masterWithStore(t, flat), o)
		require.NoError(t, tokens.Check(t.Context()))
		made, err := tokens.Write(t.Context(), user, "pam", nil, life)
		require.NoError(t, err)
		return made.Expire.Sub(made.Start)
	}
	require.Equal(t, time.Hour, asked("saltdev", time.Minute), "no override, no choice")
	o.MayChooseLife = func(eauth, user string) bool { return eauth == "pam" && user == "saltdev" }
	require.Equal(t, time.Minute, asked("saltdev", time.Minute))
	require.Equal(t, time.Hour, asked("saltdev", 0))
	require.Equal(t, time.Hour, asked("saltdev", -time.Minute))
	require.Equal(t, time.Hour, asked("other", time.Minute))
}
