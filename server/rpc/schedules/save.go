package schedules

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/timetable"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/method"
)

type saveScheduleParams struct {
	Name     string        `rpc:"name,required" doc:"The name."`
	Schedule method.Object `rpc:"schedule,required" doc:"When it is due: see Schedules."`
	Masters  []string      `rpc:"masters" doc:"The masters of a runner or wheel function. There is one, which any name means."`
	Cmd      string        `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command. It is needed without job_uuid; ssh is not supported."`
	Arg      method.Object `rpc:"arg" doc:"An object with arg, a list, and kwarg, an object."`
	Tgt      method.Object `rpc:"tgt" doc:"The minions of a local command, as for cmd.route_cmd."`
	TgtUUID  string        `rpc:"tgt_uuid" format:"uuid" doc:"A saved target, in place of tgt."`
	JobUUID  string        `rpc:"job_uuid" format:"uuid" doc:"A saved job, in place of fun."`
	UUID     string        `rpc:"uuid" format:"uuid" doc:"The schedule to replace; a new one gets this uuid."`
	Fun      string        `rpc:"fun" doc:"The function."`
	Function string        `rpc:"function" default:"job.run" enum:"job.run" doc:"What runs it."`
	Enabled  bool          `rpc:"enabled" default:"true" doc:"Whether it runs."`
}

func saveSchedule(ctx context.Context, c *call, p saveScheduleParams) (any, error) {
	p.UUID = strings.ToLower(p.UUID)
	s := records.Schedule{ID: p.UUID}
	if p.UUID != "" {
		is, err := c.oneSchedule(ctx, p.UUID)
		switch {
		case err == nil:
			s.Version, s.Saved = is.Version, is.Saved
		case method.ErrorOf(err).Code != method.CodeNotFound: // the store refuses a uuid that another user's has
			return nil, err
		}
	} else {
		s.ID = apitoken.NewID()
	}
	s.Name, s.Job, s.Tgt, s.Enabled = p.Name, strings.ToLower(p.JobUUID), strings.ToLower(p.TgtUUID), p.Enabled
	body := schedule.Body{
		Schedule: method.Canonical(p.Schedule), Cmd: p.Cmd, Fun: p.Fun, Masters: p.Masters, Function: p.Function,
		Arg: scheduleArguments(p.Arg),
	}
	if len(p.Tgt) > 0 {
		body.Tgt = method.Canonical(p.Tgt)
	}
	if err := c.own(ctx, &s, &body); err != nil {
		return nil, err
	}
	return c.putSchedule(ctx, s, body, true)
}

// scheduleArguments returns the arguments of a schedule in their usual form.
func scheduleArguments(arg method.Object) json.RawMessage {
	if len(arg) == 0 {
		return json.RawMessage(`{"arg":[],"kwarg":{}}`)
	}
	return method.Canonical(arg)
}

// own checks what a schedule runs and makes it the caller's own, to be run with what the
// caller has.
func (c *call) own(ctx context.Context, s *records.Schedule, body *schedule.Body) error {
	if err := c.checkCommand(ctx, s, body); err != nil {
		return err
	}
	st, err := c.api.Standings.Standing(ctx, c.Caller.Issuer())
	if err != nil {
		return err
	}
	id := c.Caller.Identity()
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
		return nil, method.InvalidParameter("schedule", err.Error())
	}
	if strings.TrimSpace(s.Name) == "" {
		return nil, method.InvalidParameter("name", "it is missing")
	}
	if reschedule {
		if s.Saved.IsZero() {
			s.Saved = records.Micro(time.Now())
		}
		if err := schedule.NextWithin(c.Looks(), &s, table, time.Now()); err != nil {
			return nil, scheduleError(err)
		}
		if s.Due.IsZero() {
			return nil, method.InvalidParameter("schedule", "it is never due")
		}
	}
	if s.Body, err = json.Marshal(body); err != nil {
		return nil, fmt.Errorf("save a schedule: %w", err)
	}
	if s, err = c.api.Schedules.PutSchedule(ctx, s, reschedule); err != nil {
		return nil, scheduleError(err)
	}
	c.Note(issuer.Changed, "schedule "+s.ID)
	c.wakeSchedules()
	return s.ID, nil
}

func (c *call) wakeSchedules() {
	if c.api.Wake != nil {
		c.api.Wake()
	}
}

// checkCommand checks what a schedule runs. Whether it may be run is found out again
// each time; here it is so that a mistake is seen at once.
func (c *call) checkCommand(ctx context.Context, s *records.Schedule, body *schedule.Body) error {
	p := commands.RouteParams{JobUUID: s.Job, Cmd: body.Cmd, Fun: body.Fun, Arg: method.Object(body.Arg), Tgt: method.Object(body.Tgt), TgtUUID: s.Tgt}
	body.JobAs, body.TgtAs = schedule.Revision{}, schedule.Revision{}
	asSaved := s.Job != "" && len(p.Tgt) == 0 && s.Tgt == ""
	if s.Job != "" {
		if body.Fun != "" {
			return method.InvalidParameter("fun", "it excludes job_uuid")
		}
		o, replaced, err := c.FromJob(ctx, &p)
		if err != nil {
			return err
		}
		asSaved = asSaved && !replaced
		body.JobAs, body.Cmd = o.Revision(), p.Cmd
	}
	switch {
	case p.Cmd == "":
		return method.InvalidParameter("cmd", "it is missing")
	case p.Cmd == "ssh":
		return method.InvalidParameter("cmd", "commands of salt-ssh cannot be scheduled here")
	case p.Fun == "":
		return method.InvalidParameter("fun", "it is missing")
	case len(p.Tgt) > 0 && s.Tgt != "":
		return method.InvalidParameter("tgt_uuid", "it excludes tgt")
	case p.Cmd != "local" && (len(p.Tgt) > 0 || s.Tgt != ""):
		return method.InvalidParameter("tgt", "only a local command has a target")
	}
	if _, err := method.Arguments(p.Arg); err != nil {
		return err
	}
	if p.Cmd == "local" {
		_, o, err := c.Target(ctx, p)
		if err != nil {
			return err
		}
		if o.ID != "" {
			body.TgtAs = o.Revision()
		}
	}
	return c.MayRoute(ctx, p, asSaved)
}
