package saved

import (
	"context"
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// Limit returns what limits the caller: the scopes of its token, or else the rights of its
// login; nil for no limits.
func (c *Call) Limit(ctx context.Context) (*role.Set, error) {
	if p := c.Caller.Principal; p != nil {
		return p.Scopes, nil
	}
	if c.api.Limits == nil {
		return nil, nil //nolint:nilnil // there are none, and nobody has a permission
	}
	id := c.Caller.Identity()
	return c.api.Limits.LoginRights(ctx, id.User, id.Eauth, id.Groups)
}

// OpenTargets adds to the scope of an authority the saved targets whose access list names
// a role with cmd-run and no targets of its own. Such a role may run on these, and on
// nothing else.
func (c *Call) OpenTargets(ctx context.Context, a *lowstate.Authority) error {
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
func (c *Call) targetsOf(ctx context.Context, roles []string) (all []string, err error) {
	q := records.SavedQuery{Kind: records.SavedTarget, Readers: roles[:min(len(roles), records.MaxReaders)], Limit: foundPage}
	for ; q.Offset < maxOpen; q.Offset += q.Limit {
		found, err := c.api.Library.FindSaved(ctx, q)
		if err != nil {
			return nil, method.StoreError(err, "query")
		}
		for _, s := range found.Saved {
			b, err := bodyOf(s)
			if err != nil {
				return nil, err
			}
			t, wrong := ParseTarget("tgt", method.Object(b.Target))
			if wrong != nil || !b.opensFor(roles) {
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
	c.Warn("the role has more saved targets than are looked at")
	return all, nil
}

// opensFor reports whether one of some roles, when it has cmd-run and no targets, runs on
// the target.
func (b body) opensFor(roles []string) bool {
	return slices.ContainsFunc(roles, func(name string) bool {
		return MayRead(b.Access[name]) && !slices.Contains(b.Closed, name)
	})
}

// close notes for which of the roles of the access list the target opens nothing: for
// those that were named by one who may not run on all of it. A role that had targets then
// may have none later.
func (o *Item) close(named []string, may bool) {
	closed := slices.DeleteFunc(slices.Clone(o.Closed), func(name string) bool { return slices.Contains(named, name) })
	if !may {
		closed = append(closed, named...)
	}
	readers := o.Access.readers()
	o.Closed = slices.DeleteFunc(closed, func(name string) bool { return !slices.Contains(readers, name) })
	slices.Sort(o.Closed)
}

// checkOpen returns an error where some roles, which an access list is to name, have
// cmd-run and no targets, and the caller itself may not run on all minions of the target:
// for the holder of a token, by its scopes or by the rights of its owner. Without an
// error, may reports whether the caller may run on all of them.
func (c *Call) checkOpen(ctx context.Context, roles []string, tgt method.Object) (may bool, err error) {
	if c.api.Limits == nil || len(roles) == 0 {
		return true, nil
	}
	if may, err = c.runsOnAll(ctx, tgt); may || err != nil {
		return may, err
	}
	open, err := c.api.Limits.OpenRoles(ctx, roles)
	if err != nil || len(open) == 0 {
		return false, err
	}
	return false, &method.Error{Code: method.CodeForbidden, Message: fmt.Sprintf("the role %.80q runs where access lists name it, and you may not run on all of this target", open[0])}
}

// runsOnAll reports whether the caller may run any function on all minions of a target.
func (c *Call) runsOnAll(ctx context.Context, tgt method.Object) (bool, error) {
	id := c.Caller.Identity()
	rights, err := c.api.Limits.LoginRights(ctx, id.User, id.Eauth, id.Groups)
	if err != nil {
		return false, err
	}
	sets := []*role.Set{rights}
	if p := c.Caller.Principal; p != nil {
		sets = append(sets, p.Scopes)
	}
	if !slices.ContainsFunc(sets, func(s *role.Set) bool { return !s.Anywhere() }) {
		return true, nil
	}
	t, wrong := ParseTarget("tgt", tgt)
	if wrong != nil {
		return false, nil
	}
	operand, err := t.operand()
	return err == nil && !slices.ContainsFunc(sets, func(s *role.Set) bool { return !s.RunsOn(operand) }), nil
}
