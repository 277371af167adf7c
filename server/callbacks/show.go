package callbacks

import (
	"time"

	"github.com/saltern-api/saltern/records"
)

// shown is a call-back in /v1/callbacks.
type shown struct {
	ID          string                `json:"id"`
	JID         string                `json:"jid"`
	Destination string                `json:"destination"`
	User        string                `json:"user"`
	Eauth       string                `json:"eauth"`
	Results     bool                  `json:"results"`
	State       records.CallbackState `json:"state"`
	Created     time.Time             `json:"created"`
	Attempts    int                   `json:"attempts"`
	Tried       *time.Time            `json:"tried,omitempty"` // the last attempt
	Next        *time.Time            `json:"next,omitempty"`  // the next one
	Done        *time.Time            `json:"done,omitempty"`  // when it was delivered or given up
	Error       string                `json:"error,omitempty"` // of the last attempt
}

func show(c records.Callback) shown {
	return shown{
		ID: c.ID, JID: c.JID, Destination: c.Destination, User: c.User, Eauth: c.Eauth, Results: c.Results, State: c.State,
		Created: c.Created.UTC(), Attempts: c.Attempts, Tried: optional(c.Tried), Next: optional(c.Due), Done: optional(c.Done), Error: c.Error,
	}
}

// optional returns nil for the zero time.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// shownPage is a page of call-backs.
type shownPage struct {
	Callbacks []shown `json:"callbacks"`
	Next      string  `json:"next,omitempty"`
}
