package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/internal/timetable"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
)

// schedules reports whether there are schedules.
func schedules(a *API) bool { return a.Schedules != nil && a.Standings != nil && runs(a) }

func scheduleMethods() []*Method {
	read, write := []role.Permission{role.ScheduleRead}, []role.Permission{role.ScheduleWrite}
	return []*Method{
		method(about{
			name: "schedule.get", doc: "Find schedules: the caller's own, and for a superuser all.",
			returns: "`{count, results}`, a row for each schedule, with its next and its last run", needs: read, served: schedules,
		}, getSchedules),
		method(about{
			name: "schedule.save", doc: "Save a schedule, or replace one. It runs as the caller, with what the caller may do at the time of each run.",
			returns: "the uuid", needs: write, served: schedules,
		}, saveSchedule),
		method(about{
			name: "schedule.update", doc: "Change a part of a schedule. From then on it runs as the caller.", returns: "the uuid", needs: write, served: schedules,
		}, updateSchedule),
		method(about{
			name: "schedule.remove", doc: "Remove a schedule. What it has run stays in the history.", returns: "true",
			needs: []role.Permission{role.ScheduleDelete}, served: schedules,
		}, removeSchedule),
		method(about{
			name: "schedule.futures", doc: "Return the times at which schedules will be due, the next eight weeks without a daterange.",
			returns: "`{count, results}`, a row for each time, with a uuid of its own", needs: read, served: schedules,
		}, getFutures),
		method(about{
			name: "schedule.save_skip", doc: "Leave out some of the times of futures, or take that back.",
			returns: "an object with the new state of each time, by its uuid", needs: write, served: schedules,
		}, saveSkip),
		method(about{
			name: "schedule.get_inflight", doc: "Return the commands of schedules that have not ended.", returns: "`{count, results}`, rows as those of cmd.get_cmds",
			needs: read, served: func(a *API) bool { return schedules(a) && recorded(a) },
		}, getInflight),
		method(about{
			name: "schedule.search_history", doc: "Return what came of the times at which schedules were due, the latest first.",
			returns: "`{count, results}`, a row for each time", needs: read, served: schedules,
		}, searchHistory),
	}
}

// planned is a schedule with its parts.
type planned struct {
	records.Schedule
	body  schedule.Body
	table *timetable.Table
}

// plannedOf reads a schedule.
func plannedOf(s records.Schedule) (p planned, err error) {
	p.Schedule = s
	p.body, p.table, err = schedule.Read(s)
	return p, err
}

// maxLooks bounds the times of schedules that the calls of a request look at.
const maxLooks = 500_000

// looks returns the bound for the times of schedules that the request looks at.
func (c *call) looks() *timetable.Looks {
	if c.by.looks == nil {
		c.by.looks = timetable.NewLooks(maxLooks)
	}
	return c.by.looks
}

// futures returns times of a schedule.
func (c *call) futures(ctx context.Context, p planned, from, to time.Time, most int) ([]schedule.Future, error) {
	return schedule.Futures(ctx, c.looks(), p.Schedule, p.body, p.table, from, to, most)
}

// nextRun returns when a schedule runs the next time, if it is enabled; nil for never.
func (c *call) nextRun(ctx context.Context, p planned, now time.Time) (*schedule.Future, error) {
	all, err := c.futures(ctx, p, now, now.AddDate(100, 0, 0), 1)
	if err != nil || len(all) == 0 {
		return nil, scheduleError(err)
	}
	return &all[0], nil
}

// schedulesOf returns the schedules that the caller sees.
func (c *call) schedulesOf(ctx context.Context) ([]planned, error) {
	h, err := c.holder(ctx)
	if err != nil {
		return nil, err
	}
	q := records.ScheduleQuery{User: h.user, Eauth: h.eauth}
	if h.superuser {
		q = records.ScheduleQuery{}
	}
	found, err := c.api.Schedules.Schedules(ctx, q)
	if err != nil {
		return nil, scheduleError(err)
	}
	all := make([]planned, 0, len(found))
	for _, s := range found {
		p, err := plannedOf(s)
		if err != nil {
			c.warn(fmt.Sprintf("the schedule %s cannot be read", s.ID))
			continue
		}
		all = append(all, p)
	}
	return all, nil
}

// oneSchedule returns a schedule that the caller sees.
func (c *call) oneSchedule(ctx context.Context, id string) (records.Schedule, error) {
	s, err := c.api.Schedules.Schedule(ctx, strings.ToLower(id))
	if err != nil {
		return s, scheduleError(err)
	}
	h, err := c.holder(ctx)
	switch {
	case err != nil:
		return s, err
	case !h.superuser && (s.User != h.user || s.Eauth != h.eauth):
		return records.Schedule{}, scheduleError(records.ErrNotFound)
	}
	return s, nil
}

func scheduleError(err error) error {
	if errors.Is(err, schedule.ErrTooMuch) {
		return &Error{Code: CodeTooLarge, Message: "the schedules have too many times to look at in one request: narrow it down"}
	}
	if errors.Is(err, records.ErrTooManySchedules) {
		return &Error{Code: CodeConflict, Message: fmt.Sprintf("there are too many schedules: %d of all users, and %d of one", records.MaxSchedules, records.MaxSchedulesOfUser)}
	}
	return libraryError(err, "schedule")
}

// names are those of what schedules run, by their uuids.
type names struct{ jobs, tgts map[string]records.Saved }

// namesOfSchedules looks the saved jobs and targets of schedules up.
func (c *call) namesOfSchedules(ctx context.Context, all []planned) (n names, err error) {
	n = names{make(map[string]records.Saved), map[string]records.Saved{AllMinions: allMinions().Saved}}
	if c.api.Library == nil {
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
			s, err := c.api.Library.Saved(ctx, one.kind, one.id)
			if err != nil && !errors.Is(err, records.ErrNotFound) {
				return n, libraryError(err, "name")
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
	Metadata metadata        `json:"metadata"`
}

func pointer(text string) *string {
	if text == "" {
		return nil
	}
	return &text
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
			UUID: p.ID, Name: p.Name, Schedule: p.body.Schedule, Enabled: p.Enabled, Function: p.body.Function, Cmd: cmd, Fun: pointer(fun),
			Arg: p.body.Arg, Tgt: p.body.Tgt, TgtUUID: pointer(p.Tgt), JobUUID: pointer(p.Job), JobName: pointer(n.jobs[p.Job].Name),
			TgtName: pointer(n.tgts[p.Tgt].Name), Masters: append([]string{}, p.body.Masters...), Missed: missed[p.ID],
			Metadata: c.api.metadata(records.Saved{User: p.User, Eauth: p.Eauth}, nil),
		}
		next, err := c.nextRun(ctx, p, now)
		if err != nil {
			return nil, err
		}
		row.Expired = next == nil
		if next != nil && p.Enabled {
			row.Next = pointer(timeText(next.Start))
		}
		if r, ok := lasts[p.ID]; ok {
			row.Last, row.LastRun = pointer(timeText(r.Due)), &lastRun{timeText(r.Due), string(r.State), pointer(r.JID), pointer(r.Why)}
			row.Status = pointer(c.statusOf(ctx, r))
		}
		if !p.Enabled {
			row.Status = pointer("disabled")
		}
		rows[i] = row
	}
	return rows, nil
}

// statusOf returns the state of a run in the words of commands.
func (c *call) statusOf(ctx context.Context, r records.Run) string {
	switch r.State {
	case records.RunClaimed:
		return "new"
	case records.RunSkipped:
		return "skipped"
	case records.RunStarted:
		if c.api.Records == nil || r.JID == "" {
			return "retrieved"
		}
		j, err := c.api.Records.Job(ctx, c.caller(), r.JID, false)
		switch {
		case err != nil:
			return "retrieved"
		case j.State == records.Completed:
			return "complete"
		case j.State.Ended():
			return "failed"
		}
		return stateOf(j)
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

// among reports whether a name is in a list that is not empty.
func among(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }

// holds reports whether a text has a part, in upper or lower case.
func holds(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func getSchedules(ctx context.Context, c *call, p getSchedulesParams) (any, error) {
	all, err := c.schedulesOf(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(s planned) bool {
		return p.UUID != "" && !strings.EqualFold(s.ID, p.UUID) || !among(p.Names, s.Name) || p.Enabled != nil && s.Enabled != *p.Enabled ||
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
		return !expired || p.Cmd != "" && r.Cmd != p.Cmd || !holds(textOr(r.Fun), p.Fun) || !holds(string(r.Tgt)+textOr(r.TgtName), p.Tgt) ||
			len(p.JobNames) > 0 && !slices.Contains(p.JobNames, textOr(r.JobName)) || len(p.TgtNames) > 0 && !slices.Contains(p.TgtNames, textOr(r.TgtName)) ||
			len(p.State) > 0 && !slices.Contains(p.State, textOr(r.Status))
	})
	column := map[string]func(shownSchedule) string{
		"cmd": func(r shownSchedule) string { return r.Cmd }, "fun": func(r shownSchedule) string { return textOr(r.Fun) },
		"tgt_name": func(r shownSchedule) string { return textOr(r.TgtName) }, "job_name": func(r shownSchedule) string { return textOr(r.JobName) },
		"next_fire_time": func(r shownSchedule) string { return textOr(r.Next) }, "last_fire_time": func(r shownSchedule) string { return textOr(r.Last) },
		"status": func(r shownSchedule) string { return textOr(r.Status) },
	}[p.SortBy]
	if column == nil {
		column = func(r shownSchedule) string { return r.Name }
	}
	return sorted(rows, column, p.Reverse, p.Page, p.Limit), nil
}

// finds reports whether the query is in a schedule.
func (p getSchedulesParams) finds(s planned) bool {
	if p.Query == "" || holds(s.Name, p.Query) {
		return true
	}
	o, err := jsonobject.Parse(s.body.Arg)
	return err == nil && (p.Arg && holds(string(o.Get("arg")), p.Query) || p.Kwarg && holds(string(o.Get("kwarg")), p.Query))
}

// sorted returns a page of rows in the order of a column.
func sorted[T any](rows []T, column func(T) string, reverse bool, number, limit int) page[T] {
	slices.SortStableFunc(rows, func(a, b T) int {
		n := strings.Compare(column(a), column(b))
		if reverse {
			return -n
		}
		return n
	})
	from, to := span(number, limit)
	return page[T]{len(rows), slice(rows, from, to)}
}

type saveScheduleParams struct {
	Name     string   `rpc:"name,required" doc:"The name."`
	Schedule Object   `rpc:"schedule,required" doc:"When it is due: see Schedules."`
	Masters  []string `rpc:"masters" doc:"The masters of a runner or wheel function. There is one, which any name means."`
	Cmd      string   `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command. It is needed without job_uuid; ssh is not supported."`
	Arg      Object   `rpc:"arg" doc:"An object with arg, a list, and kwarg, an object."`
	Tgt      Object   `rpc:"tgt" doc:"The minions of a local command, as for cmd.route_cmd."`
	TgtUUID  string   `rpc:"tgt_uuid" format:"uuid" doc:"A saved target, in place of tgt."`
	JobUUID  string   `rpc:"job_uuid" format:"uuid" doc:"A saved job, in place of fun."`
	UUID     string   `rpc:"uuid" format:"uuid" doc:"The schedule to replace; a new one gets this uuid."`
	Fun      string   `rpc:"fun" doc:"The function."`
	Function string   `rpc:"function" default:"job.run" enum:"job.run" doc:"What runs it."`
	Enabled  bool     `rpc:"enabled" default:"true" doc:"Whether it runs."`
}

func saveSchedule(ctx context.Context, c *call, p saveScheduleParams) (any, error) {
	p.UUID = strings.ToLower(p.UUID)
	s := records.Schedule{ID: p.UUID}
	if p.UUID != "" {
		is, err := c.oneSchedule(ctx, p.UUID)
		switch {
		case err == nil:
			s.Version, s.Saved = is.Version, is.Saved
		case errorOf(err).Code != CodeNotFound: // the store refuses a uuid that another user's has
			return nil, err
		}
	} else {
		s.ID = apitoken.NewID()
	}
	s.Name, s.Job, s.Tgt, s.Enabled = p.Name, strings.ToLower(p.JobUUID), strings.ToLower(p.TgtUUID), p.Enabled
	body := schedule.Body{
		Schedule: canonical(p.Schedule), Cmd: p.Cmd, Fun: p.Fun, Masters: p.Masters, Function: p.Function,
		Arg: scheduleArguments(p.Arg),
	}
	if len(p.Tgt) > 0 {
		body.Tgt = canonical(p.Tgt)
	}
	return c.putSchedule(ctx, s, body, true)
}

// scheduleArguments returns the arguments of a schedule in their usual form.
func scheduleArguments(arg Object) json.RawMessage {
	if len(arg) == 0 {
		return json.RawMessage(`{"arg":[],"kwarg":{}}`)
	}
	return canonical(arg)
}

// putSchedule checks a schedule and saves it as the caller's own.
func (c *call) putSchedule(ctx context.Context, s records.Schedule, body schedule.Body, reschedule bool) (any, error) {
	table, err := timetable.Parse(body.Schedule)
	if err != nil {
		return nil, invalidParameter("schedule", err.Error())
	}
	if strings.TrimSpace(s.Name) == "" {
		return nil, invalidParameter("name", "it is missing")
	}
	if err := c.checkCommand(ctx, &s, &body); err != nil {
		return nil, err
	}
	st, err := c.api.Standings.Standing(ctx, c.caller().Issuer())
	if err != nil {
		return nil, err
	}
	id := c.caller().Identity()
	s.User, s.Eauth = id.User, id.Eauth
	if body.As, err = json.Marshal(st); err != nil {
		return nil, fmt.Errorf("save a schedule: %w", err)
	}
	if reschedule {
		if s.Saved.IsZero() {
			s.Saved = records.Micro(time.Now())
		}
		if err := schedule.NextWithin(c.looks(), &s, table, time.Now()); err != nil {
			return nil, scheduleError(err)
		}
		if s.Due.IsZero() {
			return nil, invalidParameter("schedule", "it is never due")
		}
	}
	if s.Body, err = json.Marshal(body); err != nil {
		return nil, fmt.Errorf("save a schedule: %w", err)
	}
	if s, err = c.api.Schedules.PutSchedule(ctx, s, reschedule); err != nil {
		return nil, scheduleError(err)
	}
	c.note(issuer.Changed, "schedule "+s.ID)
	c.wakeSchedules()
	return s.ID, nil
}

func (c *call) wakeSchedules() {
	if c.api.WakeSchedules != nil {
		c.api.WakeSchedules()
	}
}

// checkCommand checks what a schedule runs. Whether it may be run is found out again
// each time; here it is so that a mistake is seen at once.
func (c *call) checkCommand(ctx context.Context, s *records.Schedule, body *schedule.Body) error {
	p := routeCmdParams{JobUUID: s.Job, Cmd: body.Cmd, Fun: body.Fun, Arg: Object(body.Arg), Tgt: Object(body.Tgt), TgtUUID: s.Tgt}
	body.JobAs, body.TgtAs = schedule.Revision{}, schedule.Revision{}
	asSaved := s.Job != "" && len(p.Tgt) == 0 && s.Tgt == ""
	if s.Job != "" {
		if body.Fun != "" {
			return invalidParameter("fun", "it excludes job_uuid")
		}
		o, replaced, err := c.fromJob(ctx, &p)
		if err != nil {
			return err
		}
		asSaved = asSaved && !replaced
		body.JobAs, body.Cmd = o.revision(), p.Cmd
	}
	switch {
	case p.Cmd == "":
		return invalidParameter("cmd", "it is missing")
	case p.Cmd == "ssh":
		return invalidParameter("cmd", "commands of salt-ssh cannot be scheduled here")
	case p.Fun == "":
		return invalidParameter("fun", "it is missing")
	case len(p.Tgt) > 0 && s.Tgt != "":
		return invalidParameter("tgt_uuid", "it excludes tgt")
	case p.Cmd != "local" && (len(p.Tgt) > 0 || s.Tgt != ""):
		return invalidParameter("tgt", "only a local command has a target")
	}
	if _, err := p.arguments(); err != nil {
		return err
	}
	if p.Cmd == "local" {
		_, saved, err := c.target(ctx, p)
		if err != nil {
			return err
		}
		if saved.ID != "" {
			body.TgtAs = saved.revision()
		}
	}
	if asSaved {
		return nil // job-run is enough, which fromJob requires
	}
	return c.mayRun(ctx, p.Cmd)
}

type updateScheduleParams struct {
	Name     string   `rpc:"name" doc:"The name; without uuid it is that of the caller's schedule to change."`
	Schedule Object   `rpc:"schedule" doc:"When it is due: see Schedules."`
	Masters  []string `rpc:"masters" doc:"The masters of a runner or wheel function."`
	Cmd      string   `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command."`
	Arg      Object   `rpc:"arg" doc:"An object with arg, a list, and kwarg, an object."`
	Tgt      Object   `rpc:"tgt" doc:"The minions of a local command."`
	TgtUUID  string   `rpc:"tgt_uuid" format:"uuid" doc:"A saved target, in place of tgt."`
	JobUUID  string   `rpc:"job_uuid" format:"uuid" doc:"A saved job, in place of fun."`
	UUID     string   `rpc:"uuid" format:"uuid" doc:"The schedule to change."`
	Fun      string   `rpc:"fun" doc:"The function."`
	Function string   `rpc:"function" default:"job.run" enum:"job.run" doc:"What runs it."`
	Enabled  *bool    `rpc:"enabled" doc:"Whether it runs."`
	Delete   []string `rpc:"delete_fields" enum:"arg|masters|tgt|tgt_uuid|job_uuid|fun|cmd" doc:"What is taken out of the schedule."`
}

func updateSchedule(ctx context.Context, c *call, p updateScheduleParams) (any, error) {
	s, err := c.toUpdate(ctx, p)
	if err != nil {
		return nil, err
	}
	was, err := plannedOf(s)
	if err != nil {
		return nil, err
	}
	body := was.body
	for _, name := range p.Delete {
		switch name {
		case "arg":
			body.Arg = scheduleArguments(nil)
		case "masters":
			body.Masters = nil
		case "tgt":
			body.Tgt = nil
		case "tgt_uuid":
			s.Tgt = ""
		case "job_uuid":
			s.Job = ""
		case "fun":
			body.Fun = ""
		case "cmd":
			body.Cmd = ""
		}
	}
	if p.Name != "" {
		s.Name = p.Name
	}
	if p.Cmd != "" {
		body.Cmd = p.Cmd
	}
	// What excludes each other takes the place of the other.
	if p.JobUUID != "" {
		s.Job, body.Fun = strings.ToLower(p.JobUUID), ""
	}
	if p.Fun != "" {
		s.Job, body.Fun = "", p.Fun
	}
	if p.TgtUUID != "" {
		s.Tgt, body.Tgt = strings.ToLower(p.TgtUUID), nil
	}
	if len(p.Tgt) > 0 {
		s.Tgt, body.Tgt = "", canonical(p.Tgt)
	}
	if p.JobUUID != "" && p.Cmd == "" {
		body.Cmd = ""
	}
	if p.Masters != nil {
		body.Masters = p.Masters
	}
	if len(p.Arg) > 0 {
		body.Arg = scheduleArguments(p.Arg)
	}
	reschedule := false
	if p.Enabled != nil {
		reschedule = *p.Enabled && !s.Enabled
		s.Enabled = *p.Enabled
	}
	if len(p.Schedule) > 0 {
		body.Schedule, body.Skips, reschedule = canonical(p.Schedule), nil, true
	}
	return c.putSchedule(ctx, s, body, reschedule)
}

// toUpdate returns the schedule that update changes.
func (c *call) toUpdate(ctx context.Context, p updateScheduleParams) (records.Schedule, error) {
	if p.UUID != "" {
		return c.oneSchedule(ctx, p.UUID)
	}
	if p.Name == "" {
		return records.Schedule{}, invalidParameter("uuid", "it is missing")
	}
	id := c.caller().Identity()
	all, err := c.api.Schedules.Schedules(ctx, records.ScheduleQuery{User: id.User, Eauth: id.Eauth})
	if err != nil {
		return records.Schedule{}, scheduleError(err)
	}
	all = slices.DeleteFunc(all, func(s records.Schedule) bool { return s.Name != p.Name })
	switch len(all) {
	case 0:
		return records.Schedule{}, scheduleError(records.ErrNotFound)
	case 1:
		return all[0], nil
	}
	return records.Schedule{}, invalidParameter("name", "several schedules have it: name one by uuid")
}

type scheduleUUID struct {
	UUID string `rpc:"uuid,required" format:"uuid" doc:"The schedule."`
}

func removeSchedule(ctx context.Context, c *call, p scheduleUUID) (any, error) {
	s, err := c.oneSchedule(ctx, p.UUID)
	if err != nil {
		return nil, err
	}
	return true, c.deleteSchedule(ctx, s)
}

func (c *call) deleteSchedule(ctx context.Context, s records.Schedule) error {
	if err := c.api.Schedules.DeleteSchedule(ctx, s.ID); err != nil {
		return scheduleError(err)
	}
	c.note(issuer.Removed, "schedule "+s.ID)
	return nil
}

// withoutSchedules returns an error if there are schedules that need what is to be
// deleted, or with force deletes those that the caller may change. Others are refused
// when they are due.
func (c *call) withoutSchedules(ctx context.Context, q records.ScheduleQuery, what string, force bool) error {
	if c.api.Schedules == nil {
		return nil
	}
	all, err := c.api.Schedules.Schedules(ctx, q)
	switch {
	case err != nil:
		return scheduleError(err)
	case len(all) == 0:
		return nil
	}
	h, err := c.holder(ctx)
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(slices.Clone(all), func(s records.Schedule) bool { return !h.superuser && (s.User != h.user || s.Eauth != h.eauth) })
	if !force {
		text := fmt.Sprintf("%d schedules are for the %s", len(all), what)
		seen := make([]string, min(len(own), maxDependants))
		for i := range seen {
			seen[i] = fmt.Sprintf("%.80q", own[i].Name)
		}
		if len(seen) > 0 {
			text += ": " + strings.Join(seen, ", ")
		}
		return &Error{Code: CodeDependency, Message: text}
	}
	for _, s := range own {
		if err := c.may(ctx, role.ScheduleDelete); err != nil {
			return err
		}
		if err := c.deleteSchedule(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
