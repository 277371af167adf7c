package rpc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/records"
)

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

// commandOf returns the row of a job. The descriptions of what it was run from are
// those that it has now, as far as the caller sees it.
func (c *call) commandOf(ctx context.Context, j records.Job) command {
	a := c.api
	row := command{
		Cmd: kindOf(j), Expected: j.Expected, Fun: j.Fun, IsHighstate: isHighstate(j), JID: j.JID, JobSource: "raas",
		MastersDone: []string{}, MastersTo: []string{a.MasterID}, NotReturned: max(0, j.Expected-j.Returned), Origination: "Ad-Hoc",
		Returned: j.Returned, ReturnedFailed: j.Failed, ReturnedGood: j.Succeeded, StartTime: timeText(j.Start), State: stateOf(j),
		User: j.User, UserUUID: userUUID(j.Eauth, j.User),
	}
	from := j.Origin
	for to, text := range map[**string]string{
		&row.JobUUID: from.Job, &row.JobName: from.JobName, &row.TgtUUID: from.Tgt, &row.TgtName: from.TgtName,
		&row.SchedUUID: from.Sched, &row.SchedName: from.SchedName,
		&row.JobDesc: c.descriptionOf(ctx, records.SavedJob, from.Job), &row.TgtDesc: c.descriptionOf(ctx, records.SavedTarget, from.Tgt),
	} {
		if text != "" {
			*to = &text
		}
	}
	if from.Sched != "" {
		row.Origination = "Scheduled"
	}
	if j.State.Ended() {
		row.MastersDone = row.MastersTo
		seconds := max(0, j.End.Sub(j.Start).Seconds())
		row.Duration = &seconds
	}
	return row
}

// descriptionOf returns the description of something saved, or "" where the caller
// does not see it. It is looked up once in a call.
func (c *call) descriptionOf(ctx context.Context, kind records.SavedKind, id string) string {
	if id == "" || c.api.Library == nil {
		return ""
	}
	text, known := c.described[id]
	if known {
		return text
	}
	if o, err := c.seen(ctx, kind, id, mayRead); err == nil {
		text = o.Desc
	}
	if c.described == nil {
		c.described = make(map[string]string)
	}
	c.described[id] = text
	return text
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

const warnNoState = "some of these states are not known of commands: the master does not report which are paused or stopped"

// knownStates returns the states that a command can be found in.
func knownStates() []string { return slices.Sorted(maps.Values(states)) }

// timeText returns a time as programs read it.
func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00") }

type getCmdsParams struct {
	DateRange     []string `rpc:"daterange" doc:"Two times: those that started in between."`
	JID           string   `rpc:"jid" doc:"The beginning of the job id."`
	MasterID      string   `rpc:"master_id" doc:"A part of the master's name."`
	State         []string `rpc:"state" enum:"new|retrieved|skipped|pausing|paused|resumed|resuming|completed_missing_returns|completed_all_successful|completed_failures|stopping|stopped|disabled" doc:"The states to return. No command is in others than new, retrieved and the completed ones: the master reports none."`
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

func getCmds(ctx context.Context, c *call, p getCmdsParams) (any, error) {
	f, err := p.filter()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(p.State, func(s string) bool { return !slices.Contains(knownStates(), s) }); i >= 0 && !p.StateInvert {
		c.warn(warnNoState)
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
		rows[i] = c.commandOf(ctx, j)
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
				rows = append(rows, c.commandOf(ctx, j))
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
	f := records.Filter{JID: p.JID, Fun: p.Fun, Origin: records.OriginFilter{
		Job: strings.ToLower(p.JobUUID), JobNames: p.JobNames, Tgt: strings.ToLower(p.TgtUUID), TgtNames: p.TgtNames,
		Sched: strings.ToLower(p.SchedUUID), SchedNames: p.SchedNames, Scheduled: p.scheduled(),
	}}
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

// scheduled returns whether only commands are to be found that a schedule ran, or only
// others; nil for both.
func (p getCmdsParams) scheduled() *bool {
	is := p.Originations == "scheduled"
	switch {
	case p.Adhoc != nil && *p.Adhoc, p.Adhoc == nil && p.Originations == "all":
		return nil
	case p.Adhoc != nil:
		is = true
	}
	return &is
}

// none reports whether the parameters select nothing.
func (p getCmdsParams) none(master string) bool {
	noState := len(p.State) > 0 && !slices.ContainsFunc(knownStates(), func(s string) bool { return slices.Contains(p.State, s) != p.StateInvert })
	return noState || !strings.Contains(master, p.MasterID)
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
	case "tgt_name":
		return strings.Compare(textOr(a.TgtName), textOr(b.TgtName))
	case "job_name":
		return strings.Compare(textOr(a.JobName), textOr(b.JobName))
	case "sched_name":
		return strings.Compare(textOr(a.SchedName), textOr(b.SchedName))
	case "origination":
		return strings.Compare(a.Origination, b.Origination)
	case "start_time", "create_time":
		return strings.Compare(a.JID, b.JID)
	}
	return 0
}
