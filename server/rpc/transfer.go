package rpc

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
)

func transferMethods() []*Method {
	return []*Method{method(about{
		name: "auth.transfer_resources", doc: "Give the saved jobs and targets of a user to another user. Both have to be known, as auth.get_all_users shows them.",
		returns: "an object with `test` and the uuids of `jobs` and `target_groups`", needs: []role.Permission{role.Superuser},
		served: func(a *API) bool { return hasAccounts(a) && hasLibrary(a) },
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
		all, err := c.ownedBy(ctx, kind.kind, from, user)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			if p.UUIDs != nil && !slices.ContainsFunc(p.UUIDs, func(id string) bool { return strings.EqualFold(id, s.ID) }) {
				continue
			}
			if !p.Test {
				b, err := bodyOf(s)
				if err != nil {
					return nil, err
				}
				b.Foreign = s.Version + 1 // it is not the new owner's work
				if s.Body, err = json.Marshal(b); err != nil {
					return nil, fmt.Errorf("transfer %s: %w", s.ID, err)
				}
				s.Eauth, s.User = to, next
				if _, err := c.api.Library.PutSaved(ctx, s); err != nil {
					return nil, libraryError(err, kind.name)
				}
				c.note(issuer.Changed, fmt.Sprintf("owner of %s of %s", s.ID, kind.name))
			}
			*kind.to = append(*kind.to, s.ID)
		}
	}
	return done, nil
}

// ownedBy returns all that a user owns of a kind, which is bounded.
func (c *call) ownedBy(ctx context.Context, kind records.SavedKind, eauth, user string) (all []records.Saved, err error) {
	for {
		page, err := c.api.Library.FindSaved(ctx, records.SavedQuery{Kind: kind, User: user, Eauth: eauth, Offset: len(all), Limit: foundPage})
		if err != nil {
			return nil, libraryError(err, "query")
		}
		if all = append(all, page.Saved...); len(page.Saved) == 0 || len(all) >= page.Total {
			return all, nil
		}
	}
}
