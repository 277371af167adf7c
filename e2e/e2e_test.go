// Package e2e runs the built program against real masters: Salt 3006 and 3008,
// with real minions, real PAM and real salt-api beside it. Without
// SALTERN_SALT it skips, and says so; make test sets it.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// The minions of the examples in rest_wsgi's documentation.
var minions = []string{"ms--0", "ms--1", "ms--2", "ms--3", "ms--4"}

// The master's nodegroups.
var nodegroups = map[string]any{
	"pair":   "ms--0 or ms--1",
	"listed": []string{"ms--2", "ms--3"},
	"nested": "N@pair or N@listed and not ms--3",
	"grown":  []string{"N@pair", "or", "ms--4"},
	"none":   "nobody*",
	"loop":   "ms--0 or N@loop",
	"empty":  "",
}

func TestMain(m *testing.M) {
	redis.LogTo(slog.New(slog.DiscardHandler)) // of those that are stopped
	code := m.Run()
	if err := errors.Join(shared.stop(), strict.stop(), saltern.remove()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// fewWorkers is the worker_threads of masters that a few tests use: what a
// worker loads when it starts costs more than its share of their requests.
const fewWorkers = 2

// shared are the envs that tests use together: one for each release, started
// by the first test that asks for it.
var shared = envs{options: env.Options{
	Sandbox: sandbox.Options{
		Minions: minions, SaltAPI: true, WorkerThreads: 3,
		MasterConfig: map[string]any{"nodegroups": nodegroups},
	},
}}

type envs struct {
	options env.Options // but for the program and the Salt

	mu  sync.Mutex
	all map[string]*env.Env
}

// eachRelease runs a test on a env of every Salt release that is installed.
// The env is shared: a test leaves it as it was.
func eachRelease(t *testing.T, test func(t *testing.T, r *env.Env)) {
	t.Helper()
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			test(t, shared.get(t, release, salt))
		})
	}
}

func is3008(t *testing.T) bool { return strings.Contains(t.Name(), "/3008") }

func (s *envs) get(t *testing.T, release, salt string) *env.Env {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.all[release]; r != nil {
		return r
	}
	o := s.options
	o.Saltern, o.Sandbox.Salt = saltern.build(t), salt
	r, err := env.Start(context.Background(), o)
	require.NoError(t, err)
	if s.all == nil {
		s.all = make(map[string]*env.Env)
	}
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

// post sends a lowstate to the rest_wsgi listener.
func post(t *testing.T, r *env.Env, body string) env.Answer {
	t.Helper()
	a, err := r.Post(t.Context(), r.WSGI, body)
	require.NoError(t, err)
	return a
}
