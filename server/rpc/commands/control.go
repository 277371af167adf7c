package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
	"github.com/saltern-api/saltern/server/web"
)

// control is what can be done with a command that runs.
type control struct {
	verb   string // in errors
	state  string // the function for a run of states
	others string // that for other functions on minions; "" for none
}

var (
	// A run of states ends before its next state, and returns; nothing else can be
	// ended but by a signal to its process, which returns nothing then.
	stopping = control{"stopped", "state.soft_kill", "saltutil.term_job"}
	pausing  = control{"paused", "state.pause", ""}
	resuming = control{"resumed", "state.resume", ""}
)

func (a *API) controlMethods() []*method.Method {
	needs := []role.Permission{role.CmdRun, role.CmdRunnerRun}
	served := a.runs() && a.recorded()
	return []*method.Method{
		declare(a, method.About{
			Name: "cmd.stop_job", Doc: "Stop a command on the minions that have not returned: a run of states before its next state, by `state.soft_kill`, others at once, " +
				"by `saltutil.term_job`. Of runners orchestrations alone can be stopped.",
			Returns: "the job id of the command that does it", Needs: needs, Served: served,
		}, stopping.run),
		declare(a, method.About{
			Name: "cmd.pause_job", Doc: "Pause a run of states, or an orchestration, before its next state, by `state.pause`. Other commands cannot be paused.",
			Returns: "the job id of the command that does it", Needs: needs, Served: served,
		}, pausing.run),
		declare(a, method.About{
			Name: "cmd.resume_job", Doc: "Let a run of states go on that was paused, by `state.resume`.",
			Returns: "the job id of the command that does it", Needs: needs, Served: served,
		}, resuming.run),
	}
}

type controlParams struct {
	JobUUID string `rpc:"job_uuid" format:"uuid" doc:"A saved job, of which one command runs."`
	JID     string `rpc:"jid" format:"jid" doc:"The job id of the command, in place of job_uuid."`
}

// run sends the command that does it to the master.
func (ct control) run(ctx context.Context, c *Call, p controlParams) (any, error) {
	j, err := c.running(ctx, p)
	if err != nil {
		return nil, err
	}
	kind, fun := kindOf(j), ct.state
	if !isStates(j) {
		fun = ct.others
	}
	if fun == "" || kind != "local" && (kind != "runner" || !isStates(j)) {
		return nil, method.InvalidParameter("jid", fmt.Sprintf("%.80q cannot be %s", j.Fun, ct.verb))
	}
	fields := []method.Field{method.TextField("client", kind+"_async"), method.TextField("fun", fun), method.JSONField("arg", web.JSON([]string{j.JID}))}
	if kind == "local" {
		minions, err := c.silent(ctx, j)
		if err != nil {
			return nil, err
		}
		fields = append(fields, method.JSONField("tgt", web.JSON(minions)), method.TextField("tgt_type", "list"))
	}
	if len(fields) == 3 && j.State.Ended() {
		return nil, errEnded(j)
	}
	if err := c.MayRun(ctx, kind); err != nil {
		return nil, err
	}
	answer, err := c.Run(ctx, fields...)
	if err != nil {
		return nil, err
	}
	switch answer := answer.(type) {
	case lowstate.Published:
		if answer.JID != "" {
			return answer.JID, nil
		}
		return nil, &method.Error{Code: method.CodeNotFound, Message: "the master knows none of the minions"}
	case lowstate.Started:
		return answer.JID, nil
	}
	return nil, run.Unexpected(fun, answer)
}

func errEnded(j records.Job) error {
	return &method.Error{Code: method.CodeConflict, Message: fmt.Sprintf("the command %s has ended", j.JID)}
}

// running returns the command that is meant.
func (c *Call) running(ctx context.Context, p controlParams) (j records.Job, err error) {
	switch {
	case p.JID != "" && p.JobUUID != "":
		return j, method.InvalidParameter("job_uuid", "it excludes jid")
	case p.JID != "":
		return c.api.Records.Job(ctx, c.Caller, p.JID, false)
	case p.JobUUID == "":
		return j, method.InvalidParameter("jid", "it is missing")
	}
	found, err := c.api.Records.Jobs(ctx, c.Caller, records.Query{Limit: 2, Sort: records.Newest, Filter: records.Filter{
		States: []records.State{records.New, records.Running}, Origin: records.OriginFilter{Job: strings.ToLower(p.JobUUID)},
	}})
	switch {
	case err != nil:
		return j, err
	case len(found.Jobs) == 0:
		return j, &method.Error{Code: method.CodeNotFound, Message: "no command of the job runs"}
	case len(found.Jobs) > 1:
		return j, &method.Error{Code: method.CodeConflict, Message: "several commands of the job run: the jid of one is needed"}
	}
	return found.Jobs[0], nil
}

// silent returns the minions of a command that have not returned.
func (c *Call) silent(ctx context.Context, j records.Job) ([]string, error) {
	var minions []string
	err := c.eachReturn(ctx, j.JID, records.ReturnQuery{Outcome: records.Missing}, func(r records.Return) error {
		minions = append(minions, r.Minion)
		return nil
	})
	if err == nil && len(minions) == 0 {
		err = errEnded(j)
	}
	return minions, err
}

// isStates reports whether a command is a run of states: on minions, or of an
// orchestration.
func isStates(j records.Job) bool {
	if name, ok := strings.CutPrefix(j.Fun, "runner.state."); ok {
		return slices.Contains([]string{"orchestrate", "orch", "sls", "orchestrate_single", "orchestrate_high"}, name)
	}
	name, ok := strings.CutPrefix(j.Fun, "state.")
	return ok && slices.Contains([]string{"apply", "highstate", "sls", "sls_id", "top", "single", "high", "low", "template", "template_str"}, name)
}
