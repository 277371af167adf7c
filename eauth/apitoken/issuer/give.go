package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
)

// mayGive returns a [Forbidden] where a caller may not give roles or permissions to
// others. A superuser gives all; others give what they have themselves, and by a token
// what is among its scopes, too. It does not matter that the caller's rights include
// those of a role: access lists name it, and it may be changed later.
func (s *Service) mayGive(ctx context.Context, c Caller, names []string, permissions []role.Permission) error {
	if c.Operator || len(names) == 0 && len(permissions) == 0 {
		return nil
	}
	if p := c.Principal; p != nil {
		if !slices.Contains(p.ScopeNames, superuser) {
			if err := giveWithin(p.ScopeNames, p.Scopes, names, permissions); err != nil {
				return err
			}
		}
	}
	by := c.actsAs()
	has, err := s.rolesOf(ctx, by.User, by.Eauth, by.Groups)
	if err != nil {
		return err
	}
	set, err := s.loginSet(ctx, has.names, has.permissions)
	if err != nil || set.May(role.Superuser) {
		return err
	}
	return giveWithin(has.names, set, names, permissions)
}

// actsAs returns the user that a caller acts as, the zero one for the operator.
func (c Caller) actsAs() eauth.Identity {
	switch p := c.Principal; {
	case c.Operator:
		return eauth.Identity{}
	case p != nil:
		return eauth.Identity{User: p.User, Eauth: p.Eauth, Groups: p.Groups}
	}
	return eauth.Identity{User: c.User, Eauth: c.Eauth, Groups: c.Groups}
}

// mayJoin returns a [Forbidden] where a caller may not become a member of a group by its
// own doing. Otherwise it would get the roles that others give the group later.
func (s *Service) mayJoin(ctx context.Context, c Caller) error {
	err := s.may(ctx, c, role.Superuser)
	if errors.Is(err, Forbidden) {
		return Errorf(Forbidden, "only a superuser joins groups itself")
	}
	return err
}

func giveWithin(has []string, set *role.Set, names []string, permissions []role.Permission) error {
	for _, name := range names {
		if !slices.Contains(has, name) {
			return Errorf(Forbidden, "the role %.80q is not one of your own", name)
		}
	}
	if err := set.Covers(role.Options{Login: true}, role.Role{Permissions: permissions}); err != nil {
		return Errorf(Forbidden, "%w", err)
	}
	return nil
}

// knownRoles returns an [Invalid] where a name is not that of a role.
func (s *Service) knownRoles(ctx context.Context, names []string) error {
	roles, err := s.currentRoles(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := roles.Get(name); !ok {
			return invalid("roles: there is no role %.80q", name)
		}
	}
	return nil
}

// maxRolesOf bounds the roles, the groups and the permissions of one user or group.
const maxRolesOf = 200

// tidy returns texts in order, each once.
func tidy[T ~string](texts []T) []T {
	sorted := slices.Sorted(slices.Values(texts))
	return slices.Compact(sorted)
}

// without returns the texts that are not among others.
func without[T ~string](texts, others []T) []T {
	return slices.DeleteFunc(slices.Clone(texts), func(text T) bool { return slices.Contains(others, text) })
}

// maxKey bounds an eauth module and a name together, in bytes.
const maxKey = 400

func checkKey(what, eauth, name string) error {
	switch {
	case eauth == "" || name == "":
		return invalid("%s: the eauth module or the name is missing", what)
	case len(eauth)+len(name) > maxKey:
		return invalid("%s: the name is too long", what)
	}
	return checkPrintable(what, eauth+name)
}

// maxCustom bounds custom data, in bytes.
const maxCustom = 8 << 10

func checkDetails(description, remoteUID string, custom json.RawMessage) error {
	switch {
	case len(description) > maxText:
		return invalid("description: longer than %d bytes", maxText)
	case len(remoteUID) > maxText:
		return invalid("remote_uid: longer than %d bytes", maxText)
	case len(custom) > maxCustom:
		return invalid("custom_data: longer than %d bytes", maxCustom)
	}
	if len(custom) > 0 {
		if _, err := jsonobject.Parse(custom); err != nil {
			return invalid("custom_data: %w", err)
		}
	}
	if err := checkPrintable("description", description); err != nil {
		return err
	}
	return checkPrintable("remote_uid", remoteUID)
}

// errUnreadable is the error for a document that is not valid for this release.
var errUnreadable = errors.New("read a document")

// stored returns a document, or none where there is none, and its version.
func stored[T any](ctx context.Context, s *Service, collection, key string, none T) (T, int64, error) {
	d, err := s.store.Document(ctx, collection, key)
	if errors.Is(err, apitoken.ErrNotFound) {
		return none, 0, nil
	}
	if err != nil {
		return none, 0, err
	}
	var v T
	if err := json.Unmarshal(d.Value, &v); err != nil {
		return none, d.Version, fmt.Errorf("%w of %s: %w", errUnreadable, collection, err)
	}
	return v, d.Version, nil
}

// putRecord stores a document in place of one of a version.
func (s *Service) putRecord(ctx context.Context, c Caller, collection, key string, version int64, v any, subject string) error {
	if version == 0 {
		if err := s.room(ctx, collection); err != nil {
			return err
		}
	}
	value, err := json.Marshal(v)
	if err != nil {
		return invalid("%w", err)
	}
	if _, err = s.store.PutDocument(ctx, collection, apitoken.Document{Key: key, Version: version, Value: value}); err != nil {
		return ofStore(err)
	}
	s.rolesChanged()
	s.notify(ctx, Event{What: Changed, By: c, Subject: subject})
	return nil
}

// room returns a [Conflict] where a collection is full. Concurrent calls may exceed the
// bound, each by one.
func (s *Service) room(ctx context.Context, collection string) error {
	most := maxGroups
	if collection == usersCollection || collection == loginsCollection {
		most = maxUsers
	}
	found, err := s.documents(ctx, collection, most)
	if err != nil {
		return err
	}
	if len(found) >= most {
		return Errorf(Conflict, "there are %d already", most)
	}
	return nil
}

func (s *Service) deleteRecord(ctx context.Context, c Caller, collection, key, subject string) error {
	if err := s.store.DeleteDocument(ctx, collection, key); err != nil {
		return ofStore(err)
	}
	s.rolesChanged()
	s.notify(ctx, Event{What: Removed, By: c, Subject: subject})
	return nil
}
