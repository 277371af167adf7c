package upkeep

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// Store removes old records. A [records.Store] is one.
type Store interface {
	Jobs(ctx context.Context, q records.Query) (records.JobPage, error)
	Trim(ctx context.Context, t records.Trim) (records.Trimmed, error)
}

func (a *API) adminMethods() []*method.Method {
	return []*method.Method{
		declare(a, method.About{
			Name: "admin.trim_database", Doc: "Remove what is older than some days from the records, or count it. The audit log is kept by its own settings, " +
				"and events are not kept: nothing of these is removed.",
			Returns: "the numbers of what was removed or counted, of the categories that are given", Needs: []role.Permission{role.Superuser},
			Served: a.Store != nil,
		}, trimDatabase),
	}
}

type trimParams struct {
	Audit    *int `rpc:"audit" min:"-1" doc:"Days of the audit log to keep. Nothing is removed."`
	Events   *int `rpc:"events" min:"-1" doc:"Days of events to keep. Nothing is removed."`
	Jobs     *int `rpc:"jobs" min:"-1" max:"36500" doc:"Days of commands and returns to keep; -1 for all."`
	Schedule *int `rpc:"schedule" min:"-1" max:"36500" doc:"Days of the history of schedules to keep; -1 for all."`
	Test     bool `rpc:"test" default:"false" doc:"Count, and remove nothing."`
}

// trimmedJobs is what was removed of commands.
type trimmedJobs struct {
	Commands int64 `json:"commands"`
	Expected int64 `json:"minions-expected"`
	Returns  int64 `json:"returns"`
	JIDs     int64 `json:"jids"`
}

// trimmed is the result of admin.trim_database.
type trimmed struct {
	Test     bool         `json:"test"`
	Audit    *int         `json:"audit,omitempty"`
	Events   *int         `json:"events,omitempty"`
	Jobs     *trimmedJobs `json:"jobs,omitempty"`
	Schedule *int         `json:"schedule,omitempty"`
}

func trimDatabase(ctx context.Context, c *call, p trimParams) (any, error) {
	done := trimmed{Test: p.Test}
	for _, other := range []struct{ given, to **int }{{&p.Audit, &done.Audit}, {&p.Events, &done.Events}, {&p.Schedule, &done.Schedule}} {
		if *other.given != nil {
			*other.to = new(int)
		}
	}
	if p.Schedule != nil && *p.Schedule >= 0 && c.api.Runs != nil {
		n, err := c.api.Runs.TrimRuns(ctx, time.Now().AddDate(0, 0, -*p.Schedule), p.Test)
		if err != nil {
			return nil, method.StoreError(err, "records")
		}
		if *done.Schedule = int(n); n > 0 && !p.Test {
			c.Note(issuer.Removed, fmt.Sprintf("history of %d runs of schedules", n))
		}
	}
	if p.Jobs == nil {
		return done, nil
	}
	done.Jobs = new(trimmedJobs)
	if *p.Jobs < 0 {
		return done, nil
	}
	before := time.Now().AddDate(0, 0, -*p.Jobs)
	counted, all, err := c.countOlder(ctx, before)
	if err != nil {
		return nil, method.StoreError(err, "records")
	}
	if !p.Test {
		removed, err := c.api.Store.Trim(ctx, records.Trim{Before: before})
		if err != nil {
			return nil, method.StoreError(err, "records")
		}
		counted.Commands, counted.JIDs = removed.Jobs, removed.Jobs
		if !all { // then those that are missing are among the returns
			counted.Expected, counted.Returns = removed.Returns, removed.Returns
		}
		c.Note(issuer.Removed, fmt.Sprintf("records of %d commands", removed.Jobs))
	}
	*done.Jobs = counted
	return done, nil
}

// countOlder counts the commands that started before a time, and what came of them. A
// warning says when that are not all.
func (c *call) countOlder(ctx context.Context, before time.Time) (n trimmedJobs, all bool, err error) {
	q := records.Query{Sort: records.ByStart, Filter: records.Filter{To: before}, Limit: records.MaxLimit}
	for {
		found, err := c.api.Store.Jobs(ctx, q)
		if err != nil {
			return n, false, err
		}
		for _, j := range found.Jobs {
			n.Commands++
			n.JIDs++
			n.Expected += int64(j.Expected)
			n.Returns += int64(j.Returned)
		}
		if found.Next == "" {
			return n, true, nil
		}
		if n.Commands >= maxCounted {
			c.Warn(fmt.Sprintf("only the first %d commands were counted", n.Commands))
			return n, false, nil
		}
		q.After = found.Next
	}
}

// maxCounted is how many commands are counted.
const maxCounted = 100_000
