package masters

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// store is a master that keeps something elsewhere than in its files, or not for long.
type store struct {
	options map[string]any // of its file

	// What config-test says begins so: where the part is not read here, and else nothing.
	tokens, jobs, minions string

	postgres  bool // the jobs are in PostgreSQL, by a returner of Salt's, which does not keep what minions a job is for
	elsewhere bool // the tokens are, by the release
	forgets   bool // jobs are gone after a second
}

// storesOf returns the masters of a release.
func storesOf(release string) map[string]store {
	const tokens = "master's tokens: the master has "
	all := map[string]store{
		"cache redis": {
			options: map[string]any{"cache": "redis"},
			tokens:  tokens + "cache: redis", minions: "master's minions: the master has cache: redis",
			elsewhere: release >= "3008",
		},
		"eauth_tokens": {
			options: map[string]any{"eauth_tokens.cache_driver": "redis"}, tokens: tokens + "eauth_tokens.cache_driver: redis", elsewhere: true,
		},
		"master_job_cache": {
			options: map[string]any{"master_job_cache": "saltern_redis"}, jobs: `master's jobs: the master's master_job_cache is "saltern_redis"`,
		},
		"ext_job_cache": {
			options: map[string]any{"ext_job_cache": "saltern_redis"}, jobs: "master's jobs: the master has ext_job_cache: saltern_redis",
		},
		"master_job_cache postgres": {
			options: map[string]any{"master_job_cache": "pgjsonb"}, jobs: `master's jobs: the master's master_job_cache is "pgjsonb"`, postgres: true,
		},
		"ext_job_cache postgres": {
			options: map[string]any{"ext_job_cache": "pgjsonb"}, jobs: "master's jobs: the master has ext_job_cache: pgjsonb", postgres: true,
		},
		"keep_jobs_seconds": {options: map[string]any{"keep_jobs_seconds": 1, "loop_interval": 1}, forgets: true},
		"keep_jobs 0":       {options: map[string]any{"keep_jobs_seconds": 0, "keep_jobs": 0, "loop_interval": 1}},
	}
	if release < "3008" {
		all["eauth_tokens"] = store{
			options: map[string]any{"eauth_tokens": "rediscluster"}, tokens: tokens + "eauth_tokens: rediscluster", elsewhere: true,
		}
	}
	return all
}

// TestStores runs what a gateway does with a master that keeps its jobs, its tokens or what it has of minions in a real
// Redis or PostgreSQL, and with one that keeps jobs for other times.
func TestStores(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			for name, s := range storesOf(release) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s.check(t, salt)
				})
			}
		})
	}
}

func (s store) check(t *testing.T, salt string) {
	r := s.start(t, salt)
	s.checkNotes(t, r)
	requireServed(t, r)
	session := envtest.Login(t, r, env.User)
	s.checkJobs(t, r, session)
	s.checkMinions(t, r, session)
	s.checkTokens(t, r, session)
}

// start starts the master, with the parts of the Python packages redis and psycopg2 that Salt's modules need.
func (s store) start(t *testing.T, salt string) *env.Env {
	t.Helper()
	here := t.TempDir() // for Python writes beside its modules
	require.NoError(t, os.CopyFS(here, os.DirFS("testdata")))
	common := map[string]any{"returner_dirs": []string{filepath.Join(here, "returners")}}
	conf := make(map[string]any)
	if s.postgres {
		maps.Copy(common, startPostgres(t))
	} else {
		socket := redistest.Start(t, redistest.Options{}).Client().Addrs[0]
		common["saltern_redis"] = socket
		conf["cache.redis.unix_socket_path"], conf["eauth_redis_host"] = socket, socket
	}
	maps.Copy(conf, common)
	maps.Copy(conf, s.options)
	return suite.Own(t, env.Options{Sandbox: sandbox.Options{
		Salt: salt, WorkerThreads: envtest.FewWorkers, Minions: []string{"ms--0"}, PythonPath: filepath.Join(here, "python"),
		MasterConfig: conf, MinionConfig: common,
	}})
}

// startPostgres starts a server with the tables of Salt's returner pgjsonb, and returns the options for it.
func startPostgres(t *testing.T) map[string]any {
	t.Helper()
	server := pgtest.Start(t)
	database := server.Database(t)
	server.Exec(t, database,
		"CREATE TABLE jids (jid varchar(255) NOT NULL PRIMARY KEY, load jsonb NOT NULL)",
		`CREATE TABLE salt_returns (fun varchar(50) NOT NULL, jid varchar(255) NOT NULL, return jsonb NOT NULL, id varchar(255) NOT NULL,
			success varchar(10) NOT NULL, full_ret jsonb NOT NULL, alter_time timestamp with time zone DEFAULT now())`)
	u, err := url.Parse(database)
	require.NoError(t, err)
	return map[string]any{
		"returner.pgjsonb.host": u.Query().Get("host"), "returner.pgjsonb.user": u.Query().Get("user"),
		"returner.pgjsonb.db": strings.Trim(u.Path, "/"),
	}
}

// checkNotes compares what config-test and the log say.
func (s store) checkNotes(t *testing.T, r *env.Env) {
	t.Helper()
	out, err := r.Command(t.Context(), "", "config-test")
	require.NoError(t, err, out)
	for begin, want := range map[string]string{"master's tokens: ": s.tokens, "master's jobs: ": s.jobs, "master's minions: ": s.minions} {
		if want == "" {
			require.NotContains(t, out, "\n"+begin)
		} else {
			require.Contains(t, out, "\n"+want)
		}
	}
	if s.elsewhere {
		envtest.RequireEventually(t, func() bool { return strings.Contains(r.Log(), "the master's tokens cannot be written here") })
	}
	for text, said := range map[string]bool{
		"the master's tokens cannot be written here": s.elsewhere, "jobs are looked up by the master": s.jobs != "",
		"the grains of minions are not read here": s.minions != "",
	} {
		want := 0
		if said {
			want = 1
		}
		require.Equal(t, want, strings.Count(r.Log(), text), "%s\n%s", text, r.Log())
	}
}

// checkJobs looks a job up, in the list and by itself.
func (s store) checkJobs(t *testing.T, r *env.Env, session string) {
	t.Helper()
	a := envtest.SessionRequest(t, r, session, http.MethodPost, "/", `[{"client": "local_async", "tgt": "*", "fun": "test.arg", "arg": ["marked"]}]`)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var started struct {
		Return []struct{ JID string }
	}
	require.NoError(t, json.Unmarshal([]byte(a.Body), &started))
	jid := started.Return[0].JID
	if s.forgets {
		envtest.RequireEventually(t, func() bool {
			list := envtest.SessionRequest(t, r, session, http.MethodGet, "/jobs", "")
			job := envtest.SessionRequest(t, r, session, http.MethodGet, "/jobs/"+jid, "")
			return list.Status == http.StatusOK && !strings.Contains(list.Body, jid) &&
				job.Status == http.StatusOK && strings.HasSuffix(job.Body, `"return": [{}]}`)
		})
		return
	}
	envtest.RequireEventually(t, func() bool {
		job := envtest.SessionRequest(t, r, session, http.MethodGet, "/jobs/"+jid, "")
		return job.Status == http.StatusOK && strings.Contains(job.Body, `"return": [{"ms--0": {"args": ["marked"]`) &&
			s.postgres != strings.Contains(job.Body, `"Minions": ["ms--0"]`)
	})
	list := envtest.SessionRequest(t, r, session, http.MethodGet, "/jobs", "")
	require.Equal(t, http.StatusOK, list.Status)
	require.Contains(t, list.Body, jid)
	// The records are the gateway's own.
	envtest.RequireEventually(t, func() bool {
		job := envtest.SessionRequest(t, r, session, http.MethodGet, "/v1/jobs/"+jid, "")
		return job.Status == http.StatusOK && strings.Contains(job.Body, `"state":"completed"`)
	})
}

// checkMinions looks for minions: what cannot be known is said, and nothing is left out.
func (s store) checkMinions(t *testing.T, r *env.Env, session string) {
	t.Helper()
	all, filtered := http.StatusOK, http.StatusOK
	if s.minions != "" {
		filtered = http.StatusNotImplemented
	}
	if s.elsewhere { // by which the release is seen, whose lists of keys differ
		all, filtered = http.StatusNotImplemented, http.StatusNotImplemented
	}
	for query, want := range map[string]int{"": all, "?grain=id:ms--0": filtered, "?connected=true": filtered} {
		a := envtest.SessionRequest(t, r, session, http.MethodGet, "/v1/minions"+query, "")
		require.Equal(t, want, a.Status, a.Body)
		if want == http.StatusOK {
			require.Contains(t, a.Body, `"id":"ms--0"`)
		}
	}
	a := envtest.SessionRequest(t, r, session, http.MethodPost, "/rpc",
		`{"resource": "minions", "method": "get_minion_presence", "kwarg": {}}`)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Contains(t, a.Body, `"present"`)
	a = envtest.SessionRequest(t, r, session, http.MethodPost, "/rpc",
		`{"resource": "minions", "method": "get_minion_details", "kwarg": {"grains": {"id": "ms--0"}}}`)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Contains(t, a.Body, `"ms--0"`)
}

// checkTokens uses Salt tokens, API tokens and a logout.
func (s store) checkTokens(t *testing.T, r *env.Env, session string) {
	t.Helper()
	const ping = `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`
	made := envtest.MakeToken(t, r, session, "program", "Superuser")
	a := envtest.Bearing(t, r, made.Token, "POST /", ping)
	if !s.elsewhere {
		require.Equal(t, http.StatusOK, a.Status, a.Body)
	} else {
		require.Equal(t, http.StatusServiceUnavailable, a.Status, a.Body)
	}

	secret := fmt.Sprintf(`[{"eauth": "sharedsecret", "username": %q, "password": %q}]`, sandbox.UserAll, r.Secret())
	a = envtest.Send(t, r, r.Main, envtest.Request{Path: "token", Body: secret})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var salt []struct{ Token string }
	require.NoError(t, json.Unmarshal([]byte(a.Body), &salt))
	for _, credential := range []string{session, salt[0].Token} {
		a = envtest.SessionRequest(t, r, credential, http.MethodPost, "/", ping)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		a = envtest.SessionRequest(t, r, credential, http.MethodPost, "/logout", "")
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Equal(t, s.elsewhere, strings.Contains(a.Body, "the master takes it until"), a.Body)
		a = envtest.SessionRequest(t, r, credential, http.MethodPost, "/", ping)
		require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
	}
	_, known, err := envtest.MasterOf(t, r).GetToken(t.Context(), salt[0].Token)
	require.NoError(t, err)
	require.Equal(t, s.elsewhere, known, "the master's own token")
}
