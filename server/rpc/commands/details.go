package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

type getCmdStatusParams struct {
	JIDs []string `rpc:"jids,required" doc:"The job ids."`
}

func getCmdStatus(ctx context.Context, c *Call, p getCmdStatusParams) (any, error) {
	if len(p.JIDs) > records.MaxLimit {
		return nil, method.InvalidParameter("jids", fmt.Sprintf("there are more than %d", records.MaxLimit))
	}
	all := make([]string, len(p.JIDs))
	for i, jid := range p.JIDs {
		j, err := c.api.Records.Job(ctx, c.Caller, jid, false)
		switch {
		case err != nil && method.ErrorOf(err).Code == method.CodeNotFound:
			all[i] = "not-found"
		case err != nil:
			return nil, err
		case j.State.Ended():
			all[i] = "complete"
		default:
			all[i] = StateOf(j)
		}
	}
	return all, nil
}

type getCmdDetailsParams struct {
	JID       string `rpc:"jid,required" format:"jid" doc:"The job id."`
	Exact     string `rpc:"minion_id_exact" doc:"One minion, whose return is in the answer."`
	MinionID  string `rpc:"minion_id" doc:"A part of the minion's name."`
	MasterID  string `rpc:"master_id" doc:"A part of the master's name."`
	HasErrors *bool  `rpc:"has_errors" doc:"Those that failed, or did not."`
	HasReturn *bool  `rpc:"has_return" doc:"Those that returned, or did not."`
	SortBy    string `rpc:"sort_by" default:"alter_time" enum:"alter_time|minion_id|master_id|has_errors|has_return" doc:"The column to sort by."`
	Reverse   bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Page      int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit     int    `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
}

// detail is a row of cmd.get_cmd_details.
type detail struct {
	MinionID  string          `json:"minion_id"`
	MasterID  string          `json:"master_id"`
	HasReturn bool            `json:"has_return"`
	HasErrors bool            `json:"has_errors"`
	AlterTime *string         `json:"alter_time"`
	FullRet   json.RawMessage `json:"full_ret,omitempty"`
}

func getCmdDetails(ctx context.Context, c *Call, p getCmdDetailsParams) (any, error) {
	j, err := c.api.Records.Job(ctx, c.Caller, p.JID, false)
	if err != nil {
		return nil, err
	}
	rows := []detail{}
	add := func(r records.Return, full json.RawMessage) {
		row := detail{
			MinionID: r.Minion, MasterID: c.api.MasterID, HasReturn: !r.Missing, HasErrors: !r.Missing && r.Outcome() != records.OK, FullRet: full,
		}
		if !r.Missing {
			at := method.TimeText(r.Time)
			row.AlterTime = &at
		}
		rows = append(rows, row)
	}
	if p.Exact != "" {
		r, err := c.api.Records.Return(ctx, c.Caller, p.JID, p.Exact)
		switch {
		case err != nil && method.ErrorOf(err).Code == method.CodeNotFound:
		case err != nil:
			return nil, err
		default:
			var full json.RawMessage
			if !r.Missing {
				full = c.api.fullReturn(j, r, valueOf(r))
			}
			add(r, full)
		}
	} else if err := c.eachReturn(ctx, p.JID, records.ReturnQuery{}, func(r records.Return) error { add(r, nil); return nil }); err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(d detail) bool {
		return !strings.Contains(d.MinionID, p.MinionID) || !strings.Contains(d.MasterID, p.MasterID) ||
			p.HasErrors != nil && *p.HasErrors != d.HasErrors || p.HasReturn != nil && *p.HasReturn != d.HasReturn
	})
	slices.SortStableFunc(rows, func(a, b detail) int {
		n := 0
		switch p.SortBy {
		case "alter_time":
			n = strings.Compare(method.TextOr(a.AlterTime), method.TextOr(b.AlterTime))
		case "minion_id":
			n = strings.Compare(a.MinionID, b.MinionID)
		case "has_errors":
			n = method.CompareBools(a.HasErrors, b.HasErrors)
		case "has_return":
			n = method.CompareBools(a.HasReturn, b.HasReturn)
		}
		if p.Reverse {
			return -n
		}
		return n
	})
	return method.PageOf(rows, p.Page, p.Limit), nil
}

// maxReturns bounds the returns of a job that are looked through.
const maxReturns = 100_000

// eachReturn calls f with the returns of a job that the caller sees, those that are
// missing included.
func (c *Call) eachReturn(ctx context.Context, jid string, q records.ReturnQuery, f func(records.Return) error) error {
	q.Limit = records.MaxLimit
	for n := 0; ; {
		found, err := c.api.Records.Returns(ctx, c.Caller, jid, q)
		if err != nil {
			return err
		}
		for _, r := range found.Returns {
			if err := f(r); err != nil {
				return err
			}
		}
		n += len(found.Returns)
		switch {
		case found.Next == "":
			return nil
		case n >= maxReturns:
			c.Warn(fmt.Sprintf("only the first %d returns were looked through", n))
			return nil
		}
		q.After = found.Next
	}
}
