package envtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// Minions are those of the examples in rest_wsgi's documentation.
func Minions() []string { return []string{"ms--0", "ms--1", "ms--2", "ms--3", "ms--4"} }

// FewWorkers is the worker_threads of masters that a few tests use: what a
// worker loads when it starts costs more than its share of their requests.
const FewWorkers = 2

// Suite is what the tests of one package share: the built program, and for each
// release a master that a test leaves as it was. Each of them is made when the
// first test needs it. Main ends them.
type Suite struct {
	// Minions is how many minions the shared master has. 0 means all of them.
	Minions int
	// WithoutSaltAPI leaves out the salt-api beside it.
	WithoutSaltAPI bool

	program program
	shared  envs
	strict  envs
}

// Main runs the package's tests, ends what they shared, and returns the exit
// code.
func (s *Suite) Main(m *testing.M) int {
	redis.LogTo(slog.New(slog.DiscardHandler)) // of those that are stopped
	code := m.Run()
	if err := errors.Join(s.shared.stop(), s.strict.stop(), s.program.remove()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// Program returns the path of the built program.
func (s *Suite) Program(t *testing.T) string {
	t.Helper()
	return s.program.build(t)
}

// EachRelease runs a test on an env of every Salt release that is installed.
// The env is shared: a test leaves it as it was.
func (s *Suite) EachRelease(t *testing.T, test func(t *testing.T, r *env.Env)) {
	t.Helper()
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			test(t, s.shared.get(t, &s.program, release, s.sharedOptions(salt)))
		})
	}
}

// EachStrict is EachRelease with envs for the tests that take the master away or
// run into limits: each limit is as short as a busy machine allows, there is one
// minion, and the client local_async is not enabled.
func (s *Suite) EachStrict(t *testing.T, test func(t *testing.T, r *env.Env)) {
	t.Helper()
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			test(t, s.strict.get(t, &s.program, release, strictOptions(salt)))
		})
	}
}

// Own starts an env that the test may treat as it likes. It ends with the test.
func (s *Suite) Own(t *testing.T, o env.Options) *env.Env {
	t.Helper()
	o.Saltern = s.Program(t)
	r, err := env.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Stop(context.Background())) })
	return r
}

// Line returns the line of releases before which a subtest of EachRelease runs: 3006,
// 3007 or 3008.
func Line(t *testing.T) string {
	t.Helper()
	m := lineInName.FindStringSubmatch(t.Name())
	require.NotNil(t, m, "no test of a release: %s", t.Name())
	return m[1]
}

var lineInName = regexp.MustCompile(`/(3\d{3})\.`)

// Is3008 reports whether a subtest of EachRelease runs before Salt 3008.
func Is3008(t *testing.T) bool { return Line(t) >= "3008" }

// Post sends a lowstate to the rest_wsgi listener.
func Post(t *testing.T, r *env.Env, body string) env.Answer {
	t.Helper()
	a, err := r.Post(t.Context(), r.WSGI, body)
	require.NoError(t, err)
	return a
}

func (s *Suite) sharedOptions(salt string) env.Options {
	minions := Minions()
	if s.Minions > 0 {
		minions = minions[:s.Minions]
	}
	return env.Options{
		Sandbox: sandbox.Options{
			Salt: salt, Minions: minions, SaltAPI: !s.WithoutSaltAPI, WorkerThreads: 3,
			MasterConfig: map[string]any{"nodegroups": map[string]any{
				"pair":   "ms--0 or ms--1",
				"listed": []string{"ms--2", "ms--3"},
				"nested": "N@pair or N@listed and not ms--3",
				"grown":  []string{"N@pair", "or", "ms--4"},
				"none":   "nobody*",
				"loop":   "ms--0 or N@loop",
				"empty":  "",
			}},
		},
	}
}

func strictOptions(salt string) env.Options {
	return env.Options{
		Sandbox: sandbox.Options{
			Salt: salt, Minions: Minions()[:1], WorkerThreads: FewWorkers,
			MasterConfig: map[string]any{"netapi_enable_clients": []string{"local", "runner"}},
		},
		Settings: `
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

// envs are running envs by release.
type envs struct {
	mu  sync.Mutex
	all map[string]*env.Env
}

func (s *envs) get(t *testing.T, p *program, release string, o env.Options) *env.Env {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.all[release]; r != nil {
		return r
	}
	o.Saltern = p.build(t)
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
