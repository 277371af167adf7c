package rpc

import (
	"context"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
)

// Limits are the rights of users with a login. *issuer.Service is one.
type Limits interface {
	LoginRights(ctx context.Context, user, eauth string, groups []string) (*role.Set, error)
}

// set returns what limits the caller: the scopes of its token, or else the rights of its
// login; nil for no limits.
func (c *call) set(ctx context.Context) (*role.Set, error) {
	if p := c.caller().Principal; p != nil {
		return p.Scopes, nil
	}
	limits, ok := c.api.Accounts.(Limits)
	if !ok {
		return nil, nil //nolint:nilnil // there are none
	}
	id := c.caller().Identity()
	return limits.LoginRights(ctx, id.User, id.Eauth, id.Groups)
}

// openTargets adds to the scope of an authority the saved targets whose access list names
// a role with cmd-run and no targets of its own. Such a role may run on these, and on
// nothing else.
func (c *call) openTargets(ctx context.Context, a *lowstate.Authority) error {
	of, limited := a.Scope.(*role.Set)
	if !limited || of.Anywhere() || len(of.Open()) == 0 || c.api.Library == nil {
		return nil
	}
	targets, err := c.targetsOf(ctx, of.Open())
	if err == nil {
		a.Scope = of.With(targets...)
	}
	return err
}

// maxOpen bounds the saved targets of roles that are looked at.
const maxOpen = 500

// targetsOf returns the saved targets that access lists show to some roles, as compound
// ones. Those that cannot be a part of a compound target are left out.
func (c *call) targetsOf(ctx context.Context, roles []string) (all []string, err error) {
	q := records.SavedQuery{Kind: records.SavedTarget, Readers: roles[:min(len(roles), records.MaxReaders)], Limit: foundPage}
	for ; q.Offset < maxOpen; q.Offset += q.Limit {
		found, err := c.api.Library.FindSaved(ctx, q)
		if err != nil {
			return nil, libraryError(err, "query")
		}
		for _, s := range found.Saved {
			b, err := bodyOf(s)
			if err != nil {
				return nil, err
			}
			t, wrong := parseTarget("tgt", Object(b.Target))
			if wrong != nil {
				continue
			}
			if operand, err := t.operand(); err == nil {
				all = append(all, operand)
			}
		}
		if q.Offset+q.Limit >= found.Total {
			return all, nil
		}
	}
	c.warn("the role has more saved targets than are looked at")
	return all, nil
}

// checkOpen returns an error for an access list by which the caller would give targets to
// a role of its own that has none.
func (c *call) checkOpen(ctx context.Context, list access) error {
	set, err := c.set(ctx)
	if err != nil || set == nil || set.Anywhere() {
		return err
	}
	if slices.ContainsFunc(set.Open(), func(name string) bool { return mayRead(list[name]) }) {
		return &Error{Code: CodeForbidden, Message: "a role does not give targets to itself"}
	}
	return nil
}
