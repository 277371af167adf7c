package schedules

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// names are those of what schedules run, by their uuids.
type names struct{ jobs, tgts map[string]records.Saved }

// namesOfSchedules looks the saved jobs and targets of schedules up.
func (c *call) namesOfSchedules(ctx context.Context, all []planned) (n names, err error) {
	n = names{make(map[string]records.Saved), map[string]records.Saved{saved.AllMinions: saved.BuiltIn().Saved}}
	if c.Library() == nil {
		return n, nil
	}
	for _, p := range all {
		for _, one := range []struct {
			kind records.SavedKind
			id   string
			to   map[string]records.Saved
		}{{records.SavedJob, p.Job, n.jobs}, {records.SavedTarget, p.Tgt, n.tgts}} {
			if _, known := one.to[one.id]; known || one.id == "" {
				continue
			}
			s, err := c.Library().Saved(ctx, one.kind, one.id)
			if err != nil && !errors.Is(err, records.ErrNotFound) {
				return n, method.StoreError(err, "name")
			}
			one.to[one.id] = s
		}
	}
	return n, nil
}

// lastRun is the last run of a schedule.
type lastRun struct {
	Due   string  `json:"due"`
	State string  `json:"state"`
	JID   *string `json:"jid"`
	Why   *string `json:"why"`
}

// shownSchedule is a row of schedule.get.
type shownSchedule struct {
	UUID     string          `json:"uuid"`
	Name     string          `json:"name"`
	Schedule json.RawMessage `json:"schedule"`
	Enabled  bool            `json:"enabled"`
	Expired  bool            `json:"expired"`
	Function string          `json:"function"`
	Cmd      string          `json:"cmd"`
	Fun      *string         `json:"fun"`
	Arg      json.RawMessage `json:"arg"`
	Tgt      json.RawMessage `json:"tgt"`
	TgtUUID  *string         `json:"tgt_uuid"`
	TgtName  *string         `json:"tgt_name"`
	JobUUID  *string         `json:"job_uuid"`
	JobName  *string         `json:"job_name"`
	Masters  []string        `json:"masters"`
	Next     *string         `json:"next_fire_time"`
	Last     *string         `json:"last_fire_time"`
	Status   *string         `json:"status"`
	LastRun  *lastRun        `json:"last_run"`
	Missed   int             `json:"missed"`
	Metadata saved.Metadata  `json:"metadata"`

	last records.Run
}

// kindOfSchedule returns what a schedule runs.
func (n names) kindOfSchedule(p planned) (cmd, fun string) {
	if job, ok := n.jobs[p.Job]; ok && p.Job != "" {
		return job.Cmd, job.Fun
	}
	return p.body.Cmd, p.body.Fun
}

// showSchedules returns the rows of schedules.
func (c *call) showSchedules(ctx context.Context, all []planned) ([]shownSchedule, error) {
	n, err := c.namesOfSchedules(ctx, all)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(all))
	for i, p := range all {
		ids[i] = p.ID
	}
	last, err := c.api.Schedules.LastRuns(ctx, ids)
	if err != nil {
		return nil, scheduleError(err)
	}
	lasts := make(map[string]records.Run, len(last))
	for _, r := range last {
		lasts[r.Schedule] = r
	}
	missed, err := c.api.Schedules.MissedRuns(ctx, ids)
	if err != nil {
		return nil, scheduleError(err)
	}
	now := time.Now()
	rows := make([]shownSchedule, len(all))
	for i, p := range all {
		cmd, fun := n.kindOfSchedule(p)
		row := shownSchedule{
			UUID: p.ID, Name: p.Name, Schedule: p.body.Schedule, Enabled: p.Enabled, Function: p.body.Function, Cmd: cmd, Fun: method.Pointer(fun),
			Arg: p.body.Arg, Tgt: p.body.Tgt, TgtUUID: method.Pointer(p.Tgt), JobUUID: method.Pointer(p.Job), JobName: method.Pointer(n.jobs[p.Job].Name),
			TgtName: method.Pointer(n.tgts[p.Tgt].Name), Masters: append([]string{}, p.body.Masters...), Missed: missed[p.ID],
			Metadata: c.Metadata(records.Saved{User: p.User, Eauth: p.Eauth}, nil),
		}
		next, err := c.nextRun(ctx, p, now)
		if err != nil {
			return nil, err
		}
		row.Expired = next == nil
		if next != nil && p.Enabled {
			row.Next = method.Pointer(method.TimeText(next.Start))
		}
		if r, ok := lasts[p.ID]; ok {
			row.Last, row.LastRun = method.Pointer(method.TimeText(r.Due)), &lastRun{method.TimeText(r.Due), string(r.State), method.Pointer(r.JID), method.Pointer(r.Why)}
			row.last = r
		}
		rows[i] = row
	}
	return rows, nil
}

// setStatuses sets the states of some rows, for which the commands are looked up one by
// one.
func (c *call) setStatuses(ctx context.Context, rows []shownSchedule) {
	for i := range rows {
		switch row := &rows[i]; {
		case !row.Enabled:
			row.Status = method.Pointer("disabled")
		case row.LastRun != nil:
			row.Status = method.Pointer(c.statusOf(ctx, row.last))
		}
	}
}

// statusOf returns the state of a run in the words of commands.
func (c *call) statusOf(ctx context.Context, r records.Run) string {
	switch r.State {
	case records.RunClaimed:
		return "new"
	case records.RunSkipped:
		return "skipped"
	case records.RunStarted:
		if c.api.Commands.Records == nil || r.JID == "" {
			return "retrieved"
		}
		j, err := c.api.Commands.Records.Job(ctx, c.Caller, r.JID, false)
		switch {
		case err != nil:
			return "retrieved"
		case j.State == records.Completed:
			return "complete"
		case j.State.Ended():
			return "failed"
		}
		return commands.StateOf(j)
	case records.RunRefused, records.RunFailed, records.RunMissed, records.RunUnknown:
	}
	return "failed"
}

type getSchedulesParams struct {
	Names    []string `rpc:"names" doc:"The names of schedules."`
	ShowPast bool     `rpc:"show_past" default:"false" doc:"Return those that will never be due again, too."`
	Query    string   `rpc:"query" doc:"A part of the name, or of what arg and kwarg say."`
	Cmd      string   `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command."`
	Fun      string   `rpc:"fun" doc:"A part of the function."`
	Masters  []string `rpc:"masters" doc:"Names that one of the schedule's masters has."`
	Tgt      string   `rpc:"tgt" doc:"A part of the target, or of its name."`
	Arg      bool     `rpc:"arg" default:"false" doc:"Look for query in the positional arguments, too."`
	Kwarg    bool     `rpc:"kwarg" default:"false" doc:"Look for query in the keyword arguments, too."`
	State    []string `rpc:"state" enum:"new|retrieved|skipped|pausing|paused|resumed|resuming|stopping|stopped|disabled|complete|failed" doc:"The states of the last runs."`
	Enabled  *bool    `rpc:"enabled" doc:"Those that are enabled, or are not."`
	UUID     string   `rpc:"uuid" format:"uuid" doc:"One schedule."`
	JobNames []string `rpc:"job_names" doc:"The names of saved jobs."`
	TgtNames []string `rpc:"tgt_names" doc:"The names of saved targets."`
	SortBy   string   `rpc:"sort_by" enum:"cmd|fun|tgt_name|job_name|sched_name|next_fire_time|last_fire_time|status" doc:"The column to sort by; the name without it."`
	Reverse  bool     `rpc:"reverse" default:"false" doc:"The largest first."`
	Limit    int      `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Page     int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Expired  *bool    `rpc:"expired" doc:"Those that will never be due again, or will be."`
}

func getSchedules(ctx context.Context, c *call, p getSchedulesParams) (any, error) {
	all, err := c.schedulesOf(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(s planned) bool {
		return p.UUID != "" && !strings.EqualFold(s.ID, p.UUID) || !method.Among(p.Names, s.Name) || p.Enabled != nil && s.Enabled != *p.Enabled ||
			len(p.Masters) > 0 && !slices.ContainsFunc(s.body.Masters, func(m string) bool { return slices.Contains(p.Masters, m) }) ||
			!p.finds(s)
	})
	rows, err := c.showSchedules(ctx, all)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r shownSchedule) bool {
		expired := p.ShowPast || !r.Expired || p.UUID != ""
		if p.Expired != nil {
			expired = r.Expired == *p.Expired
		}
		return !expired || p.Cmd != "" && r.Cmd != p.Cmd || !method.Holds(method.TextOr(r.Fun), p.Fun) || !method.Holds(string(r.Tgt)+method.TextOr(r.TgtName), p.Tgt) ||
			!method.Among(p.JobNames, method.TextOr(r.JobName)) || !method.Among(p.TgtNames, method.TextOr(r.TgtName))
	})
	byStatus := len(p.State) > 0 || p.SortBy == "status" // otherwise those of the page are enough
	if byStatus {
		c.setStatuses(ctx, rows)
		rows = slices.DeleteFunc(rows, func(r shownSchedule) bool { return !method.Among(p.State, method.TextOr(r.Status)) })
	}
	column := map[string]func(shownSchedule) string{
		"cmd": func(r shownSchedule) string { return r.Cmd }, "fun": func(r shownSchedule) string { return method.TextOr(r.Fun) },
		"tgt_name": func(r shownSchedule) string { return method.TextOr(r.TgtName) }, "job_name": func(r shownSchedule) string { return method.TextOr(r.JobName) },
		"next_fire_time": func(r shownSchedule) string { return method.TextOr(r.Next) }, "last_fire_time": func(r shownSchedule) string { return method.TextOr(r.Last) },
		"status": func(r shownSchedule) string { return method.TextOr(r.Status) },
	}[p.SortBy]
	if column == nil {
		column = func(r shownSchedule) string { return r.Name }
	}
	shown := method.Sorted(rows, column, p.Reverse, p.Page, p.Limit)
	if !byStatus {
		c.setStatuses(ctx, shown.Results)
	}
	return shown, nil
}

// finds reports whether the query is in a schedule.
func (p getSchedulesParams) finds(s planned) bool {
	return p.Query == "" || method.Holds(s.Name, p.Query) || s.argumentsHold(p.Query, p.Arg, p.Kwarg)
}

// argumentsHold reports whether a text is in the positional or the keyword arguments, of
// which those are looked at that are set.
func (p planned) argumentsHold(text string, arg, kwarg bool) bool {
	o, err := jsonobject.Parse(p.body.Arg)
	return err == nil && (arg && method.Holds(string(o.Get("arg")), text) || kwarg && method.Holds(string(o.Get("kwarg")), text))
}
