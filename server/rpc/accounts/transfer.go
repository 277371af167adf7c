package accounts

import (
	"context"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

func (a *API) transferMethods() []*method.Method {
	return []*method.Method{declare(a, method.About{
		Name: "auth.transfer_resources", Doc: "Give the saved jobs and targets of a user to another user. Both have to be known, as auth.get_all_users shows them.",
		Returns: "an object with `test` and the uuids of `jobs` and `target_groups`", Needs: []role.Permission{role.Superuser},
		Served: a.Accounts != nil && a.Saved.Library != nil,
	}, transferResources)}
}

type transferParams struct {
	From   string   `rpc:"from_user_uuid,required" format:"uuid" doc:"The owner."`
	To     string   `rpc:"to_user_uuid,required" format:"uuid" doc:"The owner from then on."`
	Types  []string `rpc:"resource_types" enum:"target_groups|jobs|pillars|files|auth_configs|formulas" doc:"What to give; everything without it. Only jobs and targets have owners here."`
	UUIDs  []string `rpc:"resource_uuids" format:"uuid" doc:"These alone."`
	Revoke bool     `rpc:"revoke_access" default:"false" doc:"Access lists name roles here, and no users: this changes nothing."`
	Test   bool     `rpc:"test" default:"false" doc:"Name them, and change nothing."`
}

// transferred is the result of auth.transfer_resources.
type transferred struct {
	Test    bool     `json:"test"`
	Jobs    []string `json:"jobs"`
	Targets []string `json:"target_groups"`
}

func transferResources(ctx context.Context, c *call, p transferParams) (any, error) {
	from, user, err := c.userNamed(ctx, "", "", p.From)
	if err != nil {
		return nil, err
	}
	to, next, err := c.userNamed(ctx, "", "", p.To)
	if err != nil {
		return nil, err
	}
	done := transferred{Test: p.Test, Jobs: []string{}, Targets: []string{}}
	for _, kind := range []struct {
		name string
		kind records.SavedKind
		to   *[]string
	}{{"target_groups", records.SavedTarget, &done.Targets}, {"jobs", records.SavedJob, &done.Jobs}} {
		if p.Types != nil && !slices.Contains(p.Types, kind.name) {
			continue
		}
		all, err := c.OwnedBy(ctx, kind.kind, from, user)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			if p.UUIDs != nil && !slices.ContainsFunc(p.UUIDs, func(id string) bool { return strings.EqualFold(id, s.ID) }) {
				continue
			}
			if !p.Test {
				if err := c.Give(ctx, s, kind.name, to, next); err != nil {
					return nil, err
				}
			}
			*kind.to = append(*kind.to, s.ID)
		}
	}
	return done, nil
}
