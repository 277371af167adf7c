package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

func (a *API) retMethods() []*method.Method {
	needs := []role.Permission{role.ReturnerRead}
	return []*method.Method{
		declare(a, method.About{
			Name: "ret.get_returns", Doc: "Find what minions returned. The newest commands are the first, unless a sort is named.",
			Returns: "`{count, limit, results}`, a row for each return; `limit` is the one that was requested", Needs: needs, Served: a.recorded(),
		}, getReturns),
		declare(a, method.About{
			Name: "ret.get_jid", Doc: "Return what all minions returned for a command.",
			Returns: "an object with an object for each minion", Needs: needs, Served: a.recorded(),
		}, getJID),
		declare(a, method.About{
			Name: "ret.get_jids", Doc: "Return commands by their job ids, the newest ones.",
			Returns: "an object with the load of each command", Needs: needs, Served: a.recorded(),
		}, getJIDs),
		declare(a, method.About{
			Name: "ret.get_load", Doc: "Return what was published for a command.", Returns: "an object: the load", Needs: needs, Served: a.recorded(),
		}, getLoad),
		declare(a, method.About{
			Name: "ret.get_fun", Doc: "Return the function that each minion ran last, or the minions that ran one last.",
			Returns: "an object with a function for each minion", Needs: needs, Served: a.recorded() && a.runs(),
		}, getFun),
		declare(a, method.About{
			Name: "ret.get_minions", Doc: "Return the minions whose keys are accepted.", Returns: "an object with a list of minions for the master",
			Needs: []role.Permission{role.ReturnerRead, role.MinionRead}, Served: a.runs(),
		}, getMinions),
	}
}

type getReturnsParams struct {
	JID       string `rpc:"jid" doc:"The job id of the command."`
	MasterID  string `rpc:"master_id" doc:"A part of the master's name."`
	MinionID  string `rpc:"minion_id" doc:"A part of the minion's name."`
	Fun       string `rpc:"fun" doc:"The function; an asterisk at the end stands for any more."`
	User      string `rpc:"user" doc:"The user who ran the command."`
	JobName   string `rpc:"job_name" doc:"The saved job that was run, by its name."`
	JobUUID   string `rpc:"job_uuid" format:"uuid" doc:"The saved job that was run."`
	TgtName   string `rpc:"tgt_name" doc:"The saved target that it was run on, by its name."`
	TgtUUID   string `rpc:"tgt_uuid" format:"uuid" doc:"The saved target that it was run on."`
	MatchTgt  string `rpc:"match_tgt_uuid" format:"uuid" doc:"A saved target that the minion is in."`
	Args      string `rpc:"args" doc:"A part of the arguments."`
	Highstate *bool  `rpc:"highstate" doc:"Only those of highstates, or none of them."`
	Start     string `rpc:"start" format:"jid" doc:"The first job id."`
	End       string `rpc:"end" format:"jid" doc:"The last job id."`
	Limit     int    `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	HasErrors *bool  `rpc:"has_errors" doc:"Those that failed, or did not."`
	SortBy    string `rpc:"sort_by" enum:"minion_id|master_id|fun|has_errors|jid|job_name|tgt_name|user|alter_time" doc:"The column to sort by."`
	Reverse   bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Page      int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
}

func getReturns(ctx context.Context, c *Call, p getReturnsParams) (any, error) {
	s := search{c: c, p: p}
	s.from, s.to = method.Span(p.Page, p.Limit)
	if p.MatchTgt != "" && !strings.EqualFold(p.MatchTgt, saved.AllMinions) {
		f, err := c.Fleet(ctx)
		if err != nil {
			return nil, err
		}
		ids, err := f.InSaved(ctx, p.MatchTgt)
		if err != nil {
			return nil, err
		}
		s.in = make(map[string]bool, len(ids))
		for _, id := range ids {
			s.in[id] = true
		}
	}
	if strings.Contains(c.api.MasterID, p.MasterID) {
		if err := s.run(ctx); err != nil {
			return nil, err
		}
	}
	return method.Streamed(func(to *spool.Spool) error {
		_, _ = fmt.Fprintf(to, `{"count":%d,"limit":%d,"results":[`, s.count, p.Limit) // an error stays
		if err := s.write(ctx, to); err != nil {
			return err
		}
		_, err := to.WriteString("]}")
		return err
	}), nil
}
