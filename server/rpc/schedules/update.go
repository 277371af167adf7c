package schedules

import (
	"context"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

type updateScheduleParams struct {
	Name     string        `rpc:"name" doc:"The name; without uuid it is that of the caller's schedule to change."`
	Schedule method.Object `rpc:"schedule" doc:"When it is due: see Schedules."`
	Masters  []string      `rpc:"masters" doc:"The masters of a runner or wheel function."`
	Cmd      string        `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command."`
	Arg      method.Object `rpc:"arg" doc:"An object with arg, a list, and kwarg, an object."`
	Tgt      method.Object `rpc:"tgt" doc:"The minions of a local command."`
	TgtUUID  string        `rpc:"tgt_uuid" format:"uuid" doc:"A saved target, in place of tgt."`
	JobUUID  string        `rpc:"job_uuid" format:"uuid" doc:"A saved job, in place of fun."`
	UUID     string        `rpc:"uuid" format:"uuid" doc:"The schedule to change."`
	Fun      string        `rpc:"fun" doc:"The function."`
	Function string        `rpc:"function" default:"job.run" enum:"job.run" doc:"What runs it."`
	Enabled  *bool         `rpc:"enabled" doc:"Whether it runs."`
	Delete   []string      `rpc:"delete_fields" enum:"arg|masters|tgt|tgt_uuid|job_uuid|fun|cmd" doc:"What is taken out of the schedule."`
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
		s.Tgt, body.Tgt = "", method.Canonical(p.Tgt)
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
		body.Schedule, body.Skips, reschedule = method.Canonical(p.Schedule), nil, true
	}
	if id := c.Caller.Identity(); s.User == id.User && s.Eauth == id.Eauth {
		err = c.own(ctx, &s, &body)
	} else if p.changesCommand() { // the rest of it would be another user's, as it is just now
		err = &method.Error{Code: method.CodeForbidden, Message: "it is another user's: schedule.save replaces it by one of the caller's"}
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
		return records.Schedule{}, method.InvalidParameter("uuid", "it is missing")
	}
	id := c.Caller.Identity()
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
	return records.Schedule{}, method.InvalidParameter("name", "several schedules have it: name one by uuid")
}
