package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// WarnNoState is the warning for a search of states that no command is in.
const WarnNoState = "some of these states are not known of commands: the master does not report which are paused or stopped"

// knownStates returns the states that a command can be found in.
func knownStates() []string { return slices.Sorted(maps.Values(states)) }

// GetCmdsParams are the parameters of cmd.get_cmds.
type GetCmdsParams struct {
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

// GetCmds finds commands, and returns a page of a [Command] each.
func GetCmds(ctx context.Context, c *Call, p GetCmdsParams) (any, error) {
	f, err := p.filter()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(p.State, func(s string) bool { return !slices.Contains(knownStates(), s) }); i >= 0 && !p.StateInvert {
		c.Warn(WarnNoState)
	}
	if p.none(c.api.MasterID) {
		return method.Page[Command]{Results: []Command{}}, nil
	}
	from, to := method.Span(p.Page, p.Limit)
	if sort, ok := p.sort(); ok && p.isPlain() {
		return c.plainCmds(ctx, records.Query{Filter: f, Sort: sort}, p.NoRefresh, from, to)
	}
	all, err := c.jobs(ctx, records.Query{Filter: f, Sort: records.Newest}, maxRows, p.matches)
	if err != nil {
		return nil, err
	}
	rows := make([]Command, len(all))
	for i, j := range all {
		rows[i] = c.commandOf(ctx, j)
	}
	slices.SortStableFunc(rows, func(a, b Command) int {
		n := compareCommands(p.SortBy, a, b)
		if p.Reverse {
			return -n
		}
		return n
	})
	return method.Page[Command]{Count: len(rows), Results: method.Slice(rows, from, to)}, nil
}

// maxRows bounds the commands that are looked through.
const maxRows = 10_000

// plainCmds returns the rows from..to of commands that the store finds and sorts
// itself. It counts them there, too.
func (c *Call) plainCmds(ctx context.Context, q records.Query, noRefresh bool, from, to int) (any, error) {
	counts, err := c.api.Records.CountJobs(ctx, c.Caller, q.Filter)
	if err != nil {
		return nil, err
	}
	shown := func(records.Job) bool { return true }
	if noRefresh && q.Filter.Fun != refreshGrains {
		shown = func(j records.Job) bool { return j.Fun != refreshGrains }
		if q.Filter.Fun == "" || beginsLike(refreshGrains, q.Filter.Fun) {
			f := q.Filter
			f.Fun = refreshGrains
			n, err := c.api.Records.CountJobs(ctx, c.Caller, f)
			if err != nil {
				return nil, err
			}
			counts.Total -= n.Total
		}
	}
	if counts.More {
		c.Warn(fmt.Sprintf("there are more than %d commands", counts.Total))
	}
	rows := []Command{}
	q.Limit = min(records.MaxLimit, to)
	for seen, examined := 0, 0; seen < to && examined < maxRows; {
		found, err := c.api.Records.Jobs(ctx, c.Caller, q)
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
	return method.Page[Command]{Count: max(counts.Total, len(rows)), Results: rows}, nil
}

const refreshGrains = "saltutil.refresh_grains"

// filter returns the part of the parameters that the store knows.
func (p GetCmdsParams) filter() (records.Filter, error) {
	f := records.Filter{JID: p.JID, Fun: p.Fun, Origin: records.OriginFilter{
		Job: strings.ToLower(p.JobUUID), JobNames: p.JobNames, Tgt: strings.ToLower(p.TgtUUID), TgtNames: p.TgtNames,
		Sched: strings.ToLower(p.SchedUUID), SchedNames: p.SchedNames, Scheduled: p.scheduled(),
	}}
	var err error
	if f.From, f.To, err = method.DateRange(p.DateRange, p.DateRangeForm); err != nil {
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
func (p GetCmdsParams) scheduled() *bool {
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
func (p GetCmdsParams) none(master string) bool {
	noState := len(p.State) > 0 && !slices.ContainsFunc(knownStates(), func(s string) bool { return slices.Contains(p.State, s) != p.StateInvert })
	return noState || !strings.Contains(master, p.MasterID)
}

// isPlain reports whether the store knows all parameters.
func (p GetCmdsParams) isPlain() bool { return p.Highstate == nil && p.Cmd == "" && len(p.Users) < 2 }

// sort returns the order of the store, if it has the one that is wanted.
func (p GetCmdsParams) sort() (records.Sort, bool) {
	sort, ok := map[string]records.Sort{
		"start_time": records.ByStart, "create_time": records.ByStart, "user": records.ByUser, "fun": records.ByFun,
	}[p.SortBy]
	if p.Reverse {
		sort = "-" + sort
	}
	return sort, ok
}

// matches applies the parameters that the store does not know.
func (p GetCmdsParams) matches(j records.Job) bool {
	switch {
	case p.Highstate != nil && *p.Highstate != isHighstate(j), p.Cmd != "" && p.Cmd != kindOf(j):
		return false
	case len(p.Users) > 0 && !slices.Contains(p.Users, j.User):
		return false
	}
	return !p.NoRefresh || j.Fun != refreshGrains || p.Fun == refreshGrains
}

func compareCommands(by string, a, b Command) int {
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
		return strings.Compare(method.TextOr(a.TgtName), method.TextOr(b.TgtName))
	case "job_name":
		return strings.Compare(method.TextOr(a.JobName), method.TextOr(b.JobName))
	case "sched_name":
		return strings.Compare(method.TextOr(a.SchedName), method.TextOr(b.SchedName))
	case "origination":
		return strings.Compare(a.Origination, b.Origination)
	case "start_time", "create_time":
		return strings.Compare(a.JID, b.JID)
	}
	return 0
}

// jobs returns those of the first jobs of a query that match. A warning says when
// there are more.
func (c *Call) jobs(ctx context.Context, q records.Query, most int, matches func(records.Job) bool) ([]records.Job, error) {
	var all []records.Job
	q.Limit = records.MaxLimit
	for examined := 0; ; {
		found, err := c.api.Records.Jobs(ctx, c.Caller, q)
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
			c.Warn(fmt.Sprintf("only the first %d commands were looked through: narrow the search, by daterange for example", examined))
			return all, nil
		}
		q.After = found.Next
	}
}
