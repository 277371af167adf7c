package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
)

func cmdMethods() []*Method {
	return []*Method{
		method(about{
			name: "cmd.route_cmd", doc: "Run a command. It is published at once; what comes of it is in `cmd.get_cmds` and in `ret`.",
			returns: "the job id",
			rights: "`cmd-run`, `cmd-runner-run` or `cmd-wheel-run`, by `cmd`, or `job-run` for a saved job on minions, on its own target: All Minions needs `target-allminions-run` beside it, and the targets of roles with `cmd-run` limit it, too; a token needs scopes that allow the command, " +
				"and the master's rules decide last",
			served: runs,
		}, routeCmd),
		method(about{
			name: "cmd.get_cmds", doc: "Find commands, the newest first unless a sort is named.",
			returns: "`{count, results}`, a row for each command. `count` is that of all pages, up to 10,000; `duration` is in seconds, and null before the end",
			needs:   []role.Permission{role.CmdRead}, served: recorded,
		}, getCmds),
		method(about{
			name: "cmd.get_cmd_status", doc: "Return the states of some commands: complete for one that has ended, not-found for one that is not known.",
			returns: "a list of texts in the order of the ids", needs: []role.Permission{role.CmdRead}, served: recorded,
		}, getCmdStatus),
		method(about{
			name: "cmd.get_cmd_details", doc: "Return what came of each minion of a command.",
			returns: "`{count, results}`, a row for each minion, with `full_ret` if `minion_id_exact` is given",
			needs:   []role.Permission{role.CmdRead}, served: recorded,
		}, getCmdDetails),
	}
}

// runs reports whether commands can be run.
func runs(a *API) bool { return a.Gateway != nil && a.Authority != nil }

// recorded reports whether there are records.
func recorded(a *API) bool { return a.Records != nil }

type routeCmdParams struct {
	JobUUID     string   `rpc:"job_uuid" format:"uuid" doc:"A saved job to run."`
	Cmd         string   `rpc:"cmd" enum:"wheel|runner|local" doc:"The kind of the command. It is needed without job_uuid."`
	Fun         string   `rpc:"fun" doc:"The function."`
	Masters     []string `rpc:"masters" doc:"The masters of a runner or wheel function. There is one, which any name means."`
	Arg         Object   `rpc:"arg" doc:"An object with arg, a list, and kwarg, an object."`
	Tgt         Object   `rpc:"tgt" doc:"The minions of a local command: an object with tgt and tgt_type for a master, or for *."`
	TgtUUID     string   `rpc:"tgt_uuid" format:"uuid" doc:"A saved target, in place of tgt."`
	JID         string   `rpc:"jid" doc:"The job id of a local command, in place of a new one."`
	Disposition []string `rpc:"disposition" enum:"all-masters|any-master|any-in-cluster|all-in-cluster" doc:"Which of several masters. There is one."`
}

func routeCmd(ctx context.Context, c *call, p routeCmdParams) (any, error) {
	asSaved := p.JobUUID != "" && len(p.Tgt) == 0 && p.TgtUUID == ""
	from := c.origin
	if p.JobUUID != "" {
		o, replaced, err := c.fromJob(ctx, &p)
		if err != nil {
			return nil, err
		}
		asSaved = asSaved && !replaced
		from.Job, from.JobName = o.ID, o.Name
	}
	switch {
	case p.Cmd == "":
		return nil, invalidParameter("cmd", "it is missing")
	case p.Fun == "":
		return nil, invalidParameter("fun", "it is missing")
	case p.JID != "" && p.Cmd != "local":
		return nil, invalidParameter("jid", "only a local command takes one")
	case len(p.Tgt) > 0 && p.TgtUUID != "":
		return nil, invalidParameter("tgt_uuid", "it excludes tgt")
	}
	fields, err := p.arguments()
	if err != nil {
		return nil, err
	}
	fields = append(fields, textField("fun", p.Fun), textField("client", p.Cmd+"_async"))
	var t target
	if p.Cmd == "local" {
		var saved object
		if t, saved, err = c.target(ctx, p); err != nil {
			return nil, err
		}
		from.Tgt, from.TgtName = saved.ID, saved.Name
		fields = append(fields, field{"tgt", t.tgt}, textField("tgt_type", t.typ))
		if p.JID != "" {
			fields = append(fields, textField("jid", p.JID))
		}
	}
	if err := c.mayRoute(ctx, p, asSaved); err != nil {
		return nil, err
	}
	answer, wrong := c.runFrom(ctx, from, fields...)
	if wrong != nil {
		return nil, wrong
	}
	switch answer := answer.(type) {
	case lowstate.Published:
		if answer.JID == "" {
			return c.nobody(ctx, p, t, from)
		}
		c.api.Following.begin(c.api, c.caller(), answer.JID)
		return answer.JID, nil
	case lowstate.Started:
		return answer.JID, nil
	}
	return nil, fmt.Errorf("%s: the answer is a %T", p.Fun, answer)
}

// target returns the target of a local command, and the saved one if it is that.
func (c *call) target(ctx context.Context, p routeCmdParams) (t target, saved object, err error) {
	tgt := p.Tgt
	switch {
	case len(tgt) > 0:
	case strings.EqualFold(p.TgtUUID, AllMinions):
		return target{[]byte(`"*"`), "glob"}, allMinions(), nil
	case p.TgtUUID != "" && c.api.Library == nil:
		return t, saved, &Error{Code: CodeNotFound, Message: "there is no such target"}
	case p.TgtUUID != "":
		if saved, err = c.seen(ctx, records.SavedTarget, p.TgtUUID, mayRead); err != nil {
			return t, saved, err
		}
		if err := c.stillTheSame(saved); err != nil {
			return t, saved, err
		}
		tgt = Object(saved.Target)
	default:
		return t, saved, invalidParameter("tgt", "a local command needs tgt or tgt_uuid")
	}
	t, wrong := parseTarget("tgt", tgt)
	if wrong != nil {
		return t, saved, wrong
	}
	return t, saved, nil
}

// arguments returns the arguments of the function as keys of a chunk.
func (p routeCmdParams) arguments() ([]field, error) {
	if len(p.Arg) == 0 {
		return nil, nil
	}
	o, err := jsonobject.Parse(json.RawMessage(p.Arg))
	if err != nil {
		return nil, invalidParameter("arg", err.Error())
	}
	var arg, kwarg json.RawMessage
	if err := o.Decode(map[string]any{"arg": &arg, "kwarg": &kwarg}); err != nil {
		return nil, invalidParameter("arg", err.Error())
	}
	var fields []field
	if !isNull(arg) {
		if arg[0] != '[' {
			return nil, invalidParameter("arg", "arg in it is a list")
		}
		fields = append(fields, field{"arg", arg})
	}
	if !isNull(kwarg) && !bytes.Equal(kwarg, []byte("{}")) {
		if _, err := jsonobject.Parse(kwarg); err != nil {
			return nil, invalidParameter("arg", "kwarg in it: "+err.Error())
		}
		fields = append(fields, field{"kwarg", kwarg})
	}
	return fields, nil
}

// nobody returns the job id of a command that no minion matches: the master was not
// sent any. It is recorded as one that has ended.
func (c *call) nobody(ctx context.Context, p routeCmdParams, t target, from lowstate.Origin) (any, error) {
	jid := c.api.jids.Next()
	c.warn("no minion matches the target")
	if c.api.Writer == nil {
		return jid, nil
	}
	id := c.caller().Identity()
	_, err := c.api.Writer.Put(ctx, records.Batch{
		Jobs: []records.Job{{
			JID: jid, User: id.User, Eauth: id.Eauth, Client: "local_async", Fun: p.Fun, Tgt: t.text(), TgtType: t.typ, Minions: []string{},
			Origin: records.Origin(from),
		}},
		Ends: []records.End{{JID: jid, Time: time.Now()}},
	})
	if err != nil {
		c.warn("the command is not recorded")
	}
	return jid, nil
}
