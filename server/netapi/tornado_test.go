package netapi_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// startTornado serves rest_tornado on the first listener and main on the
// second. The function that it returns lists the clients that the last call may
// use.
func startTornado(t *testing.T, o server.TornadoOptions) (*servertest.Server, func() []string) {
	t.Helper()
	var clients atomic.Pointer[[]string]
	g := servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		clients.Store(&call.Clients)
		return [][]byte{[]byte("1")}, nil
	})
	s := servertest.Start(t, g, func(c *server.Config) {
		c.Listeners = []server.ListenerSpec{
			{Surface: server.Tornado, Address: "127.0.0.1:0"},
			{Surface: server.Main, Address: "127.0.0.1:0"},
		}
		c.Main.RootPrefix, c.Main.WebhookURL = "/salt", "/in"
		c.Main.CORSOrigins = []string{"https://trusted.example"}
		c.Tornado = o
	})
	return s, func() []string { return *clients.Load() }
}

// The listener of rest_tornado has the clients of rest_tornado that
// netapi_enable_clients does not remove.
func TestTornadoClients(t *testing.T) {
	t.Parallel()
	all := []string{"local", "local_async", "runner", "runner_async"}
	for name, c := range map[string]struct {
		enabled, want []string
		welcome       string
	}{
		"not set": {nil, all, `{"return": "Welcome", "clients": ["local", "local_async", "runner"]}`},
		"none":    {[]string{}, []string{}, `{"return": "Welcome", "clients": []}`},
		"others": {[]string{"local", "wheel", "ssh"}, []string{"local"},
			`{"return": "Welcome", "clients": ["local"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, clients := startTornado(t, server.TornadoOptions{EnabledClients: c.enabled})
			batch := `[{"client": "local_batch", "tgt": "*", "fun": "test.ping", "token": "1"}]`
			for _, body := range []string{servertest.Ping, batch} {
				for _, path := range []string{"/", "/run"} {
					resp, _ := s.SendAs(t, 0, http.MethodPost, path, servertest.JSON, body)
					require.Equal(t, http.StatusOK, resp.StatusCode)
					require.Equal(t, c.want, clients(), path)
					resp, _ = s.SendAs(t, 1, http.MethodPost, "/salt"+path, servertest.JSON, body)
					require.Equal(t, http.StatusOK, resp.StatusCode)
					require.Nil(t, clients(), "those of the gateway")
				}
			}
			_, body := s.SendAs(t, 0, http.MethodGet, "/", "", "")
			require.Equal(t, c.welcome, body)
		})
	}
}

// Each section has its own webhook_disable_auth and cors_origin, and the paths
// of rest_cherrypy are on its own listener alone.
func TestTornadoOptions(t *testing.T) {
	t.Parallel()
	s, _ := startTornado(t, server.TornadoOptions{WebhookDisableAuth: true, CORSOrigins: []string{"https://ui.example"}})
	resp, body := s.SendAs(t, 0, http.MethodPost, "/hook", servertest.JSON, "{}")
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode, "there is no bus here")
	require.Equal(t, `{"status": 503, "return": "Salt Master is not available."}`, body)
	resp, _ = s.SendAs(t, 1, http.MethodPost, "/salt/in", servertest.JSON, "{}")
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)

	for origin, want := range map[string]struct{ allow, credentials string }{
		"https://ui.example":      {"https://ui.example", ""},
		"https://trusted.example": {"https://trusted.example", "true"},
		"https://UI.example":      {"", ""},
		"null":                    {"", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr(0), nil)
		require.NoError(t, err)
		req.Header.Set("Origin", origin)
		resp, _ := servertest.Do(t, http.DefaultClient, req)
		require.Equal(t, want.allow, resp.Header.Get("Access-Control-Allow-Origin"), origin)
		require.Equal(t, want.credentials, resp.Header.Get("Access-Control-Allow-Credentials"), origin)
	}
}
