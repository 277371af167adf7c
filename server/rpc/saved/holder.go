package saved

import (
	"context"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// Holder is the caller in the terms of what is saved.
type Holder struct {
	User, Eauth string
	Superuser   bool
	roles       []string // those that access lists name
}

// Holder returns the caller. A token has the roles of its owner that are among its
// scopes, and is a superuser if both are. It is made once for a call.
func (c *Call) Holder(ctx context.Context) (Holder, error) {
	if c.held != nil {
		return *c.held, nil
	}
	h, err := c.findHolder(ctx)
	if err != nil {
		return h, err
	}
	c.held = &h
	return h, nil
}

func (c *Call) findHolder(ctx context.Context) (Holder, error) {
	id := c.Caller.Identity()
	h := Holder{User: id.User, Eauth: id.Eauth}
	if h.User == "" {
		return h, &method.Error{Code: method.CodeForbidden, Message: method.TextForbidden}
	}
	if c.api.Limits == nil {
		return h, nil
	}
	h.Superuser = c.May(ctx, role.Superuser) == nil
	names, _, err := c.api.Limits.RightsOf(ctx, id.User, id.Eauth, id.Groups)
	if err != nil {
		return h, err
	}
	for _, name := range names {
		if p := c.Caller.Principal; p == nil || slices.Contains(p.ScopeNames, name) {
			h.roles = append(h.roles, name)
		}
	}
	return h, nil
}

func (h Holder) owns(s records.Saved) bool { return s.User == h.User && s.Eauth == h.Eauth }

// may reports whether the caller may do something with what is saved: as its owner, as
// a superuser, or because an access list says so.
func (h Holder) may(s records.Saved, list access, what func(grants) bool) bool {
	return h.Superuser || h.owns(s) || slices.ContainsFunc(h.roles, func(name string) bool { return what(list[name]) })
}

// MayRead reports whether somebody sees what is saved.
func MayRead(g grants) bool { return g.Read || g.Discover }

func mayWrite(g grants) bool { return g.Write }

func mayDelete(g grants) bool { return g.Delete }
