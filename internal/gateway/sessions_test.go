package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/master"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/token"
	"github.com/saltern-api/saltern/internal/gateway/auth"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// openSessions opens sessions in a state directory, before a master.
func openSessions(t *testing.T, dir string, tokens *saltmaster.Tokens) (*session.Sessions, func(), error) {
	t.Helper()
	m := auth.Master{Tokens: tokens}
	g := &Gateway{
		log:    slog.New(slog.DiscardHandler),
		config: &config.Config{Settings: &settings.Settings{StateDir: dir}},
		auth: &auth.Auth{Master: m, Authenticator: eauth.New(eauth.Options{
			Eauths: []string{"sharedsecret"}, HashType: "sha256", Token: token.New(m), Master: master.New(m, master.Options{}),
		})},
	}
	err := g.openSessions()
	return g.sessions, g.Close, err
}

func TestSessionsBeforeAMaster(t *testing.T) {
	t.Parallel()
	for _, release := range mastertest.Lines() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			m := mastertest.Start(t, mastertest.Options{Release: release})
			pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: m.Addr()})
			defer pool.Close()
			client := saltmaster.New(pool, saltmaster.Options{})
			defer client.Close()
			tokens := saltmaster.NewTokens(client, saltmaster.TokensOptions{
				TokenDir: m.TokenDir(), CacheDir: m.CacheDir(), HashType: "sha256", Life: time.Hour,
				Log: slog.New(slog.DiscardHandler),
			})
			require.NoError(t, tokens.Check(t.Context()))

			state := filepath.Join(t.TempDir(), "state")
			s, closeStore, err := openSessions(t, state, tokens)
			require.NoError(t, err)
			sess, ok, err := s.Login(t.Context(), eauth.Credentials{Eauth: "sharedsecret", Username: "bench", Password: "secret"})
			require.NoError(t, err)
			require.True(t, ok)
			closeStore()

			s, closeStore, err = openSessions(t, state, tokens)
			require.NoError(t, err)
			defer closeStore()
			again, ok, err := s.Resolve(t.Context(), sess.ID)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, sess.Token, again.Token)

			left, err := s.Logout(t.Context(), sess.ID)
			require.NoError(t, err)
			require.Zero(t, left)
			_, ok, err = s.Resolve(t.Context(), sess.ID)
			require.NoError(t, err)
			require.False(t, ok)
			entries, err := os.ReadDir(m.TokenDir())
			require.NoError(t, err)
			require.Empty(t, entries, "the token is gone from the master too")
		})
	}
}

func TestAStateFolderThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	blocked := filepath.Join(dir, "blocked")
	require.NoError(t, os.MkdirAll(filepath.Join(blocked, sessionsFile), 0o700))
	for state, named := range map[string]string{
		file:                         file,
		filepath.Join(file, "state"): file,
		blocked:                      filepath.Join(blocked, sessionsFile),
	} {
		_, _, err := openSessions(t, state, nil)
		require.ErrorContains(t, err, "state_dir: ")
		require.ErrorContains(t, err, named)
	}
}
