package recorder_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records/recorder"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// cached is a job cache of which a test writes the files.
type cached struct {
	t      *testing.T
	master *mastertest.Master
}

func newCached(t *testing.T) cached {
	return cached{t, mastertest.Start(t, mastertest.Options{JobCache: true})}
}

func (c cached) cache() jobcache.Cache {
	return jobcache.Cache{Dir: filepath.Join(c.master.CacheDir(), "jobs"), HashType: "sha256"}
}

func (c cached) write(jid, name string, data []byte) {
	c.t.Helper()
	path := filepath.Join(c.master.JobDir(jid), name)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(c.t, os.WriteFile(path+"-", data, 0o600))
	require.NoError(c.t, os.Rename(path+"-", path))
}

func (c cached) published(jid, fun, minions string) {
	c.t.Helper()
	c.write(jid, "jid", []byte(jid))
	c.write(jid, ".minions.p", mastertest.JSON(minions))
	c.write(jid, ".load.p", mastertest.JSON(fmt.Sprintf(
		`{"jid": %q, "fun": %q, "user": "ops", "tgt": "*", "tgt_type": "glob", "arg": ["x"], "cmd": "publish"}`, jid, fun)))
}

func (c cached) returned(jid, minion, value string) {
	c.t.Helper()
	c.write(jid, minion+"/return.p", mastertest.JSON(fmt.Sprintf(`{"return": %s, "retcode": 0, "success": true}`, value)))
}

// Nothing of a forged event is recorded. What the master has is, once it has it.
func TestVerified(t *testing.T) {
	t.Parallel()
	c := newCached(t)
	const (
		real, other, run   = "20261122133409055061", "20261122133409055062", "20261122133409055063"
		question, not, odd = "20261122133409055064", "20261122133409055065", "20261122133409055066"
	)
	forged := func(kind, jid, what string) eventbus.Event {
		return event("salt/"+kind+"/"+jid+"/"+what, `{"jid": %q, "id": %q, "fun": "cmd.run", "user": "root", "cmd": "_return", "tgt": "a",
			"arg": [], "fun_args": [], "return": "forged", "retcode": 3, "success": false, "minions": ["x"]}`, jid, filepath.Base(what))
	}
	synctest.Test(t, func(t *testing.T) {
		m, s := newMemory(), tap{make(chan eventbus.Event, 20)}
		r := recorder.New(m, recorder.Options{Verified: true, MasterID: "m_master", Cache: c.cache()})
		r.Note(recorder.Note{JID: real, User: "ops", Eauth: "pam", Client: "local_async", Sent: true})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx, s); close(done) }()
		time.Sleep(time.Second) // the job cache was read
		c.published(real, "test.ping", `["a", "b"]`)
		c.returned(real, "a", `"of a"`)
		c.published(other, "test.ping", `["a"]`)
		c.published(question, "saltutil.find_job", `["a"]`)
		c.returned(question, "a", `{}`)
		c.returned(run, "m_master", fmt.Sprintf(`{"jid": %q, "fun": "runner.test.arg", "user": "ops", "fun_args": [1], "return": "of the runner",
			"success": true, "_stamp": "2026-11-22T13:34:10.055051"}`, run))
		for _, e := range []eventbus.Event{
			forged("job", real, "new"), forged("job", real, "ret/a"), forged("job", real, "ret/b"),
			forged("job", other, "ret/a"), // without its job's own event
			forged("job", question, "ret/a"), forged("run", run, "new"), forged("run", run, "ret"),
			forged("job", not, "new"), forged("job", not, "ret/a"), forged("run", odd, "ret"), forged("wheel", odd, "ret"),
			event("salt/job/"+real+"/ret/c", `{"jid": %q, "id": "a"}`, real),
		} {
			s.events <- e
		}
		time.Sleep(2 * time.Second)
		c.returned(real, "b", `"of b"`) // 2 s after its event
		time.Sleep(2 * time.Second)
		m.mu.Lock()
		jobs, values := maps.Clone(m.jobs), maps.Clone(m.values)
		m.mu.Unlock()
		require.Equal(t, []string{real, run}, slices.Sorted(maps.Keys(jobs)), "and not the one whose return is not there")
		require.Equal(t, "ops", jobs[real].User)
		require.Equal(t, "test.ping", jobs[real].Fun)
		require.Equal(t, []string{"a", "b"}, jobs[real].Minions)
		require.Equal(t, "local_async", jobs[real].Client)
		require.Equal(t, "pam", jobs[real].Eauth)
		require.Equal(t, "runner", jobs[run].Client)
		got := map[string]string{}
		for key, ret := range values {
			require.True(t, ret.Success, key)
			require.Zero(t, ret.Retcode, key)
			got[key] = string(ret.Value)
		}
		require.Equal(t, map[string]string{
			real + "/a": "\xa4of a", real + "/b": "\xa4of b", run + "/m_master": "\xadof the runner",
		}, got)
		time.Sleep(4 * time.Second)
		require.EqualValues(t, 5, r.Stats().Unverified)
		cancel()
		<-done
	})
}
