package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// lookupJobs are jobs that are run so that they can be looked up. Each is a
// chunk of local_async.
var lookupJobs = []string{
	`"tgt": "*", "fun": "test.ping"`,
	`"tgt": ["ms--0", "ghost"], "tgt_type": "list", "fun": "test.ping"`,
	`"tgt": "ms--0 or ms--3", "tgt_type": "compound", "fun": "test.arg", "arg": ["a", 1, null, [1.5, {"b": "ü😀"}]], "kwarg": {"k": {"1": []}}`,
	`"tgt": "ms--[01]", "fun": "state.single", "arg": ["test.nop"], "kwarg": {"name": "x"}`,
	`"tgt": "ms--1", "fun": "state.single", "arg": ["test.fail_without_changes"], "kwarg": {"name": "x"}`,
	`"tgt": "ms--[02]", "fun": "no.such"`,
	`"tgt": "ms--2", "fun": "test.false"`,
	`"tgt": "ms--2", "fun": "test.exception", "arg": ["a text"]`,
	`"tgt": "ms--2", "fun": ["test.ping", "test.echo"], "arg": [[], ["x"]]`,
	`"tgt": "ms--4", "fun": "test.ping", "metadata": {"ticket": "A-1"}`,
	`"tgt": "ms--4", "fun": "test.arg", "kwarg": {"metadata": {"ticket": "A-2"}}`,
	`"tgt": "ms--0", "fun": "test.ping", "ret": "", "timeout": 1`,
	`"tgt": "ms--3", "fun": "test.rand_str", "arg": [100000]`,
	`"tgt": "ms--3", "fun": "grains.items"`,
}

// jobLookups are asked about each job, with JID in place of its id. The second
// form is for the runner several.
var jobLookups = []struct{ chunk, several string }{
	{`"fun": "jobs.list_job", "jid": "JID"`, `["jobs.list_job", [], {"jid": "JID"}]`},
	{`"fun": "jobs.lookup_jid", "jid": "JID"`, `["jobs.lookup_jid", [], {"jid": "JID"}]`},
	{`"fun": "jobs.lookup_jid", "jid": "JID", "missing": true`, `["jobs.lookup_jid", [], {"jid": "JID", "missing": true}]`},
	{`"fun": "jobs.lookup_jid", "arg": ["JID", null, false], "kwarg": {"missing": true}`, `["jobs.lookup_jid", ["JID", null, false], {"missing": true}]`},
	{`"fun": "jobs.print_job", "arg": ["JID"]`, `["jobs.print_job", ["JID"], {}]`},
	{`"fun": "jobs.exit_success", "jid": "JID", "tgt": "not an argument"`, `["jobs.exit_success", [], {"jid": "JID"}]`},
	{`"fun": "jobs.lookup_jid", "arg": ["jid='JID'", "missing=True"]`, `["jobs.lookup_jid", [], {"jid": "JID", "missing": true}]`},
}

// several is a runner of the tests' own. The master forks for each call of a
// runner, which takes many times as long as to look a job up.
const several = `def calls(todo):
    """What each of some functions returns."""
    return [__salt__[fun](*arg, **kwarg) for fun, arg, kwarg in todo]
`

// listLookups are asked about all of them.
var listLookups = []string{
	`"fun": "jobs.list_jobs"`, `"fun": "jobs.list_jobs", "outputter": "nested"`, `"fun": "jobs.list_jobs", "search_metadata": {"ticket": "A-1"}`,
	`"fun": "jobs.list_jobs", "search_target": "ms--[34],ghost"`, `"fun": "jobs.list_jobs_filter", "count": 5`,
	`"fun": "jobs.list_jobs_filter", "arg": [100, false]`, `"fun": "jobs.last_run"`, `"fun": "jobs.last_run", "metadata": {"ticket": "A-2"}`,
	`"fun": "jobs.last_run", "target": "nobody"`,
}

// leftToMaster are answered alike because the master is asked.
var leftToMaster = []string{
	`"fun": "jobs.list_jobs", "search_function": "test.*"`, // a list of functions is no text: the runner fails
	`"fun": "jobs.list_jobs", "start_time": "2099, Mar 16 19:00"`, `"fun": "jobs.list_job"`, `"fun": "jobs.list_job", "jid": 5`,
	`"fun": "jobs.list_job", "jid": "20269930101500000110"`, `"fun": "jobs.lookup_jid", "jid": "JID", "display_progress": true`,
	`"fun": "jobs.list_job", "jid": "JID", "ext_source": "nosuch"`, `"fun": "jobs.active"`,
}

// TestLookupsFromFiles asks one gateway that reads the master's files, and one that asks
// the master, the same: the answers are equal to the byte, and the first leaves
// no trace at the master.
func TestLookupsFromFiles(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		l := &lookupTest{files: r, jids: new(saltmaster.JIDs)}
		var err error
		l.master, err = r.Another(t.Context(), env.More{Settings: "lookups: master\n"})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.master.Stop(context.WithoutCancel(t.Context()))) })
		l.addSeveral(t)
		var jids []string
		for _, chunk := range lookupJobs {
			jids = append(jids, l.begin(t, chunk))
		}
		batch := l.jids.Next()
		_ = envtest.Post(t, r, env.Chunk(env.User, `"client": "local_batch", "tgt": "*", "fun": "test.ping", "batch": 2, "jid": "`+batch+`"`))
		l.settle(t, jids)
		jids = append(jids, batch, "20200101000000000000", "abc", "20240101000000000000_77")

		w := envtest.NewWitness(t, r)
		t.Run("jobs", func(t *testing.T) {
			for _, c := range jobLookups { // of one job each alone, as callers do
				l.same(t, `"client": "runner", `+strings.ReplaceAll(c.chunk, "JID", jids[0]), true)
			}
			for _, jid := range jids {
				l.allTheSame(t, jid)
				l.sameRequest(t, "/jobs/"+jid)
			}
		})
		t.Run("lists", func(t *testing.T) {
			for _, chunk := range listLookups {
				l.same(t, `"client": "runner", `+chunk, true)
			}
			l.sameRequest(t, "/jobs")
		})
		t.Run("keys", func(t *testing.T) {
			for _, chunk := range []string{`"fun": "key.list_all"`, `"fun": "key.list", "match": "acc"`, `"fun": "key.list", "arg": ["pre"]`, `"fun": "key.list", "arg": ["all"]`} {
				l.same(t, `"client": "wheel", `+chunk, true)
			}
			l.sameRequest(t, "/keys")
			l.same(t, `"client": "wheel", "fun": "key.list", "match": "nope"`, false)
			l.same(t, `"client": "wheel", "fun": "key.finger", "match": "ms--0"`, false)
		})
		t.Run("left to the master", func(t *testing.T) {
			for _, chunk := range leftToMaster {
				l.same(t, `"client": "runner", `+strings.ReplaceAll(chunk, "JID", jids[0]), false)
			}
		})
		t.Run("odd files", func(t *testing.T) { l.oddFiles(t) })
		t.Run("who may", func(t *testing.T) { l.rights(t, jids[0]) })
		t.Run("no trace", func(t *testing.T) {
			w.Seen(t)
			for _, chunk := range []string{`"client": "runner", "fun": "jobs.list_jobs"`, `"client": "wheel", "fun": "key.list_all"`} {
				a := envtest.Post(t, r, env.Chunk(env.User, chunk))
				require.Equal(t, http.StatusOK, a.Status, a.Body)
			}
			w.RequireIdle(t)
		})
		t.Run("at once after the event", l.afterEvent)
	})
}

type lookupTest struct {
	files, master *env.Env
	jids          *saltmaster.JIDs
}

// begin starts a job and returns its id.
func (l *lookupTest) begin(t *testing.T, chunk string) string {
	t.Helper()
	jid := l.jids.Next()
	a := envtest.Post(t, l.files, env.Chunk(env.User, `"client": "local_async", "jid": "`+jid+`", `+chunk))
	require.Equal(t, http.StatusOK, a.Status, "%s: %s", chunk, a.Body)
	return jid
}

// settle waits until no more returns come.
func (l *lookupTest) settle(t *testing.T, jids []string) {
	t.Helper()
	count := func() (n int) {
		for _, jid := range jids {
			found, err := filepath.Glob(filepath.Join(l.jobDir(jid), "*", "return.p"))
			require.NoError(t, err)
			n += len(found)
		}
		return n
	}
	before := -1
	require.Eventually(t, func() bool {
		now := count()
		done := now == before && now > len(jids)
		before = now
		return done
	}, 3*time.Minute, 3*time.Second)
}

func (l *lookupTest) jobDir(jid string) string {
	sum := sha256.Sum256([]byte(jid))
	digest := hex.EncodeToString(sum[:])
	return filepath.Join(l.files.CacheDir(), "jobs", digest[:2], digest[2:])
}

// changing is what differs between two answers of wheel functions.
var changing = regexp.MustCompile(`"(salt/wheel/)?\d{20}"|"_stamp": "[^"]*"`)

// same asks both gateways. fromFiles is whether the first reads files.
func (l *lookupTest) same(t *testing.T, chunk string, fromFiles bool) {
	t.Helper()
	wheel := strings.Contains(chunk, `"wheel"`)
	for try := 0; ; try++ {
		before := l.count(t)
		files := envtest.Post(t, l.files, env.Chunk(env.User, chunk))
		asked := l.count(t) - before
		master := envtest.Post(t, l.master, env.Chunk(env.User, chunk))
		require.Equal(t, http.StatusOK, master.Status, "%s: %s", chunk, master.Body)
		got, want := files.Body, master.Body
		if wheel {
			got, want = changing.ReplaceAllString(got, "..."), changing.ReplaceAllString(want, "...")
		}
		if got != want && try < 2 && !strings.Contains(chunk, "jid") {
			continue // a job may have come between the two
		}
		require.Equal(t, master.Status, files.Status, chunk)
		require.Equal(t, want, got, chunk)
		require.Equal(t, fromFiles, asked == 1, "%s: whether it is answered from files", chunk)
		return
	}
}

// addSeveral gives the master the runner several.
func (l *lookupTest) addSeveral(t *testing.T) {
	t.Helper()
	dir := filepath.Join(l.files.Dir(), "var", "cache", "salt", "master", "extmods", "runners")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	path := filepath.Join(dir, "several.py")
	require.NoError(t, os.WriteFile(path, []byte(several), 0o600))
	t.Cleanup(func() { require.NoError(t, os.Remove(path)) })
}

// allTheSame asks the first gateway for each of jobLookups, and the master for
// all of them at once.
func (l *lookupTest) allTheSame(t *testing.T, jid string) {
	t.Helper()
	var todo []string
	for _, c := range jobLookups {
		todo = append(todo, strings.ReplaceAll(c.several, "JID", jid))
	}
	master := envtest.Post(t, l.master, env.Chunk(env.User,
		`"client": "runner", "fun": "several.calls", "arg": [[`+strings.Join(todo, ", ")+`]]`))
	require.Equal(t, http.StatusOK, master.Status, "%s: %s", jid, master.Body)
	var want struct{ Return [][]json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(master.Body), &want), "%s: %s", jid, master.Body)
	require.Len(t, want.Return[0], len(jobLookups))
	for i, c := range jobLookups {
		chunk := `"client": "runner", ` + strings.ReplaceAll(c.chunk, "JID", jid)
		before := l.count(t)
		files := envtest.Post(t, l.files, env.Chunk(env.User, chunk))
		require.Equal(t, http.StatusOK, files.Status, "%s: %s", chunk, files.Body)
		require.Equal(t, `{"return": [`+string(want.Return[0][i])+`]}`, files.Body, chunk)
		require.InDelta(t, before+1, l.count(t), 0, "%s: it is answered from files", chunk)
	}
}

// count returns how many look-ups were answered from files.
func (l *lookupTest) count(t *testing.T) float64 {
	t.Helper()
	return envtest.Scrape(t, l.files).Sum("saltern_lookups_total", "from=files")
}

// sameRequest is same for GET.
func (l *lookupTest) sameRequest(t *testing.T, path string) {
	t.Helper()
	for try := 0; ; try++ {
		before := l.count(t)
		files := envtest.SessionRequest(t, l.files, envtest.Login(t, l.files, env.User), http.MethodGet, path, "")
		asked := l.count(t) - before
		master := envtest.SessionRequest(t, l.master, envtest.Login(t, l.master, env.User), http.MethodGet, path, "")
		if files.Body != master.Body && try < 2 {
			continue
		}
		require.Equal(t, master.Status, files.Status, path)
		require.Equal(t, master.Body, files.Body, path)
		require.Equal(t, path != "/jobs/abc", asked == 1, "%s: whether it is answered from files", path)
		return
	}
}

// oddFiles puts jobs into the cache that a master finds now and then: without a
// load, without minions, half written, of a syndic, of old releases.
func (l *lookupTest) oddFiles(t *testing.T) {
	pack := func(js string) []byte {
		b, err := msgpack.AppendFromJSON(nil, []byte(js))
		require.NoError(t, err)
		return b
	}
	for name, c := range map[string]struct {
		files     map[string][]byte
		fromFiles bool
	}{
		"no load":       {map[string][]byte{"ms--0/return.p": pack(`{"return": 1}`)}, true},
		"nocache":       {map[string][]byte{".load.p": nil, ".minions.p": pack(`["ms--0"]`), "nocache": {}}, true},
		"no minions":    {map[string][]byte{".load.p": nil}, false},
		"a syndic's":    {map[string][]byte{".load.p": nil, ".minions.p": pack(`[]`), ".minions.sy-1.p": pack(`["b", "a"]`), "b/return.p": pack(`{"return": null}`)}, true},
		"old format":    {map[string][]byte{".load.p": nil, ".minions.p": pack(`["ms--0"]`), "ms--0/return.p": pack(`"text"`), "ms--0/out.p": pack(`"nested"`)}, true},
		"bytes":         {map[string][]byte{".load.p": nil, ".minions.p": pack(`["ms--0"]`), "ms--0/return.p": append(pack(`{"return": 1}`)[:8:8], 0xc4, 2, 0xff, 'x')}, true},
		"empty return":  {map[string][]byte{".load.p": nil, ".minions.p": pack(`["ms--0"]`), "ms--0/return.p": {}}, true},
		"a time":        {map[string][]byte{".load.p": nil, ".minions.p": pack(`["ms--0"]`), "ms--0/return.p": append(append(pack(`{"return": 1}`)[:8:8], 0xc7, 24, 78), "20261130T10:15:00.000000"...)}, false},
		"a broken list": {map[string][]byte{".load.p": nil, ".minions.p": {0x91}}, false},
		"no list":       {map[string][]byte{".load.p": nil, ".minions.p": pack(`"abc"`)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			jid := l.jids.Next()
			dir := l.jobDir(jid)
			defer os.RemoveAll(dir) //nolint:errcheck // the other tests would see it
			for file, content := range c.files {
				if file == ".load.p" {
					content = pack(fmt.Sprintf(`{"jid": %q, "fun": "test.ping", "arg": [], "tgt": "*", "tgt_type": "glob", "user": "root"}`, jid))
				}
				path := filepath.Join(dir, file)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
				require.NoError(t, os.WriteFile(path, content, 0o600))
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, "jid"), []byte(jid), 0o600))
			for _, lookup := range jobLookups[:3] {
				l.same(t, `"client": "runner", `+strings.ReplaceAll(lookup.chunk, "JID", jid), c.fromFiles)
			}
			l.same(t, `"client": "runner", "fun": "jobs.list_jobs_filter", "count": 3`, true)
		})
	}
}

// rights tries callers who may not, and credentials that are no longer good.
func (l *lookupTest) rights(t *testing.T, jid string) {
	chunk := `"client": "runner", "fun": "jobs.list_job", "jid": "` + jid + `"`
	before := l.count(t)
	for _, user := range []string{env.ReadOnly, env.Stranger} {
		a := envtest.Post(t, l.files, env.Chunk(user, chunk))
		require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
	}
	tokens := envtest.TokensOfUser(t, l.files, env.User)
	session := envtest.Login(t, l.files, env.User)
	tokens = envtest.Added(tokens, envtest.TokensOfUser(t, l.files, env.User))
	run := `[{"client": "runner", "fun": "jobs.list_job", "jid": "` + jid + `"}]`
	require.Equal(t, http.StatusOK, envtest.SessionRequest(t, l.files, session, http.MethodPost, "/", run).Status)
	require.Equal(t, before+1, l.count(t))

	require.NotEmpty(t, tokens)
	for _, token := range tokens { // the session's Salt token is gone, and the master would refuse it
		require.NoError(t, envtest.TokensOf(t, l.files).Remove(token))
	}
	a := envtest.SessionRequest(t, l.files, session, http.MethodPost, "/", run)
	require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
	require.Equal(t, before+1, l.count(t))

	envtest.AddRole(t, l.files, "looks", `[{"@jobs": ["list_job$"]}]`)
	made := envtest.MakeToken(t, l.files, envtest.Login(t, l.files, env.User), "looks", "looks")
	a = envtest.Bearing(t, l.files, made.Token, "POST /", run)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Equal(t, before+2, l.count(t))
	a = envtest.Bearing(t, l.files, made.Token, "POST /", strings.Replace(run, "list_job", "print_job", 1))
	require.Equal(t, http.StatusForbidden, a.Status, a.Body)
	require.Equal(t, before+2, l.count(t))
}

// afterEvent looks a job up as soon as the gateway's reader has the event of its
// return, before the master has written it.
func (l *lookupTest) afterEvent(t *testing.T) {
	session := envtest.Login(t, l.files, env.User)
	events := envtest.FollowEvents(t, l.files, session, "?tag=salt/job/*/ret/ms--0")
	for range 10 {
		jid := l.begin(t, `"tgt": "ms--0", "fun": "test.ping"`)
		events.Until("salt/job/" + jid + "/ret/ms--0")
		a := envtest.SessionRequest(t, l.files, session, http.MethodGet, "/jobs/"+jid, "")
		require.Equal(t, http.StatusOK, a.Status)
		var job struct{ Return []map[string]any }
		require.NoError(t, json.Unmarshal([]byte(a.Body), &job), a.Body)
		require.Equal(t, []map[string]any{{"ms--0": true}}, job.Return)
	}
}
