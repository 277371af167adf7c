package saved

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// DeleteSchedule deletes a schedule, which the caller may do.
func (c *Call) DeleteSchedule(ctx context.Context, s records.Schedule) error {
	if err := c.api.Schedules.DeleteSchedule(ctx, s.ID); err != nil {
		return method.StoreError(err, "schedule")
	}
	c.Note(issuer.Removed, "schedule "+s.ID)
	return nil
}

// withoutSchedules returns an error if there are schedules that need what is to be
// deleted, or with force deletes those that the caller may change. Others are refused
// when they are due.
func (c *Call) withoutSchedules(ctx context.Context, q records.ScheduleQuery, what string, force bool) error {
	if c.api.Schedules == nil {
		return nil
	}
	all, err := c.api.Schedules.Schedules(ctx, q)
	switch {
	case err != nil:
		return method.StoreError(err, "schedule")
	case len(all) == 0:
		return nil
	}
	h, err := c.Holder(ctx)
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(slices.Clone(all), func(s records.Schedule) bool { return !h.Superuser && (s.User != h.User || s.Eauth != h.Eauth) })
	if !force {
		text := fmt.Sprintf("%d schedules are for the %s", len(all), what)
		seen := make([]string, min(len(own), maxDependants))
		for i := range seen {
			seen[i] = fmt.Sprintf("%.80q", own[i].Name)
		}
		if len(seen) > 0 {
			text += ": " + strings.Join(seen, ", ")
		}
		return &method.Error{Code: method.CodeDependency, Message: text}
	}
	for _, s := range own {
		if err := c.May(ctx, role.ScheduleDelete); err != nil {
			return err
		}
		if err := c.DeleteSchedule(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
