package saved

import (
	"context"
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
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
		if MayRead(g) {
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
func parseAccess(payload method.Object) (access, *method.Error) {
	wrong := func(format string, args ...any) (access, *method.Error) {
		return nil, method.InvalidParameter("access_payload", fmt.Sprintf(format, args...))
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
		if method.TextsOf(m.Value, &names) {
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
				value, ok := method.BoolOf(one.Value)
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

// Metadata is what answers say about the owner of what is saved, and about access to it.
type Metadata struct {
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

// Metadata returns what answers say about the owner of what is saved.
func (c *Call) Metadata(s records.Saved, list access) (m Metadata) {
	m.Auth.Owner = owner{method.UserUUID(s.Eauth, s.User), c.api.Logins.ConfigName(s.Eauth), s.User}
	m.Auth.Access = list
	if list == nil {
		m.Auth.Access = access{}
	}
	return m
}

// getAccess answers job.get_job_access and tgt.get_target_group_access.
func getAccess(ctx context.Context, c *Call, kind records.SavedKind, id string) (any, error) {
	o, err := c.Seen(ctx, kind, id, MayRead)
	if err != nil {
		return nil, err
	}
	return c.Metadata(o.Saved, o.Access), nil
}

// saveAccess answers job.save_job_access and tgt.save_target_group_access.
func saveAccess(ctx context.Context, c *Call, kind records.SavedKind, id string, payload method.Object) (any, error) {
	o, err := c.Seen(ctx, kind, id, mayWrite)
	if err != nil {
		return nil, err
	}
	h, err := c.Holder(ctx)
	switch {
	case err != nil:
		return nil, err
	case !h.Superuser && !h.owns(o.Saved): // write is not for giving oneself more
		return nil, &method.Error{Code: method.CodeForbidden, Message: "only the owner changes the access list"}
	}
	list, wrong := parseAccess(payload)
	if wrong != nil {
		return nil, wrong
	}
	had := o.Access.readers()
	o.Access = list
	if kind == records.SavedTarget {
		added := slices.DeleteFunc(list.readers(), func(name string) bool { return slices.Contains(had, name) })
		may, err := c.checkOpen(ctx, added, method.Object(o.Target))
		if err != nil {
			return nil, err
		}
		if h.Superuser {
			added = list.readers()
		}
		o.close(added, may)
	}
	return o.ID, c.put(ctx, o, "access list")
}
