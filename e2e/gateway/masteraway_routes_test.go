package gateway

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// promptly is far less than the 91 to 180 s after which salt-api answers when
// its master is away, and more than a busy machine needs.
const promptly = 20 * time.Second

// TestRoutesWithoutMaster asks every route while the master is away. What needs
// it is answered 503, all else as ever, and streams stay open and go on. The two
// ways of a real master to be away are in e2e/failures.
func TestRoutesWithoutMaster(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(t *testing.T, g *running) (back func()){
		"stopped": func(t *testing.T, g *running) func() {
			g.Close()
			envtest.RequireEventually(t, func() bool { return g.ready(t).Status == http.StatusServiceUnavailable })
			return func() { require.NoError(t, g.Restart()) }
		},
		"silent": func(t *testing.T, g *running) func() {
			g.Fail(func(f *mastertest.Faults) { f.Mute, f.Silent, f.DropFired = true, true, true })
			// Whoever meets that first waits for the time limit.
			envtest.RequireEventually(t, func() bool { return g.ready(t).Status == http.StatusServiceUnavailable })
			a := g.ask(t, g.Main, envtest.Request{Path: "run", Body: awayChunks()["local"]})
			require.Contains(t, []int{http.StatusServiceUnavailable, http.StatusGatewayTimeout}, a.Status, a.Body)
			return func() { g.Fail(func(f *mastertest.Faults) { *f = mastertest.Faults{} }) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := strict()
			o.master = nil
			o.settings = "master: {request_timeout: 3s}\nauth: {attempts: 1000000}\n"
			g := start(t, o)
			requireAllWork(t, g)
			s := openStreams(t, g)
			back := away(t, g)
			for _, q := range awayRoutes(s.session) {
				ctx, cancel := context.WithTimeout(t.Context(), promptly)
				a, err := q.Send(ctx, g.Env, g.Main)
				cancel()
				require.NoError(t, err, "%s %s", q.Method, q.Path)
				require.Equal(t, q.status, a.Status, "%s %s %s: %s", q.Method, q.Path, q.Body, a.Body)
				if q.status == http.StatusServiceUnavailable {
					envtest.RequireRetryAfter(t, a)
				}
			}
			late := openStreams(t, g)
			back()
			envtest.RequireEventually(t, func() bool { return g.ready(t).Status == http.StatusOK })
			requireAllWork(t, g)
			for _, q := range awayRoutes(s.session)[:5] {
				a := g.ask(t, g.Main, q.Request)
				require.Less(t, a.Status, 300, "%s %s: %s", q.Method, q.Path, a.Body)
			}
			for _, streams := range []*openedStreams{s, late} {
				streams.events.Until("tag: salt/job/")
				streams.socket.Until(t, "salt/job/", func() { g.post(t, env.Chunk(env.User, envtest.GoodPing)) })
			}
		})
	}
}

// openedStreams are one of each kind.
type openedStreams struct {
	session string
	events  *envtest.EventBlocks
	socket  *envtest.Socket
}

// openStreams needs no master: pam is checked by the gateway.
func openStreams(t *testing.T, g *running) *openedStreams {
	t.Helper()
	s := &openedStreams{session: envtest.Login(t, g.Env, env.User)}
	s.events = envtest.FollowEvents(t, g.Env, s.session, "")
	s.socket = envtest.OpenSocket(t, g.Env, "/ws/"+s.session)
	s.socket.Ready(t)
	require.Equal(t, "server received message", s.socket.Until(t, "", func() {}))
	return s
}

// awayRoute is a request with its status while the master is away.
type awayRoute struct {
	envtest.Request
	status int
}

// awayRoutes has first those that are asked again when the master is back.
func awayRoutes(session string) []awayRoute {
	header := map[string]string{"X-Auth-Token": session}
	creds := sharedsecret(sandbox.UserAll)
	down := func(method, path, body string) awayRoute {
		kind := envtest.JSON
		if body == "" {
			kind = "-"
		}
		return awayRoute{envtest.Request{Method: method, Path: path, Kind: kind, Body: body, Header: header}, http.StatusServiceUnavailable}
	}
	up := func(method, path, body string, status int) awayRoute {
		q := down(method, path, body)
		q.status = status
		return q
	}
	routes := []awayRoute{
		down("GET", "minions", ""), down("GET", "minions/ms--0", ""), down("GET", "jobs", ""), down("GET", "keys", ""),
		down("POST", "hook", `{"a": 1}`),
		down("GET", "keys/ms--0", ""), down("GET", "jobs/20240101010101010101", ""),
		down("POST", "minions", `[{"tgt": "*", "fun": "test.ping"}]`),
		down("POST", "keys", "{"+creds+`, "mid": "away"}`),
		down("POST", "login", "{"+creds+"}"), down("POST", "token", "{"+creds+"}"),
		up("GET", "", "", 200), up("GET", "login", "", 200), up("GET", "stats", "", 200), up("GET", "openapi.yaml", "", 200),
		up("GET", "nope", "", 404), up("POST", "run", "[1]", 400), up("GET", "jobs/abc", "", 200),
	}
	for _, client := range envtest.AllClients[:8] {
		chunk := fmt.Sprintf(`[{"client": %q, "tgt": "*", "fun": "test.ping"}]`, client)
		for _, path := range []string{"", "jobs", "run"} {
			routes = append(routes, down("POST", path, chunk))
		}
		chunk = fmt.Sprintf(`[{%s, "client": %q, "tgt": "*", "fun": "test.ping"}]`, creds, client)
		routes = append(routes, down("POST", "run", chunk))
	}
	return routes
}

// awayChunks are requests that need the master, each in another way.
func awayChunks() map[string]string {
	return map[string]string{
		"local":        env.Chunk(env.User, envtest.GoodPing),
		"runner":       env.Chunk(env.User, `"client": "runner", "fun": "test.arg"`),
		"sharedsecret": `[{` + sharedsecret(sandbox.UserAll) + `, ` + envtest.GoodPing + `}]`,
	}
}

// requireAllWork waits until every kind of request is answered well.
func requireAllWork(t *testing.T, g *running) {
	t.Helper()
	for what, body := range awayChunks() {
		var a env.Answer
		envtest.RequireEventually(t, func() bool {
			a = g.post(t, body)
			return a.Status == http.StatusOK
		})
		if what != "runner" {
			require.Equal(t, envtest.GoodPingAnswer, a.Body, what)
		}
	}
}
