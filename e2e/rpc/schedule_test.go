package rpc

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the records

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
)

// TestSchedules has a schedule run on a real master as the user who has saved it, and
// looks at what came of it.
func TestSchedules(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		p := login(t, r, env.User)
		session := envtest.Login(t, r, env.User)
		token := envtest.MakeToken(t, r, session, "schedules", "User").Token
		_, text := program{r, map[string]string{"Authorization": "Bearer " + token}}.try(t, "schedule", "save",
			`{"name": "x", "schedule": {"minutes": 1}, "cmd": "local", "fun": "test.ping", "tgt": {"*": {"tgt": "*"}}}`)
		require.NotEmpty(t, text, "the scopes do not allow it")

		job := decoded[string](t, p.call(t, "job", "save_job", `{"name": "for a schedule", "cmd": "local", "fun": "test.arg",
			"arg": {"arg": ["from the job"], "kwarg": {}}, "tgt_uuid": "7f93b928-388b-11e6-b133-346895ecb8f3"}`))
		uuid := decoded[string](t, p.call(t, "schedule", "save", fmt.Sprintf(`{"name": "soon", "schedule": {"once": %q}, "job_uuid": %q, "cmd": "local"}`,
			time.Now().Add(3*time.Second).UTC().Format(time.RFC3339), job)))
		type rows struct {
			Count   int
			Results []struct {
				JID, State, Status string
				NextFireTime       *string `json:"next_fire_time"`
				Expired            bool
				SchedName          string `json:"sched_name"`
				Origination        string
			}
		}
		require.Equal(t, 1, decoded[rows](t, p.call(t, "schedule", "futures", fmt.Sprintf(`{"uuid": %q}`, uuid))).Count)
		var ran rows
		require.Eventually(t, func() bool {
			ran = decoded[rows](t, p.call(t, "schedule", "search_history", fmt.Sprintf(`{"uuid": %q}`, uuid)))
			return ran.Count == 1 && ran.Results[0].State == "started"
		}, envtest.Patience, 100*time.Millisecond, "%+v", ran)
		for minion, ret := range p.returns(t, ran.Results[0].JID, 3) {
			require.Equal(t, []string{"from the job"}, decoded[struct{ Args []string }](t, ret.Return).Args, minion)
		}
		cmds := decoded[rows](t, p.call(t, "cmd", "get_cmds", fmt.Sprintf(`{"sched_uuid": %q}`, uuid)))
		require.Equal(t, 1, cmds.Count)
		require.Equal(t, ran.Results[0].JID, cmds.Results[0].JID)
		require.Equal(t, []string{"Scheduled", "soon"}, []string{cmds.Results[0].Origination, cmds.Results[0].SchedName})
		require.Eventually(t, func() bool {
			got := decoded[rows](t, p.call(t, "schedule", "get", `{"names": ["soon"], "show_past": true}`))
			return got.Count == 1 && got.Results[0].Status == "complete" && got.Results[0].Expired && got.Results[0].NextFireTime == nil
		}, envtest.Patience, 100*time.Millisecond)

		// The schedule is kept over a restart, and what the master forbids is refused.
		other := login(t, r, env.ReadOnly)
		_, text = other.try(t, "schedule", "remove", fmt.Sprintf(`{"uuid": %q}`, uuid))
		require.NotEmpty(t, text, "it is another user's")
		require.NoError(t, r.StopGateway(t.Context()))
		require.NoError(t, r.StartGateway(t.Context()))
		_, text = p.try(t, "job", "delete_job", fmt.Sprintf(`{"job_uuid": %q}`, job))
		require.Contains(t, text, "soon")
		require.Equal(t, "true", string(p.call(t, "schedule", "remove", fmt.Sprintf(`{"uuid": %q}`, uuid))))
		p.call(t, "job", "delete_job", fmt.Sprintf(`{"job_uuid": %q}`, job))

		// What there is to see of the master, the audit log, and values.
		require.Equal(t, 1, decoded[rows](t, p.call(t, "master", "get_master_details", `{"salt_version": "300"}`)).Count)
		require.Equal(t, "present", decoded[struct{ Results []struct{ Status string } }](t, p.call(t, "master", "get_master_presence", `{}`)).Results[0].Status)
		require.Regexp(t, `"fingerprint":"([0-9a-f]{2}:)+`, string(p.call(t, "master", "get_master_keys", `{}`)))
		require.Contains(t, string(p.call(t, "master", "get_master_grains", `{}`)), `"kernel":`)
		require.Contains(t, string(p.call(t, "audit", "get_audit", `{"event_type": "task"}`)), uuid)
		p.call(t, "kv", "set_key", `{"key": "a", "value": {"b": 1}}`)
		require.JSONEq(t, `{"b": 1}`, string(p.call(t, "kv", "get_key", `{"key": "a"}`)))
	})
}

// TestKilledWithinARun kills the gateway between the claim of a run and its end, while
// the master does not answer: what came of it is unknown, and it is not run again.
func TestKilledWithinARun(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		envtest.RestoreGateway(t, r)
		marks := filepath.Join(t.TempDir(), "marks")
		p := login(t, r, env.User)
		soon := func(name string) string {
			return decoded[string](t, p.call(t, "schedule", "save", fmt.Sprintf(
				`{"name": %q, "schedule": {"once": %q}, "cmd": "local", "fun": "cmd.run", "tgt": {"*": {"tgt": "ms--0"}}, "arg": {"arg": ["echo %s >> %s"]}}`,
				name, time.Now().Add(2*time.Second).UTC().Format(time.RFC3339), name, marks)))
		}
		state := func(uuid, want string) {
			t.Helper()
			var got string
			require.Eventually(t, func() bool {
				got = string(p.call(t, "schedule", "search_history", fmt.Sprintf(`{"uuid": %q}`, uuid)))
				return strings.Contains(got, `"count":1,`) && strings.Contains(got, `"state":"`+want+`"`)
			}, envtest.Patience, 50*time.Millisecond, "%s: %s", want, &got)
		}
		resume := func() { require.NoError(t, r.ResumeMaster()) }
		require.NoError(t, r.PauseMaster())
		t.Cleanup(resume)
		uuid := soon("once")
		state(uuid, "claimed")
		require.NoError(t, r.Signal(syscall.SIGKILL))
		<-r.Ended()
		resume()
		require.NoError(t, r.StartGateway(t.Context()))
		p = login(t, r, env.User)
		state(uuid, "claimed") // for as long as another gateway may be at it

		require.NoError(t, r.StopGateway(t.Context()))
		db, err := sql.Open("sqlite", filepath.Join(r.StateDir(), "records.db"))
		require.NoError(t, err)
		changed, err := db.ExecContext(t.Context(), "UPDATE runs SET until = 1 WHERE schedule = ? AND state = 0", uuid)
		require.NoError(t, err)
		n, err := changed.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, 1, n, "the claim is over now")
		require.NoError(t, db.Close())
		require.NoError(t, r.StartGateway(t.Context()))
		p = login(t, r, env.User)
		state(uuid, "unknown")
		require.Contains(t, string(p.call(t, "schedule", "get", fmt.Sprintf(`{"uuid": %q}`, uuid))), `"expired":true,`)

		// The master may have taken the command, once; and what is due later runs.
		later := soon("later")
		state(later, "started")
		require.Eventually(t, func() bool {
			text, err := os.ReadFile(marks)
			return err == nil && strings.Contains(string(text), "later\n")
		}, envtest.Patience, 50*time.Millisecond)
		text, err := os.ReadFile(marks)
		require.NoError(t, err)
		require.LessOrEqual(t, strings.Count(string(text), "once\n"), 1)
		require.Equal(t, 1, strings.Count(string(text), "later\n"))
		state(uuid, "unknown")
		for _, id := range []string{uuid, later} {
			p.call(t, "schedule", "remove", fmt.Sprintf(`{"uuid": %q}`, id))
		}
	})
}

// TestTwoGateways has two gateways before one master, with one PostgreSQL, of which one
// is killed while both run schedules. Each time is run once at the most, and what is due
// later is run by the other one.
func TestTwoGateways(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		dir := t.TempDir()
		url, marks := filepath.Join(dir, "url"), filepath.Join(dir, "marks")
		require.NoError(t, os.WriteFile(url, []byte(pgtest.Start(t).Database(t)), 0o600))
		more := env.More{Settings: "records: {store: postgres, url_file: " + url + "}\n"}
		killed, other := envtest.AnotherGateway(t, r, more), envtest.AnotherGateway(t, r, more)
		programs := []program{login(t, killed, env.User), login(t, other, env.User)}

		const all = 10
		began := time.Now().Add(8 * time.Second)
		uuids := make([]string, all)
		for n := range uuids {
			uuids[n] = decoded[string](t, programs[n%2].call(t, "schedule", "save", fmt.Sprintf(
				`{"name": "time %d", "schedule": {"once": %q}, "cmd": "local", "fun": "cmd.run", "tgt": {"*": {"tgt": "ms--0"}}, "arg": {"arg": ["echo time %d, >> %s"]}}`,
				n, began.Add(time.Duration(2*n)*time.Second).UTC().Format(time.RFC3339Nano), n, marks)))
		}
		p := programs[1]
		runs := func() (states map[string]int, due map[string]string) {
			states, due = make(map[string]int), make(map[string]string)
			for _, row := range decoded[struct {
				Results []struct {
					SchedName string `json:"sched_name"`
					State     string
				}
			}](t, p.call(t, "schedule", "search_history", `{"limit": 0}`)).Results {
				require.NotContains(t, due, row.SchedName, "each time is claimed once")
				states[row.State]++
				due[row.SchedName] = row.State
			}
			return states, due
		}
		require.Eventually(t, func() bool { _, due := runs(); return len(due) >= 2 }, envtest.Patience, 20*time.Millisecond)
		require.NoError(t, killed.Signal(syscall.SIGKILL))
		<-killed.Ended()
		var due map[string]string
		require.Eventually(t, func() bool {
			var states map[string]int
			states, due = runs()
			return len(due) == all && due[fmt.Sprint("time ", all-1)] == "started" && states["started"]+states["claimed"] == all
		}, envtest.Patience, 100*time.Millisecond, "%v", &due)

		// Minions return when they have run the command; of those that were claimed by the
		// gateway that was killed nobody knows.
		require.Eventually(t, func() bool {
			text, err := os.ReadFile(marks)
			if err != nil {
				return false
			}
			for name, state := range due {
				if state == "started" && !strings.Contains(string(text), name+",") {
					return false
				}
			}
			return true
		}, envtest.Patience, 50*time.Millisecond)
		text, err := os.ReadFile(marks)
		require.NoError(t, err)
		for name := range due {
			require.LessOrEqual(t, strings.Count(string(text), name+","), 1, name)
		}
		require.NoError(t, killed.StartGateway(t.Context()))
		require.Len(t, decoded[struct{ Results []struct{} }](t, login(t, killed, env.User).call(t, "schedule", "search_history", `{"limit": 0}`)).Results, all)
	})
}
