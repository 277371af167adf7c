package rpc_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// TestScheduledChanges runs schedules after changes of what they run: refused unless all
// that has changed since is the work of the schedule's owner.
func TestScheduledChanges(t *testing.T) {
	t.Parallel()
	const (
		job    = "60c14cfc-09ca-4b5a-bc76-0000000000a1"
		web    = "60c14cfc-09ca-4b5a-bc76-000000000002"
		toWeb  = `"job_uuid":"` + job + `","name":"of admin","cmd":"local","fun":"test.ping","tgt_uuid":"` + web + `"`
		shared = `"access_payload":{"worker":["read","write","delete"]}}`
		closed = `"access_payload":{}}`
		seen   = `"access_payload":{"worker":["read"]}}`
	)
	type step struct{ by, method, kwarg string }
	anyone := `"tgt":{"*":{"tgt":"*"}}`
	for name, c := range map[string]struct {
		of      string // whose schedule it is
		before  []step // the schedule is saved
		after   []step
		started bool
	}{
		"nothing": {of: "admin", started: true},
		"the owner's own change": {
			of: "admin", started: true, after: []step{{"admin", "job.save_job", `{"job_uuid":"` + job + `","fun":"test.arg"}`}},
		},
		"the owner's own change of the job's target": {
			of: "admin", started: true, after: []step{{"admin", "tgt.save_target_group", `{"tgt_uuid":"` + web + `",` + anyone + `}`}},
		},
		"the target of a job, by its owner": {
			of:     "bob",
			before: []step{{"admin", "job.save_job_access", `{"job_uuid":"` + job + `",` + seen}, {"admin", "tgt.save_target_group_access", `{"tgt_uuid":"` + web + `",` + seen}},
			after:  []step{{"admin", "tgt.save_target_group", `{"tgt_uuid":"` + web + `",` + anyone + `}`}},
		},
		"the target of a job, by one who may no more": {
			of:     "admin",
			before: []step{{"admin", "tgt.save_target_group_access", `{"tgt_uuid":"` + web + `",` + shared}},
			after:  []step{{"bob", "tgt.save_target_group", `{"tgt_uuid":"` + web + `",` + anyone + `}`}, {"admin", "tgt.save_target_group_access", `{"tgt_uuid":"` + web + `",` + closed}},
		},
		"a job, by one who may no more": {
			of:     "admin",
			before: []step{{"admin", "job.save_job_access", `{"job_uuid":"` + job + `",` + shared}},
			after:  []step{{"bob", "job.save_job", `{"job_uuid":"` + job + `","fun":"cmd.run"}`}, {"admin", "job.save_job_access", `{"job_uuid":"` + job + `",` + closed}},
		},
		"a job, by nobody else": {
			of: "admin", started: true,
			before: []step{{"admin", "job.save_job_access", `{"job_uuid":"` + job + `",` + shared}},
			after:  []step{{"admin", "job.save_job_access", `{"job_uuid":"` + job + `",` + closed}},
		},
		"a job that was made anew, by its owner": {
			of:     "bob",
			before: []step{{"admin", "job.save_job_access", `{"job_uuid":"` + job + `",` + seen}, {"admin", "tgt.save_target_group_access", `{"tgt_uuid":"` + web + `",` + seen}},
			after: []step{
				{"remove", "", ""}, {"admin", "job.save_job", `{` + toWeb + `,"arg":{"arg":["other"]}}`}, {"admin", "job.save_job_access", `{"job_uuid":"` + job + `",` + seen},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, nil)
			e.save(t)
			e.must(t, e.by(t, "admin"), "job.save_job", `{`+toWeb+`}`)
			carryOut := func(all []step) {
				for _, s := range all {
					if s.by == "remove" {
						require.NoError(t, e.store.DeleteSaved(t.Context(), records.SavedJob, job))
						continue
					}
					e.must(t, e.by(t, s.by), s.method, s.kwarg)
				}
			}
			carryOut(c.before)
			s := e.saved(t, e.by(t, c.of), `{"name":"x","schedule":{"minutes":5},"job_uuid":"`+job+`"}`)
			require.Equal(t, "started", e.state(t, s))
			carryOut(c.after)
			want := map[bool]string{true: "started", false: "refused"}[c.started]
			require.Equal(t, want, e.state(t, s))

			// Who saves it again has seen what it runs.
			e.must(t, e.by(t, c.of), "schedule.update", `{"uuid":"`+s.ID+`"}`)
			s, err := e.store.Schedule(t.Context(), s.ID)
			require.NoError(t, err)
			require.Equal(t, "started", e.state(t, s))
		})
	}
}

// TestScheduledTransfer refuses to run what another user has made of a job before it was
// given to the schedule's owner.
func TestScheduledTransfer(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	const job = "60c14cfc-09ca-4b5a-bc76-0000000000a1"
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	e.must(t, bob, "job.save_job", `{"job_uuid":"`+job+`","name":"of bob","cmd":"wheel","fun":"key.list_all"}`)
	s := e.saved(t, admin, `{"name":"x","schedule":{"minutes":5},"job_uuid":"`+job+`"}`)
	e.must(t, bob, "job.save_job", `{"job_uuid":"`+job+`","fun":"key.delete"}`)
	users := map[string]string{}
	var all struct {
		Results []struct{ UUID, Username string }
	}
	require.NoError(t, json.Unmarshal(e.must(t, admin, "auth.get_all_users", `{}`), &all))
	for _, u := range all.Results {
		users[u.Username] = u.UUID
	}
	e.must(t, admin, "auth.transfer_resources", `{"from_user_uuid":"`+users["bob"]+`","to_user_uuid":"`+users["admin"]+`"}`)
	require.Equal(t, "refused", e.state(t, s))
}
