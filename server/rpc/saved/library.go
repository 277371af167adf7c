package saved

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/server/rpc/method"
)

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

// Item is something saved, with its body.
type Item struct {
	records.Saved
	body
}

// Revision returns the state of an object.
func (o Item) Revision() schedule.Revision {
	return schedule.Revision{ID: o.ID, Made: o.Made, Version: o.Version}
}

// edited marks the content of an object as the caller's work, before it is saved.
func (o *Item) edited(c *Call) {
	if id := c.Caller.Identity(); id.User != o.User || id.Eauth != o.Eauth {
		o.Foreign = o.Version + 1
	}
}

// MayDiffer reports whether a user may run an object that was in another state when the
// user chose it: all that has changed since is the user's own work.
func (o Item) MayDiffer(user, eauth string, was schedule.Revision) bool {
	since := was.Version
	if was.ID != o.ID || was.Made != o.Made {
		since = 0
	}
	return o.User == user && o.Eauth == eauth && !o.Access.lets(mayWrite) && o.Foreign <= since
}

// Library returns what users have saved; nil for none.
func (c *Call) Library() records.Library { return c.api.Library }

// Seen returns something saved that the caller may do something with. What the caller
// does not see is answered as what does not exist.
func (c *Call) Seen(ctx context.Context, kind records.SavedKind, id string, what func(grants) bool) (o Item, err error) {
	name := map[records.SavedKind]string{records.SavedJob: "job", records.SavedTarget: "target"}[kind]
	if kind == records.SavedTarget && strings.EqualFold(id, AllMinions) {
		if !what(grants{Read: true}) {
			return o, &method.Error{Code: method.CodeForbidden, Message: "the target is built in"}
		}
		return BuiltIn(), nil
	}
	if o.Saved, err = c.api.Library.Saved(ctx, kind, strings.ToLower(id)); err != nil {
		return o, method.StoreError(err, name)
	}
	if o.body, err = bodyOf(o.Saved); err != nil {
		return o, err
	}
	h, err := c.Holder(ctx)
	switch {
	case err != nil:
		return o, err
	case !h.may(o.Saved, o.Access, MayRead):
		return Item{}, method.StoreError(records.ErrNotFound, name)
	case !h.may(o.Saved, o.Access, what):
		return Item{}, &method.Error{Code: method.CodeForbidden, Message: method.TextForbidden}
	}
	return o, nil
}

// BuiltIn is the built-in target with all minions. Nobody owns or changes it.
func BuiltIn() Item {
	return Item{
		records.Saved{Kind: records.SavedTarget, ID: AllMinions, Name: "All Minions", Desc: "Every minion", User: "internal", Eauth: "internal"},
		body{Target: json.RawMessage(`{"*":{"tgt_type":"compound","tgt":"*"}}`)},
	}
}

// put saves something. The version is that which was read.
func (c *Call) put(ctx context.Context, o Item, name string) error {
	if o.Version == 0 {
		o.Made = apitoken.NewID()
	}
	text, err := json.Marshal(o.body)
	if err != nil {
		return fmt.Errorf("save a %s: %w", name, err)
	}
	o.Body, o.Readers = text, o.Access.readers()
	if _, err = c.api.Library.PutSaved(ctx, o.Saved); err != nil {
		return method.StoreError(err, name)
	}
	c.Note(issuer.Changed, name+" "+o.ID)
	return nil
}

// remove deletes something saved.
func (c *Call) remove(ctx context.Context, o Item, name string) error {
	if err := c.api.Library.DeleteSaved(ctx, o.Kind, o.ID); err != nil {
		return method.StoreError(err, name)
	}
	c.Note(issuer.Removed, name+" "+o.ID)
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
func (c *Call) find(ctx context.Context, q records.SavedQuery, from, to int, more func(Item) bool) (rows []Item, count int, err error) {
	h, err := c.Holder(ctx)
	if err != nil {
		return nil, 0, err
	}
	if !h.Superuser {
		q.User, q.Eauth, q.Readers = h.User, h.Eauth, h.roles[:min(len(h.roles), records.MaxReaders)]
	}
	if more == nil && to-from <= foundPage {
		q.Offset, q.Limit = from, to-from
		got, err := c.api.Library.FindSaved(ctx, q)
		if err != nil {
			return nil, 0, method.StoreError(err, "query")
		}
		for _, s := range got.Saved {
			b, err := bodyOf(s)
			if err != nil {
				return nil, 0, err
			}
			rows = append(rows, Item{s, b})
		}
		return rows, got.Total, nil
	}
	size := 0
	q.Limit = foundPage
	for q.Offset = 0; ; q.Offset += q.Limit {
		got, err := c.api.Library.FindSaved(ctx, q)
		if err != nil {
			return nil, 0, method.StoreError(err, "query")
		}
		for _, s := range got.Saved {
			b, err := bodyOf(s)
			if err != nil {
				return nil, 0, err
			}
			if o := (Item{s, b}); more == nil || more(o) {
				if count >= from && count < to && size <= maxFound {
					if size += len(s.Body) + len(s.Desc); size > maxFound {
						c.Warn(fmt.Sprintf("only the first %d rows are here, which are too large for more: ask for smaller pages", len(rows)))
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

// Give gives something saved to another user.
func (c *Call) Give(ctx context.Context, s records.Saved, name, eauth, user string) error {
	b, err := bodyOf(s)
	if err != nil {
		return err
	}
	b.Foreign = s.Version + 1 // it is not the new owner's work
	if s.Body, err = json.Marshal(b); err != nil {
		return fmt.Errorf("transfer %s: %w", s.ID, err)
	}
	s.Eauth, s.User = eauth, user
	if _, err := c.api.Library.PutSaved(ctx, s); err != nil {
		return method.StoreError(err, name)
	}
	c.Note(issuer.Changed, fmt.Sprintf("owner of %s of %s", s.ID, name))
	return nil
}

// OwnedBy returns all that a user owns of a kind, which is bounded.
func (c *Call) OwnedBy(ctx context.Context, kind records.SavedKind, eauth, user string) (all []records.Saved, err error) {
	for {
		page, err := c.api.Library.FindSaved(ctx, records.SavedQuery{Kind: kind, User: user, Eauth: eauth, Offset: len(all), Limit: foundPage})
		if err != nil {
			return nil, method.StoreError(err, "query")
		}
		if all = append(all, page.Saved...); len(page.Saved) == 0 || len(all) >= page.Total {
			return all, nil
		}
	}
}
