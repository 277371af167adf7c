package run

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
	"github.com/saltern-api/saltern/server/web"
)

// Gateway runs commands. *lowstate.Gateway is one.
type Gateway interface {
	Run(ctx context.Context, call lowstate.Call) (lowstate.Result, error)
}

var _ Gateway = (*lowstate.Gateway)(nil)

// Authority returns the authority that a caller's commands run with, which must be
// released, and a context that ends with the caller's credential. *caller.Resolver is
// one.
type Authority interface {
	Authority(ctx context.Context, c *caller.Caller) (lowstate.Authority, func(), error)
	Follow(ctx context.Context, c *caller.Caller, needs ...role.Permission) (context.Context, context.CancelFunc)
}

var _ Authority = (*caller.Resolver)(nil)

// API runs commands. Its fields are set once.
type API struct {
	Saved *saved.API

	// Gateway runs commands, with what Authority returns. Without one of them no command
	// is run. Clients are the clients of lowstate that are enabled; nil stands for all.
	// Ran, if not nil, is called with each command and its outcome, for the metrics.
	Gateway   Gateway
	Authority Authority
	Clients   []string
	Ran       func(of *audit.CallRecord, outcome string)
}

// Ready reports whether commands can be run.
func (a *API) Ready() bool { return a.Gateway != nil && a.Authority != nil }

// Call is a call, with what runs commands.
type Call struct {
	saved.Call
	api *API

	limit *role.Set // of commands, beside the scopes of a token; nil for none
}

// Of returns a call with what runs commands.
func (a *API) Of(c *method.Call) Call { return Call{Call: a.Saved.Of(c), api: a} }

// Run runs one command, with the caller's own authority and within the scopes of its
// token. The chunk has the given keys alone: no credentials of its own.
func (c *Call) Run(ctx context.Context, fields ...method.Field) (lowstate.Answer, error) {
	return c.RunFrom(ctx, lowstate.Origin{}, fields...)
}

// RunFrom runs one command as Run does, and has recorded what it was made of.
func (c *Call) RunFrom(ctx context.Context, from lowstate.Origin, fields ...method.Field) (lowstate.Answer, error) {
	var text strings.Builder
	before := "{"
	for _, f := range fields {
		fmt.Fprintf(&text, "%s%s:%s", before, web.JSON(f.Key), f.Value)
		before = ","
	}
	chunks, err := lowstate.Parse(c.X.Budget, []byte(text.String()+"}"), 1)
	if err != nil {
		return nil, err
	}
	authority, release, err := c.api.Authority.Authority(ctx, c.Caller)
	if err != nil {
		return nil, err
	}
	defer release()
	if authority.Token == "" && authority.Identity == nil {
		return nil, caller.ErrNoPermission() // the chunk has no credentials either: lowstate would refuse it, too
	}
	if authority.Scope == nil && c.limit != nil {
		authority.Scope = c.limit
	}
	if err := c.OpenTargets(ctx, &authority); err != nil {
		return nil, err
	}
	call := lowstate.Call{
		Chunks: chunks, RemoteAddr: c.X.Remote, Clients: c.api.Clients, Authority: authority, Budget: c.X.Budget, Spool: c.X.Spool, Origin: from,
	}
	res, err := c.api.Gateway.Run(ctx, call)
	about := audit.NewCallRecord(call, res)
	audit.Of(c.X).WriteCall(about, err)
	if c.api.Ran != nil {
		c.api.Ran(about, audit.OutcomeOf(err))
	}
	if command, _ := errors.AsType[*lowstate.Error](err); command == nil || command.Kind != lowstate.Unauthenticated {
		c.Request.Act()
	}
	if err != nil {
		return nil, err
	}
	if len(res.Answers) != 1 {
		return nil, fmt.Errorf("there are %d answers to one command", len(res.Answers))
	}
	return res.Answers[0], nil
}
