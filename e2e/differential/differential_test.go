package differential

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// TestDifferential sends the chunks of testdata/differential to salt-api and
// to Saltern before the same master. Status and JSON must be equal, apart from
// job ids, times and the order of minions, or else the difference must be
// among those that docs/differences.md lists, and be as the case says.
func TestDifferential(t *testing.T) {
	topics := readTopics(t)
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		d := newDifferential(t, r)
		for _, topic := range topics {
			t.Run(topic.name, func(t *testing.T) {
				d.prepare(t, topic)
				for _, c := range topic.cases {
					if !c.runsOn(envtest.Line(t)) {
						continue
					}
					t.Run(c.name, func(t *testing.T) {
						if !topic.alone {
							t.Parallel()
						}
						d.check(t, c, topic.alone)
					})
				}
			})
		}
	})
}

// differential is one master with both gateways before it.
type differential struct {
	env   *env.Env
	known map[string]bool // the minions, and those that cases ask for
	users map[string]string
	jids  saltmaster.JIDs
}

func newDifferential(t *testing.T, r *env.Env) *differential {
	t.Helper()
	d := &differential{env: r, known: make(map[string]bool)}
	for _, id := range append([]string{"ghost", "nobody", "alpha", "zeta"}, envtest.Minions()...) {
		d.known[id] = true
	}
	login := func(eauth, name, password string) string {
		return fmt.Sprintf(`"eauth": %q, "username": %q, "password": %q, `, eauth, name, password)
	}
	d.users = map[string]string{
		"":         login("sharedsecret", sandbox.UserAll, r.Secret()),
		"saltro":   login("sharedsecret", sandbox.UserTestOnly, r.Secret()),
		"saltdev":  login("pam", env.User, env.User),
		"stranger": login("pam", env.Stranger, env.Stranger),
		"nobody":   "",
	}
	d.users["a token"] = fmt.Sprintf(`"token": %q, `, d.token(t))
	d.addRunner(t)
	d.addModule(t)
	return d
}

// token has salt-api make a Salt token.
func (d *differential) token(t *testing.T) string {
	t.Helper()
	a, err := d.env.Post(t.Context(), d.env.SaltAPIURL()+"/token", "{"+strings.TrimSuffix(d.users[""], ", ")+"}")
	require.NoError(t, err)
	var made []struct{ Token string }
	require.NoError(t, json.Unmarshal([]byte(a.Body), &made), "%d %s", a.Status, a.Body)
	require.Len(t, made, 1)
	return made[0].Token
}

// addModule gives the minions the execution module odd, which returns what
// Salt's own modules seldom do.
func (d *differential) addModule(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("testdata/differential/odd.py")
	require.NoError(t, err)
	dir := filepath.Join(d.env.Dir(), "srv", "_modules")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "odd.py"), text, 0o600))
	require.Eventually(t, func() bool {
		d.ask(t, d.env.Main+"/", `{"client": "local", "tgt": "*", "fun": "saltutil.sync_modules"}`, "")
		a := d.ask(t, d.env.Main+"/", `{"client": "local", "tgt": "*", "fun": "odd.here"}`, "")
		return strings.Count(a.Body, ": true") == len(envtest.Minions())
	}, 90*time.Second, time.Second, "the module odd")
}

// addRunner gives the master the runner module own.
func (d *differential) addRunner(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("testdata/differential/own.py")
	require.NoError(t, err)
	dir := filepath.Join(d.env.Dir(), "var", "cache", "salt", "master", "extmods", "runners")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "own.py"), text, 0o600))
}

// prepare brings about what a topic needs, for as long as its test runs.
func (d *differential) prepare(t *testing.T, topic diffTopic) {
	t.Helper()
	if topic.paused != "" {
		pause(t, d.env, topic.paused)
	}
	if topic.ghost != "" {
		addGhost(t, d.env, topic.ghost)
	}
}

// ask posts a case's request. Each chunk in it begins with its client, and
// gets the user's credentials put before that. OWN_JID becomes a job id that
// nobody has used.
func (d *differential) ask(t *testing.T, url, request, user string) env.Answer {
	t.Helper()
	creds, ok := d.users[user]
	require.True(t, ok, "no user %q", user)
	body := strings.ReplaceAll(request, `{"client":`, `{`+creds+`"client":`)
	body = strings.ReplaceAll(body, "OWN_JID", d.jids.Next())
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	a, err := d.env.Post(ctx, url, body)
	assert.NoError(t, err)
	return a
}

func (d *differential) check(t *testing.T, c diffCase, inTurn bool) {
	t.Helper()
	var fromAPI, fromSaltern string
	ask := func(url string, answer *string) func() {
		return func() {
			start := time.Now()
			*answer = d.seen(d.ask(t, url, c.request, c.user))
			t.Logf("%s answers after %s: %.3000s", url, time.Since(start).Round(time.Millisecond), *answer)
		}
	}
	t.Log(c.request)
	var both sync.WaitGroup
	both.Go(ask(d.env.SaltAPIURL()+"/run", &fromAPI))
	if inTurn {
		both.Wait()
	}
	both.Go(ask(d.env.Main+"/", &fromSaltern))
	both.Wait()
	for range 3 {
		if !c.lostRace(fromAPI) {
			break
		}
		ask(d.env.SaltAPIURL()+"/run", &fromAPI)()
	}

	if len(c.differences) > 0 {
		requireAnswer(t, c.saltAPI, fromAPI, "%s: what salt-api answers", c.differences)
		requireAnswer(t, c.saltern, fromSaltern, "%s: what Saltern answers", c.differences)
		return
	}
	if fromAPI != fromSaltern {
		require.Fail(t, "Saltern answers otherwise than salt-api, and the case lists no difference")
	}
	requireAnswer(t, cmp.Or(c.both, "200 ..."), fromSaltern, "what both answer")
}

// lostRace reports whether salt-api failed by a race of its own: with more than one request at a
// time it now and then fails one of them, whatever it is.
func (c *diffCase) lostRace(fromAPI string) bool {
	const failed = `500 {"status": 500, "return": "An unexpected error occurred"}`
	return fromAPI == failed && cmp.Or(c.saltAPI, c.both) != failed
}

// requireAnswer compares an answer with what a case says, which may end in ...
// for any rest.
func requireAnswer(t *testing.T, want, got string, message ...any) {
	t.Helper()
	if start, ok := strings.CutSuffix(want, "..."); ok && strings.HasPrefix(got, start) {
		return
	}
	require.Equal(t, want, got, message...)
}

// seen is an answer in the form that the cases compare: the status, then the
// normalised JSON, or HTML and the message of salt-api's error page.
func (d *differential) seen(a env.Answer) string {
	if message, ok := htmlMessage(a.Body); ok {
		return fmt.Sprintf("%d HTML %s", a.Status, message)
	}
	v, err := parseOrdered(a.Body)
	if err != nil {
		return fmt.Sprintf("%d, not JSON (%v): %s", a.Status, err, a.Body)
	}
	var b bytes.Buffer
	v.normalise(d.known)
	v.write(&b)
	return fmt.Sprintf("%d %s", a.Status, b.String())
}

// pause freezes a minion for the rest of the test. Its connection stays.
func pause(t *testing.T, r *env.Env, id string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.Dir(), "minions", id, "minion.pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	t.Cleanup(func() { require.NoError(t, syscall.Kill(pid, syscall.SIGCONT)) })
}

// addGhost has the master believe, for the rest of the test, that it once
// accepted a minion which is not connected.
func addGhost(t *testing.T, r *env.Env, id string) {
	t.Helper()
	keys := filepath.Join(r.Dir(), "pki", "minions")
	key, err := os.ReadFile(filepath.Join(keys, envtest.Minions()[0]))
	require.NoError(t, err)
	grains := msgpack.AppendString(msgpack.AppendMap(nil, 1), "ipv4")
	grains = msgpack.AppendString(msgpack.AppendArray(grains, 1), "192.0.2.1")
	data := append(msgpack.AppendString(msgpack.AppendMap(nil, 1), "grains"), grains...)
	for path, content := range map[string][]byte{
		filepath.Join(keys, id):                              key,
		filepath.Join(r.CacheDir(), "grains", id+".p"):       grains, // Salt 3008
		filepath.Join(r.CacheDir(), "minions", id, "data.p"): data,   // before
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, content, 0o600))
		t.Cleanup(func() { require.NoError(t, os.Remove(path)) })
	}
}
