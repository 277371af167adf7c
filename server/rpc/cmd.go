package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
)

func cmdMethods() []*Method {
	return []*Method{
		method(about{
			name: "cmd.route_cmd", doc: "Run a command. It is published at once; what comes of it is in `cmd.get_cmds` and in `ret`.",
			returns: "the job id",
			rights: "`cmd-run`, `cmd-runner-run` or `cmd-wheel-run`, by `cmd`, or `job-run` for a saved job on its own target; a token needs scopes that allow the command, " +
				"and the master's rules decide last",
			served: runs,
		}, routeCmd),
		method(about{
			name: "cmd.get_cmds", doc: "Find commands, the newest first unless a sort is named.",
			returns: "`{count, results}`, a row for each command. `count` is that of all pages, up to 10,000; `duration` is in seconds, and null before the end",
			needs:   []role.Permission{role.CmdRead}, served: recorded,
		}, getCmds),
		method(about{
			name: "cmd.get_cmd_status", doc: "Return the states of some commands: complete for one that has ended, not-found for one that is not known.",
			returns: "a list of texts in the order of the ids", needs: []role.Permission{role.CmdRead}, served: recorded,
		}, getCmdStatus),
		method(about{
			name: "cmd.get_cmd_details", doc: "Return what came of each minion of a command.",
			returns: "`{count, results}`, a row for each minion, with `full_ret` if `minion_id_exact` is given",
			needs:   []role.Permission{role.CmdRead}, served: recorded,
		}, getCmdDetails),
	}
}

// runs reports whether commands can be run.
func runs(a *API) bool { return a.Gateway != nil && a.Authority != nil }

// recorded reports whether there are records.
func recorded(a *API) bool { return a.Records != nil }

type routeCmdParams struct {
	JobUUID     string   `rpc:"job_uuid" format:"uuid" doc:"A saved job to run."`
	Cmd         string   `rpc:"cmd" enum:"wheel|runner|local" doc:"The kind of the command. It is needed without job_uuid."`
	Fun         string   `rpc:"fun" doc:"The function."`
	Masters     []string `rpc:"masters" doc:"The masters of a runner or wheel function. There is one, which any name means."`
	Arg         Object   `rpc:"arg" doc:"An object with arg, a list, and kwarg, an object."`
	Tgt         Object   `rpc:"tgt" doc:"The minions of a local command: an object with tgt and tgt_type for a master, or for *."`
	TgtUUID     string   `rpc:"tgt_uuid" format:"uuid" doc:"A saved target, in place of tgt."`
	JID         string   `rpc:"jid" doc:"The job id of a local command, in place of a new one."`
	Disposition []string `rpc:"disposition" enum:"all-masters|any-master|any-in-cluster|all-in-cluster" doc:"Which of several masters. There is one."`
}

func routeCmd(ctx context.Context, c *call, p routeCmdParams) (any, error) {
	asSaved := p.JobUUID != "" && len(p.Tgt) == 0 && p.TgtUUID == "" // then job-run is enough, which fromJob requires
	if p.JobUUID != "" {
		if err := c.fromJob(ctx, &p); err != nil {
			return nil, err
		}
	}
	switch {
	case p.Cmd == "":
		return nil, invalidParameter("cmd", "it is missing")
	case p.Fun == "":
		return nil, invalidParameter("fun", "it is missing")
	case p.JID != "" && p.Cmd != "local":
		return nil, invalidParameter("jid", "only a local command takes one")
	case len(p.Tgt) > 0 && p.TgtUUID != "":
		return nil, invalidParameter("tgt_uuid", "it excludes tgt")
	}
	fields, err := p.arguments()
	if err != nil {
		return nil, err
	}
	fields = append(fields, textField("fun", p.Fun), textField("client", p.Cmd+"_async"))
	var t target
	if p.Cmd == "local" {
		if t, err = c.target(ctx, p); err != nil {
			return nil, err
		}
		fields = append(fields, field{"tgt", t.tgt}, textField("tgt_type", t.typ))
		if p.JID != "" {
			fields = append(fields, textField("jid", p.JID))
		}
	}
	if !asSaved {
		if err := c.mayRun(ctx, p.Cmd); err != nil {
			return nil, err
		}
	}
	answer, wrong := c.run(ctx, fields...)
	if wrong != nil {
		return nil, wrong
	}
	switch answer := answer.(type) {
	case lowstate.Published:
		if answer.JID == "" {
			return c.nobody(ctx, p, t)
		}
		return answer.JID, nil
	case lowstate.Started:
		return answer.JID, nil
	}
	return nil, fmt.Errorf("%s: the answer is a %T", p.Fun, answer)
}

// target returns the target of a local command.
func (c *call) target(ctx context.Context, p routeCmdParams) (target, error) {
	tgt := p.Tgt
	switch {
	case len(tgt) > 0:
	case strings.EqualFold(p.TgtUUID, AllMinions):
		return target{[]byte(`"*"`), "glob"}, nil
	case p.TgtUUID != "" && c.api.Library == nil:
		return target{}, &Error{Code: CodeNotFound, Message: "there is no such target"}
	case p.TgtUUID != "":
		o, err := c.seen(ctx, records.SavedTarget, p.TgtUUID, mayRead)
		if err != nil {
			return target{}, err
		}
		tgt = Object(o.Target)
	default:
		return target{}, invalidParameter("tgt", "a local command needs tgt or tgt_uuid")
	}
	t, err := parseTarget("tgt", tgt)
	if err != nil {
		return t, err
	}
	return t, nil
}

// arguments returns the arguments of the function as keys of a chunk.
func (p routeCmdParams) arguments() ([]field, error) {
	if len(p.Arg) == 0 {
		return nil, nil
	}
	o, err := jsonobject.Parse(json.RawMessage(p.Arg))
	if err != nil {
		return nil, invalidParameter("arg", err.Error())
	}
	var arg, kwarg json.RawMessage
	if err := o.Decode(map[string]any{"arg": &arg, "kwarg": &kwarg}); err != nil {
		return nil, invalidParameter("arg", err.Error())
	}
	var fields []field
	if !isNull(arg) {
		if arg[0] != '[' {
			return nil, invalidParameter("arg", "arg in it is a list")
		}
		fields = append(fields, field{"arg", arg})
	}
	if !isNull(kwarg) && !bytes.Equal(kwarg, []byte("{}")) {
		if _, err := jsonobject.Parse(kwarg); err != nil {
			return nil, invalidParameter("arg", "kwarg in it: "+err.Error())
		}
		fields = append(fields, field{"kwarg", kwarg})
	}
	return fields, nil
}

// nobody returns the job id of a command that no minion matches: the master was not
// sent any. It is recorded as one that has ended.
func (c *call) nobody(ctx context.Context, p routeCmdParams, t target) (any, error) {
	jid := c.api.jids.Next()
	c.warn("no minion matches the target")
	if c.api.Writer == nil {
		return jid, nil
	}
	id := c.caller().Identity()
	tgt := strings.Trim(string(t.tgt), `"`)
	_, err := c.api.Writer.Put(ctx, records.Batch{
		Jobs: []records.Job{{
			JID: jid, User: id.User, Eauth: id.Eauth, Client: "local_async", Fun: p.Fun, Tgt: tgt, TgtType: t.typ, Minions: []string{},
		}},
		Ends: []records.End{{JID: jid, Time: time.Now()}},
	})
	if err != nil {
		c.warn("the command is not recorded")
	}
	return jid, nil
}

// command is a row of cmd.get_cmds.
type command struct {
	Cmd            string   `json:"cmd"`
	Duration       *float64 `json:"duration"`
	Expected       int      `json:"expected"`
	Fun            string   `json:"fun"`
	IsHighstate    bool     `json:"is_highstate"`
	JID            string   `json:"jid"`
	JobDesc        *string  `json:"job_desc"`
	JobName        *string  `json:"job_name"`
	JobSource      string   `json:"job_source"`
	JobUUID        *string  `json:"job_uuid"`
	MastersDone    []string `json:"masters_done"`
	MastersTo      []string `json:"masters_to"`
	NotReturned    int      `json:"not_returned"`
	Origination    string   `json:"origination"`
	Returned       int      `json:"returned"`
	ReturnedFailed int      `json:"returned_failed"`
	ReturnedGood   int      `json:"returned_good"`
	SchedName      *string  `json:"sched_name"`
	SchedUUID      *string  `json:"sched_uuid"`
	StartTime      string   `json:"start_time"`
	State          string   `json:"state"`
	TgtDesc        *string  `json:"tgt_desc"`
	TgtName        *string  `json:"tgt_name"`
	TgtUUID        *string  `json:"tgt_uuid"`
	User           string   `json:"user"`
	UserUUID       string   `json:"user_uuid"`
}

func (a *API) commandOf(j records.Job) command {
	row := command{
		Cmd: kindOf(j), Expected: j.Expected, Fun: j.Fun, IsHighstate: isHighstate(j), JID: j.JID, JobSource: "raas",
		MastersDone: []string{}, MastersTo: []string{a.MasterID}, NotReturned: max(0, j.Expected-j.Returned), Origination: "Ad-Hoc",
		Returned: j.Returned, ReturnedFailed: j.Failed, ReturnedGood: j.Succeeded, StartTime: timeText(j.Start), State: stateOf(j),
		User: j.User, UserUUID: userUUID(j.Eauth, j.User),
	}
	if j.State.Ended() {
		row.MastersDone = row.MastersTo
		seconds := max(0, j.End.Sub(j.Start).Seconds())
		row.Duration = &seconds
	}
	return row
}

// kindOf returns the kind of a command: local for local_async.
func kindOf(j records.Job) string {
	kind, _, _ := strings.Cut(j.Client, "_")
	return kind
}

// isHighstate reports whether a job applies all states of the minions.
func isHighstate(j records.Job) bool {
	return j.Fun == "state.highstate" || j.Fun == "state.apply" && (len(j.Arguments) == 0 || string(j.Arguments) == "[]")
}

// states are those of commands, by those of recorded jobs.
var states = map[records.State]string{
	records.New: "new", records.Running: "retrieved", records.Completed: "completed_all_successful",
	records.Failed: "completed_failures", records.MissingReturns: "completed_missing_returns",
}

func stateOf(j records.Job) string { return states[j.State] }

// timeText returns a time as programs read it.
func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00") }

type getCmdsParams struct {
	DateRange     []string `rpc:"daterange" doc:"Two times: those that started in between."`
	JID           string   `rpc:"jid" doc:"The beginning of the job id."`
	MasterID      string   `rpc:"master_id" doc:"A part of the master's name."`
	State         []string `rpc:"state" enum:"new|retrieved|skipped|pausing|paused|resumed|resuming|completed_missing_returns|completed_all_successful|completed_failures|stopping|stopped|disabled" doc:"The states to return."`
	StateInvert   bool     `rpc:"state_invert" default:"false" doc:"Return the other states."`
	JobUUID       string   `rpc:"job_uuid" format:"uuid" doc:"The saved job that was run."`
	JobNames      []string `rpc:"job_names" doc:"The same by its name."`
	SchedUUID     string   `rpc:"sched_uuid" format:"uuid" doc:"The schedule by which it was run."`
	SchedNames    []string `rpc:"sched_names" doc:"The same by its name."`
	TgtUUID       string   `rpc:"tgt_uuid" format:"uuid" doc:"The saved target that it was run on."`
	TgtNames      []string `rpc:"tgt_names" doc:"The same by its name."`
	Fun           string   `rpc:"fun" doc:"The function; an asterisk at the end stands for any more."`
	Highstate     *bool    `rpc:"highstate" doc:"Only highstates, or none of them."`
	Cmd           string   `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command."`
	Users         []string `rpc:"users" doc:"The users who ran it."`
	Adhoc         *bool    `rpc:"include_adhoc" doc:"As include_adhoc_scheduled: true for all, false for scheduled."`
	Originations  string   `rpc:"include_adhoc_scheduled" default:"all" enum:"all|scheduled|adhoc" doc:"Those that were scheduled, or were not."`
	NoFindJob     bool     `rpc:"filter_find_job" default:"true" doc:"Leave out saltutil.find_job, which is not recorded in any case."`
	NoRefresh     bool     `rpc:"filter_refresh_grains" default:"true" doc:"Leave out saltutil.refresh_grains."`
	SortBy        string   `rpc:"sort_by" default:"start_time" enum:"state|cmd|fun|tgt_name|job_name|sched_name|start_time|create_time|not_returned|user|expected|returned|returned_failed|returned_good|origination" doc:"The column to sort by."`
	Reverse       bool     `rpc:"reverse" default:"true" doc:"The largest first."`
	Page          int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit         int      `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	DateRangeForm string   `rpc:"daterange_fmt,keyword" doc:"The format of the times, in the directives of strptime; ISO 8601 without it."`
}

// page is a page of rows.
type page[T any] struct {
	Count   int `json:"count"`
	Results []T `json:"results"`
}

func getCmds(ctx context.Context, c *call, p getCmdsParams) (any, error) {
	f, err := p.filter()
	if err != nil {
		return nil, err
	}
	if p.none(c.api.MasterID) {
		return page[command]{Results: []command{}}, nil
	}
	from, to := span(p.Page, p.Limit)
	if sort, ok := p.sort(); ok && p.isPlain() {
		return c.plainCmds(ctx, records.Query{Filter: f, Sort: sort}, p.NoRefresh, from, to)
	}
	all, err := c.jobs(ctx, records.Query{Filter: f, Sort: records.Newest}, maxRows, p.matches)
	if err != nil {
		return nil, err
	}
	rows := make([]command, len(all))
	for i, j := range all {
		rows[i] = c.api.commandOf(j)
	}
	slices.SortStableFunc(rows, func(a, b command) int {
		n := compareCommands(p.SortBy, a, b)
		if p.Reverse {
			return -n
		}
		return n
	})
	return page[command]{len(rows), slice(rows, from, to)}, nil
}

// maxRows bounds the commands that are looked through.
const maxRows = 10_000

// jobs returns those of the first jobs of a query that match. A warning says when
// there are more.
func (c *call) jobs(ctx context.Context, q records.Query, most int, matches func(records.Job) bool) ([]records.Job, error) {
	var all []records.Job
	q.Limit = records.MaxLimit
	for examined := 0; ; {
		found, err := c.api.Records.Jobs(ctx, c.caller(), q)
		if err != nil {
			return nil, err
		}
		examined += len(found.Jobs)
		for _, j := range found.Jobs {
			if matches(j) {
				all = append(all, j)
			}
		}
		switch {
		case found.Next == "":
			return all, nil
		case examined >= most || len(all) >= most:
			c.warn(fmt.Sprintf("only the first %d commands were looked through: narrow the search, by daterange for example", examined))
			return all, nil
		}
		q.After = found.Next
	}
}

// plainCmds returns the rows from..to of commands that the store finds and sorts
// itself. It counts them there, too.
func (c *call) plainCmds(ctx context.Context, q records.Query, noRefresh bool, from, to int) (any, error) {
	counts, err := c.api.Records.CountJobs(ctx, c.caller(), q.Filter)
	if err != nil {
		return nil, err
	}
	shown := func(records.Job) bool { return true }
	if noRefresh && q.Filter.Fun != refreshGrains {
		shown = func(j records.Job) bool { return j.Fun != refreshGrains }
		if q.Filter.Fun == "" || beginsLike(refreshGrains, q.Filter.Fun) {
			f := q.Filter
			f.Fun = refreshGrains
			n, err := c.api.Records.CountJobs(ctx, c.caller(), f)
			if err != nil {
				return nil, err
			}
			counts.Total -= n.Total
		}
	}
	if counts.More {
		c.warn(fmt.Sprintf("there are more than %d commands", counts.Total))
	}
	rows := []command{}
	q.Limit = min(records.MaxLimit, to)
	for seen, examined := 0, 0; seen < to && examined < maxRows; {
		found, err := c.api.Records.Jobs(ctx, c.caller(), q)
		if err != nil {
			return nil, err
		}
		examined += len(found.Jobs)
		for _, j := range found.Jobs {
			if !shown(j) {
				continue
			}
			if seen >= from && seen < to {
				rows = append(rows, c.api.commandOf(j))
			}
			seen++
		}
		if found.Next == "" {
			break
		}
		q.After = found.Next
	}
	return page[command]{max(counts.Total, len(rows)), rows}, nil
}

const refreshGrains = "saltutil.refresh_grains"

// filter returns the part of the parameters that the store knows.
func (p getCmdsParams) filter() (records.Filter, error) {
	f := records.Filter{JID: p.JID, Fun: p.Fun}
	var err error
	if f.From, f.To, err = dateRange(p.DateRange, p.DateRangeForm); err != nil {
		return f, err
	}
	if len(p.Users) == 1 {
		f.User = p.Users[0]
	}
	for s, name := range states {
		if len(p.State) > 0 && slices.Contains(p.State, name) != p.StateInvert {
			f.States = append(f.States, s)
		}
	}
	return f, nil
}

// none reports whether the parameters select nothing: no command here is of a saved
// job, target or schedule.
func (p getCmdsParams) none(master string) bool {
	scheduled := p.Originations == "scheduled"
	if p.Adhoc != nil {
		scheduled = !*p.Adhoc
	}
	noState := len(p.State) > 0 && !slices.ContainsFunc([]string{
		"new", "retrieved", "completed_all_successful", "completed_failures", "completed_missing_returns",
	}, func(s string) bool { return slices.Contains(p.State, s) != p.StateInvert })
	return scheduled || noState || p.JobUUID != "" || len(p.JobNames) > 0 || p.SchedUUID != "" || len(p.SchedNames) > 0 ||
		p.TgtUUID != "" || len(p.TgtNames) > 0 || !strings.Contains(master, p.MasterID)
}

// isPlain reports whether the store knows all parameters.
func (p getCmdsParams) isPlain() bool { return p.Highstate == nil && p.Cmd == "" && len(p.Users) < 2 }

// sort returns the order of the store, if it has the one that is wanted.
func (p getCmdsParams) sort() (records.Sort, bool) {
	sort, ok := map[string]records.Sort{
		"start_time": records.ByStart, "create_time": records.ByStart, "user": records.ByUser, "fun": records.ByFun,
	}[p.SortBy]
	if p.Reverse {
		sort = "-" + sort
	}
	return sort, ok
}

// matches applies the parameters that the store does not know.
func (p getCmdsParams) matches(j records.Job) bool {
	switch {
	case p.Highstate != nil && *p.Highstate != isHighstate(j), p.Cmd != "" && p.Cmd != kindOf(j):
		return false
	case len(p.Users) > 0 && !slices.Contains(p.Users, j.User):
		return false
	}
	return !p.NoRefresh || j.Fun != refreshGrains || p.Fun == refreshGrains
}

func compareCommands(by string, a, b command) int {
	switch by {
	case "state":
		return strings.Compare(a.State, b.State)
	case "cmd":
		return strings.Compare(a.Cmd, b.Cmd)
	case "fun":
		return strings.Compare(a.Fun, b.Fun)
	case "user":
		return strings.Compare(a.User, b.User)
	case "not_returned":
		return a.NotReturned - b.NotReturned
	case "expected":
		return a.Expected - b.Expected
	case "returned":
		return a.Returned - b.Returned
	case "returned_failed":
		return a.ReturnedFailed - b.ReturnedFailed
	case "returned_good":
		return a.ReturnedGood - b.ReturnedGood
	case "start_time", "create_time":
		return strings.Compare(a.JID, b.JID)
	}
	return 0
}

type getCmdStatusParams struct {
	JIDs []string `rpc:"jids,required" doc:"The job ids."`
}

func getCmdStatus(ctx context.Context, c *call, p getCmdStatusParams) (any, error) {
	if len(p.JIDs) > records.MaxLimit {
		return nil, invalidParameter("jids", fmt.Sprintf("there are more than %d", records.MaxLimit))
	}
	all := make([]string, len(p.JIDs))
	for i, jid := range p.JIDs {
		j, err := c.api.Records.Job(ctx, c.caller(), jid, false)
		switch {
		case err != nil && errorOf(err).Code == CodeNotFound:
			all[i] = "not-found"
		case err != nil:
			return nil, err
		case j.State.Ended():
			all[i] = "complete"
		default:
			all[i] = stateOf(j)
		}
	}
	return all, nil
}

type getCmdDetailsParams struct {
	JID       string `rpc:"jid,required" format:"jid" doc:"The job id."`
	Exact     string `rpc:"minion_id_exact" doc:"One minion, whose return is in the answer."`
	MinionID  string `rpc:"minion_id" doc:"A part of the minion's name."`
	MasterID  string `rpc:"master_id" doc:"A part of the master's name."`
	HasErrors *bool  `rpc:"has_errors" doc:"Those that failed, or did not."`
	HasReturn *bool  `rpc:"has_return" doc:"Those that returned, or did not."`
	SortBy    string `rpc:"sort_by" default:"alter_time" enum:"alter_time|minion_id|master_id|has_errors|has_return" doc:"The column to sort by."`
	Reverse   bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Page      int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit     int    `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
}

// detail is a row of cmd.get_cmd_details.
type detail struct {
	MinionID  string          `json:"minion_id"`
	MasterID  string          `json:"master_id"`
	HasReturn bool            `json:"has_return"`
	HasErrors bool            `json:"has_errors"`
	AlterTime *string         `json:"alter_time"`
	FullRet   json.RawMessage `json:"full_ret,omitempty"`
}

func getCmdDetails(ctx context.Context, c *call, p getCmdDetailsParams) (any, error) {
	j, err := c.api.Records.Job(ctx, c.caller(), p.JID, false)
	if err != nil {
		return nil, err
	}
	rows := []detail{}
	add := func(r records.Return, full json.RawMessage) {
		row := detail{
			MinionID: r.Minion, MasterID: c.api.MasterID, HasReturn: !r.Missing, HasErrors: !r.Missing && r.Outcome() != records.OK, FullRet: full,
		}
		if !r.Missing {
			at := timeText(r.Time)
			row.AlterTime = &at
		}
		rows = append(rows, row)
	}
	if p.Exact != "" {
		r, err := c.api.Records.Return(ctx, c.caller(), p.JID, p.Exact)
		switch {
		case err != nil && errorOf(err).Code == CodeNotFound:
		case err != nil:
			return nil, err
		default:
			var full json.RawMessage
			if !r.Missing {
				full = c.api.fullReturn(j, r)
			}
			add(r, full)
		}
	} else if err := c.eachReturn(ctx, p.JID, records.ReturnQuery{}, func(r records.Return) error { add(r, nil); return nil }); err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(d detail) bool {
		return !strings.Contains(d.MinionID, p.MinionID) || !strings.Contains(d.MasterID, p.MasterID) ||
			p.HasErrors != nil && *p.HasErrors != d.HasErrors || p.HasReturn != nil && *p.HasReturn != d.HasReturn
	})
	slices.SortStableFunc(rows, func(a, b detail) int {
		n := 0
		switch p.SortBy {
		case "alter_time":
			n = strings.Compare(textOr(a.AlterTime), textOr(b.AlterTime))
		case "minion_id":
			n = strings.Compare(a.MinionID, b.MinionID)
		case "has_errors":
			n = compareBools(a.HasErrors, b.HasErrors)
		case "has_return":
			n = compareBools(a.HasReturn, b.HasReturn)
		}
		if p.Reverse {
			return -n
		}
		return n
	})
	from, to := span(p.Page, p.Limit)
	return page[detail]{len(rows), slice(rows, from, to)}, nil
}

// maxReturns bounds the returns of a job that are looked through.
const maxReturns = 100_000

// eachReturn calls f with the returns of a job that the caller sees, those that are
// missing included.
func (c *call) eachReturn(ctx context.Context, jid string, q records.ReturnQuery, f func(records.Return) error) error {
	q.Limit = records.MaxLimit
	for n := 0; ; {
		found, err := c.api.Records.Returns(ctx, c.caller(), jid, q)
		if err != nil {
			return err
		}
		for _, r := range found.Returns {
			if err := f(r); err != nil {
				return err
			}
		}
		n += len(found.Returns)
		switch {
		case found.Next == "":
			return nil
		case n >= maxReturns:
			c.warn(fmt.Sprintf("only the first %d returns were looked through", n))
			return nil
		}
		q.After = found.Next
	}
}

func textOr(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// span returns the rows of a page: from inclusive, to exclusive.
func span(page, limit int) (from, to int) {
	if limit <= 0 {
		if page > 0 {
			return largest, largest
		}
		return 0, largest
	}
	from = min(page, largest/limit) * limit
	return from, min(from+limit, largest)
}

// slice returns the rows of a page.
func slice[T any](rows []T, from, to int) []T {
	return append([]T{}, rows[min(from, len(rows)):min(to, len(rows))]...)
}
