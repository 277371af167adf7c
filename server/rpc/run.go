package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
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

// field is a key of a chunk, with its value as JSON.
type field struct {
	key   string
	value []byte
}

func textField(key, value string) field { return field{key, web.JSON(value)} }

// run runs one command, with the caller's own authority and within the scopes of its
// token. The chunk has the given keys alone: no credentials of its own.
func (c *call) run(ctx context.Context, fields ...field) (lowstate.Answer, error) {
	return c.runFrom(ctx, lowstate.Origin{}, fields...)
}

// runFrom runs one command as run does, and has recorded what it was made of.
func (c *call) runFrom(ctx context.Context, from lowstate.Origin, fields ...field) (lowstate.Answer, error) {
	var text strings.Builder
	before := "{"
	for _, f := range fields {
		fmt.Fprintf(&text, "%s%s:%s", before, web.JSON(f.key), f.value)
		before = ","
	}
	chunks, err := lowstate.Parse(c.x.Budget, []byte(text.String()+"}"), 1)
	if err != nil {
		return nil, err
	}
	authority, release, err := c.api.Authority.Authority(ctx, c.caller())
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
	if err := c.openTargets(ctx, &authority); err != nil {
		return nil, err
	}
	call := lowstate.Call{
		Chunks: chunks, RemoteAddr: c.x.Remote, Clients: c.api.Clients, Authority: authority, Budget: c.x.Budget, Spool: c.x.Spool, Origin: from,
	}
	res, err := c.api.Gateway.Run(ctx, call)
	about := &audit.CallRecord{Call: call, Result: res}
	audit.Of(c.x).WriteCall(about, err)
	if c.api.Ran != nil {
		c.api.Ran(about, audit.OutcomeOf(err))
	}
	if command, _ := errors.AsType[*lowstate.Error](err); command == nil || command.Kind != lowstate.Unauthenticated {
		c.done.act()
	}
	if err != nil {
		return nil, err
	}
	if len(res.Answers) != 1 {
		return nil, fmt.Errorf("there are %d answers to one command", len(res.Answers))
	}
	return res.Answers[0], nil
}

// kwargField returns the keyword arguments of a runner or wheel function.
func kwargField(kwarg map[string]any) field {
	if kwarg == nil {
		kwarg = map[string]any{}
	}
	return field{"kwarg", web.JSON(kwarg)}
}

func unexpected(fun string, answer lowstate.Answer) error {
	return fmt.Errorf("%s: the answer is an unexpected %T", fun, answer)
}

func decodeJSON(text []byte, to any) bool { return json.Unmarshal(text, to) == nil }

// maxText bounds a text of the master's in an error, in bytes.
const maxText = 512

func clip(text string) string { return web.Clip(text, maxText) }

// wheel runs a wheel function, and decodes its return.
func (c *call) wheel(ctx context.Context, to any, fun string, kwarg map[string]any) error {
	answer, err := c.run(ctx, textField("client", "wheel"), textField("fun", fun), kwargField(kwarg))
	if err != nil {
		return err
	}
	ret, ok := answer.(lowstate.WheelReturn)
	if !ok {
		return unexpected(fun, answer)
	}
	value, ok := ret.Return()
	if !ok {
		return unexpected(fun, answer)
	}
	return decodeReturn(value, to, fun)
}

// runner runs a runner function, and decodes its return.
func (c *call) runner(ctx context.Context, to any, fun string, kwarg map[string]any) error {
	return c.runnerArgs(ctx, to, fun, []string{}, kwarg)
}

// runnerArgs is runner with positional arguments, too.
func (c *call) runnerArgs(ctx context.Context, to any, fun string, args []string, kwarg map[string]any) error {
	answer, err := c.run(ctx, textField("client", "runner"), textField("fun", fun), field{"arg", web.JSON(args)}, kwargField(kwarg))
	if err != nil {
		return err
	}
	ret, ok := answer.(lowstate.RunnerReturn)
	if !ok {
		return unexpected(fun, answer)
	}
	value, err := ret.Return.Raw()
	if err != nil {
		return err
	}
	return decodeReturn(value, to, fun)
}

// decodeReturn decodes a return. One of another type is the function's own text about
// what is wrong.
func decodeReturn(value msgpack.Raw, to any, fun string) error {
	text := lowstate.AppendReturn(nil, value)
	if json.Unmarshal(text, to) == nil {
		return nil
	}
	var said string
	if json.Unmarshal(text, &said) != nil {
		return fmt.Errorf("%s: it returned %.200q", fun, text)
	}
	return &Error{Code: CodeFailed, Message: fun + ": " + clip(said)}
}

// mayRoute returns an error unless the caller may run a command. asSaved is set for a
// saved job that is run as it was saved: on minions job-run is enough, which fromJob
// requires.
func (c *call) mayRoute(ctx context.Context, p routeCmdParams, asSaved bool) error {
	if asSaved && p.Cmd == "local" {
		return c.mayRunSaved(ctx, p.TgtUUID)
	}
	return c.mayRun(ctx, p.Cmd)
}

// mayRun returns an error unless the caller may run commands of a client. For the
// holder of a token the scopes decide, when the command is run.
func (c *call) mayRun(ctx context.Context, kind string) error {
	if c.caller().Principal != nil {
		return nil
	}
	err := c.may(ctx, map[string]role.Permission{
		"local": role.CmdRun, "runner": role.CmdRunnerRun, "wheel": role.CmdWheelRun,
	}[kind])
	if err != nil || kind != "local" {
		return err
	}
	// The roles of a login limit where it may run, as those of a token do.
	if set, err := c.set(ctx); err != nil {
		return err
	} else if set != nil && !set.Anywhere() {
		c.limit = set
	}
	return nil
}

// mayRunSaved returns an error unless the caller, who has [role.JobRun], may run a saved
// job on minions on its own target. The roles of a login limit where, if they have
// [role.CmdRun]. For the holder of a token the scopes decide, when the command is run.
func (c *call) mayRunSaved(ctx context.Context, tgt string) error {
	if c.caller().Principal != nil {
		return nil
	}
	set, err := c.set(ctx)
	switch {
	case err != nil:
		return err
	case set != nil && set.Anywhere():
		return nil
	case set != nil && set.May(role.CmdRun):
		c.limit = set
		return nil
	case strings.EqualFold(tgt, AllMinions):
		return c.may(ctx, role.TargetAllMinionsRun)
	}
	return nil
}
