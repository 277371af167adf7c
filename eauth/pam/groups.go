package pam

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
)

// SystemGroups returns the names of all groups of a user, the primary one
// included, sorted, as Salt's pam module does. A user that exists only for PAM
// has none.
func SystemGroups(_ context.Context, name string) ([]string, error) {
	u, err := user.Lookup(name)
	if _, unknown := errors.AsType[user.UnknownUserError](err); unknown {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up a user: %w", err)
	}
	ids, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		g, err := user.LookupGroupId(id)
		if _, unknown := errors.AsType[user.UnknownGroupIdError](err); unknown {
			continue // a number without a name matches no entry
		}
		if err != nil {
			return nil, fmt.Errorf("look up a group: %w", err)
		}
		names = append(names, g.Name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
