package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
)

// The bounds of the times that are computed at once: of one schedule, and of all.
const (
	maxFuturesOfOne = 2000
	maxFutures      = 20_000
)

// futureWeeks is how far the times of schedules are returned without a daterange.
const futureWeeks = 8

// future is a row of schedule.futures.
type future struct {
	UUID      string  `json:"uuid"`
	SchedUUID string  `json:"sched_uuid"`
	SchedName string  `json:"sched_name"`
	Cmd       string  `json:"cmd"`
	Fun       *string `json:"fun"`
	JobUUID   *string `json:"job_uuid"`
	JobName   *string `json:"job_name"`
	TgtUUID   *string `json:"tgt_uuid"`
	TgtName   *string `json:"tgt_name"`
	Due       string  `json:"due"`
	StartTime string  `json:"start_time"`
	State     string  `json:"state"`
}

func futureUUID(id string, due time.Time) string {
	return uuidOf("future", id+"\x00"+due.UTC().Format(time.RFC3339))
}

type getFuturesParams struct {
	SchedNames  []string `rpc:"sched_names" doc:"The names of schedules."`
	JobNames    []string `rpc:"job_names" doc:"The names of saved jobs."`
	TgtNames    []string `rpc:"tgt_names" doc:"The names of saved targets."`
	UUID        string   `rpc:"uuid" format:"uuid" doc:"One schedule."`
	Fun         string   `rpc:"fun" doc:"A part of the function."`
	State       []string `rpc:"state" enum:"scheduled|skipping|disabled" doc:"The states to return."`
	StateInvert bool     `rpc:"state_invert" default:"false" doc:"Return the other states."`
	SortBy      string   `rpc:"sort_by" default:"start_time" enum:"fun|tgt_name|job_name|sched_name|start_time|state" doc:"The column to sort by."`
	DateRange   []string `rpc:"daterange" doc:"Two times: those that start in between."`
	Page        int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit       int      `rpc:"limit" default:"100" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Reverse     bool     `rpc:"reverse" default:"false" doc:"The largest first."`
	RangeForm   string   `rpc:"daterange_fmt,keyword" doc:"The format of the times, in the directives of strptime; ISO 8601 without it."`
}

func getFutures(ctx context.Context, c *call, p getFuturesParams) (any, error) {
	from, to, err := dateRange(p.DateRange, p.RangeForm)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if from.Before(now) {
		from = now
	}
	if to.IsZero() {
		to = from.AddDate(0, 0, 7*futureWeeks)
	}
	all, err := c.schedulesOf(ctx)
	if err != nil {
		return nil, err
	}
	n, err := c.namesOfSchedules(ctx, all)
	if err != nil {
		return nil, err
	}
	rows := []future{}
	over := false
	for _, s := range all {
		if over {
			break
		}
		if p.UUID != "" && !strings.EqualFold(s.ID, p.UUID) || !among(p.SchedNames, s.Name) || !among(p.JobNames, n.jobs[s.Job].Name) ||
			!among(p.TgtNames, n.tgts[s.Tgt].Name) {
			continue
		}
		cmd, fun := n.kindOfSchedule(s)
		if !holds(fun, p.Fun) {
			continue
		}
		most := min(maxFuturesOfOne, maxFutures-len(rows))
		found, err := c.futures(ctx, s, from, to, most)
		switch {
		case errors.Is(err, schedule.ErrTooMuch):
			over = true
			c.warn("not all times are here, as these are too many to look at in one request: narrow it down")
		case err != nil:
			return nil, err
		case len(found) == most:
			c.warn(fmt.Sprintf("only the first %d times of the schedule %.80q are here", most, s.Name))
		}
		for _, f := range found {
			state := "scheduled"
			switch {
			case !s.Enabled:
				state = "disabled"
			case f.Skipped:
				state = "skipping"
			}
			if len(p.State) > 0 && slices.Contains(p.State, state) == p.StateInvert {
				continue
			}
			rows = append(rows, future{
				UUID: futureUUID(s.ID, f.Due), SchedUUID: s.ID, SchedName: s.Name, Cmd: cmd, Fun: pointer(fun), JobUUID: pointer(s.Job),
				JobName: pointer(n.jobs[s.Job].Name), TgtUUID: pointer(s.Tgt), TgtName: pointer(n.tgts[s.Tgt].Name),
				Due: timeText(f.Due), StartTime: timeText(f.Start), State: state,
			})
		}
	}
	column := map[string]func(future) string{
		"fun": func(f future) string { return textOr(f.Fun) }, "tgt_name": func(f future) string { return textOr(f.TgtName) },
		"job_name": func(f future) string { return textOr(f.JobName) }, "sched_name": func(f future) string { return f.SchedName },
		"start_time": func(f future) string { return f.StartTime }, "state": func(f future) string { return f.State },
	}[p.SortBy]
	return sorted(rows, column, p.Reverse, p.Page, p.Limit), nil
}

type saveSkipParams struct {
	UUIDs []string `rpc:"uuids,required" format:"uuid" doc:"The uuids of times, as futures returns them."`
	Skip  bool     `rpc:"skip" default:"false" doc:"Leave them out; false takes that back."`
}

func saveSkip(ctx context.Context, c *call, p saveSkipParams) (any, error) {
	if len(p.UUIDs) > schedule.MaxSkips {
		return nil, invalidParameter("uuids", fmt.Sprintf("there are more than %d", schedule.MaxSkips))
	}
	wanted := make(map[string]bool, len(p.UUIDs))
	for _, id := range p.UUIDs {
		wanted[strings.ToLower(id)] = true
	}
	all, err := c.schedulesOf(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	done := make(map[string]string, len(wanted))
	change := make(map[string][]int64) // the times, by their schedules
	// Those of the next weeks are nearly always the ones, and a year has many.
	from := now
	for _, to := range []time.Time{now.AddDate(0, 0, 7*futureWeeks), now.AddDate(1, 0, 0)} {
		for _, s := range all {
			if len(done) == len(wanted) {
				break
			}
			found, err := c.futures(ctx, s, from, to, maxFuturesOfOne)
			if err != nil {
				return nil, scheduleError(err)
			}
			for _, f := range found {
				if id := futureUUID(s.ID, f.Due); wanted[id] && done[id] == "" {
					change[s.ID] = append(change[s.ID], f.Due.Unix())
					done[id] = map[bool]string{true: "skipping", false: "scheduled"}[p.Skip]
				}
			}
		}
		from = to
	}
	if len(done) < len(wanted) {
		return nil, &Error{Code: CodeNotFound, Message: fmt.Sprintf("%d of the times are not among those that will be due", len(wanted)-len(done))}
	}
	for _, s := range all {
		if len(change[s.ID]) == 0 {
			continue
		}
		if err := c.setSkips(ctx, s, change[s.ID], p.Skip, now); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// setSkips changes the times of a schedule that are left out. It runs as before.
func (c *call) setSkips(ctx context.Context, s planned, times []int64, skip bool, now time.Time) (err error) {
	kept := slices.DeleteFunc(slices.Clone(s.body.Skips), func(at int64) bool { return at < now.Unix() || slices.Contains(times, at) })
	if skip {
		kept = append(kept, times...)
	}
	if len(kept) > schedule.MaxSkips {
		return &Error{Code: CodeConflict, Message: fmt.Sprintf("more than %d times of the schedule would be left out", schedule.MaxSkips)}
	}
	slices.Sort(kept)
	s.body.Skips = kept
	if s.Body, err = json.Marshal(s.body); err != nil {
		return fmt.Errorf("save a schedule: %w", err)
	}
	if _, err := c.api.Schedules.PutSchedule(ctx, s.Schedule, false); err != nil {
		return scheduleError(err)
	}
	c.note(issuer.Changed, "skips of schedule "+s.ID)
	return nil
}

type getInflightParams struct {
	UUID       string   `rpc:"uuid" format:"uuid" doc:"The schedule."`
	SchedNames []string `rpc:"sched_names" doc:"The names of schedules."`
	JobNames   []string `rpc:"job_names" doc:"The names of saved jobs."`
	TgtNames   []string `rpc:"tgt_names" doc:"The names of saved targets."`
	Fun        string   `rpc:"fun" doc:"The function; an asterisk at the end stands for any more."`
	Cmd        string   `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command."`
	Paused     *bool    `rpc:"paused" doc:"Only commands that are paused. Which are is not known here: there are none."`
	Adhoc      bool     `rpc:"include_adhoc" default:"false" doc:"Return commands that were not scheduled, too."`
	NoFindJob  bool     `rpc:"filter_find_job" default:"true" doc:"Leave out saltutil.find_job, which is not recorded in any case."`
	SortBy     string   `rpc:"sort_by" enum:"state|start_time|cmd|fun|tgt_name|job_name|sched_name|user|expected|returned" doc:"The column to sort by."`
	Reverse    bool     `rpc:"reverse" default:"false" doc:"The largest first."`
	Limit      int      `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Page       int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	DateRange  []string `rpc:"daterange,keyword" doc:"Two times: those that started in between."`
	RangeForm  string   `rpc:"daterange_fmt,keyword" doc:"The format of the times, in the directives of strptime; ISO 8601 without it."`
}

func getInflight(ctx context.Context, c *call, p getInflightParams) (any, error) {
	if p.Paused != nil && *p.Paused {
		c.warn(warnNoState)
		return page[command]{Results: []command{}}, nil
	}
	q := getCmdsParams{
		DateRange: p.DateRange, DateRangeForm: p.RangeForm, State: []string{"new", "retrieved"}, SchedUUID: p.UUID, SchedNames: p.SchedNames,
		JobNames: p.JobNames, TgtNames: p.TgtNames, Fun: p.Fun, Cmd: p.Cmd, Originations: "scheduled", NoRefresh: true, SortBy: p.SortBy,
		Reverse: p.Reverse, Page: p.Page, Limit: p.Limit,
	}
	if p.Adhoc {
		q.Originations = "all"
	}
	if q.SortBy == "" {
		q.SortBy = "start_time"
	}
	return getCmds(ctx, c, q)
}

// pastRun is a row of schedule.search_history.
type pastRun struct {
	SchedUUID string  `json:"sched_uuid"`
	SchedName string  `json:"sched_name"`
	Due       string  `json:"due"`
	StartTime string  `json:"start_time"`
	State     string  `json:"state"`
	JID       *string `json:"jid"`
	Why       *string `json:"why"`
	Cmd       string  `json:"cmd"`
	Fun       *string `json:"fun"`
	User      string  `json:"user"`
	UserUUID  string  `json:"user_uuid"`
}

type searchHistoryParams struct {
	Query     string   `rpc:"query" doc:"A part of the name, or of what arg and kwarg say."`
	Cmd       string   `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command."`
	Name      bool     `rpc:"name" default:"false" doc:"Look for query in the names, which is done without arg and kwarg, too."`
	Fun       string   `rpc:"fun" doc:"A part of the function."`
	Masters   string   `rpc:"masters" doc:"A part of the master's name. There is one."`
	Tgt       string   `rpc:"tgt" doc:"A part of the target of the schedule as it is now, or of its name."`
	Arg       bool     `rpc:"arg" default:"false" doc:"Look for query in the positional arguments that the schedule has now."`
	Kwarg     bool     `rpc:"kwarg" default:"false" doc:"Look for query in the keyword arguments that the schedule has now."`
	DateRange []string `rpc:"daterange" doc:"Two times: those that were due in between."`
	Limit     int      `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Page      int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	UUID      string   `rpc:"uuid,keyword" format:"uuid" doc:"The schedule."`
	RangeForm string   `rpc:"daterange_fmt,keyword" doc:"The format of the times, in the directives of strptime; ISO 8601 without it."`
}

// maxHistory bounds the runs that are looked through.
const maxHistory = 10_000

func searchHistory(ctx context.Context, c *call, p searchHistoryParams) (any, error) {
	from, to, err := dateRange(p.DateRange, p.RangeForm)
	if err != nil {
		return nil, err
	}
	h, err := c.holder(ctx)
	if err != nil {
		return nil, err
	}
	rows := []pastRun{}
	if !holds(c.api.MasterID, p.Masters) {
		return page[pastRun]{Results: rows}, nil
	}
	var present map[string]planned // the schedules of now
	var n names
	if p.Query != "" && (p.Arg || p.Kwarg) || p.Tgt != "" {
		all, err := c.schedulesOf(ctx)
		if err != nil {
			return nil, err
		}
		if n, err = c.namesOfSchedules(ctx, all); err != nil {
			return nil, err
		}
		present = make(map[string]planned, len(all))
		for _, s := range all {
			present[s.ID] = s
		}
	}
	q := records.RunQuery{Schedule: strings.ToLower(p.UUID), From: from, To: to, Limit: records.MaxLimit}
	if !h.superuser {
		q.User, q.Eauth = h.user, h.eauth
	}
	for ; q.Offset < maxHistory; q.Offset += records.MaxLimit {
		found, err := c.api.Schedules.Runs(ctx, q)
		if err != nil {
			return nil, scheduleError(err)
		}
		for _, r := range found {
			s := present[r.Schedule]
			if p.Cmd != "" && r.Cmd != p.Cmd || !holds(r.Fun, p.Fun) || !p.finds(r, s) || p.Tgt != "" && !holds(string(s.body.Tgt)+n.tgts[s.Tgt].Name, p.Tgt) {
				continue
			}
			rows = append(rows, pastRun{
				SchedUUID: r.Schedule, SchedName: r.Name, Due: timeText(r.Due), StartTime: timeText(r.Claimed), State: string(r.State),
				JID: pointer(r.JID), Why: pointer(r.Why), Cmd: r.Cmd, Fun: pointer(r.Fun), User: r.User, UserUUID: userUUID(r.Eauth, r.User),
			})
		}
		if len(found) < records.MaxLimit {
			break
		}
		if q.Offset+records.MaxLimit >= maxHistory {
			c.warn(fmt.Sprintf("only the latest %d runs were looked through: narrow the search, by daterange for example", maxHistory))
		}
	}
	return pageOf(rows, p.Page, p.Limit), nil
}

// finds reports whether the query is in a run, or in the schedule of now.
func (p searchHistoryParams) finds(r records.Run, s planned) bool {
	return p.Query == "" || (p.Name || !p.Arg && !p.Kwarg) && holds(r.Name, p.Query) || s.argumentsHold(p.Query, p.Arg, p.Kwarg)
}
