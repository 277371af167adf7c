package crowd

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

const (
	rpcClients = 8
	rpcTime    = 5 * time.Second // of each credential
)

// BenchmarkRPC has some clients call stats.null as often as they can, with an API token
// and with a login's jwt, which the gateway checks at each call.
func BenchmarkRPC(b *testing.B) {
	for range b.N {
		master := mastertest.Start(b, mastertest.Options{Minions: []mastertest.Minion{{ID: minions[0]}}})
		g := startGateway(b, master, "tokens: {eauth: sharedsecret}\n", nil)
		for name, bearer := range map[string]string{"API-token": g.apiToken(b), "jwt": g.jwt(b)} {
			b.ReportMetric(g.callsPerSecond(b, bearer), "calls/s-"+name)
		}
	}
}

// callsPerSecond returns how many calls were answered in a second.
func (g *gateway) callsPerSecond(tb testing.TB, bearer string) float64 {
	tb.Helper()
	transport := g.client.Transport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = rpcClients
	defer transport.CloseIdleConnections()
	g.client = &http.Client{Transport: transport}
	var answered atomic.Int64
	var clients sync.WaitGroup
	began := time.Now()
	for range rpcClients {
		clients.Go(func() {
			for time.Since(began) < rpcTime {
				req, err := http.NewRequest(http.MethodPost, g.url+"/rpc", strings.NewReader(`{"resource": "stats", "method": "null"}`))
				if err != nil {
					tb.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+bearer)
				if text := g.answer(tb, req); !strings.Contains(text, `"ret":null,"error":null`) {
					tb.Error(text)
					return
				}
				answered.Add(1)
			}
		})
	}
	clients.Wait()
	return float64(answered.Load()) / time.Since(began).Seconds()
}

// jwt logs in as programs of SaltStack Config do.
func (g *gateway) jwt(tb testing.TB) string {
	tb.Helper()
	req, err := http.NewRequest(http.MethodPost, g.url+"/account/login", strings.NewReader(`{"username": "bench", "password": "secret", "config_name": "internal"}`))
	require.NoError(tb, err)
	req.Header.Set("Content-Type", "application/json")
	return textOf(tb, g.answer(tb, req), "jwt")
}

func (g *gateway) apiToken(tb testing.TB) string {
	tb.Helper()
	req, err := http.NewRequest(http.MethodPost, g.url+"/v1/tokens", strings.NewReader(`{"name": "calls", "scopes": ["User"], "ttl": "1d"}`))
	require.NoError(tb, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", g.login(tb))
	return textOf(tb, g.answer(tb, req), "token")
}

// textOf returns a text of a JSON object.
func textOf(tb testing.TB, object, name string) string {
	tb.Helper()
	var got map[string]any
	require.NoError(tb, json.Unmarshal([]byte(object), &got), object)
	text, _ := got[name].(string)
	require.NotEmpty(tb, text, object)
	return text
}

// answer sends a request and returns the body of its answer.
func (g *gateway) answer(tb testing.TB, req *http.Request) string {
	resp, err := g.client.Do(req)
	if err != nil {
		tb.Error(err)
		return ""
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Error(err)
	}
	return string(text)
}
