package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// The collections of groups and of their links.
const (
	groupsCollection = "groups"
	linksCollection  = "group-links"
)

// maxGroups bounds the groups that are kept, and the links, since all are read at once.
const maxGroups = 1000

// GroupKey names a group of an eauth module.
type GroupKey struct {
	Eauth string `json:"eauth"`
	Name  string `json:"name"`
}

// String returns the key as in the audit log.
func (k GroupKey) String() string { return k.Eauth + "/" + k.Name }

// Group is a group with roles. Its members are the users of the eauth module who are in
// a group of this name there, those in a group that is linked with it, and those that
// [Service.PutUser] put into it.
type Group struct {
	GroupKey

	Description string          `json:"description,omitempty"`
	Roles       []string        `json:"roles,omitempty"`
	RemoteUID   string          `json:"remote_uid,omitempty"`
	CustomData  json.RawMessage `json:"custom_data,omitempty"` // an object
}

// Link makes the members of a group of some eauth module members of another group, for
// its roles.
type Link struct {
	Group GroupKey `json:"group"`

	// From is the group whose members are meant, and UID and DN are further names that a
	// login may have it by.
	From GroupKey `json:"from"`
	UID  string   `json:"uid,omitempty"`
	DN   string   `json:"dn,omitempty"`

	Enabled bool `json:"enabled"`
}

// key returns the key of a link's document.
func (l Link) key() string {
	parts := []string{l.Group.Eauth, l.Group.Name, l.From.Eauth, l.From.Name, l.UID}
	if l.From.Name == "" && l.UID == "" {
		parts = append(parts, l.DN)
	}
	text, _ := json.Marshal(parts) // texts always encode
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// subject returns the link as in the audit log.
func (l Link) subject() string { return "group link " + l.From.String() + " to " + l.Group.String() }

// of reports whether a link is for a user with some groups.
func (l Link) of(eauth string, groups []string) bool {
	return l.Enabled && l.From.Eauth == eauth && slices.ContainsFunc(groups, func(g string) bool {
		return g != "" && (g == l.From.Name || g == l.UID || g == l.DN)
	})
}

// readGroups reads the groups and links of the store. What cannot be read gives nobody
// a role.
func (s *Service) readGroups(ctx context.Context) (map[GroupKey]Group, []Link, error) {
	groups := make(map[GroupKey]Group)
	err := readAll(ctx, s, groupsCollection, maxGroups, func(g Group) { groups[g.GroupKey] = g })
	if err != nil {
		return nil, nil, err
	}
	var links []Link
	err = readAll(ctx, s, linksCollection, maxGroups, func(l Link) { links = append(links, l) })
	return groups, links, err
}

// readAll reads the documents of a collection, and calls use with each.
func readAll[T any](ctx context.Context, s *Service, collection string, most int, use func(T)) error {
	documents, err := s.documents(ctx, collection, most)
	if err != nil {
		return err
	}
	for _, d := range documents {
		var v T
		if err := json.Unmarshal(d.Value, &v); err != nil {
			s.log.WarnContext(ctx, "a document cannot be read", slog.String("collection", collection), slog.Any("error", err))
			continue
		}
		use(v)
	}
	return nil
}

// rolesOfGroups returns the roles that the groups of a user give, by their names at the
// login and by links.
func (b *roleCache) rolesOfGroups(eauth string, groups []string) (names []string) {
	for _, g := range groups {
		names = append(names, b.groups[GroupKey{eauth, g}].Roles...)
	}
	for _, l := range b.links {
		if l.of(eauth, groups) {
			names = append(names, b.groups[l.Group].Roles...)
		}
	}
	return names
}

// Groups returns the groups that have roles here, in the order of their eauth modules
// and names.
func (s *Service) Groups(ctx context.Context, c Caller) ([]Group, error) {
	if err := s.maySeeGroups(ctx, c); err != nil {
		return nil, err
	}
	found, _, err := s.readGroups(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Group, 0, len(found))
	for _, g := range found {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b Group) int { return strings.Compare(a.String(), b.String()) })
	return all, nil
}

func (s *Service) maySeeGroups(ctx context.Context, c Caller) error {
	return s.may(ctx, c, role.GroupRead, role.GroupWrite, role.UserRead, role.UserWrite)
}

// PutGroup stores a group, a new one or in place of the one with this key. The caller
// must have the roles that it did not have before.
func (s *Service) PutGroup(ctx context.Context, c Caller, k GroupKey, change func(*Group)) error {
	if err := s.may(ctx, c, role.GroupWrite); err != nil {
		return err
	}
	if err := checkKey("group", k.Eauth, k.Name); err != nil {
		return err
	}
	g, version, err := stored(ctx, s, groupsCollection, k.String(), Group{GroupKey: k})
	if err != nil {
		return err
	}
	before := slices.Clone(g.Roles)
	change(&g)
	g.GroupKey, g.Roles = k, tidy(g.Roles)
	if err := checkDetails(g.Description, g.RemoteUID, g.CustomData); err != nil {
		return err
	}
	if err := s.knownRoles(ctx, without(g.Roles, before)); err != nil {
		return err
	}
	if err := s.mayGive(ctx, c, without(g.Roles, before), nil); err != nil {
		return err
	}
	return s.putRecord(ctx, c, groupsCollection, k.String(), version, g, "group "+k.String())
}

// DeleteGroup removes a group, with its links. Its members lose its roles.
func (s *Service) DeleteGroup(ctx context.Context, c Caller, k GroupKey) error {
	if err := s.may(ctx, c, role.GroupDelete); err != nil {
		return err
	}
	_, links, err := s.readGroups(ctx)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Group == k {
			if err := s.deleteLink(ctx, c, l); err != nil && !errors.Is(err, NotFound) {
				return err
			}
		}
	}
	return s.deleteRecord(ctx, c, groupsCollection, k.String(), "group "+k.String())
}

// Links returns the links of groups.
func (s *Service) Links(ctx context.Context, c Caller) ([]Link, error) {
	if err := s.maySeeGroups(ctx, c); err != nil {
		return nil, err
	}
	_, links, err := s.readGroups(ctx)
	return links, err
}

// PutLink stores a link. The caller must have the roles of the group, which the members
// of the other one get, and must not be one of these unless it is a superuser.
func (s *Service) PutLink(ctx context.Context, c Caller, l Link) error {
	if err := s.may(ctx, c, role.GroupWrite); err != nil {
		return err
	}
	if err := checkKey("group", l.Group.Eauth, l.Group.Name); err != nil {
		return err
	}
	if l.From.Name == "" && l.UID == "" && l.DN == "" {
		return invalid("the group of the directory: a name is missing")
	}
	if err := checkKey("the group of the directory", l.From.Eauth, l.From.Name+l.UID+l.DN); err != nil {
		return err
	}
	groups, links, err := s.readGroups(ctx)
	if err != nil {
		return err
	}
	g, ok := groups[l.Group]
	if !ok {
		return refuse(NotFound)
	}
	if err := s.mayGive(ctx, c, g.Roles, nil); err != nil {
		return err
	}
	if by := c.actsAs(); l.of(by.Eauth, by.Groups) {
		if err := s.mayJoin(ctx, c); err != nil {
			return err
		}
	}
	known := slices.ContainsFunc(links, func(other Link) bool { return other.key() == l.key() })
	if !known && len(links) >= maxGroups {
		return Errorf(Conflict, "there are %d links already", maxGroups)
	}
	_, version, err := stored(ctx, s, linksCollection, l.key(), Link{})
	if err != nil {
		return err
	}
	return s.putRecord(ctx, c, linksCollection, l.key(), version, l, l.subject())
}

// DeleteLink removes a link, which the group, the other group and the uid name, or its
// DN if it has neither of these.
func (s *Service) DeleteLink(ctx context.Context, c Caller, l Link) error {
	if err := s.may(ctx, c, role.GroupDelete); err != nil {
		return err
	}
	return s.deleteLink(ctx, c, l)
}

func (s *Service) deleteLink(ctx context.Context, c Caller, l Link) error {
	return s.deleteRecord(ctx, c, linksCollection, l.key(), l.subject())
}
