package rpc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// TestControl has what is sent to the master to stop, pause and resume commands: to
// the minions that have not returned.
func TestControl(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.record(t)
	at := time.Date(2026, 11, 29, 12, 10, 55, 0, time.UTC)
	origin := records.Origin{Job: checkDisk, JobName: "Check disk usage"}
	run := func(minute int, client, fun string, minions ...string) records.Job {
		return records.Job{JID: jidOf(minute), User: "bob", Eauth: "pam", Client: client, Fun: fun, Minions: minions, Origin: origin}
	}
	_, err := e.store.Put(t.Context(), records.Batch{
		Jobs: []records.Job{
			run(10, "local_async", "state.apply", "web1", "web2", "web3"), run(11, "local", "test.sleep", "web1"), run(12, "runner_async", "runner.state.orch", "salt"),
			run(13, "wheel_async", "wheel.key.list_all", "salt"), run(14, "local", "state.apply", "web1"), run(15, "runner", "runner.state.orch", "salt"),
		},
		Returns: []records.Return{
			{JID: jidOf(10), Minion: "web2", Time: at, Success: true, Value: packed(`{}`)}, {JID: jidOf(14), Minion: "web1", Time: at, Success: true, Value: packed(`{}`)},
			{JID: jidOf(15), Minion: "salt", Time: at, Success: true, Value: packed(`{}`)},
		},
	})
	require.NoError(t, err)
	bob, admin := e.by(t, "bob"), e.by(t, "admin")
	for _, c := range []struct{ method, kwarg, sent string }{
		{"stop_job", `{"jid":"` + jidOf(10) + `"}`, `{"client":"local_async","fun":"state.soft_kill","arg":["` + jidOf(10) + `"],"tgt":["web1","web3"],"tgt_type":"list"}`},
		{"pause_job", `{"jid":"` + jidOf(10) + `"}`, `{"client":"local_async","fun":"state.pause","arg":["` + jidOf(10) + `"],"tgt":["web1","web3"],"tgt_type":"list"}`},
		{"resume_job", `{"jid":"` + jidOf(10) + `"}`, `{"client":"local_async","fun":"state.resume","arg":["` + jidOf(10) + `"],"tgt":["web1","web3"],"tgt_type":"list"}`},
		{"stop_job", `{"jid":"` + jidOf(11) + `"}`, `{"client":"local_async","fun":"saltutil.term_job","arg":["` + jidOf(11) + `"],"tgt":["web1"],"tgt_type":"list"}`},
		{"stop_job", `{"jid":"` + jidOf(0) + `"}`, `{"client":"local_async","fun":"saltutil.term_job","arg":["` + jidOf(0) + `"],"tgt":["web3"],"tgt_type":"list"}`},
		{"stop_job", `{"jid":"` + jidOf(12) + `"}`, `{"client":"runner_async","fun":"state.soft_kill","arg":["` + jidOf(12) + `"]}`},
	} {
		e.must(t, bob, "cmd."+c.method, c.kwarg)
		require.JSONEq(t, c.sent, chunk(t, e.master.last(t)), c.kwarg)
		require.Equal(t, "salt-token-of-bob", e.master.last(t).Authority.Token)
	}
	sent := len(e.master.calls)
	for _, c := range []struct {
		method, kwarg string
		code          int
	}{
		{"pause_job", `{"jid":"` + jidOf(11) + `"}`, 4001}, {"stop_job", `{"jid":"` + jidOf(13) + `"}`, 4001}, {"stop_job", `{"jid":"` + jidOf(2) + `"}`, 4001},
		{"stop_job", `{"jid":"` + jidOf(14) + `"}`, 4090}, {"pause_job", `{"jid":"` + jidOf(15) + `"}`, 4090}, {"stop_job", `{"jid":"` + jidOf(1) + `"}`, 4040},
		{"stop_job", `{"job_uuid":"` + checkDisk + `"}`, 4090}, {"stop_job", `{"job_uuid":"` + saved.AllMinions + `"}`, 4040},
	} {
		require.Equal(t, c.code, e.call(t, bob, "cmd."+c.method, c.kwarg).code(), c)
	}
	require.Len(t, e.master.calls, sent)
	_, err = e.store.Put(t.Context(), records.Batch{Jobs: []records.Job{{
		JID: jidOf(20), User: "admin", Eauth: "pam", Client: "local", Fun: "state.apply", Minions: []string{"web9"}, Origin: records.Origin{Job: saved.AllMinions},
	}}})
	require.NoError(t, err)
	e.must(t, admin, "cmd.stop_job", `{"job_uuid":"`+saved.AllMinions+`"}`)
	require.JSONEq(t, `{"client":"local_async","fun":"state.soft_kill","arg":["`+jidOf(20)+`"],"tgt":["web9"],"tgt_type":"list"}`, chunk(t, e.master.last(t)))
}
