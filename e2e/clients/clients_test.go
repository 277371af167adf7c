// Package clients drives Saltern with the programs that people drive salt-api
// with: pepper, SUSE's Java client, curl as Salt's documentation has it, a
// browser, and the requests of SaltGUI and of Foreman's proxy. Each test asks
// salt-api and Saltern the same on one real master, so it is salt-api that
// shows the test right. Without SALTERN_SALT it skips, and says so.
//
//	eachTarget(t, func(t *testing.T, g target) {
//		out := curl(t, g.url+"/login", "-d", "username="+user, ...)
//	})
package clients

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

var minions = []string{"ms--0", "ms--1", "ms--2"}

func TestMain(m *testing.M) {
	code := suite.Main(m)
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// target is a gateway to test: salt-api, or Saltern before the same master.
type target struct {
	*env.Env

	url  string // without a slash at its end
	api  bool   // it is salt-api
	salt string // the virtual environment, which has pepper too
}

// notOnSaltAPI ends the test for salt-api, where something does not work.
func (g target) notOnSaltAPI(t *testing.T, why string) {
	t.Helper()
	if g.api {
		t.Skip("salt-api: " + why)
	}
}

// eachTarget runs a test on every Salt release that is installed, against
// salt-api and against Saltern, one after the other: salt-api of 3006 now and
// then fails one of two requests that come together.
func eachTarget(t *testing.T, test func(t *testing.T, g target)) {
	t.Helper()
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			r := shared.get(t, release, salt)
			t.Run("salt-api", func(t *testing.T) {
				test(t, target{Env: r, url: r.SaltAPIURL(), api: true, salt: salt})
			})
			t.Run("saltern", func(t *testing.T) {
				test(t, target{Env: r, url: r.Main, salt: salt})
			})
		})
	}
}

// suite is the built program, and shared an env for each release: started by the
// first test that needs it, and left by each as it was.
var (
	suite  envtest.Suite
	shared envs
)

type envs struct {
	mu  sync.Mutex
	all map[string]*env.Env
}

func (s *envs) get(t *testing.T, release, salt string) *env.Env {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.all[release]; r != nil {
		return r
	}
	if s.all == nil {
		s.all = make(map[string]*env.Env)
	}
	site, err := filepath.Abs("testdata")
	require.NoError(t, err)
	r, err := env.Start(context.Background(), env.Options{
		Saltern: suite.Program(t),
		Sandbox: sandbox.Options{
			Salt: salt, Minions: minions, SaltAPI: true, WorkerThreads: 3,
			CherryPy: map[string]any{
				"disable_ssl":   true,
				"static":        filepath.Join(site, "static"),
				"app":           filepath.Join(site, "app.html"),
				"collect_stats": true,
			},
		},
	})
	require.NoError(t, err)
	s.all[release] = r
	return r
}

func (s *envs) stop() error {
	var err error
	for release, r := range s.all {
		if stopErr := r.Stop(context.Background()); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", release, stopErr))
		}
	}
	return err
}
