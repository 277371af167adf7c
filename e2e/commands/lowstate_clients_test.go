package commands

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// slowWheel is a wheel module of the tests' own: none of Salt's takes its time.
const slowWheel = `import time


def nap(seconds=1, note=""):
    time.sleep(float(seconds))
    return note
`

// Users of the clients' own env, beside those of package sandbox.
const (
	userTargets = "targets" // may call all of test on two minions, and test.ping on all
	userWheel   = "onekey"  // may see the fingerprint of one key
)

// TestClients runs the clients that wait for more than one answer, or for none,
// on masters with a slow wheel function and with rules for single minions.
func TestClients(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			r := clientsEnv(t, salt)
			for name, test := range map[string]func(t *testing.T, r *env.Env){
				"batch": testBatch, "batch streams": testBatchStreams, "batch refuses": testBatchRefuses,
				"subset": testSubset, "runner_async": testRunnerAsync, "wheel": testWheel,
				"wheel_async": testWheelAsync, "compound": testCompound, "arguments": testArguments,
			} {
				t.Run(name, func(t *testing.T) { test(t, r) })
			}
		})
	}
}

func clientsEnv(t *testing.T, salt string) *env.Env {
	t.Helper()
	wheels := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(wheels, "slowly.py"), []byte(slowWheel), 0o600))
	r, err := env.Start(t.Context(), env.Options{
		Saltern: suite.Program(t),
		Sandbox: sandbox.Options{Salt: salt, Minions: envtest.Minions(), WorkerThreads: 3, MasterConfig: map[string]any{
			"wheel_dirs": []string{wheels},
			"external_auth": map[string]any{"sharedsecret": map[string]any{
				sandbox.UserAll:      []any{".*", "@runner", "@wheel", "@jobs"},
				sandbox.UserTestOnly: []any{"test.*"},
				userTargets:          []any{"test.ping", map[string]any{"L@ms--0,ms--1": []any{"test.*"}}},
				userWheel:            []any{map[string]any{"@wheel": []any{map[string]any{"key.finger": []any{map[string]any{"kwargs": map[string]any{"match": "ms--0"}}}}}}},
			}},
		}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Stop(context.Background())) })
	return r
}

// as posts chunks of a user, written as JSON without braces, to the main
// surface.
func as(t *testing.T, r *env.Env, user string, chunks ...string) env.Answer {
	t.Helper()
	return envtest.Send(t, r, r.Main, envtest.Request{Path: "run", Body: chunksOf(r, user, chunks...)})
}

func chunksOf(r *env.Env, user string, chunks ...string) string {
	for i, c := range chunks {
		chunks[i] = fmt.Sprintf(`{"eauth": "sharedsecret", "username": %q, "password": %q, %s}`, user, r.Secret(), c)
	}
	return "[" + strings.Join(chunks, ", ") + "]"
}

// items are the elements of a good answer, each as JSON, sorted.
func items(t *testing.T, r *env.Env, chunks ...string) []string {
	t.Helper()
	a := as(t, r, sandbox.UserAll, chunks...)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var body struct{ Return []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(a.Body), &body), a.Body)
	var list []string
	for _, item := range body.Return {
		list = append(list, string(item))
	}
	slices.Sort(list)
	return list
}

// requireRefused wants an error of the main surface.
func requireRefused(t *testing.T, a env.Answer, status int, text string) {
	t.Helper()
	require.Equal(t, status, a.Status, a.Body)
	require.Equal(t, envtest.ErrorBody("main", status, text), a.Body)
}

const pingBatch = `"client": "local_batch", "tgt": "*", "fun": "test.ping"`

func testBatch(t *testing.T, r *env.Env) {
	all := make([]string, len(envtest.Minions()))
	for i, id := range envtest.Minions() {
		all[i] = fmt.Sprintf(`{"%s": true}`, id)
	}
	for _, batch := range []string{``, `, "batch": 2`, `, "batch": "2"`, `, "batch": "40%"`, `, "batch": "100%", "batch_wait": 1`} {
		require.Equal(t, all, items(t, r, pingBatch+batch), batch)
	}
	require.Empty(t, items(t, r, `"client": "local_batch", "tgt": "nobody*", "fun": "test.ping"`))
	require.Equal(t, all[:1], items(t, r, `"client": "local_batch", "tgt": "ms--0,gone", "tgt_type": "list", "fun": "test.ping"`))
	require.Equal(t, all[:2], items(t, r, `"client": "local_batch", "tgt": ["ms--0", "ms--1"], "tgt_type": "list", "fun": "test.ping"`))
	require.Equal(t, []string{`{"ms--0": "'nope.nope' is not available."}`},
		items(t, r, `"client": "local_batch", "tgt": "ms--0", "fun": "nope.nope"`))
	require.Equal(t, []string{`{"ms--0": true}`, `{"ms--1": true}`},
		items(t, r, `"client": "local_batch", "tgt": "ms--0", "fun": "test.ping"`, `"client": "local", "tgt": "ms--1", "fun": "test.ping"`))
	raw := items(t, r, `"client": "local_batch", "tgt": "ms--0", "fun": "test.ping", "raw": true`)
	require.Len(t, raw, 1)
	require.Regexp(t, `^\{"data": \{"cmd": "_return", "id": "ms--0", .*"return": true, "retcode": 0, .*\}, "tag": "salt/job/\d{20}/ret/ms--0"\}$`, raw[0])

	const retcode = `"client": "local_batch", "tgt": "*", "fun": "test.retcode", "arg": [3], "batch": 1`
	require.Len(t, items(t, r, retcode), len(envtest.Minions()))
	require.Len(t, items(t, r, retcode+`, "failhard": true`), 1)
}

// testBatchStreams reads an answer while the batch goes on, and then leaves.
func testBatchStreams(t *testing.T, r *env.Env) {
	client, err := r.Client()
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	body := chunksOf(r, sandbox.UserAll, `"client": "local_batch", "tgt": "*", "fun": "test.sleep", "arg": [2], "batch": 1`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Main+"/run", strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", envtest.JSON)
	began := jobs(t, r, "test.sleep")
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // it is left unread
	require.Equal(t, http.StatusOK, resp.StatusCode)
	in := bufio.NewReader(resp.Body)
	first, err := in.ReadString('}')
	require.NoError(t, err)
	require.Regexp(t, `^\{"return": \[\{"ms--\d": true\}$`, first)
	require.Less(t, jobs(t, r, "test.sleep")-began, len(envtest.Minions()), "the others are still to come")
	hangUp()
	time.Sleep(3 * time.Second) // longer than a minion takes
	left := jobs(t, r, "test.sleep") - began
	require.LessOrEqual(t, left, 3, "no more minions begin")
	time.Sleep(3 * time.Second)
	require.Equal(t, left, jobs(t, r, "test.sleep")-began)
}

// jobs counts the jobs of a function in the master's job cache.
func jobs(t *testing.T, r *env.Env, fun string) int {
	t.Helper()
	loads, err := filepath.Glob(filepath.Join(r.CacheDir(), "jobs", "*", "*", ".load.p"))
	require.NoError(t, err)
	n := 0
	for _, load := range loads {
		b, err := os.ReadFile(load)
		require.NoError(t, err)
		if strings.Contains(string(b), fun) {
			n++
		}
	}
	return n
}

func testBatchRefuses(t *testing.T, r *env.Env) {
	requireRefused(t, as(t, r, sandbox.UserAll, pingBatch+`, "batch": "abc"`), http.StatusBadRequest,
		"Invalid batch specification 'abc': must be an integer or percentage string like '10' or '25%'.")
	before := jobs(t, r, "cmd.run")
	for _, client := range []string{"local_batch", "local_subset"} {
		requireRefused(t, as(t, r, sandbox.UserTestOnly, `"client": "`+client+`", "tgt": "*", "fun": "cmd.run", "arg": ["id"]`),
			http.StatusUnauthorized, "Authorization error occurred.")
		requireRefused(t, as(t, r, "nobody", `"client": "`+client+`", "tgt": "*", "fun": "test.ping"`),
			http.StatusUnauthorized, "Authorization error occurred.")
		requireRefused(t, as(t, r, sandbox.UserAll, `"client": "`+client+`", "tgt": "*", "fun": "cmd.run", "arg": ["id"], "password": "wrong"`),
			http.StatusUnauthorized, "Authentication error occurred.")
	}
	require.Equal(t, before, jobs(t, r, "cmd.run"))
	require.Equal(t, http.StatusOK, as(t, r, sandbox.UserTestOnly, pingBatch).Status)
}

func testSubset(t *testing.T, r *env.Env) {
	const subset = `"client": "local_subset", "tgt": "ms--[0-3]", "fun": "test.ping"`
	for keys, want := range map[string]int{``: 3, `, "sub": "2"`: 2, `, "tgt": "nobody*"`: 0} {
		got := items(t, r, subset+keys)
		require.Len(t, got, 1)
		require.Equal(t, want, strings.Count(got[0], "true"), "%s: %s", keys, got[0])
	}
	require.Equal(t, []string{`{}`}, items(t, r, `"client": "local_subset", "tgt": "ms--0", "fun": "nope.nope"`))
	full := items(t, r, subset+`, "tgt": "ms--0", "full_return": true`)
	require.Regexp(t, `^\{"ms--\d": \{"ret": true, "retcode": 0, "jid": "\d{20}"\}\}$`, full[0])
}

func testRunnerAsync(t *testing.T, r *env.Env) {
	events := listen(t, r)
	for range 2 { // the second time it is known
		got := items(t, r, `"client": "runner_async", "fun": "test.arg", "arg": [1], "kwarg": {"a": 2}, "b": 3`)
		m := regexp.MustCompile(`^\{"tag": "salt/run/(\d{20})", "jid": "(\d{20})"\}$`).FindStringSubmatch(got[0])
		require.NotNil(t, m, got[0])
		require.Equal(t, m[1], m[2])
		require.Contains(t, events.await("salt/run/"+m[1]+"/ret"), `"kwargs"`)
	}
	requireRefused(t, as(t, r, sandbox.UserAll, `"client": "runner_async", "fun": "no.such"`),
		http.StatusInternalServerError, "'no.such' is not available.")
	requireRefused(t, as(t, r, sandbox.UserTestOnly, `"client": "runner_async", "fun": "test.arg"`),
		http.StatusUnauthorized, "Authorization error occurred.")
	requireRefused(t, as(t, r, sandbox.UserAll, `"client": "runner_async", "fun": "nodot"`),
		http.StatusBadRequest, "A command invocation error occurred: Check syntax.")
}

func testWheel(t *testing.T, r *env.Env) {
	got := items(t, r, `"client": "wheel", "fun": "key.list_all"`)
	require.Regexp(t, `^\{"tag": "salt/wheel/\d{20}", "data": \{"fun": "wheel.key.list_all", "jid": "\d{20}", "tag": "salt/wheel/\d{20}", "user": "bench", `, got[0])
	require.Contains(t, got[0], `"minions": ["ms--0", "ms--1", "ms--2", "ms--3", "ms--4"]`)
	for _, form := range []string{
		`"match": "ms--0"`, `"kwarg": {"match": "ms--0"}`, `"arg": ["ms--0"]`, `"arg": ["match=ms--0"]`,
		`"match": "ms--0", "full_return": true, "timeout": 5, "print_event": true, "__jid__": "1", "__user__": "root"`,
		`"arg": "ms--0", "kwarg": {"hash_type": "sha256"}`,
	} {
		got := items(t, r, `"client": "wheel", "fun": "key.finger", `+form)
		require.Regexp(t, `"return": \{"minions": \{"ms--0": "[0-9a-f:]{95}"\}\}, "success": true`, got[0], form)
	}
	got = items(t, r, `"client": "wheel", "fun": "key.finger", "nope": 1`)
	require.Contains(t, got[0], "Passed invalid arguments")
	got = items(t, r, `"client": "wheel", "fun": "no.such"`)
	require.Contains(t, got[0], `"return": "Exception occurred in wheel no.such: `)
	require.Contains(t, got[0], `"success": false`)
	for _, client := range []string{"wheel", "wheel_async"} {
		requireRefused(t, as(t, r, sandbox.UserAll, `"client": "`+client+`", "fun": "nodot"`),
			http.StatusBadRequest, "A command invocation error occurred: Check syntax.")
		requireRefused(t, as(t, r, sandbox.UserTestOnly, `"client": "`+client+`", "fun": "key.list_all"`),
			http.StatusUnauthorized, "Authorization error occurred.")
		requireRefused(t, as(t, r, sandbox.UserAll, `"client": "`+client+`", "fun": "key.list_all", "password": "wrong"`),
			http.StatusUnauthorized, "Authentication error occurred.")
		// The rules look for arguments where a client could put others.
		requireRefused(t, as(t, r, userWheel, `"client": "`+client+`", "fun": "key.finger", "match": "*", "kwarg": {"kwarg": {"match": "ms--0"}}`),
			http.StatusBadRequest, "chunk 0: no wheel function has an argument named kwarg")
		requireRefused(t, as(t, r, userWheel, `"client": "`+client+`", "fun": "key.finger", "match": "*"`),
			http.StatusUnauthorized, "Authorization error occurred.")
	}
	requireRefused(t, as(t, r, sandbox.UserAll, `"client": "wheel", "fun": "slowly.nap", "seconds": 3, "timeout": 1`),
		http.StatusGatewayTimeout, "The gateway server did not receive a timely response")
}

// testWheelAsync wants the jid of the job itself: the one under which its
// return goes over the bus, with the note that was given along.
func testWheelAsync(t *testing.T, r *env.Env) {
	events := listen(t, r)
	jidOf := func(a env.Answer) string {
		m := regexp.MustCompile(`^\{"return": \[\{"tag": "salt/wheel/(\d{20})", "jid": "(\d{20})"\}\]\}$`).FindStringSubmatch(a.Body)
		require.NotNil(t, m, a.Body)
		require.Equal(t, m[1], m[2])
		return m[1]
	}
	jid := jidOf(as(t, r, sandbox.UserAll, `"client": "wheel_async", "fun": "key.finger", "match": "ms--0"`))
	require.Contains(t, events.await("salt/wheel/"+jid+"/ret"), `"ms--0"`)
	jid = jidOf(as(t, r, sandbox.UserAll, `"client": "wheel_async", "fun": "no.such"`))
	require.Contains(t, events.await("salt/wheel/"+jid+"/ret"), "Exception occurred in wheel no.such")

	// Slow ones, with different arguments and with the same, at once. One may
	// have to wait until a worker of the master is free to begin it, but never
	// for its end.
	var mu sync.Mutex
	notes := make(map[string]string)    // by jid
	answered := make(map[string]string) // when, by jid
	var all sync.WaitGroup
	for _, note := range []string{"one", "two", "same", "same"} {
		all.Go(func() {
			a, err := r.Post(t.Context(), r.Main+"/run", chunksOf(r, sandbox.UserAll,
				`"client": "wheel_async", "fun": "slowly.nap", "arg": [5], "note": "`+note+`"`))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			jid := jidOf(a)
			notes[jid], answered[jid] = note, time.Now().UTC().Format("2006-01-02T15:04:05.000000")
		})
	}
	all.Wait()
	require.Len(t, notes, 4)
	for jid, note := range notes {
		end := events.await("salt/wheel/" + jid + "/ret")
		require.Contains(t, end, `"return": "`+note+`"`)
		stamp := regexp.MustCompile(`"_stamp": "([^"+]+)`).FindStringSubmatch(end)
		require.NotNil(t, stamp, end)
		require.Less(t, answered[jid], stamp[1])
	}
}

func testCompound(t *testing.T, r *env.Env) {
	require.Equal(t, []string{`{"ms--0": {"test.ping": true, "test.echo": "x"}}`},
		items(t, r, `"client": "local", "tgt": "ms--0", "fun": ["test.ping", "test.echo"], "arg": [[], ["x"]]`))
	require.Equal(t, []string{`{"ms--0": {"test.ping": true, "test.echo": "x"}}`},
		items(t, r, `"client": "local_batch", "tgt": "ms--0", "fun": ["test.ping", "test.echo"], "arg": [[], ["x"]]`))
	require.Equal(t, []string{`{"ms--0": {"test.ping": true, "test.version": "` + version(t, r) + `"}}`},
		items(t, r, `"client": "local_subset", "tgt": "ms--0", "fun": ["test.ping", "test.version"]`))
	got := items(t, r, `"client": "local_async", "tgt": "ms--0", "fun": ["test.ping", "test.echo"], "arg": [[], ["x"]]`)
	require.Contains(t, got[0], `"minions": ["ms--0"]`)

	// Each of these the master would carry out: it looks for one function that
	// is allowed.
	before := jobs(t, r, "cmd.run")
	for _, client := range []string{"local", "local_async", "local_batch", "local_subset"} {
		for _, list := range []string{`["test.ping", "cmd.run"]`, `["cmd.run", "test.ping"]`, `["saltutil.find_job", "cmd.run"]`} {
			requireRefused(t, as(t, r, sandbox.UserTestOnly, `"client": "`+client+`", "tgt": "ms--0", "fun": `+list+`, "arg": [["id"], ["id"]]`),
				http.StatusUnauthorized, "Authorization error occurred.")
		}
	}
	require.Equal(t, before, jobs(t, r, "cmd.run"))
	a := as(t, r, sandbox.UserTestOnly, `"client": "local", "tgt": "ms--0", "fun": "test.ping,cmd.run", "arg": ["id"]`)
	require.Equal(t, `{"return": [{"ms--0": "'test.ping,cmd.run' is not available."}]}`, a.Body)

	// Rules for single minions.
	const both = `"client": "local", "fun": ["test.ping", "test.echo"], "arg": [[], ["x"]], "tgt": `
	for tgt, allowed := range map[string]bool{`"ms--0"`: true, `"ms--1"`: true, `"ms--2"`: false, `"*"`: false} {
		a := as(t, r, userTargets, both+tgt)
		if allowed {
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			continue
		}
		requireRefused(t, a, http.StatusUnauthorized, "Authorization error occurred.")
	}
}

func version(t *testing.T, r *env.Env) string {
	t.Helper()
	m := regexp.MustCompile(`: "(.*)"\}`).FindStringSubmatch(items(t, r, `"client": "local", "tgt": "ms--0", "fun": "test.version"`)[0])
	require.NotNil(t, m)
	return m[1]
}

// testArguments wants what the minion got, for each way to write arg.
func testArguments(t *testing.T, r *env.Env) {
	for arg, want := range map[string]string{
		`"arg": "one two"`:        `"args": ["one two"], "kwargs": {"__pub`,
		`"arg": 5`:                `"args": [5], "kwargs": {"__pub`,
		`"arg": {"a": 1}`:         `"args": [{"a": 1}], "kwargs": {"__pub`,
		`"arg": ["1", "x=[1,2]"]`: `"args": ["1"], "kwargs": {"x": [1, 2], "__pub`,
		`"arg": [[1, [2]], "a=b", {"__kwarg__": true, "c": "d"}], "kwarg": {"e": "f"}`: `"args": [[1, [2]]], "kwargs": {"a": "b", "c": "d", "e": "f", "__pub`,
	} {
		got := items(t, r, `"client": "local", "tgt": "ms--0", "fun": "test.arg", `+arg)
		require.Contains(t, got[0], want, arg)
	}
	require.Equal(t, []string{`{"ms--0": true}`}, items(t, r, `"client": "local", "tgt": "ms--0", "fun": "test.ping", "raw": true`))
}

// heard are the events since listen was called.
type heard struct {
	t    *testing.T
	sub  *eventbus.Sub
	seen map[string]string // the data of each tag
}

// listen connects to the master's bus for the length of the test.
func listen(t *testing.T, r *env.Env) *heard {
	t.Helper()
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: filepath.Join(r.SockDir(), "master_event_pub.ipc")})
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { _ = bus.Run(ctx) })
	t.Cleanup(func() { cancel(); run.Wait() })
	require.NoError(t, bus.Ready(t.Context()))
	return &heard{t: t, sub: bus.Expect("salt/"), seen: make(map[string]string)}
}

// await returns the data of an event.
func (h *heard) await(tag string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), envtest.Patience)
	defer cancel()
	for h.seen[tag] == "" {
		ev, err := h.sub.Next(ctx)
		require.NoError(h.t, err, tag)
		js, err := msgpack.AppendJSON(nil, ev.Data)
		require.NoError(h.t, err)
		h.seen[ev.Tag] = string(js)
	}
	return h.seen[tag]
}
