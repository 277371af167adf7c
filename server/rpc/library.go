package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/records"
)

// Library has what users have saved. [records.Store] is one.
type Library = records.Library

// grants are what an access list gives to a role.
type grants struct {
	Read     bool `json:"read"`
	Write    bool `json:"write"`
	Discover bool `json:"discover"`
	Delete   bool `json:"delete"`
}

// access is an access list: what it gives, by roles.
type access map[string]grants

// readers returns the roles that see what has the list.
func (a access) readers() (all []string) {
	for name, g := range a {
		if mayRead(g) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// maxAccess bounds the roles of an access list.
const maxAccess = 1000

// parseAccess reads an access list: for each role an object of booleans, or a list of
// names.
func parseAccess(payload Object) (access, *Error) {
	wrong := func(format string, args ...any) (access, *Error) {
		return nil, invalidParameter("access_payload", fmt.Sprintf(format, args...))
	}
	o, err := jsonobject.Parse(payload)
	if err != nil {
		return wrong("%v", err)
	}
	if len(o) > maxAccess {
		return wrong("it has more than %d roles", maxAccess)
	}
	list := make(access, len(o))
	for _, m := range o {
		if m.Name == "" || len(m.Name) > 256 {
			return wrong("%.80q is no name of a role", m.Name)
		}
		var g grants
		places := map[string]*bool{"read": &g.Read, "write": &g.Write, "discover": &g.Discover, "delete": &g.Delete}
		var names []string
		if textsOf(m.Value, &names) {
			for _, name := range names {
				to, ok := places[name]
				if !ok {
					return wrong("%.80q is none of read, write, discover and delete", name)
				}
				*to = true
			}
		} else {
			each, err := jsonobject.Parse(m.Value)
			if err != nil {
				return wrong("%.80q: it is neither a list of names nor an object of booleans", m.Name)
			}
			for _, one := range each {
				to, known := places[one.Name]
				value, ok := boolOf(one.Value)
				if !known || !ok {
					return wrong("%.80q: %.80q cannot stand there", m.Name, one.Name)
				}
				*to = value
			}
		}
		if g != (grants{}) {
			list[m.Name] = g
		}
	}
	return list, nil
}

// holder is the caller in the terms of what is saved.
type holder struct {
	user, eauth string
	superuser   bool
	roles       []string // those that access lists name
}

// holder returns the caller. A token has the roles of its owner that are among its
// scopes, and is a superuser if both are.
func (c *call) holder(ctx context.Context) (holder, error) {
	id := c.caller().Identity()
	h := holder{user: id.User, eauth: id.Eauth}
	if h.user == "" {
		return h, &Error{Code: CodeForbidden, Message: textForbidden}
	}
	if c.api.Accounts == nil {
		return h, nil
	}
	h.superuser = c.may(ctx, role.Superuser) == nil
	names, _, err := c.api.Accounts.RightsOf(ctx, id.User, id.Eauth, id.Groups)
	if err != nil {
		return h, err
	}
	for _, name := range names {
		if p := c.caller().Principal; p == nil || slices.Contains(p.ScopeNames, name) {
			h.roles = append(h.roles, name)
		}
	}
	return h, nil
}

func (h holder) owns(s records.Saved) bool { return s.User == h.user && s.Eauth == h.eauth }

// may reports whether the caller may do something with what is saved: as its owner, as
// a superuser, or because an access list says so.
func (h holder) may(s records.Saved, list access, what func(grants) bool) bool {
	return h.superuser || h.owns(s) || slices.ContainsFunc(h.roles, func(name string) bool { return what(list[name]) })
}

func mayRead(g grants) bool   { return g.Read || g.Discover }
func mayWrite(g grants) bool  { return g.Write }
func mayDelete(g grants) bool { return g.Delete }

// metadata is what answers say about the owner of what is saved, and about access to it.
type metadata struct {
	Auth struct {
		Owner  owner  `json:"owner"`
		Access access `json:"access"`
	} `json:"auth"`
}

type owner struct {
	UUID       string `json:"uuid"`
	ConfigName string `json:"config_name"`
	Username   string `json:"username"`
}

func (a *API) metadata(s records.Saved, list access) (m metadata) {
	m.Auth.Owner = owner{userUUID(s.Eauth, s.User), a.Logins.ConfigName(s.Eauth), s.User}
	m.Auth.Access = list
	if list == nil {
		m.Auth.Access = access{}
	}
	return m
}

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
