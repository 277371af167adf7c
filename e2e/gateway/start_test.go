package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/internal/freeport"
	"github.com/saltern-api/saltern/internal/gateway"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen on a busy machine.
const patience = 60 * time.Second

// secret is the password of all users with eauth sharedsecret.
const secret = "the shared secret"

// options set up a gateway.
type options struct {
	master   map[string]any // over the master's configuration
	cherrypy map[string]any // over rest_cherrypy
	settings string         // more of saltern.yaml

	stand mastertest.Options // the minions are ms--0 to ms--4, and the users those of package sandbox, if there are none
	alone bool               // without a master, PAM, rest_wsgi and metrics
}

// running is a gateway in the process of the test, and its master.
type running struct {
	*mastertest.Master // nil if the gateway is alone

	WSGI  string // base URL of the rest_wsgi listener, plain HTTP
	Main  string // base URL of the rest_cherrypy listener, TLS with a self-signed pair unless disable_ssl
	Admin string // base URL of metrics and health

	config *config.Config
	dir    string
	log    logBuffer
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
	g.run(t)
	return g
}

func withDefaults(o mastertest.Options) mastertest.Options {
	if o.Minions == nil {
		for i := range 5 {
			o.Minions = append(o.Minions, mastertest.Minion{ID: fmt.Sprintf("ms--%d", i)})
		}
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

// configure writes the configuration and reads it.
func (g *running) configure(t *testing.T, o options, master map[string]any) {
	t.Helper()
	conf := maps.Clone(master)
	cherrypy := map[string]any{"port": freePort(t), "host": "127.0.0.1"}
	maps.Copy(cherrypy, o.cherrypy)
	conf["rest_cherrypy"] = cherrypy
	g.Main = fmt.Sprintf("https://127.0.0.1:%d", cherrypy["port"])
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
		conf["netapi_enable_clients"] = allClients
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

// allClients are the clients of salt-api but for ssh.
var allClients = []string{
	"local", "local_async", "local_batch", "local_subset", "runner", "runner_async", "wheel", "wheel_async",
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
	log := slog.New(slog.NewJSONHandler(&g.log, &slog.HandlerOptions{Level: g.config.LogLevel()}))
	opened, err := gateway.New(ctx, g.config, log)
	if err != nil {
		stop()
		require.NoError(t, err)
	}
	ended := make(chan error, 1)
	g.stop, g.ended = stop, ended
	go func() {
		err := opened.Run(ctx)
		opened.Close()
		ended <- err
	}()
	if g.Admin != "" {
		g.awaitReady(t)
	}
}

func (g *running) awaitReady(t *testing.T) {
	t.Helper()
	requireEventually(t, func() bool {
		require.Empty(t, g.ended, "the gateway ended: %s", &g.log)
		return ready(t, g).Status == 200
	})
}

// close ends the gateway as SIGTERM would, if it runs.
func (g *running) close(t *testing.T) {
	t.Helper()
	if g.stop == nil {
		return
	}
	g.stop()
	require.NoError(t, <-g.ended, &g.log)
	require.NotContains(t, g.Log(), "did not close")
	g.stop = nil
}

// StateDir is the gateway's state_dir.
func (g *running) StateDir() string { return filepath.Join(g.dir, "state") }

// Certificate is the file with the gateway's self-signed certificate.
func (g *running) Certificate() string { return filepath.Join(g.StateDir(), "self-signed.crt") }

// Log returns what the gateway has logged.
func (g *running) Log() string { return g.log.String() }

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// requireEventually is require.Eventually in the test's own goroutine, so that
// the condition may end the test.
func requireEventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "it did not happen within %s", patience)
	}
}
