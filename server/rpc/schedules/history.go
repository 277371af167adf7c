package schedules

import (
	"context"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/method"
)

type getInflightParams struct {
	UUID       string   `rpc:"uuid" format:"uuid" doc:"The schedule."`
	SchedNames []string `rpc:"sched_names" doc:"The names of schedules."`
	JobNames   []string `rpc:"job_names" doc:"The names of saved jobs."`
	TgtNames   []string `rpc:"tgt_names" doc:"The names of saved targets."`
	Fun        string   `rpc:"fun" doc:"The function; an asterisk at the end stands for any more."`
	Cmd        string   `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command."`
	Paused     *bool    `rpc:"paused" doc:"Only commands that are paused. Which are is not known here: there are none."`
	Adhoc      bool     `rpc:"include_adhoc" default:"false" doc:"Return commands that were not scheduled, too."`
	NoFindJob  bool     `rpc:"filter_find_job" default:"true" doc:"Leave out saltutil.find_job, which is not recorded in any case."`
	SortBy     string   `rpc:"sort_by" enum:"state|start_time|cmd|fun|tgt_name|job_name|sched_name|user|expected|returned" doc:"The column to sort by."`
	Reverse    bool     `rpc:"reverse" default:"false" doc:"The largest first."`
	Limit      int      `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Page       int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	DateRange  []string `rpc:"daterange,keyword" doc:"Two times: those that started in between."`
	RangeForm  string   `rpc:"daterange_fmt,keyword" doc:"The format of the times, in the directives of strptime; ISO 8601 without it."`
}

func getInflight(ctx context.Context, c *call, p getInflightParams) (any, error) {
	if p.Paused != nil && *p.Paused {
		c.Warn(commands.WarnNoState)
		return method.Page[commands.Command]{Results: []commands.Command{}}, nil
	}
	q := commands.GetCmdsParams{
		DateRange: p.DateRange, DateRangeForm: p.RangeForm, State: []string{"new", "retrieved"}, SchedUUID: p.UUID, SchedNames: p.SchedNames,
		JobNames: p.JobNames, TgtNames: p.TgtNames, Fun: p.Fun, Cmd: p.Cmd, Originations: "scheduled", NoRefresh: true, SortBy: p.SortBy,
		Reverse: p.Reverse, Page: p.Page, Limit: p.Limit,
	}
	if p.Adhoc {
		q.Originations = "all"
	}
	if q.SortBy == "" {
		q.SortBy = "start_time"
	}
	return commands.GetCmds(ctx, &c.Call, q)
}

// pastRun is a row of schedule.search_history.
type pastRun struct {
	SchedUUID string  `json:"sched_uuid"`
	SchedName string  `json:"sched_name"`
	Due       string  `json:"due"`
	StartTime string  `json:"start_time"`
	State     string  `json:"state"`
	JID       *string `json:"jid"`
	Why       *string `json:"why"`
	Cmd       string  `json:"cmd"`
	Fun       *string `json:"fun"`
	User      string  `json:"user"`
	UserUUID  string  `json:"user_uuid"`
}

type searchHistoryParams struct {
	Query     string   `rpc:"query" doc:"A part of the name, or of what arg and kwarg say."`
	Cmd       string   `rpc:"cmd" enum:"local|runner|wheel|ssh" doc:"The kind of the command."`
	Name      bool     `rpc:"name" default:"false" doc:"Look for query in the names, which is done without arg and kwarg, too."`
	Fun       string   `rpc:"fun" doc:"A part of the function."`
	Masters   string   `rpc:"masters" doc:"A part of the master's name. There is one."`
	Tgt       string   `rpc:"tgt" doc:"A part of the target of the schedule as it is now, or of its name."`
	Arg       bool     `rpc:"arg" default:"false" doc:"Look for query in the positional arguments that the schedule has now."`
	Kwarg     bool     `rpc:"kwarg" default:"false" doc:"Look for query in the keyword arguments that the schedule has now."`
	DateRange []string `rpc:"daterange" doc:"Two times: those that were due in between."`
	Limit     int      `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Page      int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	UUID      string   `rpc:"uuid,keyword" format:"uuid" doc:"The schedule."`
	RangeForm string   `rpc:"daterange_fmt,keyword" doc:"The format of the times, in the directives of strptime; ISO 8601 without it."`
}

// maxHistory bounds the runs that are looked through.
const maxHistory = 10_000

func searchHistory(ctx context.Context, c *call, p searchHistoryParams) (any, error) {
	from, to, err := method.DateRange(p.DateRange, p.RangeForm)
	if err != nil {
		return nil, err
	}
	h, err := c.Holder(ctx)
	if err != nil {
		return nil, err
	}
	rows := []pastRun{}
	if !method.Holds(c.api.Commands.MasterID, p.Masters) {
		return method.Page[pastRun]{Results: rows}, nil
	}
	var present map[string]planned // the schedules of now
	var n names
	if p.Query != "" && (p.Arg || p.Kwarg) || p.Tgt != "" {
		all, err := c.schedulesOf(ctx)
		if err != nil {
			return nil, err
		}
		if n, err = c.namesOfSchedules(ctx, all); err != nil {
			return nil, err
		}
		present = make(map[string]planned, len(all))
		for _, s := range all {
			present[s.ID] = s
		}
	}
	q := records.RunQuery{Schedule: strings.ToLower(p.UUID), From: from, To: to, Limit: records.MaxLimit}
	if !h.Superuser {
		q.User, q.Eauth = h.User, h.Eauth
	}
	for ; q.Offset < maxHistory; q.Offset += records.MaxLimit {
		found, err := c.api.Schedules.Runs(ctx, q)
		if err != nil {
			return nil, scheduleError(err)
		}
		for _, r := range found {
			s := present[r.Schedule]
			if p.Cmd != "" && r.Cmd != p.Cmd || !method.Holds(r.Fun, p.Fun) || !p.finds(r, s) || p.Tgt != "" && !method.Holds(string(s.body.Tgt)+n.tgts[s.Tgt].Name, p.Tgt) {
				continue
			}
			rows = append(rows, pastRun{
				SchedUUID: r.Schedule, SchedName: r.Name, Due: method.TimeText(r.Due), StartTime: method.TimeText(r.Claimed), State: string(r.State),
				JID: method.Pointer(r.JID), Why: method.Pointer(r.Why), Cmd: r.Cmd, Fun: method.Pointer(r.Fun), User: r.User, UserUUID: method.UserUUID(r.Eauth, r.User),
			})
		}
		if len(found) < records.MaxLimit {
			break
		}
		if q.Offset+records.MaxLimit >= maxHistory {
			c.Warn(fmt.Sprintf("only the latest %d runs were looked through: narrow the search, by daterange for example", maxHistory))
		}
	}
	return method.PageOf(rows, p.Page, p.Limit), nil
}

// finds reports whether the query is in a run, or in the schedule of now.
func (p searchHistoryParams) finds(r records.Run, s planned) bool {
	return p.Query == "" || (p.Name || !p.Arg && !p.Kwarg) && method.Holds(r.Name, p.Query) || s.argumentsHold(p.Query, p.Arg, p.Kwarg)
}
