package crowd

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

const (
	asyncClients = 8
	asyncTime    = 8 * time.Second // of each credential
	asyncWarmUp  = time.Second

	// asyncDelay is how long the stand-in takes for a request. Eight clients are then answered some 320 times in a
	// second, as by a real master on two cores: how often the gateway is woken, and how much is recorded at once, depends
	// on that.
	asyncDelay = 24 * time.Millisecond
)

// asyncKinds are the credentials of a local_async: a Salt token, a name and a password for sharedsecret and for pam,
// and an access token of the gateway's own, over TLS.
var asyncKinds = []string{"token", "eauth", "pam", "access"}

// BenchmarkAsync has some clients call local_async, for a minion that returns nothing, with each kind of credential,
// and prints how much processor time the gateway takes for a call.
func BenchmarkAsync(b *testing.B) {
	for _, kind := range asyncKinds {
		b.Run(kind, func(b *testing.B) {
			for range b.N {
				a := startAsync(b, kind, asyncDelay)
				a.run(b, asyncWarmUp)
				before, began := a.cpu(b), time.Now()
				n := a.run(b, asyncTime)
				took, spent := time.Since(began), a.cpu(b)-before
				b.ReportMetric(spent*1e6/float64(n), "us-CPU/call")
				b.ReportMetric(float64(n)/took.Seconds(), "calls/s")
				_, peak := a.memory(b)
				b.ReportMetric(peak, "MB-peak")
			}
		})
	}
}

// TestAsync sends at least one call of each client, with each kind of credential.
func TestAsync(t *testing.T) {
	for _, kind := range asyncKinds {
		t.Run(kind, func(t *testing.T) {
			a := startAsync(t, kind, 0)
			require.GreaterOrEqual(t, a.run(t, 0), asyncClients)
		})
	}
}

// async are calls of local_async with one kind of credential.
type async struct {
	*gateway
	body, bearer string
}

func startAsync(tb testing.TB, kind string, delay time.Duration) *async {
	tb.Helper()
	master := mastertest.Start(tb, mastertest.Options{Minions: []mastertest.Minion{{ID: minions[0], Silent: true}}})
	pam := tb.TempDir()
	if kind == "pam" {
		if err := sandbox.WritePAMService(pam, "crowd", map[string]string{"bench": "secret"}); err != nil {
			require.NotEqual(tb, "1", os.Getenv("SALTERN_REQUIRE_PAM"), err)
			tb.Skip(err)
		}
	}
	a := &async{gateway: startGateway(tb, master, fmt.Sprintf("tokens: {eauth: sharedsecret}\npam: {conf_dir: %s}\n", pam), map[string]any{
		"auth.pam.service": "crowd",
		"rest_cherrypy":    map[string]any{"disable_ssl": kind != "access"},
	})}
	a.client.Transport.(*http.Transport).MaxIdleConnsPerHost = asyncClients
	var credential string
	switch kind {
	case "token":
		token, err := master.Token("bench")
		require.NoError(tb, err)
		credential = fmt.Sprintf(`, "token": %q`, token)
	case "eauth", "pam":
		module := map[string]string{"eauth": "sharedsecret", "pam": "pam"}[kind]
		credential = fmt.Sprintf(`, "eauth": %q, "username": "bench", "password": "secret"`, module)
	case "access":
		a.url = strings.Replace(a.url, "http:", "https:", 1)
		form := strings.NewReader("api_token=" + a.apiToken(tb))
		req, err := http.NewRequest(http.MethodPost, a.url+"/csp/gateway/am/api/auth/api-tokens/authorize", form)
		require.NoError(tb, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a.bearer = textOf(tb, a.answer(tb, req), "access_token")
	}
	a.body = fmt.Sprintf(`[{"client": "local_async", "tgt": %q, "fun": "test.ping"%s}]`, minions[0], credential)
	master.Fail(func(f *mastertest.Faults) { f.Delay = delay })
	return a
}

// run has all clients call for so long, but once at least, and returns how many calls were answered.
func (a *async) run(tb testing.TB, long time.Duration) int {
	tb.Helper()
	var answered atomic.Int64
	var clients sync.WaitGroup
	end := time.Now().Add(long)
	for range asyncClients {
		clients.Go(func() {
			for ok := true; ok; ok = time.Now().Before(end) {
				req, err := http.NewRequest(http.MethodPost, a.url+"/", strings.NewReader(a.body))
				if err != nil {
					tb.Error(err)
					return
				}
				req.Header.Set("Content-Type", "application/json")
				if a.bearer != "" {
					req.Header.Set("Authorization", "Bearer "+a.bearer)
				}
				if text := a.answer(tb, req); !strings.Contains(text, `"minions": ["`+minions[0]+`"]`) {
					tb.Error(text)
					return
				}
				answered.Add(1)
			}
		})
	}
	clients.Wait()
	return int(answered.Load())
}
