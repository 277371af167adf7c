package schedules

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/timetable"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// API is the methods about schedules. Its fields are set once.
type API struct {
	Commands *commands.API

	// Schedules has schedules, and Standings what is kept of who saves one. Wake, if not
	// nil, is called when one was changed. Without Schedules and Standings the methods are
	// not served.
	Schedules records.Schedules
	Standings Standings
	Wake      func()
}

// complete reports whether there are schedules, and commands can be run.
func (a *API) complete() bool {
	return a.Schedules != nil && a.Standings != nil && a.Commands.Fleet.Run.Ready()
}

// recorded reports whether there are records.
func (a *API) recorded() bool { return a.Commands.Records != nil }

// call is a call, with what runs commands and has schedules.
type call struct {
	commands.Call
	api *API
}

// declare declares a method.
func declare[P any](a *API, about method.About, run func(ctx context.Context, c *call, p P) (any, error)) *method.Method {
	return method.New(about, func(ctx context.Context, c *method.Call, p P) (any, error) {
		return run(ctx, &call{a.Commands.Of(c), a}, p)
	})
}

// Methods returns the declarations.
func (a *API) Methods() []*method.Method {
	read, write := []role.Permission{role.ScheduleRead}, []role.Permission{role.ScheduleWrite}
	return []*method.Method{
		declare(a, method.About{
			Name: "schedule.get", Doc: "Find schedules: the caller's own, and for a superuser all.",
			Returns: "`{count, results}`, a row for each schedule, with its next and its last run", Needs: read, Served: a.complete(),
		}, getSchedules),
		declare(a, method.About{
			Name: "schedule.save", Doc: "Save a schedule, or replace one. It runs as the caller, with what the caller may do at the time of each run.",
			Returns: "the uuid", Needs: write, Served: a.complete(),
		}, saveSchedule),
		declare(a, method.About{
			Name: "schedule.update", Doc: "Change a part of a schedule. From then on it runs as the caller; of another user's, which stays that user's, a superuser changes name, schedule and enabled alone.", Returns: "the uuid", Needs: write, Served: a.complete(),
		}, updateSchedule),
		declare(a, method.About{
			Name: "schedule.remove", Doc: "Remove a schedule. What it has run stays in the history.", Returns: "true",
			Needs: []role.Permission{role.ScheduleDelete}, Served: a.complete(),
		}, removeSchedule),
		declare(a, method.About{
			Name: "schedule.futures", Doc: "Return the times at which schedules will be due, the next eight weeks without a daterange.",
			Returns: "`{count, results}`, a row for each time, with a uuid of its own", Needs: read, Served: a.complete(),
		}, getFutures),
		declare(a, method.About{
			Name: "schedule.save_skip", Doc: "Leave out some of the times of futures, or take that back.",
			Returns: "an object with the new state of each time, by its uuid", Needs: write, Served: a.complete(),
		}, saveSkip),
		declare(a, method.About{
			Name: "schedule.get_inflight", Doc: "Return the commands of schedules that have not ended.", Returns: "`{count, results}`, rows as those of cmd.get_cmds",
			Needs: read, Served: a.complete() && a.recorded(),
		}, getInflight),
		declare(a, method.About{
			Name: "schedule.search_history", Doc: "Return what came of the times at which schedules were due, the latest first.",
			Returns: "`{count, results}`, a row for each time", Needs: read, Served: a.complete(),
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

// futures returns times of a schedule.
func (c *call) futures(ctx context.Context, p planned, from, to time.Time, most int) ([]schedule.Future, error) {
	return schedule.Futures(ctx, c.Looks(), p.Schedule, p.body, p.table, from, to, most)
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
	h, err := c.Holder(ctx)
	if err != nil {
		return nil, err
	}
	q := records.ScheduleQuery{User: h.User, Eauth: h.Eauth}
	if h.Superuser {
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
			c.Warn(fmt.Sprintf("the schedule %s cannot be read", s.ID))
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
	h, err := c.Holder(ctx)
	switch {
	case err != nil:
		return s, err
	case !h.Superuser && (s.User != h.User || s.Eauth != h.Eauth):
		return records.Schedule{}, scheduleError(records.ErrNotFound)
	}
	return s, nil
}

func scheduleError(err error) error {
	if errors.Is(err, schedule.ErrTooMuch) {
		return &method.Error{Code: method.CodeTooLarge, Message: "the schedules have too many times to look at in one request: narrow it down"}
	}
	if errors.Is(err, records.ErrTooManySchedules) {
		return &method.Error{Code: method.CodeConflict, Message: fmt.Sprintf("there are too many schedules: %d of all users, and %d of one", records.MaxSchedules, records.MaxSchedulesOfUser)}
	}
	return method.StoreError(err, "schedule")
}

type scheduleUUID struct {
	UUID string `rpc:"uuid,required" format:"uuid" doc:"The schedule."`
}

func removeSchedule(ctx context.Context, c *call, p scheduleUUID) (any, error) {
	s, err := c.oneSchedule(ctx, p.UUID)
	if err != nil {
		return nil, err
	}
	return true, c.DeleteSchedule(ctx, s)
}
