package schedules

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/server/rpc/method"
)

type saveSkipParams struct {
	UUIDs []string `rpc:"uuids,required" format:"uuid" doc:"The uuids of times, as futures returns them."`
	Skip  bool     `rpc:"skip" default:"false" doc:"Leave them out; false takes that back."`
}

func saveSkip(ctx context.Context, c *call, p saveSkipParams) (any, error) {
	if len(p.UUIDs) > schedule.MaxSkips {
		return nil, method.InvalidParameter("uuids", fmt.Sprintf("there are more than %d", schedule.MaxSkips))
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
		return nil, &method.Error{Code: method.CodeNotFound, Message: fmt.Sprintf("%d of the times are not among those that will be due", len(wanted)-len(done))}
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
		return &method.Error{Code: method.CodeConflict, Message: fmt.Sprintf("more than %d times of the schedule would be left out", schedule.MaxSkips)}
	}
	slices.Sort(kept)
	s.body.Skips = kept
	if s.Body, err = json.Marshal(s.body); err != nil {
		return fmt.Errorf("save a schedule: %w", err)
	}
	if _, err := c.api.Schedules.PutSchedule(ctx, s.Schedule, false); err != nil {
		return scheduleError(err)
	}
	c.Note(issuer.Changed, "skips of schedule "+s.ID)
	return nil
}
