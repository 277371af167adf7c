// Package e2e is moving into folders by subject. This file repeats what of
// package envtest the tests use that are still here.
package e2e

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// apiToken is what the native API tells of a token.
type apiToken struct {
	ID, Name, Token string
	Scopes          []string
}

// bearing asks the main listener with a credential.
func bearing(t *testing.T, r *env.Env, token, route, body string) env.Answer {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	return ask(t, r, r.Main, asked{
		method: method, path: strings.TrimPrefix(path, "/"), body: body,
		header: map[string]string{"Authorization": "Bearer " + token},
	})
}

// patience is how long a test waits for what must happen on a busy machine.
const patience = 60 * time.Second

const asJSON = "application/json"

// asked is a request; what is left out is a POST of JSON to /.
type asked struct {
	method string
	path   string
	kind   string // Content-Type; "-" is none
	body   string
	header map[string]string
}

// ask sends a request to one of the gateway's base URLs.
func ask(t *testing.T, r *env.Env, base string, q asked) env.Answer {
	t.Helper()
	a, err := q.send(t.Context(), r, base)
	require.NoError(t, err)
	return a
}

func (q asked) send(ctx context.Context, r *env.Env, base string) (env.Answer, error) {
	if q.method == "" {
		q.method = http.MethodPost
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, base+"/"+q.path, strings.NewReader(q.body))
	if err != nil {
		return env.Answer{}, err
	}
	switch q.kind {
	case "":
		req.Header.Set("Content-Type", asJSON)
	case "-":
	default:
		req.Header.Set("Content-Type", q.kind)
	}
	for name, value := range q.header {
		req.Header.Set(name, value)
	}
	return r.Do(req)
}

// said is the body of an answer that is one text.
func said(text string) string { return `{"return": ` + strconv.Quote(text) + `}` }

// refused is the body of an answer that is an error. Where salt-api has an HTML
// page the main surface tells the status too; rest_wsgi has none.
func refused(surface string, status int, text string) string {
	if surface == "main" {
		return fmt.Sprintf(`{"status": %d, "return": %s}`, status, strconv.Quote(text))
	}
	return said(text)
}

// surfaces are the gateway's two listeners.
func surfaces(r *env.Env) map[string]string { return map[string]string{"wsgi": r.WSGI, "main": r.Main} }

// dial opens a plain connection to one of the gateway's base URLs, which ends
// with the test.
func dial(t *testing.T, base string) net.Conn {
	t.Helper()
	_, address, _ := strings.Cut(base, "://")
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

// metrics is what /metrics shows.
type metrics map[string]*dto.MetricFamily

// scrape reads /metrics, which must be of the form that Prometheus takes.
func scrape(t *testing.T, r *env.Env) metrics {
	t.Helper()
	a := ask(t, r, r.Admin, asked{method: http.MethodGet, path: "metrics", kind: "-"})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(a.Body))
	require.NoError(t, err)
	return families
}

// sum adds up a family's counters or gauges that have all of the labels, which
// are written name=value.
func (m metrics) sum(name string, labels ...string) float64 {
	var total float64
	for _, one := range m[name].GetMetric() {
		have := make(map[string]bool)
		for _, l := range one.GetLabel() {
			have[l.GetName()+"="+l.GetValue()] = true
		}
		fits := true
		for _, l := range labels {
			fits = fits && have[l]
		}
		if fits {
			total += one.GetCounter().GetValue() + one.GetGauge().GetValue()
		}
	}
	return total
}

// authentications is how often any backend was asked about credentials.
func authentications(t *testing.T, r *env.Env) float64 {
	t.Helper()
	return scrape(t, r).sum("saltern_auth_results_total")
}

// masterOf speaks to the env's master past the gateway.
func masterOf(t *testing.T, r *env.Env) *saltmaster.Client {
	t.Helper()
	pool := zmtp.NewPool(zmtp.Options{Network: "tcp", Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(r.RetPort()))})
	c := saltmaster.New(pool, saltmaster.Options{})
	t.Cleanup(func() {
		c.Close()
		pool.Close()
	})
	return c
}

func tokenDir(r *env.Env) string { return filepath.Join(r.CacheDir(), "tokens") }

func tokensOf(t *testing.T, r *env.Env) tokenstore.Store {
	s := tokenstore.Store{Dir: tokenDir(r), HashType: "sha256"}
	if is3008(t) {
		s.Layout = tokenstore.Enveloped
	}
	return s
}

// tokenFiles lists everything in the master's token folder.
func tokenFiles(t *testing.T, r *env.Env) []string {
	t.Helper()
	if _, err := os.Stat(tokenDir(r)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fileNames(t, tokenDir(r))
}

// fileNames lists a folder.
func fileNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// added are the elements of now that before has not.
func added(before, now []string) []string {
	known := make(map[string]bool)
	for _, s := range before {
		known[s] = true
	}
	var more []string
	for _, s := range now {
		if !known[s] {
			more = append(more, s)
		}
	}
	return more
}

// inJobCache tells whether the master has published or run a job.
func inJobCache(t *testing.T, r *env.Env, jid string) bool {
	t.Helper()
	sum := sha256.Sum256([]byte(jid))
	digest := hex.EncodeToString(sum[:])
	_, err := os.Stat(filepath.Join(r.CacheDir(), "jobs", digest[:2], digest[2:]))
	if err != nil {
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	return err == nil
}

// hex64 has the form of a Salt token, and is none.
var hex64 = strings.Repeat("0badc0de", 8)

// allClients are the clients of salt-api.
var allClients = []string{
	"local", "local_async", "local_batch", "local_subset", "runner", "runner_async", "wheel", "wheel_async", "ssh",
}

// anotherGateway is env.Another for as long as the test runs.
func anotherGateway(t *testing.T, r *env.Env, more env.More) *env.Env {
	t.Helper()
	g, err := r.Another(t.Context(), more)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Stop(context.Background())) })
	return g
}

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

// openSession logs in on the main surface.
func openSession(t *testing.T, r *env.Env, user string) (id string) {
	t.Helper()
	a, err := r.Post(t.Context(), r.Main+"/login", fmt.Sprintf(`{"username": %q, "password": %q, "eauth": "pam"}`, user, user))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	return a.Header.Get("X-Auth-Token")
}

// sessionRequest sends a request with a session.
func sessionRequest(t *testing.T, r *env.Env, session, method, path, body string) env.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.Main+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Auth-Token", session)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	a, err := r.Do(req)
	require.NoError(t, err)
	return a
}

// eventBlocks is a client of /events.
type eventBlocks struct {
	t     *testing.T
	lines *bufio.Reader
}

func followEvents(t *testing.T, r *env.Env, session, query string) *eventBlocks {
	t.Helper()
	client, err := r.Client()
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Main+"/events"+query, nil)
	require.NoError(t, err)
	req.Header.Set("X-Auth-Token", session)
	resp, err := client.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(t, http.StatusOK, resp.StatusCode)
	e := &eventBlocks{t: t, lines: bufio.NewReader(resp.Body)}
	line, err := e.lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "retry: 400\n", line)
	return e
}

// until reads blocks up to one that has a text in it, and returns that.
func (e *eventBlocks) until(text string) string {
	e.t.Helper()
	var block strings.Builder
	for {
		line, err := e.lines.ReadString('\n')
		require.NoError(e.t, err, "waiting for %q", text)
		if line != "\n" {
			block.WriteString(line)
			continue
		}
		if strings.Contains(block.String(), text) {
			return block.String()
		}
		block.Reset()
	}
}

// event is the JSON of a block.
func event(t *testing.T, block string) (data map[string]any) {
	t.Helper()
	_, text, _ := strings.Cut(block, "data: ")
	text, _, _ = strings.Cut(text, "\n")
	var e struct{ Data map[string]any }
	require.NoError(t, json.Unmarshal([]byte(text), &e))
	return e.Data
}

// saltern is the built program, which all tests share.
var saltern program

type program struct {
	once sync.Once
	dir  string
	err  error
}

// build makes the program with the race detector in it: a race ends it with
// another exit code than 0, which whoever stops it reports.
func (p *program) build(t *testing.T) string {
	t.Helper()
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "saltern-e2e"); p.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-race", "-o", p.path(), "../cmd/saltern").CombinedOutput()
		if err != nil {
			p.err = errors.Join(err, errors.New(string(out)))
		}
	})
	require.NoError(t, p.err)
	return p.path()
}

func (p *program) path() string { return filepath.Join(p.dir, "saltern") }

func (p *program) remove() error {
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}

// strict are envs for the tests that take the master away or run into limits:
// each limit is as short as a busy machine allows, there is one minion, and
// the client local_async is not enabled.
var strict = envs{options: env.Options{
	Sandbox: sandbox.Options{
		Minions:       minions[:1],
		WorkerThreads: fewWorkers,
		MasterConfig:  map[string]any{"netapi_enable_clients": []string{"local", "runner"}},
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
}}

// eachStrict is eachRelease with the strict envs.
func eachStrict(t *testing.T, test func(t *testing.T, r *env.Env)) {
	t.Helper()
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			test(t, strict.get(t, release, salt))
		})
	}
}

// tokensOfUser lists the tokens of a pam user.
func tokensOfUser(t *testing.T, r *env.Env, user string) []string {
	t.Helper()
	var tokens []string
	for _, name := range tokenFiles(t, r) {
		record, err := tokensOf(t, r).Read(strings.TrimSuffix(name, ".p"))
		if err == nil && record.User == user && record.Eauth == "pam" {
			tokens = append(tokens, record.Token)
		}
	}
	return tokens
}

// witness sees what a master is made to do, past any gateway: the events of
// its bus and the jobs in its cache.
type witness struct {
	firer *eventbus.Firer
	all   *eventbus.Sub
	cache string
	known []string // jobs in the cache that have been told of
	calls atomic.Int64
}

// newWitness sees what happens from now on. It ends with the test.
func newWitness(t *testing.T, r *env.Env) *witness {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: filepath.Join(r.SockDir(), "master_event_pub.ipc"), Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = bus.Run(ctx)
	}()
	w := &witness{
		firer: eventbus.NewFirer(bus, eventbus.FirerOptions{
			Network: "unix", Address: filepath.Join(r.SockDir(), "master_event_pull.ipc"), Log: log, Confirm: patience,
		}),
		all:   bus.Expect(""),
		cache: filepath.Join(r.CacheDir(), "jobs"),
	}
	t.Cleanup(func() {
		w.all.Close()
		cancel()
		<-ended
	})
	require.NoError(t, bus.Ready(t.Context()))
	w.seen(t)
	return w
}

// fire puts an event on the bus, as whoever has got that far could.
func (w *witness) fire(t *testing.T, tag, data string) {
	t.Helper()
	raw, err := msgpack.AppendFromJSON(nil, []byte(data))
	require.NoError(t, err)
	require.NoError(t, w.firer.Fire(t.Context(), tag, raw))
}

// busEvent is one of the bus, with its data as JSON.
type busEvent struct{ tag, data string }

// next waits for the next event with such a tag.
func (w *witness) next(t *testing.T, tag *regexp.Regexp) busEvent {
	t.Helper()
	for {
		if e := w.read(t); tag.MatchString(e.tag) {
			return e
		}
	}
}

func (w *witness) read(t *testing.T) busEvent {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	e, err := w.all.Next(ctx)
	if err == eventbus.ErrGap { //nolint:errorlint // it is never wrapped; the first connection is one
		return w.read(t)
	}
	require.NoError(t, err)
	data, err := msgpack.AppendJSON(nil, e.Data)
	require.NoError(t, err, e.Tag)
	return busEvent{tag: e.Tag, data: string(data)}
}

// seen returns the events since it was called last.
func (w *witness) seen(t *testing.T) []busEvent {
	t.Helper()
	last := fmt.Sprintf("saltern/witness/%d", w.calls.Add(1))
	w.fire(t, last, `{}`)
	var events []busEvent
	for {
		e := w.read(t)
		if e.tag == last {
			w.newJobs(t)
			return events
		}
		if !strings.HasPrefix(e.tag, eventbus.ProbePrefix) {
			events = append(events, e)
		}
	}
}

// begun are the tags by which a master tells of a job that it begins.
var begun = regexp.MustCompile(`^salt/(job|run|wheel)/[^/]+/(new|publish)$|^\d{20}$`)

// requireIdle requires that the master was made to do nothing since seen was
// called last.
func (w *witness) requireIdle(t *testing.T) {
	t.Helper()
	jobs := w.newJobs(t)
	for _, e := range w.seen(t) {
		require.False(t, begun.MatchString(e.tag), "a job: %s %s", e.tag, e.data)
	}
	require.Empty(t, jobs, "jobs in the cache")
}

// newJobs are the folders of the job cache that are new since the last call.
func (w *witness) newJobs(t *testing.T) []string {
	t.Helper()
	jobs, err := filepath.Glob(filepath.Join(w.cache, "*", "*"))
	require.NoError(t, err)
	more := added(w.known, jobs)
	w.known = jobs
	return more
}

const pamLogin = `"eauth": "pam", "username": "saltdev", "password": "saltdev"`

// refuses reports whether nobody listens at a base URL any more.
func refuses(base string) bool {
	_, address, _ := strings.Cut(base, "://")
	conn, err := net.Dial("tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
