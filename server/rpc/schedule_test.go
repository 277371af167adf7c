package rpc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/saved"
	"github.com/saltern-api/saltern/server/rpc/schedules"
)

const pingAll = `"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"*"}}`

// saved saves a schedule, and returns it.
func (e *env) saved(t *testing.T, by, kwarg string) records.Schedule {
	t.Helper()
	s, err := e.store.Schedule(t.Context(), decodedText(t, e.must(t, by, "schedule.save", kwarg)))
	require.NoError(t, err)
	return s
}

func decodedText(t *testing.T, text json.RawMessage) (s string) {
	t.Helper()
	require.NoError(t, json.Unmarshal(text, &s))
	return s
}

// firing returns what runs the schedules of an env.
func (e *env) firing() *schedules.Firing {
	a := e.api
	f := (&rpc.API{
		Logins: a.Logins, Rights: a.Rights, Accounts: a.Accounts, Gateway: a.Gateway, Authority: schedules.ScheduledAuthority{Standings: e.Tokens},
		Records: a.Records, Writer: a.Writer, Library: a.Library, Standings: a.Standings, MasterID: a.MasterID,
	}).Firing()
	f.Audit = &e.lines
	return f
}

func (e *env) state(t *testing.T, s records.Schedule) string {
	t.Helper()
	out := e.firing().Run(t.Context(), s, s.Due)
	if out.State == records.RunStarted {
		require.Equal(t, jidOf(59), out.JID)
		require.Empty(t, out.Why)
	} else {
		require.NotEmpty(t, out.Why)
	}
	return string(out.State)
}

// noRights is an method.Rights that cannot be asked now.
type noRights struct{}

// May implements method.Rights.
func (noRights) May(context.Context, issuer.Caller, role.Permission) error {
	return eauth.ErrUnavailable
}

// A schedule whose owner's rights cannot be found out has failed, and is not refused.
func TestFireWithoutRights(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	s := e.saved(t, e.by(t, "bob"), `{"name":"x","schedule":{"minutes":5},`+pingAll+`}`)
	f := e.firing()
	f.Rights = noRights{}
	out := f.Run(t.Context(), s, s.Due)
	require.Equal(t, records.RunFailed, out.State, out.Why)
	require.NotContains(t, out.Why, "may not")
	require.Empty(t, e.master.calls)
}

// role puts a role and returns its name.
func (e *env) role(t *testing.T, name string, has ...role.Permission) string {
	t.Helper()
	admin := issuer.Caller{Operator: true}
	err := e.Tokens.PutRole(t.Context(), admin, role.Role{Name: name, Permissions: has}, true)
	if err != nil {
		require.NoError(t, e.Tokens.PutRole(t.Context(), admin, role.Role{Name: name, Permissions: has}, false))
	}
	return name
}

// TestRunAsToken runs schedules as the holders of tokens who have saved them, within
// their scopes of that moment, until the token ends.
func TestRunAsToken(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}
	e.role(t, "scheduler", role.ScheduleWrite, role.ScheduleRead, role.CmdRun, role.TargetAllMinionsRun)
	secret, record, err := e.Tokens.Create(t.Context(), admin, issuer.NewToken{Name: "s", Scopes: []string{"scheduler"}, Profile: apitoken.ProfileNative})
	require.NoError(t, err)
	by := tokentest.Bearer(secret.Reveal())
	local := e.saved(t, by, `{"name":"a","schedule":{"minutes":5},`+pingAll+`}`)
	require.NotContains(t, string(local.Body), secret.Reveal())
	wheel := e.saved(t, by, `{"name":"b","schedule":{"minutes":5},"cmd":"wheel","fun":"key.list_all"}`)

	require.Equal(t, "started", e.state(t, local))
	c := e.master.last(t)
	require.Equal(t, "admin", c.Authority.Identity.User)
	require.NotNil(t, c.Authority.Scope)
	require.Equal(t, local.ID, c.Origin.Sched)
	require.Equal(t, "a", c.Origin.SchedName)
	line := e.lines.last(t)
	require.Equal(t, []string{audit.Command, "admin", "test.ping"}, []string{line.Event, line.User, line.Fun})
	require.Equal(t, record.ID, line.TokenID)
	require.Equal(t, "refused", e.state(t, wheel), "the scopes do not allow it, although the owner may")

	e.role(t, "scheduler", role.ScheduleWrite, role.CmdRunnerRun)
	require.Equal(t, "refused", e.state(t, local), "the role was narrowed")
	e.role(t, "scheduler", role.CmdRun, role.TargetAllMinionsRun)
	require.Equal(t, "refused", e.state(t, local), "it may not save schedules any more")
	e.role(t, "scheduler", role.ScheduleWrite, role.CmdRun, role.TargetAllMinionsRun)
	require.Equal(t, "started", e.state(t, local))

	calls := len(e.master.calls)
	require.NoError(t, e.Tokens.Revoke(t.Context(), admin, record.ID))
	require.Equal(t, "refused", e.state(t, local))
	require.Len(t, e.master.calls, calls, "nothing reached the master")
}

// TestRunAsLogin runs schedules as users who have saved them after a login.
func TestRunAsLogin(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	s := e.saved(t, bob, `{"name":"a","schedule":{"minutes":5},`+pingAll+`}`)
	require.Equal(t, "started", e.state(t, s))
	c := e.master.last(t)
	require.Equal(t, "bob", c.Authority.Identity.User)
	require.Nil(t, c.Authority.Scope)
	require.Equal(t, "bob", e.lines.last(t).User)

	// Another user's rights, or nobody's, are not taken for it.
	swapped := s
	swapped.User = "admin"
	require.Equal(t, "refused", e.state(t, swapped))
	var body map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(s.Body, &body))
	for _, as := range []string{`null`, `{}`, `{"owner":{}}`, `{"owner":{"user":"admin","eauth":"pam"}}`, `[]`} {
		body["as"] = json.RawMessage(as)
		forged := s
		forged.Body, _ = json.Marshal(body)
		require.Equal(t, "refused", e.state(t, forged), as)
	}
	forgotten := e.firing()
	forgotten.API.Commands.Fleet.Run.Authority = swappedAuthority{}
	require.NotEqual(t, records.RunStarted, forgotten.Run(t.Context(), s, s.Due).State, "no authority")

	// What the master refuses, and what cannot be known.
	for state, err := range map[records.RunState]error{
		records.RunRefused: &lowstate.Error{Kind: lowstate.Unauthorized, Text: "no"}, records.RunFailed: &lowstate.Error{Kind: lowstate.Unavailable, Text: "down"},
		records.RunUnknown: &lowstate.Error{Kind: lowstate.Timeout, Text: "late"},
	} {
		e.master.err = err
		require.Equal(t, string(state), e.state(t, s))
	}
	e.master.err = nil

	_, err := e.Tokens.Standing(t.Context(), issuer.Caller{User: "bob", Eauth: "pam"})
	require.ErrorIs(t, err, issuer.LoginRequired, "a Salt token alone is no login")
}

// TestScheduledJob runs a saved job: the one that was saved with the schedule, unless
// others may have changed it since.
func TestScheduledJob(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.save(t)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	const job = `"job_uuid":"` + checkDisk + `"`
	require.Equal(t, 4040, e.call(t, bob, "schedule.save", `{"name":"a","schedule":{"minutes":5},`+job+`}`).code(), "a job that bob does not see")
	e.must(t, admin, "job.save_job_access", `{`+job+`,"access_payload":{"worker":["read"],"editor":["write"]}}`)
	of := e.saved(t, bob, `{"name":"of bob","schedule":{"minutes":5},`+job+`}`)
	own := e.saved(t, admin, `{"name":"of admin","schedule":{"minutes":5},`+job+`}`)
	require.Equal(t, "started", e.state(t, of))
	require.Equal(t, checkDisk, e.master.last(t).Origin.Job)

	e.must(t, admin, "job.save_job", `{`+job+`,"desc":"changed"}`)
	require.Equal(t, "refused", e.state(t, of), "its owner may have made anything of it")
	require.Equal(t, "refused", e.state(t, own), "those on its access list may have")
	e.must(t, bob, "schedule.update", `{"uuid":"`+of.ID+`"}`)
	of, err := e.store.Schedule(t.Context(), of.ID)
	require.NoError(t, err)
	require.Equal(t, "started", e.state(t, of))
	e.must(t, admin, "job.save_job_access", `{`+job+`,"access_payload":{}}`)
	require.Equal(t, "started", e.state(t, own))
	require.Equal(t, "refused", e.state(t, of))

	// Jobs and targets that schedules need are not deleted by mistake.
	a := e.call(t, admin, "job.delete_job", `{`+job+`}`)
	require.Equal(t, 4091, a.code())
	require.Contains(t, a.Error.Message, `2 schedules are for the job: "of admin", "of bob"`)
	e.must(t, admin, "job.delete_job", `{`+job+`,"force":true}`)
	_, err = e.store.Schedule(t.Context(), own.ID)
	require.ErrorIs(t, err, records.ErrNotFound)
	const web = "60c14cfc-09ca-4b5a-bc76-000000000002"
	e.saved(t, admin, `{"name":"web","schedule":{"minutes":5},"cmd":"local","fun":"test.ping","tgt_uuid":"`+web+`"}`)
	require.Equal(t, 4091, e.call(t, admin, "tgt.delete_target_group", `{"tgt_uuid":"`+web+`"}`).code())
	e.must(t, admin, "tgt.delete_target_group", `{"tgt_uuid":"`+web+`","force":"true"}`)
}

// TestSaveSchedule has what is refused, and who sees what.
func TestSaveSchedule(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.save(t)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	for kwarg, parameter := range map[string]string{
		`{"name":"x","schedule":{"minutes":5}}`:                                                            "cmd",
		`{"name":"x","schedule":{"minutes":5},"cmd":"local"}`:                                              "fun",
		`{"name":"x","schedule":{"minutes":5},"cmd":"local","fun":"test.ping"}`:                            "tgt",
		`{"name":"x","schedule":{"minutes":5},"cmd":"ssh","fun":"test.ping"}`:                              "cmd",
		`{"name":"x","schedule":{"minutes":5},"cmd":"runner","fun":"a.b","tgt":{"*":{"tgt":"*"}}}`:         "tgt",
		`{"name":"x","schedule":{"minutes":5},"job_uuid":"` + checkDisk + `","fun":"test.ping"}`:           "fun",
		`{"name":"x","schedule":{"minutes":5},` + pingAll + `,"tgt_uuid":"` + saved.AllMinions + `"}`:      "tgt_uuid",
		`{"name":" ","schedule":{"minutes":5},` + pingAll + `}`:                                            "name",
		`{"name":"x","schedule":{"once":"2020-01-01"},` + pingAll + `}`:                                    "schedule",
		`{"name":"x","schedule":{"cron":"61 * * * *"},` + pingAll + `}`:                                    "schedule",
		`{"name":"x","schedule":{"minutes":5},"cmd":"local","fun":"a.b","tgt":{"*":{"tgt":"*"}},"arg":[]}`: "arg",
		`{"name":"x","schedule":{"minutes":5},"cmd":"runner","fun":"a.b","arg":{"arg":{}}}`:                "arg",
		`{"name":"x","schedule":{"minutes":5},"cmd":"runner","fun":"a.b","function":"other"}`:              "function",
	} {
		a := e.call(t, admin, "schedule.save", kwarg)
		require.Equal(t, 4001, a.code(), "%s: %+v", kwarg, a.Error)
		require.Equal(t, parameter, a.Error.Detail.Parameter, kwarg)
	}
	s := e.saved(t, admin, `{"name":"x","schedule":{"minutes":"5"},`+pingAll+`}`)
	for _, method := range []string{"schedule.remove", "schedule.update"} {
		require.Equal(t, 4040, e.call(t, bob, method, `{"uuid":"`+s.ID+`"}`).code(), method)
	}
	require.Equal(t, 4090, e.call(t, bob, "schedule.save", `{"uuid":"`+s.ID+`","name":"x","schedule":{"minutes":5},`+pingAll+`}`).code())
	count := func(by, kwarg string) (n int) {
		var got struct{ Count int }
		require.NoError(t, json.Unmarshal(e.must(t, by, "schedule.get", kwarg), &got))
		return got.Count
	}
	require.Equal(t, 0, count(bob, `{}`))
	of := e.saved(t, bob, `{"name":"of bob","schedule":{"minutes":5},`+pingAll+`,"arg":{"arg":["needle"],"kwarg":{"k":"hay"}}}`)
	require.Equal(t, 1, count(bob, `{}`))
	require.Equal(t, 2, count(admin, `{}`))
	for kwarg, n := range map[string]int{
		`{"query":"needle"}`: 0, `{"query":"NEEDLE","arg":true}`: 1, `{"query":"hay","kwarg":"true"}`: 1, `{"query":"of"}`: 1, `{"enabled":false}`: 0,
		`{"masters":["*"]}`: 0, `{"tgt":"\"tgt\""}`: 2, `{"expired":true}`: 0, `{"state":["disabled"]}`: 0, `{"job_names":["a"]}`: 0,
	} {
		require.Equal(t, n, count(admin, kwarg), kwarg)
	}

	// A superuser may replace it. It is run as that user from then on.
	e.must(t, admin, "schedule.save", `{"uuid":"`+of.ID+`","name":"taken","enabled":"false","schedule":{"minutes":5},`+pingAll+`}`)
	of, err := e.store.Schedule(t.Context(), of.ID)
	require.NoError(t, err)
	require.Equal(t, "admin", of.User)
	require.False(t, of.Enabled)
	require.Equal(t, 1, count(admin, `{"state":["disabled"]}`))
	e.must(t, admin, "schedule.update", `{"name":"taken","fun":"test.arg","enabled":true}`)
	require.Equal(t, 1, count(admin, `{"fun":"TEST.ARG"}`))
	require.Equal(t, "true", string(e.must(t, admin, "schedule.remove", `{"uuid":"`+of.ID+`"}`)))
	require.Equal(t, issuer.Removed, e.lines.last(t).Event)
}

// TestSaveScheduleRights refuses to save what the caller may not run: job-run is for saved
// jobs on minions, as it is for cmd.route_cmd.
func TestSaveScheduleRights(t *testing.T) {
	t.Parallel()
	e := new(env)
	sharedStore(t, e)
	e.Gateway = tokentest.Build(t, func(o *tokentest.Options) {
		o.LoginRoles = []string{"saver"}
		o.Assignments = []issuer.Assignment{{Users: []string{"frank"}, Roles: []string{"User", "wheels"}}}
		o.RPC = func(a *rpc.API) {
			a.Gateway, a.Library, a.Schedules, a.Standings = &e.master, e.store, e.store, a.Rights.(*issuer.Service)
		}
	})
	e.role(t, "saver", role.JobRead, role.JobWrite, role.JobRun, role.TargetWrite, role.ScheduleWrite)
	e.role(t, "wheels", role.CmdWheelRun, role.CmdRunnerRun, role.ScheduleWrite)
	for user, want := range map[string]struct{ wheel, runner, all, web, more int }{
		"bob": {4030, 4030, 4030, 0, 4030}, "frank": {},
	} {
		by := e.by(t, user)
		tgt := string(e.must(t, by, "tgt.save_target_group", `{"name":"web","tgt":{"*":{"tgt":"web*"}}}`))
		save := func(job, with string) int {
			id := string(e.must(t, by, "job.save_job", `{"name":"j",`+job+`}`))
			return e.call(t, by, "schedule.save", `{"name":"x","schedule":{"minutes":5},"job_uuid":`+id+with+`}`).code()
		}
		require.Equal(t, want.wheel, save(`"cmd":"wheel","fun":"key.accept"`, ""), user)
		require.Equal(t, want.runner, save(`"cmd":"runner","fun":"jobs.active"`, ""), user)
		require.Equal(t, want.all, save(`"cmd":"local","fun":"test.ping","tgt_uuid":"`+saved.AllMinions+`"`, ""), user)
		require.Equal(t, want.web, save(`"cmd":"local","fun":"test.ping","tgt_uuid":`+tgt, ""), user)
		require.Equal(t, want.more, save(`"cmd":"local","fun":"cmd.run","arg":{"arg":["df"]},"tgt_uuid":`+tgt, `,"arg":{"arg":["reboot"]}`), user)
	}
}

// TestUpdateOfOthers leaves a schedule its owner's, with what it runs, when a superuser
// changes it.
func TestUpdateOfOthers(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.save(t)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	e.must(t, admin, "job.save_job_access", `{"job_uuid":"`+checkDisk+`","access_payload":{"worker":["read"]}}`)
	s := e.saved(t, bob, `{"name":"x","schedule":{"days":5},"job_uuid":"`+checkDisk+`"}`)
	first := s
	again := func() records.Schedule {
		is, err := e.store.Schedule(t.Context(), s.ID)
		require.NoError(t, err)
		return is
	}
	for _, kwarg := range []string{`"name":"y"`, `"enabled":false`, `"enabled":true`, `"schedule":{"days":5}`} {
		e.must(t, admin, "schedule.update", `{"uuid":"`+s.ID+`",`+kwarg+`}`)
	}
	is := again()
	require.Equal(t, "bob", is.User)
	require.Equal(t, "y", is.Name)
	require.Equal(t, first.Version+4, is.Version)
	require.JSONEq(t, string(first.Body), string(is.Body))
	require.Equal(t, "started", e.state(t, is))
	require.Equal(t, "bob", e.master.last(t).Authority.Identity.User)

	for _, kwarg := range []string{
		`"fun":"test.ping"`, `"cmd":"local"`, `"arg":{"arg":["/"]}`, `"tgt":{"*":{"tgt":"*"}}`, `"tgt_uuid":"` + saved.AllMinions + `"`,
		`"job_uuid":"` + checkDisk + `"`, `"masters":[]`, `"delete_fields":["arg"]`,
	} {
		require.Equal(t, 4030, e.call(t, admin, "schedule.update", `{"uuid":"`+s.ID+`","enabled":false,`+kwarg+`}`).code(), kwarg)
	}
	require.Equal(t, is, again())

	// What was changed since it was saved is not approved by that.
	e.must(t, admin, "job.save_job", `{"job_uuid":"`+checkDisk+`","desc":"changed"}`)
	e.must(t, admin, "schedule.update", `{"uuid":"`+s.ID+`","enabled":true}`)
	require.Equal(t, "refused", e.state(t, again()))
}

// TestFutures has the times of schedules, and leaves some out.
func TestFutures(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	s := e.saved(t, admin, `{"name":"x","schedule":{"cron":"0 12 * * *"},`+pingAll+`}`)
	e.saved(t, admin, `{"name":"off","enabled":false,"schedule":{"days":1},`+pingAll+`}`)
	type rows struct {
		Count   int
		Results []struct {
			UUID, State string
			SchedName   string    `json:"sched_name"`
			StartTime   time.Time `json:"start_time"`
		}
	}
	futures := func(kwarg string) (got rows) {
		require.NoError(t, json.Unmarshal(e.must(t, admin, "schedule.futures", kwarg), &got))
		return got
	}
	all := futures(`{"limit":0}`)
	require.Equal(t, 56*2, all.Count)
	require.Equal(t, 56, futures(`{"state":["disabled"]}`).Count)
	require.Equal(t, 56, futures(`{"state":["disabled"],"state_invert":true}`).Count)
	on := futures(`{"sched_names":["x"],"limit":2}`)
	require.Equal(t, s.Due, on.Results[0].StartTime)
	to := time.Now().AddDate(0, 0, 3).UTC().Format(time.RFC3339)
	require.Equal(t, 3, futures(fmt.Sprintf(`{"sched_names":["x"],"daterange":["2020-01-01",%q]}`, to)).Count)

	first := on.Results[0].UUID
	require.JSONEq(t, `{"`+first+`":"skipping"}`, string(e.must(t, admin, "schedule.save_skip", `{"uuids":["`+first+`"],"skip":true}`)))
	on = futures(`{"sched_names":["x"],"limit":2}`)
	require.Equal(t, []string{"skipping", "scheduled"}, []string{on.Results[0].State, on.Results[1].State})
	again, err := e.store.Schedule(t.Context(), s.ID)
	require.NoError(t, err)
	require.Equal(t, s.Due, again.Due, "it is due as before")
	e.must(t, admin, "schedule.save_skip", `{"uuids":["`+first+`"]}`)
	require.Equal(t, "scheduled", futures(`{"sched_names":["x"],"limit":1}`).Results[0].State)
}

// TestFuturesBounded computes no more times of schedules in a request than it may, in
// all of its calls together.
func TestFuturesBounded(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(a *rpc.API) { a.SetMaxLooks(50_000) })
	admin := e.by(t, "admin")
	for n := range 4 {
		e.saved(t, admin, fmt.Sprintf(`{"name":"%d","schedule":{"cron":"* * * * *","range":{"start":"03:00","end":"03:00"}},%s}`, n, pingAll))
	}
	year := time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339)
	a := e.call(t, admin, "schedule.futures", fmt.Sprintf(`{"daterange":["2020-01-01",%q]}`, year))
	require.Zero(t, a.code(), "%+v", a.Error)
	require.Equal(t, []string{"not all times are here, as these are too many to look at in one request: narrow it down"}, a.Warnings)
	require.Equal(t, 4130, e.call(t, admin, "schedule.save_skip", `{"uuids":["60c14cfc-09ca-4b5a-bc76-000000000001"],"skip":true}`).code())
	require.Zero(t, e.call(t, admin, "schedule.futures", `{}`).code(), "another request may look at as many")
}

// TestHistory shows what came of runs, those that were missed among them.
func TestHistory(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	s := e.saved(t, admin, `{"name":"x","schedule":{"hours":1},`+pingAll+`}`)
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	run := func(n int, state records.RunState, why, jid string) records.Run {
		return records.Run{
			Schedule: s.ID, Due: at.Add(time.Duration(n) * time.Minute), Name: "x", User: "admin", Eauth: "pam", Cmd: "local", Fun: "test.ping",
			State: state, Why: why, JID: jid, Claimed: at,
		}
	}
	ok, err := e.store.ClaimRuns(t.Context(), s, s.Due, s.Start, []records.Run{
		run(0, records.RunMissed, "no gateway was there in time", ""), run(1, records.RunStarted, "", jidOf(0)), run(2, records.RunUnknown, "its gateway ended", ""),
	})
	require.NoError(t, err)
	require.True(t, ok)
	got := string(e.must(t, admin, "schedule.get", `{}`))
	require.Contains(t, got, `"status":"failed","last_run":{"due":"`+at.Add(2*time.Minute).Format(time.RFC3339)+`","state":"unknown","jid":null,"why":"its gateway ended"},"missed":2,`)
	require.Contains(t, string(e.must(t, admin, "schedule.get", `{"state":["failed"]}`)), `"status":"failed"`)
	require.Contains(t, string(e.must(t, admin, "schedule.get", `{"sort_by":"status"}`)), `"status":"failed"`)
	require.Contains(t, string(e.must(t, admin, "schedule.get", `{"state":["complete"]}`)), `"count":0`)
	got = string(e.must(t, admin, "schedule.search_history", `{"uuid":"`+s.ID+`","limit":"2"}`))
	require.Contains(t, got, `"count":3`)
	require.Contains(t, got, `"state":"started","jid":"`+jidOf(0)+`"`)
	require.Equal(t, `{"count":0,"results":[]}`, string(e.must(t, bob, "schedule.search_history", `{}`)))
	require.Contains(t, string(e.must(t, admin, "schedule.search_history", `{"query":"nothing"}`)), `"count":0`)

	require.Contains(t, string(e.must(t, admin, "admin.trim_database", `{"schedule":"0","test":true}`)), `"schedule":3`)
	require.Contains(t, string(e.must(t, admin, "admin.trim_database", `{"schedule":1}`)), `"schedule":0`)
	require.Contains(t, string(e.must(t, admin, "admin.trim_database", `{"schedule":0}`)), `"schedule":3`)
	require.Contains(t, string(e.must(t, admin, "schedule.search_history", `{}`)), `"count":0`)
}

// TestMissedOfOthers counts the missed runs of a schedule, however many others have missed
// since.
func TestMissedOfOthers(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	at := time.Now().Add(-24 * time.Hour).UTC().Truncate(time.Second)
	for name, n := range map[string]int{"x": 2, "busy": 600} {
		s := e.saved(t, admin, `{"name":"`+name+`","schedule":{"hours":1},`+pingAll+`}`)
		var runs []records.Run
		for i := range n {
			runs = append(runs, records.Run{
				Schedule: s.ID, Due: at.Add(time.Duration(n+i) * time.Minute), Name: name, User: "admin", Eauth: "pam", State: records.RunMissed, Claimed: at,
			})
		}
		ok, err := e.store.ClaimRuns(t.Context(), s, s.Due, s.Start, runs)
		require.NoError(t, err)
		require.True(t, ok)
	}
	require.Contains(t, string(e.must(t, admin, "schedule.get", `{"names":["x"]}`)), `"missed":2,`)
	require.Contains(t, string(e.must(t, admin, "schedule.get", `{"names":["busy"]}`)), `"missed":600,`)
}

// swappedAuthority has none.
type swappedAuthority struct{ schedules.ScheduledAuthority }

// Authority implements run.Authority.
func (swappedAuthority) Authority(context.Context, *caller.Caller) (lowstate.Authority, func(), error) {
	return lowstate.Authority{}, func() {}, nil
}
