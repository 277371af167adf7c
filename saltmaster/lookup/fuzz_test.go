package lookup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// FuzzJob looks arbitrary files of a job up. What is answered is JSON.
func FuzzJob(f *testing.F) {
	for _, jobs := range []map[string]map[string]msgpack.Raw{oddJobs(f), badJobs(f)} {
		for jid, files := range jobs {
			f.Add(jid, []byte(files[".load.p"]), []byte(files[".minions.p"]), []byte(files["ms-0/return.p"]), []byte(files["ms-0/out.p"]))
		}
	}
	f.Fuzz(func(t *testing.T, jid string, load, minions, ret, out []byte) {
		if len(jid) > 100 {
			return
		}
		c := testCache{t.TempDir()}
		c.job(t, jid, map[string]msgpack.Raw{".load.p": load, ".minions.p": minions, "ms-0/return.p": ret, "ms-0/out.p": out})
		j := NewJobs(c.cache(), nil)
		for _, fun := range []string{"jobs.list_job", "jobs.lookup_jid", "jobs.print_job", "jobs.exit_success"} {
			arg := msgpack.AppendString(msgpack.AppendArray(nil, 1), jid)
			answered(t, j, fun, arg, pack(t, "{}"))
		}
		answered(t, j, "jobs.list_jobs", pack(t, "[]"), pack(t, `{"search_function": "t*", "search_target": "*", "search_metadata": {"a": "b"}}`))
		answered(t, j, "jobs.list_jobs_filter", pack(t, "[1]"), pack(t, "{}"))
		answered(t, j, "jobs.last_run", pack(t, "[]"), pack(t, "{}"))
	})
}

// FuzzArguments sends arbitrary arguments.
func FuzzArguments(f *testing.F) {
	c := testCache{f.TempDir()}
	const jid = "20261130101500000001"
	c.job(f, jid, oddJobs(f)[jid])
	j := NewJobs(c.cache(), nil)
	keys := Keys{Dir: writePKI(f, []string{"minions/a"}), From3008: func() (bool, bool) { return true, true }}
	for _, calls := range [][]string{jobCalls, listCalls, elsewhere} {
		for _, text := range calls {
			fun, arg, kwarg := splitCall(f, text, jid)
			f.Add(fun, []byte(arg), []byte(kwarg))
		}
	}
	f.Add("key.list", []byte("\x91\xa3acc"), []byte("\x80"))
	f.Fuzz(func(t *testing.T, fun string, arg, kwarg []byte) {
		answered(t, j, fun, arg, kwarg)
		if ret, err := keys.Wheel(fun, arg, kwarg); err == nil {
			require.NoError(t, msgpack.Valid(ret))
		} else {
			require.ErrorIs(t, err, ErrAsk)
		}
	})
}

func answered(t *testing.T, j *Jobs, fun string, arg, kwarg msgpack.Raw) {
	t.Helper()
	ret, err := j.Runner(t.Context(), fun, arg, kwarg)
	if err != nil {
		require.ErrorIs(t, err, ErrAsk)
		return
	}
	v, err := ret.Raw()
	require.NoError(t, err)
	_, err = msgpack.AppendJSON(nil, v)
	require.NoError(t, err, fun)
	require.NoError(t, jobcache.Plain(v), fun)
}
