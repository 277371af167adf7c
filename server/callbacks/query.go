package callbacks

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/web"
)

// invalid returns the error for a parameter. why is for the client.
func invalid(param, why string) error {
	return &web.Error{Status: http.StatusBadRequest, Text: fmt.Sprintf("Parameter %.80q: %s", param, why)}
}

// paramOf returns the parameter for a field of a query of package records.
func paramOf(field string) string {
	switch field {
	case "usr":
		return "user"
	case "cursor":
		return "after"
	}
	return field
}

// params are the parameters of GET /v1/callbacks, with the places of their values.
func params(q *records.CallbackQuery) map[string]func(value string) error {
	text := func(to *string) func(string) error {
		return func(value string) error {
			*to = value
			return nil
		}
	}
	return map[string]func(string) error{
		"user": text(&q.User), "eauth": text(&q.Eauth), "jid": text(&q.JID), "destination": text(&q.Destination), "after": text(&q.After),
		"state": func(value string) error {
			q.State = records.CallbackState(value)
			shown := records.CallbackStates()[1:] // the first is not shown
			if !slices.Contains(shown, q.State) {
				names := make([]string, len(shown))
				for i, s := range shown {
					names[i] = string(s)
				}
				return fmt.Errorf("%.40q is none of %s", value, strings.Join(names, ", "))
			}
			return nil
		},
		"limit": func(value string) (err error) {
			q.Limit, err = strconv.Atoi(value)
			if err != nil || q.Limit < 1 || q.Limit > maxLimit {
				return fmt.Errorf("it is no number from 1 to %d", maxLimit)
			}
			return nil
		},
	}
}

// maxLimit is the most call-backs of a page: the job of each may be looked at.
const maxLimit = 200

// parseQuery reads the parameters of GET /v1/callbacks. Errors are for the client.
func parseQuery(raw string) (q records.CallbackQuery, err error) {
	known := params(&q)
	err = eachParam(raw, func(name, value string) error {
		read, ok := known[name]
		switch {
		case !ok:
			return errUnknown
		case value == "":
			return errors.New("it is empty") // it would select everything
		}
		return read(value)
	})
	return q, err
}

var errUnknown = errors.New("there is no such parameter")

// noParams refuses every parameter.
func noParams(raw string) error {
	return eachParam(raw, func(string, string) error { return errUnknown })
}

// eachParam calls f with the parameters of a query, each of which is there once.
func eachParam(raw string, f func(name, value string) error) error {
	all, err := url.ParseQuery(raw)
	if err != nil {
		return invalid("?", "the query string is malformed")
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names) // the first of several errors is always the same
	for _, name := range names {
		err := errors.New("it is there twice")
		if len(all[name]) == 1 {
			err = f(name, all[name][0])
		}
		if err != nil {
			return invalid(name, err.Error())
		}
	}
	return nil
}
