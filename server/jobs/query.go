package jobs

import (
	"errors"
	"strings"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

// query is the parameters of GET /v1/jobs.
type query struct {
	records.Query
	count bool
}

// paramOf returns the parameter for a field of a query of package records.
func paramOf(field string) string {
	switch field {
	case "tgt":
		return "target"
	case "cursor":
		return "after"
	}
	return field
}

// parseQuery reads the parameters of GET /v1/jobs. Errors are for the client.
func parseQuery(raw string, now time.Time) (query, error) {
	var q query
	f := &q.Filter
	texts := map[string]*string{
		"user": &f.User, "eauth": &f.Eauth, "client": &f.Client, "fun": &f.Fun, "target": &f.Tgt, "minion": &f.Minion,
		"text": &f.Text, "after": &q.After,
	}
	err := web.EachParam(raw, func(name, value string) (err error) {
		if to, ok := texts[name]; ok {
			if *to = value; value == "" {
				return web.ErrEmptyParam // it would select everything
			}
			return nil
		}
		switch name {
		case "state":
			f.States, err = parseStates(value)
		case "from":
			f.From, err = audit.ParseTime(value, now)
		case "to":
			f.To, err = audit.ParseTime(value, now)
		case "sort":
			q.Sort, err = web.OneOf(records.Sorts(), value)
		case "limit":
			q.Limit, err = web.ParseLimit(value, records.MaxLimit)
		case "count":
			q.count, err = parseBool(value)
		default:
			err = web.ErrUnknownParam
		}
		return err
	})
	if err == nil && !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		err = web.InvalidParam("to", "it is before from")
	}
	return q, err
}

// parseReturnQuery reads the parameters of GET /v1/jobs/{jid}/returns. Errors are
// for the client.
func parseReturnQuery(raw string) (records.ReturnQuery, error) {
	q := records.ReturnQuery{Values: true}
	err := web.EachParam(raw, func(name, value string) (err error) {
		switch name {
		case "state":
			q.Outcome, err = web.OneOf(records.Outcomes(), value)
		case "values":
			q.Values, err = parseBool(value)
		case "limit":
			q.Limit, err = web.ParseLimit(value, records.MaxLimit)
		case "after":
			if q.After = value; value == "" {
				err = web.ErrEmptyParam
			}
		default:
			err = web.ErrUnknownParam
		}
		return err
	})
	return q, err
}

// parseWait reads the parameters of GET /v1/jobs/{jid}; 0 stands for no wait. Errors
// are for the client.
func (a *API) parseWait(raw string) (wait time.Duration, err error) {
	err = web.EachParam(raw, func(name, value string) (err error) {
		if name != waiting.Param || a.Waiting == nil {
			return web.ErrUnknownParam
		}
		wait, err = a.Waiting.Parse(value)
		return err
	})
	return wait, err
}

// parseStream reads the parameters of GET /v1/jobs/{jid}/events. Errors are for the
// client.
func parseStream(raw string) (values bool, err error) {
	values = true
	err = web.EachParam(raw, func(name, value string) (err error) {
		if name != "values" {
			return web.ErrUnknownParam
		}
		values, err = parseBool(value)
		return err
	})
	return values, err
}

// parseStates reads states that are joined by commas.
func parseStates(value string) ([]records.State, error) {
	names := strings.SplitN(value, ",", len(records.States())+1)
	states := make([]records.State, len(names))
	for i, name := range names {
		var err error
		if states[i], err = web.OneOf(records.States(), name); err != nil {
			return nil, err
		}
	}
	return states, nil
}

func parseBool(value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, errors.New("it is neither true nor false")
	}
	return value == "true", nil
}
