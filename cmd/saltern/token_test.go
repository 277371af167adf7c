package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/gateway"
	"github.com/saltern-api/saltern/internal/gateway/config"
)

// world is a configuration in a directory of its own.
type world struct {
	t     *testing.T
	flags []string
	files config.Files
	state string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	state := filepath.Join(dir, strings.Repeat("long", 30)) // longer than a socket's path may be
	require.NoError(t, os.MkdirAll(state, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(
		"sock_dir: "+dir+"\nexternal_auth: {sharedsecret: {deploy: ['test.*']}}\nnetapi_enable_clients: [local]\n"), 0o600))
	set := filepath.Join(dir, "saltern.yaml")
	require.NoError(t, os.WriteFile(set, []byte(
		"state_dir: "+state+"\nlisten: [{address: '127.0.0.1:0'}]\nadmin: {listen: 'off'}\n"), 0o600))
	return &world{
		t: t, flags: []string{"-c", dir, "--config", set}, files: config.Files{MasterDir: dir, Settings: set}, state: state,
	}
}

// run runs a command about tokens and returns its standard output.
func (w *world) run(args ...string) string {
	w.t.Helper()
	var out, log bytes.Buffer
	require.NoError(w.t, tokenCommand(w.t.Context(), append(args, w.flags...), stdio{&out, &log}), log.String())
	return out.String()
}

// serve runs a gateway until the function that it returns is called.
func (w *world) serve() (url string, stop func()) {
	w.t.Helper()
	c, err := load(w.files)
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(w.t.Context())
	g, err := gateway.New(ctx, c, slog.New(slog.DiscardHandler))
	require.NoError(w.t, err)
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	return "http://" + g.Addrs()[0].String(), func() {
		cancel()
		require.NoError(w.t, <-ended)
		g.Close()
	}
}

// Commands are sent to the running gateway, whose store no other process can open.
func TestTokenCommandsOverTheSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url, stop := w.serve()
	status := func(secret, id string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/tokens/"+id, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+secret)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	secret := strings.TrimSpace(w.run("create", "--name", "ci", "--scope", "User", "--user", "deploy", "--eauth", "sharedsecret"))
	id, _, _ := strings.Cut(strings.Split(w.run("list"), "\n")[1], " ")
	require.Equal(t, http.StatusForbidden, status(secret, id), "the token is good, and manages no tokens")
	require.Contains(t, w.run("show", id), `"name": "ci"`)
	again := strings.TrimSpace(w.run("regenerate", id))
	require.NotEqual(t, secret, again)
	require.Equal(t, http.StatusUnauthorized, status(secret, id))
	require.Equal(t, http.StatusForbidden, status(again, id))
	w.run("revoke", id)
	require.Equal(t, http.StatusUnauthorized, status(again, id))

	stop()
	files, err := filepath.Glob(filepath.Join(w.state, "*sock*"))
	require.NoError(t, err)
	require.Empty(t, files)
	require.NotContains(t, w.run("list"), id, "on the store itself, where what is revoked is not listed")
}
