package jobs

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/waiting"
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

// eachParam calls f with the parameters of a query, each of which is there once
// and not empty. An error of f is for the client.
func eachParam(raw string, f func(name, value string) error) error {
	all, err := url.ParseQuery(raw)
	if err != nil {
		return invalid("?", "the query string is malformed")
	}
	for _, name := range sortedNames(all) {
		values := all[name]
		err := errors.New("it is there twice")
		if len(values) == 1 {
			err = f(name, values[0])
		}
		if err != nil {
			return invalid(name, err.Error())
		}
	}
	return nil
}

// sortedNames makes the first of several errors always the same.
func sortedNames(all url.Values) []string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var (
	errUnknown = errors.New("there is no such parameter")
	errEmpty   = errors.New("it is empty")
)

// parseQuery reads the parameters of GET /v1/jobs. Errors are for the client.
func parseQuery(raw string, now time.Time) (query, error) {
	var q query
	f := &q.Filter
	texts := map[string]*string{
		"user": &f.User, "eauth": &f.Eauth, "client": &f.Client, "fun": &f.Fun, "target": &f.Tgt, "minion": &f.Minion,
		"text": &f.Text, "after": &q.After,
	}
	err := eachParam(raw, func(name, value string) (err error) {
		if to, ok := texts[name]; ok {
			if *to = value; value == "" {
				return errEmpty // it would select everything
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
			q.Sort, err = oneOf(records.Sorts(), value)
		case "limit":
			q.Limit, err = parseLimit(value)
		case "count":
			q.count, err = parseBool(value)
		default:
			err = errUnknown
		}
		return err
	})
	if err == nil && !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		err = invalid("to", "it is before from")
	}
	return q, err
}

// parseReturnQuery reads the parameters of GET /v1/jobs/{jid}/returns. Errors are
// for the client.
func parseReturnQuery(raw string) (records.ReturnQuery, error) {
	q := records.ReturnQuery{Values: true}
	err := eachParam(raw, func(name, value string) (err error) {
		switch name {
		case "state":
			q.Outcome, err = oneOf(records.Outcomes(), value)
		case "values":
			q.Values, err = parseBool(value)
		case "limit":
			q.Limit, err = parseLimit(value)
		case "after":
			if q.After = value; value == "" {
				err = errEmpty
			}
		default:
			err = errUnknown
		}
		return err
	})
	return q, err
}

// parseWait reads the parameters of GET /v1/jobs/{jid}; 0 stands for no wait. Errors
// are for the client.
func (a *API) parseWait(raw string) (wait time.Duration, err error) {
	err = eachParam(raw, func(name, value string) (err error) {
		if name != waiting.Param || a.Waiting == nil {
			return errUnknown
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
	err = eachParam(raw, func(name, value string) (err error) {
		if name != "values" {
			return errUnknown
		}
		values, err = parseBool(value)
		return err
	})
	return values, err
}

// noParams refuses every parameter.
func noParams(raw string) error {
	return eachParam(raw, func(string, string) error { return errUnknown })
}

// parseStates reads states that are joined by commas.
func parseStates(value string) ([]records.State, error) {
	names := strings.SplitN(value, ",", len(records.States())+1)
	states := make([]records.State, len(names))
	for i, name := range names {
		var err error
		if states[i], err = oneOf(records.States(), name); err != nil {
			return nil, err
		}
	}
	return states, nil
}

// oneOf returns a value that is among others.
func oneOf[T ~string](all []T, value string) (T, error) {
	if slices.Contains(all, T(value)) {
		return T(value), nil
	}
	names := make([]string, len(all))
	for i, name := range all {
		names[i] = string(name)
	}
	return "", fmt.Errorf("%.40q is none of %s", value, strings.Join(names, ", "))
}

func parseLimit(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > records.MaxLimit {
		return 0, fmt.Errorf("it is no number from 1 to %d", records.MaxLimit)
	}
	return n, nil
}

func parseBool(value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, errors.New("it is neither true nor false")
	}
	return value == "true", nil
}
