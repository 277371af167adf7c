package fleet

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
)

func (a *API) keyMethods() []*method.Method {
	return []*method.Method{
		declare(a, method.About{
			Name: "minions.get_minion_key_state", Doc: "Return the keys of minions, by the master's own `key.list_all`.",
			Returns: "`{count, results}`, a row for each minion, whose key_state is a list",
			Needs:   []role.Permission{role.MinionRead}, Served: a.runs(),
		}, getKeyState),
		declare(a, method.About{
			Name: "minions.set_minion_key_state",
			Doc: "Accept, reject or delete the keys of minions, by the master's own wheel functions. Pending keys are accepted and rejected, " +
				"others if the parameters include them; keys are deleted in every state.",
			Returns: "`{task_ids, changed}`: the job ids of the wheel functions, and the pairs of masters and minions whose keys were changed",
			Needs:   []role.Permission{role.MinionWrite, role.MinionDelete}, Served: a.runs(),
		}, setKeyState),
	}
}

// keys are the keys of minions by their states, as the master lists them.
type keys struct {
	Minions  []string `json:"minions"`
	Pending  []string `json:"minions_pre"`
	Rejected []string `json:"minions_rejected"`
	Denied   []string `json:"minions_denied"`
}

func (c *Call) keys(ctx context.Context) (k keys, err error) {
	return k, c.Wheel(ctx, &k, "key.list_all", nil)
}

// keyStates are the states of keys in the order of their rows, with Salt's names.
var keyStates = []struct{ state, salt string }{
	{"accepted", "minions"}, {"pending", "minions_pre"}, {"rejected", "minions_rejected"}, {"denied", "minions_denied"},
}

func (k keys) of(state string) []string {
	switch state {
	case "accepted":
		return k.Minions
	case "pending":
		return k.Pending
	case "rejected":
		return k.Rejected
	}
	return k.Denied
}

type getKeyStateParams struct {
	MasterID string            `rpc:"master_id" doc:"A part of the master's name."`
	MinionID string            `rpc:"minion_id" doc:"A part of the minion's name."`
	KeyState method.TextOrList `rpc:"key_state" enum:"accepted|rejected|pending|denied" doc:"The states to return."`
	SortBy   string            `rpc:"sort_by" enum:"master_id|minion_id|key_state" doc:"The column to sort by."`
	Reverse  bool              `rpc:"reverse" default:"false" doc:"The largest first."`
	Page     int               `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit    int               `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
}

// keyRow is a row of minions.get_minion_key_state.
type keyRow struct {
	Master   string   `json:"master"`
	Minion   string   `json:"minion"`
	KeyState []string `json:"key_state"`
}

func getKeyState(ctx context.Context, c *Call, p getKeyStateParams) (any, error) {
	rows := []keyRow{}
	if strings.Contains(c.api.MasterID, p.MasterID) {
		k, err := c.keys(ctx)
		if err != nil {
			return nil, err
		}
		wanted := slices.DeleteFunc(slices.Clone(p.KeyState), func(s string) bool { return s == "" })
		at := make(map[string]int) // of the rows
		for _, s := range keyStates {
			for _, minion := range k.of(s.state) {
				i, ok := at[minion]
				if !ok {
					i = len(rows)
					at[minion] = i
					rows = append(rows, keyRow{Master: c.api.MasterID, Minion: minion})
				}
				rows[i].KeyState = append(rows[i].KeyState, s.state)
			}
		}
		rows = slices.DeleteFunc(rows, func(r keyRow) bool {
			return !strings.Contains(r.Minion, p.MinionID) ||
				len(wanted) > 0 && !slices.ContainsFunc(r.KeyState, func(s string) bool { return slices.Contains(wanted, s) })
		})
	}
	slices.SortStableFunc(rows, func(a, b keyRow) int {
		n := 0
		switch p.SortBy {
		case "minion_id":
			n = strings.Compare(a.Minion, b.Minion)
		case "key_state":
			n = slices.Compare(a.KeyState, b.KeyState)
		}
		if p.Reverse {
			return -n
		}
		return n
	})
	return method.PageOf(rows, p.Page, p.Limit), nil
}

type setKeyStateParams struct {
	State    string      `rpc:"state,required" enum:"accept|delete|reject" doc:"What to do."`
	Minions  [][2]string `rpc:"minions,required" doc:"Pairs of a master and a minion. There is one master, which any name means."`
	Accepted bool        `rpc:"include_accepted" default:"false" doc:"Reject accepted keys, too."`
	Rejected bool        `rpc:"include_rejected" default:"false" doc:"Accept rejected keys, too."`
	Denied   bool        `rpc:"include_denied" default:"false" doc:"Accept or reject denied keys, too."`
}

// changed is the result of minions.set_minion_key_state.
type changed struct {
	TaskIDs []string    `json:"task_ids"`
	Changed [][2]string `json:"changed"`
}

func setKeyState(ctx context.Context, c *Call, p setKeyStateParams) (any, error) {
	fun, needs := "key."+p.State+"_dict", role.MinionWrite
	if p.State == "delete" {
		needs = role.MinionDelete
	}
	if err := c.May(ctx, needs); err != nil {
		return nil, err
	}
	states := []string{"pending"}
	kwarg := make(map[string]any)
	include := func(yes bool, state string, with bool) {
		if yes {
			states = append(states, state)
			if with {
				kwarg["include_"+state] = true
			}
		}
	}
	remove := p.State == "delete"
	include(remove || p.Accepted && p.State == "reject", "accepted", !remove)
	include(remove || p.Rejected && p.State == "accept", "rejected", !remove)
	include(remove || p.Denied, "denied", !remove)

	k, err := c.keys(ctx)
	if err != nil {
		return nil, err
	}
	done := changed{TaskIDs: []string{}, Changed: [][2]string{}}
	match := make(map[string][]string)
	for _, s := range keyStates {
		if !slices.Contains(states, s.state) {
			continue
		}
		there := make(map[string]bool)
		for _, minion := range k.of(s.state) {
			there[minion] = true
		}
		for _, pair := range p.Minions {
			if there[pair[1]] && !slices.Contains(match[s.salt], pair[1]) {
				match[s.salt] = append(match[s.salt], pair[1])
				done.Changed = append(done.Changed, pair)
			}
		}
	}
	if len(match) == 0 {
		c.Warn("none of the minions has a key in such a state")
		return done, nil
	}
	kwarg["match"] = match
	jid, err := c.wheelJob(ctx, fun, kwarg)
	if err != nil {
		return nil, err
	}
	done.TaskIDs = append(done.TaskIDs, jid)
	return done, nil
}

// wheelJob runs a wheel function to its end, and returns its job id.
func (c *Call) wheelJob(ctx context.Context, fun string, kwarg map[string]any) (jid string, err error) {
	var answer struct {
		Data struct {
			JID     string
			Success bool
			Return  any
		}
	}
	got, err := c.Run(ctx, method.TextField("client", "wheel"), method.TextField("fun", fun), run.KwargField(kwarg))
	if err != nil {
		return "", err
	}
	ret, ok := got.(lowstate.WheelReturn)
	if !ok || json.Unmarshal(ret.JSON(), &answer) != nil || answer.Data.JID == "" {
		return "", run.Unexpected(fun, got)
	}
	if text, failed := answer.Data.Return.(string); failed || !answer.Data.Success {
		return "", &method.Error{Code: method.CodeFailed, Message: fun + ": " + run.Clip(text)}
	}
	return answer.Data.JID, nil
}
