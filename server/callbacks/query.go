package callbacks

import (
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/web"
)

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

// maxLimit is the most call-backs of a page: the job of each may be looked at.
const maxLimit = 200

// parseQuery reads the parameters of GET /v1/callbacks. Errors are for the client.
func parseQuery(raw string) (q records.CallbackQuery, err error) {
	texts := map[string]*string{"user": &q.User, "eauth": &q.Eauth, "jid": &q.JID, "destination": &q.Destination, "after": &q.After}
	err = web.EachParam(raw, func(name, value string) (err error) {
		to, isText := texts[name]
		switch {
		case isText && value == "":
			return web.ErrEmptyParam // it would select everything
		case isText:
			*to = value
		case name == "state":
			q.State, err = web.OneOf(records.CallbackStates()[1:], value) // the first is not shown
		case name == "limit":
			q.Limit, err = web.ParseLimit(value, maxLimit)
		default:
			err = web.ErrUnknownParam
		}
		return err
	})
	return q, err
}
