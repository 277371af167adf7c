package rpc

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/timetable"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
)

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
	if err := c.own(ctx, &s, &body); err != nil {
		return nil, err
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

// own checks what a schedule runs and makes it the caller's own, to be run with what the
// caller has.
func (c *call) own(ctx context.Context, s *records.Schedule, body *schedule.Body) error {
	if err := c.checkCommand(ctx, s, body); err != nil {
		return err
	}
	st, err := c.api.Standings.Standing(ctx, c.caller().Issuer())
	if err != nil {
		return err
	}
	id := c.caller().Identity()
	s.User, s.Eauth = id.User, id.Eauth
	if body.As, err = json.Marshal(st); err != nil {
		return fmt.Errorf("save a schedule: %w", err)
	}
	return nil
}

// putSchedule saves a schedule, which is due anew with reschedule.
func (c *call) putSchedule(ctx context.Context, s records.Schedule, body schedule.Body, reschedule bool) (any, error) {
	table, err := timetable.Parse(body.Schedule)
	if err != nil {
		return nil, invalidParameter("schedule", err.Error())
	}
	if strings.TrimSpace(s.Name) == "" {
		return nil, invalidParameter("name", "it is missing")
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
	return c.mayRoute(ctx, p, asSaved)
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
	if id := c.caller().Identity(); s.User == id.User && s.Eauth == id.Eauth {
		err = c.own(ctx, &s, &body)
	} else if p.changesCommand() { // the rest of it would be another user's, as it is just now
		err = &Error{Code: CodeForbidden, Message: "it is another user's: schedule.save replaces it by one of the caller's"}
	}
	if err != nil {
		return nil, err
	}
	return c.putSchedule(ctx, s, body, reschedule)
}

// changesCommand reports whether what the schedule runs is changed.
func (p updateScheduleParams) changesCommand() bool {
	return p.Cmd != "" || p.Fun != "" || p.JobUUID != "" || p.TgtUUID != "" || len(p.Tgt) > 0 || len(p.Arg) > 0 || p.Masters != nil || len(p.Delete) > 0
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
