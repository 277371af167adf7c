package lookup

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// manyJobs writes a cache of n jobs of two minions each.
func manyJobs(b *testing.B, n int) testCache {
	b.Helper()
	c := testCache{b.TempDir()}
	ret := pack(b, `{"return": true, "retcode": 0, "success": true}`)
	for i := range n {
		jid := fmt.Sprintf("202611301015%08d", i)
		c.job(b, jid, map[string]msgpack.Raw{
			".load.p": pack(b, `{"fun": "state.apply", "arg": ["web", {"__kwarg__": true, "test": true}], "tgt": "web*", "tgt_type": "glob",
				"user": "alice", "jid": "`+jid+`", "ret": "", "cmd": "publish", "kwargs": {"delimiter": ":", "show_timeout": true}}`),
			".minions.p": pack(b, `["web1", "web2"]`), "web1/return.p": ret, "web2/return.p": ret,
		})
	}
	return c
}

func BenchmarkListJobs(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		c := manyJobs(b, n)
		arg, kwarg := pack(b, "[]"), pack(b, "{}")
		b.Run(fmt.Sprintf("jobs=%d/first", n), func(b *testing.B) {
			for b.Loop() {
				_, err := NewJobs(c.cache(), nil).Runner(b.Context(), "jobs.list_jobs", arg, kwarg)
				require.NoError(b, err)
			}
		})
		b.Run(fmt.Sprintf("jobs=%d/again", n), func(b *testing.B) {
			j := NewJobs(c.cache(), nil)
			_, err := j.Runner(b.Context(), "jobs.list_jobs", arg, kwarg)
			require.NoError(b, err)
			for b.Loop() {
				_, err := j.Runner(b.Context(), "jobs.list_jobs", arg, kwarg)
				require.NoError(b, err)
			}
		})
		b.Run(fmt.Sprintf("jobs=%d/json", n), func(b *testing.B) {
			j := NewJobs(c.cache(), nil)
			ret, err := j.Runner(b.Context(), "jobs.list_jobs", arg, kwarg)
			require.NoError(b, err)
			v, err := ret.Raw()
			require.NoError(b, err)
			for b.Loop() {
				_, err := msgpack.AppendJSON(nil, v)
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkListJob(b *testing.B) {
	j := NewJobs(manyJobs(b, 100).cache(), nil)
	arg, kwarg := pack(b, `["20261130101500000007"]`), pack(b, "{}")
	for b.Loop() {
		_, err := j.Runner(b.Context(), "jobs.list_job", arg, kwarg)
		require.NoError(b, err)
	}
}
