package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
)

// Library has what users have saved. [records.Store] is one.
type Library = records.Library

// libraryError returns the error of a call for one of the library.
func libraryError(err error, name string) error {
	var invalid *records.InvalidError
	switch {
	case errors.Is(err, records.ErrNotFound):
		return &Error{Code: CodeNotFound, Message: "there is no such " + name}
	case errors.Is(err, records.ErrConflict):
		return &Error{Code: CodeConflict, Message: "the " + name + " was changed meanwhile: try again"}
	case errors.Is(err, records.ErrTooManySaved):
		return &Error{Code: CodeConflict, Message: "too many are saved"}
	case errors.As(err, &invalid):
		return invalidParameter(invalid.Field, invalid.Why)
	case errors.Is(err, records.ErrUnavailable):
		return &Error{Code: CodeUnavailable, Message: "The records cannot be reached now", Err: err}
	}
	return err
}

// body is what is kept of a saved job or target beside the columns.
type body struct {
	Arg     json.RawMessage `json:"arg,omitempty"`     // of a job
	Masters []string        `json:"masters,omitempty"` // likewise
	Target  json.RawMessage `json:"tgt,omitempty"`     // of a target
	Access  access          `json:"access,omitempty"`

	// Closed are the roles of the access list of a target that it opens nothing for.
	Closed []string `json:"closed,omitempty"`

	// Made is another one for each object that was made under the same UUID, and
	// Foreign the last version whose content is not its owner's work; 0 for none.
	Made    string `json:"made,omitempty"`
	Foreign int64  `json:"foreign,omitempty"`
}

func bodyOf(s records.Saved) (b body, err error) {
	if err := json.Unmarshal(s.Body, &b); err != nil {
		return b, fmt.Errorf("read what was saved as %s: %w", s.ID, err)
	}
	return b, nil
}

// object is something saved, with its body.
type object struct {
	records.Saved
	body
}

// revision returns the state of an object.
func (o object) revision() schedule.Revision {
	return schedule.Revision{ID: o.ID, Made: o.Made, Version: o.Version}
}

// edited marks the content of an object as the caller's work, before it is saved.
func (o *object) edited(c *call) {
	if id := c.caller().Identity(); id.User != o.User || id.Eauth != o.Eauth {
		o.Foreign = o.Version + 1
	}
}

// mayDiffer reports whether a user may run an object that was in another state when the
// user chose it: all that has changed since is the user's own work.
func (o object) mayDiffer(user, eauth string, was schedule.Revision) bool {
	since := was.Version
	if was.ID != o.ID || was.Made != o.Made {
		since = 0
	}
	return o.User == user && o.Eauth == eauth && !o.Access.lets(mayWrite) && o.Foreign <= since
}

// stillTheSame returns an error if a schedule makes the call and may not run an object as
// it is now.
func (c *call) stillTheSame(o object) error {
	if c.unchanged == nil {
		return nil
	}
	return c.unchanged(o)
}

// seen returns something saved that the caller may do something with. What the caller
// does not see is answered as what does not exist.
func (c *call) seen(ctx context.Context, kind records.SavedKind, id string, what func(grants) bool) (o object, err error) {
	name := map[records.SavedKind]string{records.SavedJob: "job", records.SavedTarget: "target"}[kind]
	if kind == records.SavedTarget && strings.EqualFold(id, AllMinions) {
		if !what(grants{Read: true}) {
			return o, &Error{Code: CodeForbidden, Message: "the target is built in"}
		}
		return allMinions(), nil
	}
	if o.Saved, err = c.api.Library.Saved(ctx, kind, strings.ToLower(id)); err != nil {
		return o, libraryError(err, name)
	}
	if o.body, err = bodyOf(o.Saved); err != nil {
		return o, err
	}
	h, err := c.holder(ctx)
	switch {
	case err != nil:
		return o, err
	case !h.may(o.Saved, o.Access, mayRead):
		return object{}, libraryError(records.ErrNotFound, name)
	case !h.may(o.Saved, o.Access, what):
		return object{}, &Error{Code: CodeForbidden, Message: textForbidden}
	}
	return o, nil
}

// allMinions is the built-in target with all minions. Nobody owns or changes it.
func allMinions() object {
	return object{
		records.Saved{Kind: records.SavedTarget, ID: AllMinions, Name: "All Minions", Desc: "Every minion", User: "internal", Eauth: "internal"},
		body{Target: json.RawMessage(`{"*":{"tgt_type":"compound","tgt":"*"}}`)},
	}
}

// put saves something. The version is that which was read.
func (c *call) put(ctx context.Context, o object, name string) error {
	if o.Version == 0 {
		o.Made = apitoken.NewID()
	}
	text, err := json.Marshal(o.body)
	if err != nil {
		return fmt.Errorf("save a %s: %w", name, err)
	}
	o.Body, o.Readers = text, o.Access.readers()
	if _, err = c.api.Library.PutSaved(ctx, o.Saved); err != nil {
		return libraryError(err, name)
	}
	c.note(issuer.Changed, name+" "+o.ID)
	return nil
}

// remove deletes something saved.
func (c *call) remove(ctx context.Context, o object, name string) error {
	if err := c.api.Library.DeleteSaved(ctx, o.Kind, o.ID); err != nil {
		return libraryError(err, name)
	}
	c.note(issuer.Removed, name+" "+o.ID)
	return nil
}

const (
	// foundPage is how many saved objects are read at once.
	foundPage = 100

	// maxFound is the most bytes of saved objects that one answer has.
	maxFound = 16 << 20
)

// find returns the rows from..to of a query that the caller sees, and how many there
// are in all.
func (c *call) find(ctx context.Context, q records.SavedQuery, from, to int, more func(object) bool) (rows []object, count int, err error) {
	h, err := c.holder(ctx)
	if err != nil {
		return nil, 0, err
	}
	if !h.superuser {
		q.User, q.Eauth, q.Readers = h.user, h.eauth, h.roles[:min(len(h.roles), records.MaxReaders)]
	}
	if more == nil && to-from <= foundPage {
		q.Offset, q.Limit = from, to-from
		got, err := c.api.Library.FindSaved(ctx, q)
		if err != nil {
			return nil, 0, libraryError(err, "query")
		}
		for _, s := range got.Saved {
			b, err := bodyOf(s)
			if err != nil {
				return nil, 0, err
			}
			rows = append(rows, object{s, b})
		}
		return rows, got.Total, nil
	}
	size := 0
	q.Limit = foundPage
	for q.Offset = 0; ; q.Offset += q.Limit {
		got, err := c.api.Library.FindSaved(ctx, q)
		if err != nil {
			return nil, 0, libraryError(err, "query")
		}
		for _, s := range got.Saved {
			b, err := bodyOf(s)
			if err != nil {
				return nil, 0, err
			}
			if o := (object{s, b}); more == nil || more(o) {
				if count >= from && count < to && size <= maxFound {
					if size += len(s.Body) + len(s.Desc); size > maxFound {
						c.warn(fmt.Sprintf("only the first %d rows are here, which are too large for more: ask for smaller pages", len(rows)))
					} else {
						rows = append(rows, o)
					}
				}
				count++
			}
		}
		if q.Offset+q.Limit >= got.Total {
			return rows, count, nil
		}
	}
}

// canonical returns an object as JSON without blanks, in its order.
func canonical(o Object) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, o) != nil {
		return json.RawMessage(o)
	}
	return b.Bytes()
}
