package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// promptly is far less than the 91 to 180 s after which salt-api answers when
// its master is away, and more than a busy machine needs.
const promptly = 20 * time.Second

// TestRoutesWithoutMaster asks every route while the master is away. What needs
// it is answered 503, all else as ever, and streams stay open and go on.
func TestRoutesWithoutMaster(t *testing.T) {
	eachStrict(t, func(t *testing.T, r *env.Env) {
		g := anotherGateway(t, r, env.More{
			Master:   map[string]any{"netapi_enable_clients": allClients[:8]},
			Settings: "master: {request_timeout: 3s}\nauth: {attempts: 1000000}\n",
		})
		for name, away := range map[string]func(t *testing.T) (back func()){
			"stopped": func(t *testing.T) func() {
				require.NoError(t, r.StopMaster(t.Context()))
				back := masterBack(t, r)
				requireEventually(t, func() bool { return ready(t, g).Status == http.StatusServiceUnavailable })
				return back
			},
			"silent": func(t *testing.T) func() {
				require.NoError(t, r.PauseMaster())
				t.Cleanup(func() { require.NoError(t, r.ResumeMaster()) })
				// Whoever meets that first waits for the time limit.
				requireEventually(t, func() bool { return ready(t, g).Status == http.StatusServiceUnavailable })
				a := ask(t, g, g.Main, asked{path: "run", body: awayChunks(g)["local"]})
				require.Contains(t, []int{http.StatusServiceUnavailable, http.StatusGatewayTimeout}, a.Status, a.Body)
				return func() { require.NoError(t, r.ResumeMaster()) }
			},
		} {
			t.Run(name, func(t *testing.T) {
				requireAllWork(t, g)
				s := openStreams(t, g)
				back := away(t)
				for _, q := range awayRoutes(g, s.session) {
					ctx, cancel := context.WithTimeout(t.Context(), promptly)
					a, err := q.send(ctx, g, g.Main)
					cancel()
					require.NoError(t, err, "%s %s", q.method, q.path)
					require.Equal(t, q.status, a.Status, "%s %s %s: %s", q.method, q.path, q.body, a.Body)
					if q.status == http.StatusServiceUnavailable {
						requireRetryAfter(t, a)
					}
				}
				late := openStreams(t, g)
				back()
				requireEventually(t, func() bool { return ready(t, g).Status == http.StatusOK })
				requireAllWork(t, g)
				for _, q := range awayRoutes(g, s.session)[:5] {
					a := ask(t, g, g.Main, q.asked)
					require.Less(t, a.Status, 300, "%s %s: %s", q.method, q.path, a.Body)
				}
				for _, streams := range []*openedStreams{s, late} {
					streams.events.until("tag: salt/job/")
					streams.socket.until(t, "salt/job/", func() { post(t, g, env.Chunk(env.User, goodPing)) })
				}
			})
		}
	})
}

// openedStreams are one of each kind.
type openedStreams struct {
	session string
	events  *eventBlocks
	socket  *socket
}

// openStreams needs no master: pam is checked by the gateway.
func openStreams(t *testing.T, g *env.Env) *openedStreams {
	t.Helper()
	s := &openedStreams{session: openSession(t, g, env.User)}
	s.events = followEvents(t, g, s.session, "")
	s.socket = openSocket(t, g, "/ws/"+s.session)
	s.socket.ready(t)
	require.Equal(t, "server received message", s.socket.until(t, "", func() {}))
	return s
}

// awayRoute is a request with its status while the master is away.
type awayRoute struct {
	asked
	status int
}

// awayRoutes has first those that are asked again when the master is back.
func awayRoutes(g *env.Env, session string) []awayRoute {
	header := map[string]string{"X-Auth-Token": session}
	secret := fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": %q`, sandbox.UserAll, g.Secret())
	down := func(method, path, body string) awayRoute {
		kind := asJSON
		if body == "" {
			kind = "-"
		}
		return awayRoute{asked{method: method, path: path, kind: kind, body: body, header: header}, http.StatusServiceUnavailable}
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
		down("POST", "keys", "{"+secret+`, "mid": "away"}`),
		down("POST", "login", "{"+secret+"}"), down("POST", "token", "{"+secret+"}"),
		up("GET", "", "", 200), up("GET", "login", "", 200), up("GET", "stats", "", 200), up("GET", "openapi.yaml", "", 200),
		up("GET", "nope", "", 404), up("POST", "run", "[1]", 400), up("GET", "jobs/abc", "", 200),
	}
	for _, client := range allClients[:8] {
		chunk := fmt.Sprintf(`[{"client": %q, "tgt": "*", "fun": "test.ping"}]`, client)
		for _, path := range []string{"", "jobs", "run"} {
			routes = append(routes, down("POST", path, chunk))
		}
		creds := fmt.Sprintf(`[{%s, "client": %q, "tgt": "*", "fun": "test.ping"}]`, secret, client)
		routes = append(routes, down("POST", "run", creds))
	}
	return routes
}
