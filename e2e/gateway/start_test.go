package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/internal/freeport"
	"github.com/saltern-api/saltern/internal/gateway"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil { // the tests wait more than they compute
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// secret is the password of all users with eauth sharedsecret.
const secret = "the shared secret"

// options set up a gateway.
type options struct {
	master   map[string]any // over the master's configuration
	cherrypy map[string]any // over rest_cherrypy
	settings string         // more of saltern.yaml

	before func(t *testing.T, stateDir string) // called before the gateway starts

	stand mastertest.Options // the minions are ms--0 to ms--4, and the users those of package sandbox, if there are none
	alone bool               // without a master, PAM, rest_wsgi and metrics
}

// running is a gateway in the process of the test, and its master.
type running struct {
	*env.Env
	*mastertest.Master // nil if the gateway is alone

	config *config.Config
	dir    string
	stop   func() // ends Run
	ended  chan error
}

// start starts a gateway, which ends with the test, and waits until it is
// ready.
func start(t *testing.T, o options) *running {
	t.Helper()
	dir, err := os.MkdirTemp("", "gateway") // short enough for the sockets of any test
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	g := &running{dir: dir}
	master := map[string]any{"root_dir": dir}
	if !o.alone {
		g.Master = mastertest.Start(t, withDefaults(o.stand))
		master = g.Config()
	}
	g.configure(t, o, master)
	t.Cleanup(func() { g.close(t) })
	if o.before != nil {
		o.before(t, g.StateDir())
	}
	g.run(t)
	return g
}

func withDefaults(o mastertest.Options) mastertest.Options {
	if o.Minions == nil {
		for i := range 5 {
			o.Minions = append(o.Minions, mastertest.Minion{ID: fmt.Sprintf("ms--%d", i), Answer: answer})
		}
	}
	if o.Runners == nil {
		o.Runners = map[string]mastertest.Function{"test.sleep": sleep, "no.such": noSuch, "jobs.list_jobs": noJobs}
	}
	if o.Users == nil {
		all := []string{".*", "@runner", "@wheel"}
		o.Users = map[string]mastertest.User{
			sandbox.UserAll:      {Password: secret, Perms: all},
			sandbox.UserTestOnly: {Password: secret, Perms: []string{"test.*"}},
			env.User:             {Password: secret, Perms: all},
		}
	}
	return o
}

// sleep is the runner test.sleep.
func sleep(ctx context.Context, c mastertest.Call) (msgpack.Raw, bool) {
	seconds, _ := c.Arg[0].Float()
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(seconds * float64(time.Second))):
	}
	return mastertest.JSON("true"), true
}

// noSuch answers as masters do when there is no such runner.
func noSuch(context.Context, mastertest.Call) (msgpack.Raw, bool) {
	return mastertest.JSON(`"Exception occurred in runner no.such: Traceback (most recent call last):\n` +
		`  File \"/opt/salt/client/mixins.py\", line 341, in low\n` +
		`salt.exceptions.CommandExecutionError: 'no.such' is not available.\n"`), false
}

// noJobs is the runner jobs.list_jobs of a master without any.
func noJobs(context.Context, mastertest.Call) (msgpack.Raw, bool) { return mastertest.JSON("{}"), true }

// answer is what minions answer: they have grains too.
func answer(ctx context.Context, job mastertest.Job) mastertest.Return {
	if job.Fun == "grains.items" {
		return mastertest.Return{Return: mastertest.JSON(`{"id": "` + job.Minion + `"}`)}
	}
	return mastertest.Builtin(ctx, job)
}

// configure writes the configuration and reads it.
func (g *running) configure(t *testing.T, o options, master map[string]any) {
	t.Helper()
	conf := maps.Clone(master)
	cherrypy := map[string]any{"port": freePort(t), "host": "127.0.0.1"}
	maps.Copy(cherrypy, o.cherrypy)
	conf["rest_cherrypy"] = cherrypy
	g.Env = env.Served(g.dir, "", fmt.Sprintf("https://127.0.0.1:%d", cherrypy["port"]), "")
	if cherrypy["disable_ssl"] == true {
		g.Main = strings.Replace(g.Main, "https:", "http:", 1)
	}
	settings := fmt.Sprintf("state_dir: %s\n", g.StateDir())
	if o.alone {
		settings += "admin: {listen: 'off'}\n"
	} else {
		wsgi, admin := freePort(t), freePort(t)
		g.WSGI, g.Admin = fmt.Sprintf("http://localhost:%d", wsgi), fmt.Sprintf("http://127.0.0.1:%d", admin)
		conf["rest_wsgi"] = map[string]any{"port": wsgi}
		conf["auth.pam.service"] = env.PAMService
		conf["netapi_enable_clients"] = envtest.AllClients[:8]
		settings += fmt.Sprintf("admin: {listen: '127.0.0.1:%d'}\npam: {conf_dir: %s}\n", admin, g.writePAM(t, nil))
	}
	maps.Copy(conf, o.master)
	text, err := json.Marshal(conf) // JSON is YAML
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(g.dir, "master"), text, 0o600))
	file := filepath.Join(g.dir, "saltern.yaml")
	require.NoError(t, os.WriteFile(file, []byte(settings+o.settings), 0o600))
	g.config, err = config.Load(config.Files{MasterDir: g.dir, Settings: file})
	require.NoError(t, err)
}

// writePAM writes the PAM service, which knows the users of package env by
// their names as passwords, but for those that are named here. It is read anew
// for each login. It returns its folder.
func (g *running) writePAM(t *testing.T, passwords map[string]string) (dir string) {
	t.Helper()
	dir = filepath.Join(g.dir, "pam.d")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	users := map[string]string{env.User: env.User, env.ReadOnly: env.ReadOnly, env.Stranger: env.Stranger}
	maps.Copy(users, passwords)
	if err := sandbox.WritePAMService(dir, env.PAMService, users); err != nil {
		require.NotEqual(t, "1", os.Getenv("SALTERN_REQUIRE_PAM"), err)
		t.Skip(err) // no pam_wrapper here
	}
	return dir
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := freeport.Find()
	require.NoError(t, err)
	return port
}

// run opens the gateway and runs it.
func (g *running) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	file, err := os.OpenFile(g.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	log := slog.New(slog.NewJSONHandler(file, &slog.HandlerOptions{Level: g.config.LogLevel()}))
	opened, err := gateway.New(ctx, g.config, log)
	if err != nil {
		stop()
		_ = file.Close()
		require.NoError(t, err)
	}
	ended := make(chan error, 1)
	g.stop, g.ended = stop, ended
	go func() {
		err := opened.Run(ctx)
		opened.Close()
		ended <- errors.Join(err, file.Close())
	}()
	if g.Admin != "" {
		g.awaitReady(t)
	}
}

func (g *running) awaitReady(t *testing.T) {
	t.Helper()
	envtest.RequireEventually(t, func() bool {
		require.Empty(t, g.ended, "the gateway ended: %s", g.Log())
		return g.ready(t).Status == http.StatusOK
	})
}

// close ends the gateway as SIGTERM would, if it runs, and returns when its ports are free: a child of
// another test has copies of the listeners until it executes its program.
func (g *running) close(t *testing.T) {
	t.Helper()
	if g.stop == nil {
		return
	}
	g.stop()
	require.NoError(t, <-g.ended, g.Log())
	require.NotContains(t, g.Log(), "did not close")
	g.stop = nil
	for _, base := range append(slices.Collect(maps.Values(g.surfaces())), g.Admin) {
		envtest.RequireEventually(t, func() bool { return base == "" || refuses(base) })
	}
}

// ask sends a request to one of the gateway's base URLs.
func (g *running) ask(t *testing.T, base string, q envtest.Request) env.Answer {
	t.Helper()
	return envtest.Send(t, g.Env, base, q)
}

// post sends a lowstate to the rest_wsgi listener.
func (g *running) post(t *testing.T, body string) env.Answer {
	t.Helper()
	return envtest.Post(t, g.Env, body)
}

// get sends a GET to the rest_cherrypy listener, within a session if there is
// one.
func (g *running) get(t *testing.T, path, session string) env.Answer {
	t.Helper()
	return envtest.SessionRequest(t, g.Env, session, http.MethodGet, path, "")
}

// login logs in over sharedsecret.
func (g *running) login(t *testing.T, user string) env.Answer {
	t.Helper()
	return g.ask(t, g.Main, envtest.Request{Path: "login", Body: "{" + sharedsecret(user) + "}"})
}

// sharedsecret are the credentials of a user who has the secret.
func sharedsecret(user string) string {
	return fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": %q`, user, secret)
}

// surfaces are the gateway's two listeners.
func (g *running) surfaces() map[string]string { return envtest.Surfaces(g.Env) }

func (g *running) ready(t *testing.T) env.Answer {
	t.Helper()
	return g.ask(t, g.Admin, envtest.Request{Method: http.MethodGet, Path: "readyz", Kind: "-"})
}

// strict are options with limits that are as short as a busy machine allows,
// with one minion, and without the client local_async.
func strict() options {
	return options{
		stand:  mastertest.Options{Minions: []mastertest.Minion{{ID: "ms--0", Answer: answer}}},
		master: map[string]any{"netapi_enable_clients": []string{"local", "runner"}},
		settings: `
max_request_body_size: 64KiB
shutdown_timeout: 1s
limits:
  header_timeout: 2s
  body_timeout: 1s
master:
  request_timeout: 3s
`,
	}
}

// dial opens a plain connection to one of the gateway's base URLs, which ends
// with the test.
func dial(t *testing.T, base string) net.Conn {
	t.Helper()
	_, address, _ := strings.Cut(base, "://")
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(envtest.Patience)))
	return conn
}
