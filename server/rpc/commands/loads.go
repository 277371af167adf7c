package commands

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

type getJIDParams struct {
	JID      string `rpc:"jid,required" format:"jid" doc:"The job id of the command."`
	MasterID string `rpc:"master_id" doc:"The master. There is one, which any name means."`
}

func getJID(ctx context.Context, c *Call, p getJIDParams) (any, error) {
	j, err := c.api.Records.Job(ctx, c.Caller, p.JID, false)
	if err != nil && method.ErrorOf(err).Code == method.CodeNotFound {
		return struct{}{}, nil // as for one that nothing returned for yet
	}
	if err != nil {
		return nil, err
	}
	return method.Streamed(func(to *spool.Spool) error {
		before := "{"
		err := c.eachReturn(ctx, p.JID, records.ReturnQuery{Values: true}, func(r records.Return) error {
			if r.Missing {
				return nil
			}
			members := web.JSON(membersOf(j, r))
			_, _ = fmt.Fprintf(to, `%s%s:%s,"return":`, before, web.JSON(r.Minion), members[:len(members)-1]) // an error stays
			before = ","
			if len(r.Value) == 0 {
				_, err := to.WriteString("null}")
				return err
			}
			if err := lowstate.WriteReturn(to, r.Value); err != nil {
				return err
			}
			_, err := to.WriteString("}")
			return err
		})
		if err != nil {
			return err
		}
		end := "}"
		if before == "{" {
			end = "{}"
		}
		_, err = to.WriteString(end)
		return err
	}), nil
}

type getJIDsParams struct {
	Start string `rpc:"start" format:"jid" doc:"The first job id."`
	End   string `rpc:"end" format:"jid" doc:"The last job id."`
	Limit int    `rpc:"limit" doc:"How many; 1,000 at the most, which is also the default."`
}

// loadOf returns what was published for a command.
func (a *API) loadOf(j records.Job) map[string]any {
	load := map[string]any{
		"cmd": "publish", "jid": j.JID, "fun": j.Fun, "arg": argumentsOf(j), "user": j.User, "tgt": j.Tgt, "tgt_type": j.TgtType,
		"ret": "", "master_id": a.MasterID,
	}
	if j.Minions != nil {
		load["minions"] = j.Minions
	}
	return load
}

func getJIDs(ctx context.Context, c *Call, p getJIDsParams) (any, error) {
	q := records.Query{Sort: records.Newest, Limit: records.MaxLimit}
	if p.Limit > 0 && p.Limit < q.Limit {
		q.Limit = p.Limit
	}
	if t, ok := records.StartOf(p.Start); ok {
		q.Filter.From = t
	}
	if t, ok := records.StartOf(p.End); ok {
		q.Filter.To = t.Add(time.Microsecond)
	}
	got, err := c.api.Records.Jobs(ctx, c.Caller, q)
	if err != nil {
		return nil, err
	}
	if got.Next != "" && q.Limit == records.MaxLimit {
		c.Warn(fmt.Sprintf("there are more than %d commands", records.MaxLimit))
	}
	loads := make(map[string]any, len(got.Jobs))
	for _, j := range got.Jobs {
		loads[j.JID] = c.api.loadOf(j)
	}
	return loads, nil
}

type getLoadParams struct {
	MasterID string `rpc:"master_id,required" doc:"The master. There is one, which any name means."`
	JID      string `rpc:"jid,required" format:"jid" doc:"The job id of the command."`
}

func getLoad(ctx context.Context, c *Call, p getLoadParams) (any, error) {
	j, err := c.api.Records.Job(ctx, c.Caller, p.JID, true)
	if err != nil {
		return nil, err
	}
	return c.api.loadOf(j), nil
}

type getFunParams struct {
	Fun string `rpc:"fun" doc:"Only the minions whose last function was this one."`
}

func getFun(ctx context.Context, c *Call, p getFunParams) (any, error) {
	f, err := c.Fleet(ctx)
	if err != nil {
		return nil, err
	}
	funs := make(map[string]string)
	for some := range slices.Chunk(f.IDs, records.MaxLimit) {
		last, err := c.api.Records.LastJobs(ctx, c.Caller, some)
		if err != nil {
			return nil, err
		}
		for _, l := range last {
			if p.Fun == "" || p.Fun == l.Job.Fun {
				funs[l.Minion] = l.Job.Fun
			}
		}
	}
	return funs, nil
}

func getMinions(ctx context.Context, c *Call, _ method.None) (any, error) {
	f, err := c.Fleet(ctx)
	if err != nil {
		return nil, err
	}
	return map[string][]string{c.api.MasterID: append([]string{}, f.IDs...)}, nil
}
