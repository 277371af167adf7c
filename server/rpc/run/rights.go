package run

import (
	"context"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// MayRun returns an error unless the caller may run commands of a client. For the
// holder of a token the scopes decide, when the command is run.
func (c *Call) MayRun(ctx context.Context, kind string) error {
	if c.Caller.Principal != nil {
		return nil
	}
	err := c.May(ctx, map[string]role.Permission{
		"local": role.CmdRun, "runner": role.CmdRunnerRun, "wheel": role.CmdWheelRun,
	}[kind])
	if err != nil || kind != "local" {
		return err
	}
	// The roles of a login limit where it may run, as those of a token do.
	if set, err := c.Limit(ctx); err != nil {
		return err
	} else if set != nil && !set.Anywhere() {
		c.limit = set
	}
	return nil
}

// MayRunSaved returns an error unless the caller, who has [role.JobRun], may run a saved
// job on minions on its own target. The roles of a login limit where, if they have
// [role.CmdRun]. For the holder of a token the scopes decide, when the command is run.
func (c *Call) MayRunSaved(ctx context.Context, tgt string) error {
	if c.Caller.Principal != nil {
		return nil
	}
	set, err := c.Limit(ctx)
	switch {
	case err != nil:
		return err
	case set != nil && set.Anywhere():
		return nil
	case set != nil && set.May(role.CmdRun):
		c.limit = set
		return nil
	case strings.EqualFold(tgt, saved.AllMinions):
		return c.May(ctx, role.TargetAllMinionsRun)
	}
	return nil
}
