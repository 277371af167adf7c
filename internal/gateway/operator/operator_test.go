package operator

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/tokens"
)

// world is a configuration in a directory of its own.
type world struct {
	t     *testing.T
	files config.Files
	state string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	state := filepath.Join(dir, strings.Repeat("long", 30)) // longer than a socket's path may be
	require.NoError(t, os.MkdirAll(state, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte("external_auth: {sharedsecret: {deploy: ['test.*']}}\n"+
		"netapi_enable_clients: [local]\nrest_wsgi: {port: 8001}\n"), 0o600))
	set := filepath.Join(dir, "saltern.yaml")
	require.NoError(t, os.WriteFile(set, []byte("state_dir: "+state+"\n"), 0o600))
	return &world{t: t, state: state, files: config.Files{MasterDir: dir, Settings: set}}
}

// config reads the configuration.
func (w *world) config() *config.Config {
	w.t.Helper()
	c, err := config.Load(w.files)
	require.NoError(w.t, err)
	return c
}

// do sends a request as a command does, and returns the response.
func (w *world) do(method, path string, in any) (map[string]any, error) {
	w.t.Helper()
	o, err := Open(w.t.Context(), w.config(), "a test", slog.New(slog.DiscardHandler))
	require.NoError(w.t, err)
	defer o.Close()
	var out map[string]any
	if method == http.MethodDelete {
		return nil, o.Do(w.t.Context(), method, path, in, nil)
	}
	return out, o.Do(w.t.Context(), method, path, in, &out)
}

// create creates a token.
func (w *world) create() (id, secret string) {
	w.t.Helper()
	out, err := w.do("POST", "/v1/tokens", map[string]any{
		"name": "ci", "scopes": []string{"User"}, "user": "deploy", "eauth": "sharedsecret",
	})
	require.NoError(w.t, err)
	return out["id"].(string), out["token"].(string)
}

// Requests are sent to the running gateway, whose store no other process can
// open.
func TestOverTheSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.config()
	log := slog.New(slog.DiscardHandler)
	s, err := tokens.Open(t.Context(), c, issuer.Options{Logger: log})
	require.NoError(t, err)
	o, err := Serve(w.state, s, log)
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(w.state, socketFile))
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket|0o600, info.Mode())

	id, secret := w.create()
	p, ok, err := s.Check(t.Context(), secret, issuer.Origin{})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "deploy", p.User)
	require.Equal(t, id, p.TokenID)
	_, err = w.do("DELETE", "/v1/tokens/"+id, nil)
	require.NoError(t, err)
	_, ok, err = s.Check(t.Context(), secret, issuer.Origin{})
	require.NoError(t, err)
	require.False(t, ok)
	_, err = w.do("GET", "/v1/tokens/nope", nil)
	require.Error(t, err)

	o.Close()
	s.Close()
	files, err := filepath.Glob(filepath.Join(w.state, "*sock*"))
	require.NoError(t, err)
	require.Empty(t, files)
	out, err := w.do("GET", "/v1/tokens", nil)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"tokens": []any{}}, out, "on the store itself")

	// A crashed gateway leaves its socket behind.
	o, err = Serve(w.state, nil, log)
	require.NoError(t, err)
	require.NoError(t, os.Link(filepath.Join(w.state, socketFile), filepath.Join(w.state, "kept")))
	o.Close()
	require.NoError(t, os.Rename(filepath.Join(w.state, "kept"), filepath.Join(w.state, socketFile)))
	_, err = w.do("GET", "/v1/tokens", nil)
	require.NoError(t, err)
	o, err = Serve(w.state, nil, log)
	require.NoError(t, err)
	o.Close()
}

// The operator needs no gateway, and can work beside gateways on other hosts.
func TestOnRedis(t *testing.T) { // not parallel: the log of the Redis client is one for the process
	server := redistest.Start(t, redistest.Options{Durable: true})
	w := newWorld(t)
	require.NoError(t, os.Remove(w.state), "with Redis there is no need of it")
	pepper := filepath.Join(t.TempDir(), "pepper")
	require.NoError(t, os.WriteFile(pepper, []byte(strings.Repeat("5a", 32)+"\n"), 0o640))
	require.NoError(t, os.WriteFile(w.files.Settings, fmt.Appendf(nil,
		"state_dir: %s\ntokens: {store: redis, pepper_file: %s, redis: {addresses: [%q]}}\n", w.state, pepper, server.Client().Addrs[0]), 0o600))
	elsewhere, err := tokens.Open(t.Context(), w.config(), issuer.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer elsewhere.Close()
	id, secret := w.create()
	_, ok, err := elsewhere.Check(t.Context(), secret, issuer.Origin{})
	require.NoError(t, err)
	require.True(t, ok)
	require.NoDirExists(t, w.state)

	server.Kill()
	_, err = w.do("GET", "/v1/tokens", nil)
	require.ErrorContains(t, err, "the token store does not answer")
	server.Start()
	_, err = w.do("DELETE", "/v1/tokens/"+id, nil)
	require.NoError(t, err)
	_, ok, err = elsewhere.Check(t.Context(), secret, issuer.Origin{})
	require.NoError(t, err)
	require.False(t, ok)
}

// Changes of tokens by a command itself are in the audit log, unless it is off.
func TestAuditOfCommands(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ settings, warning string }{
		"on":       {"", ""},
		"off":      {"audit: {file: \"off\"}\n", ""},
		"not here": {"audit: {file: /nowhere/log}\n", "this is not in the audit log"},
	} {
		w := newWorld(t)
		require.NoError(t, os.WriteFile(w.files.Settings, []byte("state_dir: "+w.state+"\n"+c.settings), 0o600))
		var log strings.Builder
		l := &lateAudit{config: w.config(), log: slog.New(slog.NewTextHandler(&log, nil))}
		l.write(t.Context(), issuer.Event{What: issuer.Issued})
		l.close()
		require.Contains(t, log.String(), c.warning, name)
		require.Equal(t, c.warning == "", log.Len() == 0, name)
		text, err := os.ReadFile(filepath.Join(w.state, "audit", "audit.jsonl"))
		if c.settings != "" {
			require.ErrorIs(t, err, os.ErrNotExist, name)
			continue
		}
		require.NoError(t, err)
		require.Contains(t, string(text), `"event":"issued"`, name)
	}
}
