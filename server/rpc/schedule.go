package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
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
			name: "schedule.update", doc: "Change a part of a schedule. From then on it runs as the caller; of another user's, which stays that user's, a superuser changes name, schedule and enabled alone.", returns: "the uuid", needs: write, served: schedules,
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
