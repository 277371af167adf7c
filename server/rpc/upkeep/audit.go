package upkeep

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// AuditLog finds entries of the audit log. *auditapi.Reader is one.
type AuditLog interface {
	Find(ctx context.Context, q audit.Query) (audit.Page, error)
}

func (a *API) auditMethods() []*method.Method {
	return []*method.Method{
		declare(a, method.About{
			Name: "audit.get_audit", Doc: "Find entries of the audit log, the newest first. The entries of this gateway's own host are there. Only some are looked through: see warnings.",
			Returns: "`{count, results}`, a row for each entry", Needs: []role.Permission{role.AuditRead},
			Served: a.AuditLog != nil,
		}, getAudit),
	}
}

type getAuditParams struct {
	AccountUUID string   `rpc:"account_uuid" format:"uuid" doc:"The user."`
	Username    string   `rpc:"username" doc:"The user's name, in place of the uuid."`
	SessionUUID string   `rpc:"session_uuid" format:"uuid" doc:"Sessions have no uuid here: with it there is no row."`
	EventType   string   `rpc:"event_type" enum:"system|auth|rpc|task" doc:"auth for logins, logouts and tokens, task for schedules, system for the log itself, and rpc for the rest."`
	EventName   string   `rpc:"event_name" doc:"The event, such as command."`
	Failed      *bool    `rpc:"failed" doc:"Those that were refused or have failed, or the others."`
	DateRange   []string `rpc:"daterange" doc:"Two times."`
	ElapsedMin  *int     `rpc:"elapsed_msec_min" doc:"How long something took is not recorded: with it there is no row."`
	ElapsedMax  *int     `rpc:"elapsed_msec_max" doc:"The same."`
	Page        int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit       int      `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	SortBy      string   `rpc:"sort_by" enum:"username|event_type|event_name|failed|start_time|end_time|elapsed_msec" doc:"The column to sort by; the newest first without it."`
	Reverse     bool     `rpc:"reverse" default:"false" doc:"The largest first."`
	RangeForm   string   `rpc:"daterange_fmt,keyword" doc:"The format of the times, in the directives of strptime; ISO 8601 without it."`
}

// auditRow is a row of audit.get_audit.
type auditRow struct {
	ID          int             `json:"id"`
	StartTime   string          `json:"start_time"`
	EndTime     string          `json:"end_time"`
	EventType   string          `json:"event_type"`
	EventName   string          `json:"event_name"`
	Username    *string         `json:"username"`
	AccountUUID *string         `json:"account_uuid"`
	SessionUUID *string         `json:"session_uuid"`
	Failed      bool            `json:"failed"`
	EventData   json.RawMessage `json:"event_data"`
}

// auditTypes are the types of events; that of others is rpc.
var auditTypes = map[string]string{
	audit.Login: "auth", audit.Logout: "auth", audit.Schedule: "task", audit.Lost: "system", audit.Suppressed: "system", audit.ReadLog: "system",
	"issued": "auth", "exchanged": "auth", "regenerated": "auth", "revoked": "auth", "reused": "auth", "granted": "auth", "denied": "auth",
}

// maxAuditRows bounds the entries that one call looks through.
const maxAuditRows = 5000

func getAudit(ctx context.Context, c *call, p getAuditParams) (any, error) {
	from, to, err := method.DateRange(p.DateRange, p.RangeForm)
	if err != nil {
		return nil, err
	}
	if p.AccountUUID != "" && p.Username != "" {
		return nil, method.InvalidParameter("account_uuid", "it excludes username")
	}
	rows := []auditRow{}
	if p.SessionUUID != "" || p.ElapsedMin != nil || p.ElapsedMax != nil {
		return method.Page[auditRow]{Results: rows}, nil
	}
	q := audit.Query{Since: from, User: p.Username, Event: p.EventName, Limit: audit.MaxLimit}
	if !to.IsZero() {
		q.Until = to.Add(time.Microsecond)
	}
	for looked := 0; ; {
		found, err := c.api.AuditLog.Find(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, line := range found.Entries {
			looked++
			if row, ok := auditRowOf(line); ok && p.matches(row) {
				row.ID = looked
				rows = append(rows, row)
			}
		}
		if !found.More {
			break
		}
		if looked >= maxAuditRows {
			c.Warn(fmt.Sprintf("only the newest %d entries were looked through: narrow the search, by daterange for example", maxAuditRows))
			break
		}
		q.After = found.Next
	}
	audit.Of(c.X).Note(audit.Entry{Event: audit.ReadLog})
	column := map[string]func(auditRow) string{
		"username": func(r auditRow) string { return method.TextOr(r.Username) }, "event_type": func(r auditRow) string { return r.EventType },
		"event_name": func(r auditRow) string { return r.EventName }, "start_time": func(r auditRow) string { return r.StartTime },
		"end_time": func(r auditRow) string { return r.EndTime }, "elapsed_msec": func(auditRow) string { return "" },
		"failed": func(r auditRow) string { return map[bool]string{true: "1", false: "0"}[r.Failed] },
	}[p.SortBy]
	if column == nil {
		if p.Reverse {
			slices.Reverse(rows)
		}
		return method.PageOf(rows, p.Page, p.Limit), nil
	}
	return method.Sorted(rows, column, p.Reverse, p.Page, p.Limit), nil
}

func auditRowOf(line json.RawMessage) (row auditRow, ok bool) {
	var e audit.Entry
	if json.Unmarshal(line, &e) != nil {
		return row, false
	}
	at := method.TimeText(e.Time)
	row = auditRow{
		StartTime: at, EndTime: at, EventName: e.Event, EventType: auditTypes[e.Event], Failed: e.Outcome == audit.Denied || e.Outcome == audit.Failed,
		EventData: line,
	}
	if row.EventType == "" {
		row.EventType = "rpc"
	}
	if e.User != "" {
		row.Username, row.AccountUUID = method.Pointer(e.User), method.Pointer(method.UserUUID(e.Eauth, e.User))
	}
	return row, true
}

func (p getAuditParams) matches(r auditRow) bool {
	return (p.EventType == "" || r.EventType == p.EventType) && (p.Failed == nil || r.Failed == *p.Failed) &&
		(p.AccountUUID == "" || strings.EqualFold(method.TextOr(r.AccountUUID), p.AccountUUID))
}
