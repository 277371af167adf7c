package rpc

import (
	"context"
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/records"
)

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

// lets reports whether the list gives something to any role.
func (a access) lets(what func(grants) bool) bool {
	for _, g := range a {
		if what(g) {
			return true
		}
	}
	return false
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
// scopes, and is a superuser if both are. It is made once for a call.
func (c *call) holder(ctx context.Context) (holder, error) {
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

func (c *call) findHolder(ctx context.Context) (holder, error) {
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

// getAccess answers job.get_job_access and tgt.get_target_group_access.
func getAccess(ctx context.Context, c *call, kind records.SavedKind, id string) (any, error) {
	o, err := c.seen(ctx, kind, id, mayRead)
	if err != nil {
		return nil, err
	}
	return c.api.metadata(o.Saved, o.Access), nil
}

// saveAccess answers job.save_job_access and tgt.save_target_group_access.
func saveAccess(ctx context.Context, c *call, kind records.SavedKind, id string, payload Object) (any, error) {
	o, err := c.seen(ctx, kind, id, mayWrite)
	if err != nil {
		return nil, err
	}
	h, err := c.holder(ctx)
	switch {
	case err != nil:
		return nil, err
	case !h.superuser && !h.owns(o.Saved): // write is not for giving oneself more
		return nil, &Error{Code: CodeForbidden, Message: "only the owner changes the access list"}
	}
	list, wrong := parseAccess(payload)
	if wrong != nil {
		return nil, wrong
	}
	had := o.Access.readers()
	o.Access = list
	if kind == records.SavedTarget {
		added := slices.DeleteFunc(list.readers(), func(name string) bool { return slices.Contains(had, name) })
		may, err := c.checkOpen(ctx, added, Object(o.Target))
		if err != nil {
			return nil, err
		}
		if h.superuser {
			added = list.readers()
		}
		o.close(added, may)
	}
	return o.ID, c.put(ctx, o, "access list")
}
