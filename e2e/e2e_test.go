// Package e2e runs the built program against real masters: Salt 3006 and 3008,
// with real minions, real PAM and real salt-api beside it. Without
// SALTERN_SALT it skips, and says so; make test sets it.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"saltern/e2e/rig"
	"saltern/saltmaster/sandbox"
	"saltern/saltmaster/sandbox/sandboxtest"
)

// The minions of the examples in rest_wsgi's documentation.
var minions = []string{"ms--0", "ms--1", "ms--2", "ms--3", "ms--4"}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// shared are the rigs that tests use together: one for each release, started
// by the first test that asks for it.
var shared rigs

type rigs struct {
	mu  sync.Mutex
	dir string // of the built program
	all map[string]*rig.Rig
}

// eachRelease runs a test on a rig of every Salt release that is installed.
// The rig is shared: a test leaves it as it was.
func eachRelease(t *testing.T, test func(t *testing.T, r *rig.Rig)) {
	t.Helper()
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			test(t, shared.get(t, release, salt))
		})
	}
}

func is3008(t *testing.T) bool { return strings.Contains(t.Name(), "/3008") }

func (s *rigs) get(t *testing.T, release, salt string) *rig.Rig {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.all[release]; r != nil {
		return r
	}
	r, err := rig.Start(context.Background(), rig.Options{
		Saltern: s.build(t),
		Sandbox: sandbox.Options{Salt: salt, Minions: minions, SaltAPI: true},
	})
	require.NoError(t, err)
	if s.all == nil {
		s.all = make(map[string]*rig.Rig)
	}
	s.all[release] = r
	return r
}

// build makes the program with the race detector in it: a race ends it with
// another exit code than 0, which stop reports.
func (s *rigs) build(t *testing.T) string {
	t.Helper()
	if s.dir == "" {
		var err error
		s.dir, err = os.MkdirTemp("", "saltern-e2e")
		require.NoError(t, err)
		out, err := exec.Command("go", "build", "-race", "-o", s.program(), "../cmd/saltern").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return s.program()
}

func (s *rigs) program() string { return filepath.Join(s.dir, "saltern") }

func (s *rigs) stop() error {
	var err error
	for release, r := range s.all {
		if stopErr := r.Stop(context.Background()); stopErr != nil {
			err = fmt.Errorf("%s: %w", release, stopErr)
		}
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
	return err
}

// post sends a lowstate to the rest_wsgi listener.
func post(t *testing.T, r *rig.Rig, body string) rig.Answer {
	t.Helper()
	a, err := r.Post(t.Context(), r.WSGI, body)
	require.NoError(t, err)
	return a
}
