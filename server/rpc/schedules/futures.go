package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/server/rpc/method"
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
	return method.UUIDOf("future", id+"\x00"+due.UTC().Format(time.RFC3339))
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
	from, to, err := method.DateRange(p.DateRange, p.RangeForm)
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
		if p.UUID != "" && !strings.EqualFold(s.ID, p.UUID) || !method.Among(p.SchedNames, s.Name) || !method.Among(p.JobNames, n.jobs[s.Job].Name) ||
			!method.Among(p.TgtNames, n.tgts[s.Tgt].Name) {
			continue
		}
		cmd, fun := n.kindOfSchedule(s)
		if !method.Holds(fun, p.Fun) {
			continue
		}
		most := min(maxFuturesOfOne, maxFutures-len(rows))
		found, err := c.futures(ctx, s, from, to, most)
		switch {
		case errors.Is(err, schedule.ErrTooMuch):
			over = true
			c.Warn("not all times are here, as these are too many to look at in one request: narrow it down")
		case err != nil:
			return nil, err
		case len(found) == most:
			c.Warn(fmt.Sprintf("only the first %d times of the schedule %.80q are here", most, s.Name))
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
				UUID: futureUUID(s.ID, f.Due), SchedUUID: s.ID, SchedName: s.Name, Cmd: cmd, Fun: method.Pointer(fun), JobUUID: method.Pointer(s.Job),
				JobName: method.Pointer(n.jobs[s.Job].Name), TgtUUID: method.Pointer(s.Tgt), TgtName: method.Pointer(n.tgts[s.Tgt].Name),
				Due: method.TimeText(f.Due), StartTime: method.TimeText(f.Start), State: state,
			})
		}
	}
	column := map[string]func(future) string{
		"fun": func(f future) string { return method.TextOr(f.Fun) }, "tgt_name": func(f future) string { return method.TextOr(f.TgtName) },
		"job_name": func(f future) string { return method.TextOr(f.JobName) }, "sched_name": func(f future) string { return f.SchedName },
		"start_time": func(f future) string { return f.StartTime }, "state": func(f future) string { return f.State },
	}[p.SortBy]
	return method.Sorted(rows, column, p.Reverse, p.Page, p.Limit), nil
}
