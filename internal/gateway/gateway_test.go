package gateway

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/operator"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// When New fails at any of its steps, nothing stays open: once the cause is
// removed, the same state directory and ports can be used.
func TestNewFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings string
		inTheWay func(t *testing.T, c *config.Config) (remove func())
		want     string
	}{
		"the audit log": {
			inTheWay: folder("audit/audit.jsonl"), want: "audit.jsonl",
		},
		"the sessions": {
			inTheWay: folder("sessions.db"), want: "sessions.db",
		},
		"the API tokens": {
			inTheWay: folder("tokens.db"), want: "tokens.db",
		},
		"the key of their hashes": {
			inTheWay: folder("token.pepper"), want: "token.pepper",
		},
		"the event streams": {
			inTheWay: func(_ *testing.T, c *config.Config) func() {
				c.Settings.EventsACL = append(c.Settings.EventsACL, settings.EventsRule{Users: []string{"alice"}})
				return func() { c.Settings.EventsACL = nil }
			},
			want: "rule 1: tags",
		},
		"the operator's socket": {
			inTheWay: folder("operator.sock"), want: "operator.sock",
		},
		"a listener": {
			inTheWay: func(t *testing.T, c *config.Config) func() {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				c.Listeners[0].Address = l.Addr().String()
				return func() { require.NoError(t, l.Close()) }
			},
			want: "address already in use",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := testConfig(t, "external_auth: {pam: {alice: ['.*']}}\n", "listen: [{address: '127.0.0.1:0'}]\n"+c.settings)
			remove := c.inTheWay(t, conf)
			var log logBuffer
			_, err := New(t.Context(), conf, log.logger())
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, log.String(), "did not close")
			remove()
			g, err := New(t.Context(), conf, log.logger())
			require.NoError(t, err)
			g.Close()
			g.Close()
			require.NotContains(t, log.String(), "did not close")
			require.NoFileExists(t, filepath.Join(conf.Settings.StateDir, "operator.sock"))
		})
	}
}

// folder creates a directory in the state directory, in place of a file.
func folder(name string) func(t *testing.T, c *config.Config) func() {
	return func(t *testing.T, c *config.Config) func() {
		t.Helper()
		path := filepath.Join(c.Settings.StateDir, name)
		require.NoError(t, os.MkdirAll(filepath.Join(path, "full"), 0o700))
		return func() { require.NoError(t, os.RemoveAll(path)) }
	}
}

// A gateway serves requests with a password, a session and an API token before
// a master of each line of releases, and leaves nothing behind.
func TestRun(t *testing.T) {
	t.Parallel()
	for _, release := range mastertest.Lines() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			m := mastertest.Start(t, mastertest.Options{Release: release, Minions: []mastertest.Minion{{ID: "ms-0"}}})
			more := m.Config()
			more["netapi_enable_clients"] = []string{"local"}
			text, err := json.Marshal(more)
			require.NoError(t, err)
			conf := testConfig(t, string(text), "listen: [{address: '127.0.0.1:0'}]\nadmin: {listen: '127.0.0.1:0'}\n")
			var log logBuffer
			ctx, cancel := context.WithCancel(t.Context())
			g, err := New(ctx, conf, log.logger())
			require.NoError(t, err)
			ended := make(chan error, 1)
			go func() { ended <- g.Run(ctx) }()
			require.Eventually(t, func() bool {
				_, known := g.tokens.Written() // whether the gateway's own tokens can be removed
				return known && g.ready(ctx) == nil
			}, 20*time.Second, time.Millisecond)

			c := &client{t: t, url: "http://" + g.Addrs()[0].String()}
			const ping = `"client": "local", "tgt": "*", "fun": "test.ping"`
			const login = `"eauth": "sharedsecret", "username": "bench", "password": "secret"`
			require.Equal(t, `{"return":[{"ms-0":true}]}`, c.post("/run", "", "[{"+login+","+ping+"}]"))

			var session struct {
				Return []struct {
					Token string
					Perms []any
				}
			}
			require.NoError(t, json.Unmarshal([]byte(c.post("/login", "", "{"+login+"}")), &session))
			require.NotEmpty(t, session.Return[0].Perms)
			require.Equal(t, `{"return":[{"ms-0":true}]}`, c.post("/", session.Return[0].Token, "[{"+ping+"}]"))

			o, err := operator.Open(ctx, conf, "a test", slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			var token struct{ Token string }
			require.NoError(t, o.Do(ctx, http.MethodPost, "/v1/tokens", map[string]any{
				"name": "ci", "scopes": []string{"User"}, "eauth": "sharedsecret", "user": "bench",
			}, &token))
			o.Close()
			require.Equal(t, `{"return":[{"ms-0":true}]}`, c.post("/", token.Token, "[{"+ping+"}]"))

			require.Equal(t, release == "3008", g.isFrom3008())
			require.Equal(t, release != "3008", g.isBefore3008())
			figures := c.get("http://" + g.server.AdminAddr().String() + "/metrics")
			for _, want := range []string{
				"saltern_bus_connected 1\n", "saltern_bus_reconnects_total 0\n", "saltern_stream_readers 0\n",
				"saltern_audit_lost_total 0\n", "saltern_token_store_up ",
				`saltern_token_events_total{event="issued",profile="native",why=""} 1` + "\n",
			} {
				require.Contains(t, figures, want)
			}
			require.NotRegexp(t, `saltern_bus_events_total 0\n`, figures)

			cancel()
			require.NoError(t, <-ended)
			g.Close()
			require.NotContains(t, log.String(), "did not close")
			left, err := os.ReadDir(m.TokenDir())
			require.NoError(t, err)
			require.Len(t, left, 1, "the session's Salt token, which outlives a restart")
			lines, err := os.ReadFile(filepath.Join(conf.Settings.StateDir, "audit", "audit.jsonl"))
			require.NoError(t, err)
			require.Equal(t, 3, strings.Count(string(lines), `"event":"command"`))
			require.Contains(t, string(lines), `"event":"issued"`)
		})
	}
}

// client is a client of a gateway.
type client struct {
	t   *testing.T
	url string
}

func (c *client) post(path, token, body string) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("X-Auth-Token", token)
	}
	return strings.ReplaceAll(c.do(req), ": ", ":")
}

func (c *client) get(url string) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, url, nil)
	require.NoError(c.t, err)
	return c.do(req)
}

func (c *client) do(req *http.Request) string {
	c.t.Helper()
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(res.Body)
	require.NoError(c.t, err)
	require.Equal(c.t, http.StatusOK, res.StatusCode, string(text))
	return string(text)
}

// A gateway starts and stops even if its master is down.
func TestRunWithoutAMaster(t *testing.T) {
	t.Parallel()
	conf := testConfig(t, "sock_dir: /nowhere\nret_port: 1\ninterface: 127.0.0.1\n", "listen: [{address: '127.0.0.1:0'}]\n")
	ctx, cancel := context.WithCancel(t.Context())
	g, err := New(ctx, conf, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer g.Close()
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	require.ErrorContains(t, g.ready(ctx), "bus")
	cancel()
	require.NoError(t, <-ended)
}
