package pam

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"

	"github.com/saltern-api/saltern/eauth"
)

// rootID is the user id with all the rights of root, whatever its name is.
const rootID = "0"

// isRoot reports whether a user is root, by this or any other name.
func (l *login) isRoot(ctx context.Context, name string) (bool, error) {
	if name == "root" {
		return true, nil
	}
	id, ok, err := l.opts.UserID(ctx, name)
	if err != nil {
		return false, fmt.Errorf("%w: id of %q: %w", eauth.ErrUnavailable, name, err)
	}
	return ok && id == rootID, nil
}

// SystemUserID looks a user's id up in this machine's user database, by its
// name service. A user that exists only for PAM has none.
func SystemUserID(_ context.Context, name string) (id string, ok bool, err error) {
	u, err := user.Lookup(name)
	if _, unknown := errors.AsType[user.UnknownUserError](err); unknown {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look up a user: %w", err)
	}
	return u.Uid, true, nil
}

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
