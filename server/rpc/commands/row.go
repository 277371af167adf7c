package commands

import (
	"context"
	"strings"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// Command is a row of cmd.get_cmds.
type Command struct {
	Cmd            string   `json:"cmd"`
	Duration       *float64 `json:"duration"`
	Expected       int      `json:"expected"`
	Fun            string   `json:"fun"`
	IsHighstate    bool     `json:"is_highstate"`
	JID            string   `json:"jid"`
	JobDesc        *string  `json:"job_desc"`
	JobName        *string  `json:"job_name"`
	JobSource      string   `json:"job_source"`
	JobUUID        *string  `json:"job_uuid"`
	MastersDone    []string `json:"masters_done"`
	MastersTo      []string `json:"masters_to"`
	NotReturned    int      `json:"not_returned"`
	Origination    string   `json:"origination"`
	Returned       int      `json:"returned"`
	ReturnedFailed int      `json:"returned_failed"`
	ReturnedGood   int      `json:"returned_good"`
	SchedName      *string  `json:"sched_name"`
	SchedUUID      *string  `json:"sched_uuid"`
	StartTime      string   `json:"start_time"`
	State          string   `json:"state"`
	TgtDesc        *string  `json:"tgt_desc"`
	TgtName        *string  `json:"tgt_name"`
	TgtUUID        *string  `json:"tgt_uuid"`
	User           string   `json:"user"`
	UserUUID       string   `json:"user_uuid"`
}

// commandOf returns the row of a job. The descriptions of what it was run from are
// those that it has now, as far as the caller sees it.
func (c *Call) commandOf(ctx context.Context, j records.Job) Command {
	a := c.api
	row := Command{
		Cmd: kindOf(j), Expected: j.Expected, Fun: j.Fun, IsHighstate: isHighstate(j), JID: j.JID, JobSource: "raas",
		MastersDone: []string{}, MastersTo: []string{a.MasterID}, NotReturned: max(0, j.Expected-j.Returned), Origination: "Ad-Hoc",
		Returned: j.Returned, ReturnedFailed: j.Failed, ReturnedGood: j.Succeeded, StartTime: method.TimeText(j.Start), State: StateOf(j),
		User: j.User, UserUUID: method.UserUUID(j.Eauth, j.User),
	}
	from := j.Origin
	for to, text := range map[**string]string{
		&row.JobUUID: from.Job, &row.JobName: from.JobName, &row.TgtUUID: from.Tgt, &row.TgtName: from.TgtName,
		&row.SchedUUID: from.Sched, &row.SchedName: from.SchedName,
		&row.JobDesc: c.descriptionOf(ctx, records.SavedJob, from.Job), &row.TgtDesc: c.descriptionOf(ctx, records.SavedTarget, from.Tgt),
	} {
		if text != "" {
			*to = &text
		}
	}
	if from.Sched != "" {
		row.Origination = "Scheduled"
	}
	if j.State.Ended() {
		row.MastersDone = row.MastersTo
		seconds := max(0, j.End.Sub(j.Start).Seconds())
		row.Duration = &seconds
	}
	return row
}

// descriptionOf returns the description of something saved, or "" where the caller
// does not see it. It is looked up once in a call.
func (c *Call) descriptionOf(ctx context.Context, kind records.SavedKind, id string) string {
	if id == "" || c.Library() == nil {
		return ""
	}
	text, known := c.described[id]
	if known {
		return text
	}
	if o, err := c.Seen(ctx, kind, id, saved.MayRead); err == nil {
		text = o.Desc
	}
	if c.described == nil {
		c.described = make(map[string]string)
	}
	c.described[id] = text
	return text
}

// kindOf returns the kind of a command: local for local_async.
func kindOf(j records.Job) string {
	kind, _, _ := strings.Cut(j.Client, "_")
	return kind
}

// isHighstate reports whether a job applies all states of the minions.
func isHighstate(j records.Job) bool {
	return j.Fun == "state.highstate" || j.Fun == "state.apply" && (len(j.Arguments) == 0 || string(j.Arguments) == "[]")
}

// states are those of commands, by those of recorded jobs.
var states = map[records.State]string{
	records.New: "new", records.Running: "retrieved", records.Completed: "completed_all_successful",
	records.Failed: "completed_failures", records.MissingReturns: "completed_missing_returns",
}

// StateOf returns the state of a command.
func StateOf(j records.Job) string { return states[j.State] }
