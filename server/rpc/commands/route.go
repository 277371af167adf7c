package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// RouteParams are the parameters of cmd.route_cmd.
type RouteParams struct {
	JobUUID     string        `rpc:"job_uuid" format:"uuid" doc:"A saved job to run."`
	Cmd         string        `rpc:"cmd" enum:"wheel|runner|local" doc:"The kind of the command. It is needed without job_uuid."`
	Fun         string        `rpc:"fun" doc:"The function."`
	Masters     []string      `rpc:"masters" doc:"The masters of a runner or wheel function. There is one, which any name means."`
	Arg         method.Object `rpc:"arg" doc:"An object with arg, a list, and kwarg, an object."`
	Tgt         method.Object `rpc:"tgt" doc:"The minions of a local command: an object with tgt and tgt_type for a master, or for *."`
	TgtUUID     string        `rpc:"tgt_uuid" format:"uuid" doc:"A saved target, in place of tgt."`
	JID         string        `rpc:"jid" doc:"The job id of a local command, in place of a new one."`
	Disposition []string      `rpc:"disposition" enum:"all-masters|any-master|any-in-cluster|all-in-cluster" doc:"Which of several masters. There is one."`
}

// Route runs a command, and returns its job id.
func Route(ctx context.Context, c *Call, p RouteParams) (any, error) {
	asSaved := p.JobUUID != "" && len(p.Tgt) == 0 && p.TgtUUID == ""
	from := c.Origin
	if p.JobUUID != "" {
		o, replaced, err := c.FromJob(ctx, &p)
		if err != nil {
			return nil, err
		}
		asSaved = asSaved && !replaced
		from.Job, from.JobName = o.ID, o.Name
	}
	switch {
	case p.Cmd == "":
		return nil, method.InvalidParameter("cmd", "it is missing")
	case p.Fun == "":
		return nil, method.InvalidParameter("fun", "it is missing")
	case p.JID != "" && p.Cmd != "local":
		return nil, method.InvalidParameter("jid", "only a local command takes one")
	case len(p.Tgt) > 0 && p.TgtUUID != "":
		return nil, method.InvalidParameter("tgt_uuid", "it excludes tgt")
	}
	fields, err := method.Arguments(p.Arg)
	if err != nil {
		return nil, err
	}
	fields = append(fields, method.TextField("fun", p.Fun), method.TextField("client", p.Cmd+"_async"))
	var t saved.Target
	if p.Cmd == "local" {
		var of saved.Item
		if t, of, err = c.Target(ctx, p); err != nil {
			return nil, err
		}
		from.Tgt, from.TgtName = of.ID, of.Name
		fields = append(fields, method.JSONField("tgt", t.Tgt), method.TextField("tgt_type", t.Type))
		if p.JID != "" {
			fields = append(fields, method.TextField("jid", p.JID))
		}
	}
	if err := c.MayRoute(ctx, p, asSaved); err != nil {
		return nil, err
	}
	answer, wrong := c.RunFrom(ctx, from, fields...)
	if wrong != nil {
		return nil, wrong
	}
	switch answer := answer.(type) {
	case lowstate.Published:
		if answer.JID == "" {
			return c.nobody(ctx, p, t, from)
		}
		c.api.Following.begin(c.api, c.Caller, answer.JID)
		return answer.JID, nil
	case lowstate.Started:
		return answer.JID, nil
	}
	return nil, fmt.Errorf("%s: the answer is a %T", p.Fun, answer)
}

// Target returns the target of a local command, and the saved one if it is that.
func (c *Call) Target(ctx context.Context, p RouteParams) (t saved.Target, of saved.Item, err error) {
	tgt := p.Tgt
	switch {
	case len(tgt) > 0:
	case strings.EqualFold(p.TgtUUID, saved.AllMinions):
		return saved.Target{Tgt: []byte(`"*"`), Type: "glob"}, saved.BuiltIn(), nil
	case p.TgtUUID != "" && c.Library() == nil:
		return t, of, &method.Error{Code: method.CodeNotFound, Message: "there is no such target"}
	case p.TgtUUID != "":
		if of, err = c.Seen(ctx, records.SavedTarget, p.TgtUUID, saved.MayRead); err != nil {
			return t, of, err
		}
		if err := c.stillTheSame(of); err != nil {
			return t, of, err
		}
		tgt = method.Object(of.Target)
	default:
		return t, of, method.InvalidParameter("tgt", "a local command needs tgt or tgt_uuid")
	}
	t, wrong := saved.ParseTarget("tgt", tgt)
	if wrong != nil {
		return t, of, wrong
	}
	return t, of, nil
}

// nobody returns the job id of a command that no minion matches: the master was not
// sent any. It is recorded as one that has ended.
func (c *Call) nobody(ctx context.Context, p RouteParams, t saved.Target, from lowstate.Origin) (any, error) {
	jid := c.api.jids.Next()
	c.Warn("no minion matches the target")
	if c.api.Writer == nil {
		return jid, nil
	}
	id := c.Caller.Identity()
	_, err := c.api.Writer.Put(ctx, records.Batch{
		Jobs: []records.Job{{
			JID: jid, User: id.User, Eauth: id.Eauth, Client: "local_async", Fun: p.Fun, Tgt: t.Text(), TgtType: t.Type, Minions: []string{},
			Origin: records.Origin(from),
		}},
		Ends: []records.End{{JID: jid, Time: time.Now()}},
	})
	if err != nil {
		c.Warn("the command is not recorded")
	}
	return jid, nil
}

// MayRoute returns an error unless the caller may run a command. asSaved is set for a
// saved job that is run as it was saved: on minions job-run is enough, which FromJob
// requires.
func (c *Call) MayRoute(ctx context.Context, p RouteParams, asSaved bool) error {
	if asSaved && p.Cmd == "local" {
		return c.MayRunSaved(ctx, p.TgtUUID)
	}
	return c.MayRun(ctx, p.Cmd)
}
