package differential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// httpWorld is one master with both gateways before it, and what the cases
// name: $SECRET is the password of all sharedsecret users, $SESSION and
// $SESSION_RO are sessions that bench and saltro have with the gateway,
// $TOKEN and $TOKEN_RO Salt tokens, $EXPIRED one that was good once; $JOB,
// $JOB_FAILED and $JOB_RUNNER are jobs that have ended. For each case and
// gateway there are $OWN_SESSION, $OWN_TOKEN, $OWN_JID, and $NEW, a word that
// nobody has used. $LONG(N) is a text of N letters.
type httpWorld struct {
	env     *env.Env
	saltAPI *httpSide
	saltern *httpSide
	fixed   map[string]string            // for both
	sided   map[string]map[string]string // by the name of the side
	jids    saltmaster.JIDs
	counter atomic.Int64
	checked atomic.Int64 // cases
	keys    sync.Mutex   // of TestOddValues: held while keys are made and forgotten
	events  *hookEvents
	shown   shownRules
}

// The users whose permissions /login returns. All sharedsecret users have the
// same password.
var httpUsers = map[string]any{
	sandbox.UserAll:      []any{".*", "@runner", "@wheel", "@jobs"},
	sandbox.UserTestOnly: []any{"test.*"},
	"nothing":            []any{},
	"mixed": []any{"test.*", "@jobs", map[string]any{"ms--0": []any{"grains.*", "test.ping"}}, "test.*", "cmd.run",
		map[string]any{"@runner": []any{"jobs.*"}}, map[string]any{"@wheel": []any{map[string]any{"key.finger": nil}}}},
	"keeper":   []any{"@wheel"},
	"historic": []any{"@jobs", "grains.items"},
	"ops*":     []any{"test.ping"},
	"staff%":   []any{"test.ping"},
}

func startHTTPEnv(t *testing.T, salt string) *env.Env {
	t.Helper()
	r, err := env.Start(context.Background(), env.Options{
		Saltern:  suite.Program(t),
		Settings: "auth: {attempts: 100000}\n",
		Sandbox: sandbox.Options{
			Salt: salt, SaltAPI: true, Minions: envtest.Minions()[:2], WorkerThreads: 3,
			MasterConfig: map[string]any{
				"token_expire_user_override": true,
				"external_auth": map[string]any{
					"sharedsecret": httpUsers,
					"pam": map[string]any{
						sandbox.UserPAM:      []any{".*", "@runner", "@wheel", "@jobs"},
						sandbox.UserTestOnly: []any{"test.*"},
						"*":                  []any{"sys.doc", "test.*"},
					},
				},
			},
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Stop(context.Background())) })
	return r
}

func newHTTPWorld(t *testing.T, r *env.Env) *httpWorld {
	t.Helper()
	w := &httpWorld{
		env:     r,
		saltAPI: newHTTPSide(t, "salt-api", r.SaltAPIURL(), ""),
		saltern: newHTTPSide(t, "saltern", r.Main, r.Certificate()),
		fixed:   map[string]string{"SECRET": r.Secret()},
		sided:   make(map[string]map[string]string),
	}
	w.fixed["EXPIRED"] = w.saltToken(t, sandbox.UserAll, `, "token_expire": 1`)
	w.fixed["TOKEN"] = w.saltToken(t, sandbox.UserAll, "")
	w.fixed["TOKEN_RO"] = w.saltToken(t, sandbox.UserTestOnly, "")
	for _, s := range []*httpSide{w.saltAPI, w.saltern} {
		w.sided[s.name] = map[string]string{
			"SESSION":    w.login(t, s, sandbox.UserAll),
			"SESSION_RO": w.login(t, s, sandbox.UserTestOnly),
		}
	}
	w.fixed["JOB"] = w.job(t, `"client": "local", "tgt": "*", "fun": "test.arg", "arg": [1, "two"], "kwarg": {"three": [3]}`)
	w.fixed["JOB_FAILED"] = w.job(t, `"client": "local", "tgt": "ms--1", "fun": "test.raise_exception", "arg": ["TypeError", "wrong"]`)
	w.fixed["JOB_RUNNER"] = w.runnerJob(t)
	w.fixed["FIRING"] = w.login(t, w.saltAPI, sandbox.UserAll)
	w.events = openHookEvents(t, w)
	return w
}

// call sends JSON to salt-api or Saltern and reads JSON.
func (w *httpWorld) call(t *testing.T, s *httpSide, path, session, body string, into any) {
	t.Helper()
	a, err := s.send(httpStep{method: "POST", path: path, body: body,
		headers: []string{"Content-Type: " + envtest.JSON, "X-Auth-Token: " + session}})
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(a.body), into), "%s %s: %d %s", s.name, path, a.status, a.body)
}

func (w *httpWorld) credentials(user string) string {
	return fmt.Sprintf(`"username": %q, "password": %q, "eauth": "sharedsecret"`, user, w.env.Secret())
}

func (w *httpWorld) login(t *testing.T, s *httpSide, user string) string {
	t.Helper()
	var a struct{ Return json.RawMessage }
	w.call(t, s, "/login", "", "{"+w.credentials(user)+"}", &a)
	var sessions []struct{ Token string }
	if err := json.Unmarshal(a.Return, &sessions); err != nil || len(sessions) != 1 {
		t.Logf("%s: no login: %s", s.name, a.Return)
		return "0"
	}
	return sessions[0].Token
}

// saltToken has the master make a Salt token.
func (w *httpWorld) saltToken(t *testing.T, user, more string) string {
	t.Helper()
	const tries = 4 // salt-api's loader may fail one, see diffCase.lostRace
	for range tries {
		var a struct{ Return json.RawMessage }
		w.call(t, w.saltAPI, "/run", "", `[{`+w.credentials(sandbox.UserAll)+`, "client": "runner", "fun": "auth.mk_token", "kwarg": {`+
			w.credentials(user)+more+`}}]`, &a)
		var tokens []struct{ Token string }
		if json.Unmarshal(a.Return, &tokens) == nil && len(tokens) == 1 {
			return tokens[0].Token
		}
		t.Logf("no Salt token: %s", a.Return)
	}
	require.Fail(t, "salt-api makes no Salt token")
	return ""
}

// job runs a job to its end and returns its id.
func (w *httpWorld) job(t *testing.T, chunk string) string {
	t.Helper()
	jid := w.jids.Next()
	var a struct{ Return []any }
	w.call(t, w.saltAPI, "/run", "", `[{`+w.credentials(sandbox.UserAll)+`, "jid": "`+jid+`", `+chunk+`}]`, &a)
	require.Len(t, a.Return, 1)
	return jid
}

func (w *httpWorld) runnerJob(t *testing.T) string {
	t.Helper()
	var a struct {
		Return []struct {
			Data struct{ JID string }
		}
	}
	w.call(t, w.saltAPI, "/run", "", `[{`+w.credentials(sandbox.UserAll)+`, "client": "runner", "fun": "test.arg", "arg": [1], "full_return": true}]`, &a)
	require.Len(t, a.Return, 1)
	require.NotEmpty(t, a.Return[0].Data.JID)
	return a.Return[0].Data.JID
}

// forgetKeys removes the keys of minions that cases have made: the master would
// wait for those minions in whatever comes next.
func (w *httpWorld) forgetKeys(t *testing.T) {
	t.Helper()
	keys, err := filepath.Glob(filepath.Join(w.env.Dir(), "pki", "minions*", "*"))
	require.NoError(t, err)
	for _, key := range keys {
		if !httpMinions[filepath.Base(key)] {
			if err := os.Remove(key); !errors.Is(err, fs.ErrNotExist) { // another case may have done so
				require.NoError(t, err)
			}
		}
	}
}

// httpScope holds what the names stand for in one case on one side.
type httpScope struct {
	world *httpWorld
	side  *httpSide
	names map[string]string
}

func (w *httpWorld) scope(s *httpSide) *httpScope {
	names := maps.Clone(w.fixed)
	maps.Copy(names, w.sided[s.name])
	names["NEW"] = fmt.Sprintf("new%dx%d", w.counter.Add(1), time.Now().UnixNano()%1e6)
	names["OWN_JID"] = w.jids.Next()
	_, names["HOST"], _ = strings.Cut(s.base, "://")
	return &httpScope{world: w, side: s, names: names}
}

var (
	placeholder = regexp.MustCompile(`\$[A-Z_]+`)
	longText    = regexp.MustCompile(`\$LONG\((\d+)\)`)
)

// fill replaces the names in a text.
func (s *httpScope) fill(t *testing.T, text string) string {
	t.Helper()
	text = longText.ReplaceAllStringFunc(text, func(m string) string {
		n, err := strconv.Atoi(longText.FindStringSubmatch(m)[1])
		require.NoError(t, err)
		return strings.Repeat("x", n)
	})
	return placeholder.ReplaceAllStringFunc(text, func(m string) string {
		name := m[1:]
		if _, ok := s.names[name]; !ok {
			switch name {
			case "OWN_SESSION":
				s.names[name] = s.world.login(t, s.side, sandbox.UserAll)
			case "OWN_TOKEN":
				s.names[name] = s.world.saltToken(t, sandbox.UserAll, "")
			default:
				return m
			}
		}
		return s.names[name]
	})
}

// filled is a step with the names in it replaced.
func (s *httpScope) filled(t *testing.T, q httpStep) httpStep {
	t.Helper()
	q.path, q.body = s.fill(t, q.path), s.fill(t, q.body)
	q.event, q.stream = s.fill(t, q.event), s.fill(t, q.stream)
	q.headers = append([]string(nil), q.headers...)
	for i := range q.headers {
		q.headers[i] = s.fill(t, q.headers[i])
	}
	return q
}

// unfill puts the names back.
func (s *httpScope) unfill(text string) string {
	for name, value := range s.names {
		if len(value) > 5 {
			text = strings.ReplaceAll(text, value, "$"+name)
		}
	}
	return longRun.ReplaceAllString(text, "xxx...")
}

var longRun = regexp.MustCompile(`x{1000,}`)
