package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/lru"
)

// rolesCollection is the collection of the operator's roles.
const rolesCollection = "roles"

// maxRoles bounds the operator's roles.
const maxRoles = 1000

// roleCache holds the roles, groups and users as stored, and the sets that were compiled
// from them.
type roleCache struct {
	changes  atomic.Int64 // counts changes in the store
	failures atomic.Int64 // counts reads that failed

	turn   chan struct{} // holds one element while the rest is in use
	err    error         // of the last read that failed
	of     int64         // the value of changes when the rest was read
	roles  *role.Roles
	groups map[GroupKey]Group
	links  []Link
	users  *lru.Cache[string, SavedUser]
	sets   *lru.Cache[setKey, *role.Set]
}

// maxSets bounds the sets of the cache.
const maxSets = 2048

// setKey is what a set is compiled from.
type setKey struct {
	names       string // of roles, each with a zero byte behind it
	permissions string // beside those of the roles, likewise
	login       bool
	edits       bool
}

// joined returns texts in the form of a [setKey].
func joined[T ~string](texts []T) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString(string(text))
		b.WriteByte(0)
	}
	return b.String()
}

// roleSet returns the set of the scopes of a token, compiled or from the cache.
func (s *Service) roleSet(ctx context.Context, names []string, edits bool) (*role.Set, error) {
	o := s.opts.RoleOptions
	o.Edits = edits
	return s.set(ctx, names, nil, o)
}

// loginSet is roleSet for the roles of a login, and permissions beside these.
func (s *Service) loginSet(ctx context.Context, names []string, own []role.Permission) (*role.Set, error) {
	return s.set(ctx, names, own, s.loginOptions())
}

func (s *Service) set(ctx context.Context, names []string, own []role.Permission, o role.Options) (*role.Set, error) {
	b, err := s.acquireRoles(ctx)
	if err != nil {
		return nil, err
	}
	defer b.release()
	key := setKey{joined(names), joined(own), o.Login, o.Edits}
	set, ok := b.sets.Get(key)
	if !ok {
		roles := []role.Role{{Permissions: own}}
		for _, name := range names {
			if r, there := b.roles.Get(name); there {
				roles = append(roles, r)
			}
		}
		set = role.Compile(o, roles...)
		b.sets.Put(key, set)
	}
	return set, nil
}

// loginOptions returns the options for the sets of a login.
func (s *Service) loginOptions() role.Options {
	o := s.opts.RoleOptions
	o.Login = true
	return o
}

// acquireRoles waits for the cache and returns it with the current roles. Callers
// that wait while a read fails get the same error: otherwise each would wait
// in turn for a store that does not answer.
func (s *Service) acquireRoles(ctx context.Context) (*roleCache, error) {
	b := &s.roles
	failures := b.failures.Load()
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if b.failures.Load() != failures {
		defer b.release()
		return nil, b.err
	}
	err := s.refreshRoles(ctx)
	if err == nil {
		return b, nil
	}
	defer b.release()
	if ctx.Err() == nil { // the failure is the store's, not a canceled caller's
		b.err = err
		b.failures.Add(1)
	}
	return nil, err
}

func (b *roleCache) release() { <-b.turn }

// refreshRoles reads the roles where they have changed. The caller must hold the
// cache's turn.
func (s *Service) refreshRoles(ctx context.Context) error {
	b := &s.roles
	changes := b.changes.Load() // before the read, so that a change meanwhile causes another one
	if b.roles != nil && b.of == changes {
		return nil
	}
	roles, err := s.readRoles(ctx)
	if err != nil {
		return err
	}
	groups, links, err := s.readGroups(ctx)
	if err != nil {
		return err
	}
	b.of, b.roles, b.groups, b.links = changes, roles, groups, links
	b.users = lru.New[string, SavedUser](maxSets)
	b.sets = lru.New[setKey, *role.Set](maxSets)
	return nil
}

// readRoles reads the roles of the store. A role that is not valid for this release
// is left out, and so allows nothing.
func (s *Service) readRoles(ctx context.Context) (*role.Roles, error) {
	documents, err := s.documents(ctx, rolesCollection, maxRoles)
	if err != nil {
		return nil, err
	}
	var own []role.Role
	taken := make(map[string]bool) // names in lower case
	for _, r := range role.BuiltIn() {
		taken[strings.ToLower(r.Name)] = true
	}
	for _, d := range documents {
		r, err := readRole(d)
		name := strings.ToLower(r.Name)
		if err == nil && taken[name] {
			err = errors.New("another role has this name")
		}
		if err != nil {
			s.log.WarnContext(ctx, "a role cannot be used", slog.String("role", d.Key), slog.Any("error", err))
			continue
		}
		own, taken[name] = append(own, r), true
	}
	return role.NewRoles(own...)
}

func readRole(d apitoken.Document) (r role.Role, err error) {
	if err := json.Unmarshal(d.Value, &r); err != nil {
		return r, err
	}
	if r.Name != d.Key {
		return r, errors.New("it is kept under another name")
	}
	return r, r.Check()
}

// documents reads a collection, and stops after the page that reaches most.
func (s *Service) documents(ctx context.Context, collection string, most int) ([]apitoken.Document, error) {
	const page = 100
	var found []apitoken.Document
	for after := ""; len(found) < most; after = found[len(found)-1].Key {
		some, err := s.store.Documents(ctx, collection, after, page)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", collection, err)
		}
		found = append(found, some...)
		if len(some) < page {
			break
		}
	}
	return found, nil
}

// Roles returns all roles, the built-in ones first.
func (s *Service) Roles(ctx context.Context, c Caller) ([]role.Role, error) {
	if err := s.may(ctx, c, role.RoleRead, role.RoleWrite); err != nil {
		return nil, err
	}
	roles, err := s.currentRoles(ctx)
	if err != nil {
		return nil, err
	}
	return roles.All(), nil
}

// Role returns one role.
func (s *Service) Role(ctx context.Context, c Caller, name string) (role.Role, error) {
	if err := s.may(ctx, c, role.RoleRead, role.RoleWrite); err != nil {
		return role.Role{}, err
	}
	roles, err := s.currentRoles(ctx)
	if err != nil {
		return role.Role{}, err
	}
	r, ok := roles.Get(name)
	if !ok {
		return role.Role{}, refuse(NotFound)
	}
	return r, nil
}

func (s *Service) currentRoles(ctx context.Context) (*role.Roles, error) {
	b, err := s.acquireRoles(ctx)
	if err != nil {
		return nil, err
	}
	defer b.release()
	return b.roles, nil
}

// OpenRoles returns those of some roles that run on the saved targets whose access list
// names them, see [role.Role.IsOpen]. Names without a role are among them: there may be
// one later.
func (s *Service) OpenRoles(ctx context.Context, names []string) (open []string, err error) {
	roles, err := s.currentRoles(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if r, ok := roles.Get(name); !ok || r.IsOpen() {
			open = append(open, name)
		}
	}
	return open, nil
}

// PutRole stores a role, a new one or in place of one with the same name. With fresh
// it must be new. A role must not allow more than the caller may do, since it may be
// assigned to the caller, or be a scope of existing tokens. Where it does, or that
// is undecided, the error wraps a [*role.Wider].
func (s *Service) PutRole(ctx context.Context, c Caller, r role.Role, fresh bool) error {
	if err := s.may(ctx, c, role.RoleWrite); err != nil {
		return err
	}
	r.BuiltIn = false
	if err := r.Check(); err != nil {
		return invalid("%w", err)
	}
	if err := s.covers(ctx, c, r); err != nil {
		return err
	}
	before, err := s.store.Document(ctx, rolesCollection, r.Name)
	switch {
	case errors.Is(err, apitoken.ErrNotFound):
		// Another role may have this name in a different case.
		if err := s.checkNewRole(ctx, r); err != nil {
			return err
		}
	case err != nil:
		return err
	case fresh:
		return Errorf(Conflict, "the name of the role")
	}
	return s.writeRole(ctx, c, r, before.Version)
}

// ChangeRole changes a role of the operator's as PutRole does. Where it was changed
// meanwhile, nothing is written, and the error is a [Conflict].
func (s *Service) ChangeRole(ctx context.Context, c Caller, name string, change func(*role.Role)) error {
	if err := s.may(ctx, c, role.RoleWrite); err != nil {
		return err
	}
	before, err := s.store.Document(ctx, rolesCollection, name)
	if err != nil {
		return ofStore(err)
	}
	r, err := readRole(before)
	if err != nil {
		return invalid("%w", err)
	}
	change(&r)
	r.Name, r.BuiltIn = name, false
	if err := r.Check(); err != nil {
		return invalid("%w", err)
	}
	if err := s.covers(ctx, c, r); err != nil {
		return err
	}
	return s.writeRole(ctx, c, r, before.Version)
}

// writeRole stores a role in place of one of a version, 0 for none.
func (s *Service) writeRole(ctx context.Context, c Caller, r role.Role, version int64) error {
	value, err := json.Marshal(r)
	if err != nil {
		return invalid("%w", err)
	}
	_, err = s.store.PutDocument(ctx, rolesCollection, apitoken.Document{Key: r.Name, Version: version, Value: value})
	if err != nil {
		return ofStore(err)
	}
	s.rolesChanged()
	s.notify(ctx, Event{What: Changed, By: c, Subject: "role " + r.Name})
	return nil
}

// covers returns a [Forbidden] where a role allows more than the caller's rights: for
// the holder of a token, more than those of its owner, or than its scopes.
func (s *Service) covers(ctx context.Context, c Caller, r role.Role) error {
	if c.Operator {
		return nil
	}
	var sets []*role.Set
	if p := c.Principal; p != nil {
		sets = []*role.Set{p.Scopes, p.rights}
	} else {
		set, err := s.rightsOf(ctx, c.User, c.Eauth, c.Groups)
		if err != nil {
			return err
		}
		sets = []*role.Set{set}
	}
	for _, set := range sets {
		if err := set.Covers(s.loginOptions(), r); err != nil {
			return Errorf(Forbidden, "%w", err)
		}
	}
	return nil
}

func (s *Service) checkNewRole(ctx context.Context, r role.Role) error {
	roles, err := s.readRoles(ctx)
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(roles.All(), func(r role.Role) bool { return r.BuiltIn })
	if len(own) >= maxRoles {
		return Errorf(Conflict, "there are %d roles already", maxRoles)
	}
	if _, err := role.NewRoles(append(own, r)...); err != nil {
		return Errorf(Conflict, "%w", err)
	}
	return nil
}

// DeleteRole removes a role of the operator's, also from users and groups. Tokens with
// this scope lose what the role allowed.
func (s *Service) DeleteRole(ctx context.Context, c Caller, name string) error {
	if err := s.may(ctx, c, role.RoleDelete); err != nil {
		return err
	}
	for _, r := range role.BuiltIn() {
		if r.Name == name {
			return &Error{Kind: Forbidden, Err: errors.New("the role is built in")}
		}
	}
	if _, err := s.store.Document(ctx, rolesCollection, name); err != nil {
		return ofStore(err)
	}
	// These first, so that after an error the removal can be repeated.
	if err := s.takeRole(ctx, c, name); err != nil {
		return err
	}
	return s.deleteRecord(ctx, c, rolesCollection, name, "role "+name)
}

// takeRole takes a role from the users and groups that are saved. Otherwise they would
// have another role of this name, too.
func (s *Service) takeRole(ctx context.Context, c Caller, name string) error {
	err := takeFrom(ctx, s, c, usersCollection, maxUsers, "user ", name, func(u *SavedUser) *[]string { return &u.Roles })
	if err != nil {
		return err
	}
	return takeFrom(ctx, s, c, groupsCollection, maxGroups, "group ", name, func(g *Group) *[]string { return &g.Roles })
}

// takeFrom takes a role from the records of a collection. what is what the log calls them.
func takeFrom[T any](
	ctx context.Context, s *Service, c Caller, collection string, most int, what, name string, roles func(*T) *[]string,
) error {
	found, err := s.documents(ctx, collection, most)
	if err != nil {
		return err
	}
	for _, d := range found {
		var record T
		if json.Unmarshal(d.Value, &record) != nil || !slices.Contains(*roles(&record), name) {
			continue
		}
		of := roles(&record)
		*of = without(*of, []string{name})
		if err := s.putRecord(ctx, c, collection, d.Key, d.Version, record, what+d.Key); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) rolesChanged() { s.roles.changes.Add(1) }

// known returns an [Invalid] where a name is not that of a role.
func (s *Service) known(ctx context.Context, names []string) error {
	roles, err := s.currentRoles(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := roles.Get(name); !ok {
			return invalid("scopes: there is no role %.80q", name)
		}
	}
	return nil
}
