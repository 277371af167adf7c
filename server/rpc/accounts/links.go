package accounts

import (
	"context"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/rpc/method"
)

type groupLinkParams struct {
	Name       string `rpc:"group_name" doc:"The name of the group whose roles are given."`
	UUID       string `rpc:"group_uuid" format:"uuid" doc:"Its uuid, in place of the name."`
	ConfigName string `rpc:"config_name" doc:"The eauth module of the other group; internal is the default one."`
	ExtName    string `rpc:"ext_group_name" doc:"The name of the other group."`
	ExtUID     string `rpc:"ext_group_uid" doc:"Its id, if logins have it by that."`
	ExtDN      string `rpc:"ext_group_dn" doc:"Its name in the directory, if logins have it by that."`
}

type getGroupLinksParams struct {
	groupLinkParams
	Enabled *bool `rpc:"enabled" doc:"Those that are enabled, or are not."`
}

// shownLink is a link.
type shownLink struct {
	GroupUUID  string `json:"group_uuid"`
	GroupName  string `json:"group_name"`
	ConfigName string `json:"config_name"`
	ExtName    string `json:"ext_group_name"`
	ExtUID     string `json:"ext_group_uid"`
	ExtDN      string `json:"ext_group_dn"`
	Enabled    bool   `json:"enabled"`
}

func getGroupLinks(ctx context.Context, c *call, p getGroupLinksParams) (any, error) {
	links, err := c.api.Accounts.Links(ctx, c.Caller.Issuer())
	if err != nil {
		return nil, err
	}
	rows := []shownLink{}
	for _, l := range links {
		row := shownLink{
			groupUUID(l.Group), l.Group.Name, c.api.Logins.ConfigName(l.From.Eauth), l.From.Name, l.UID, l.DN, l.Enabled,
		}
		parts := [][2]string{
			{row.GroupName, p.Name}, {row.ConfigName, p.ConfigName}, {row.ExtName, p.ExtName}, {row.ExtUID, p.ExtUID}, {row.ExtDN, p.ExtDN},
		}
		other := slices.ContainsFunc(parts, func(part [2]string) bool { return !strings.Contains(part[0], part[1]) })
		if other || p.UUID != "" && !strings.EqualFold(row.GroupUUID, p.UUID) || p.Enabled != nil && *p.Enabled != row.Enabled {
			continue
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b shownLink) int {
		return strings.Compare(a.GroupName+"\x00"+a.ConfigName+"\x00"+a.ExtName, b.GroupName+"\x00"+b.ConfigName+"\x00"+b.ExtName)
	})
	return rows, nil
}

// link returns the link that parameters name. The group has to be saved: of two of one
// name it is that of the default eauth module.
func (c *call) link(ctx context.Context, p groupLinkParams) (l issuer.Link, err error) {
	switch {
	case (p.UUID == "") == (p.Name == ""):
		return l, method.InvalidParameter("group_uuid", "one of group_uuid and group_name is needed")
	case p.ConfigName == "":
		return l, method.InvalidParameter("config_name", "it is missing")
	case p.ExtName == "" && p.ExtUID == "" && p.ExtDN == "":
		return l, method.InvalidParameter("ext_group_name", "it is missing")
	}
	saved, err := c.api.Accounts.Groups(ctx, c.Caller.Issuer())
	if err != nil {
		return l, err
	}
	found := slices.DeleteFunc(saved, func(g issuer.Group) bool {
		return p.UUID == "" && g.Name != p.Name || p.UUID != "" && !strings.EqualFold(groupUUID(g.GroupKey), p.UUID)
	})
	at := slices.IndexFunc(found, func(g issuer.Group) bool { return g.Eauth == c.api.Logins.Default() })
	switch {
	case len(found) == 0:
		return l, errNoGroup()
	case len(found) == 1:
		at = 0
	case at < 0:
		return l, method.InvalidParameter("group_name", "several groups have this name: group_uuid tells them apart")
	}
	return issuer.Link{
		Group: found[at].GroupKey, From: issuer.GroupKey{Eauth: c.api.Logins.Module(p.ConfigName), Name: p.ExtName}, UID: p.ExtUID, DN: p.ExtDN,
	}, nil
}

type saveGroupLinkParams struct {
	groupLinkParams
	Enabled bool `rpc:"enabled" default:"true" doc:"Without it the link is kept, and gives nobody a role."`
}

func saveGroupLink(ctx context.Context, c *call, p saveGroupLinkParams) (any, error) {
	l, err := c.link(ctx, p.groupLinkParams)
	if err != nil {
		return nil, err
	}
	l.Enabled = p.Enabled
	return nil, accountError(c.api.Accounts.PutLink(ctx, c.Caller.Issuer(), l), "group")
}

type deleteGroupLinkParams struct {
	Name       string `rpc:"group_name" doc:"The name of the group whose roles are given."`
	UUID       string `rpc:"group_uuid" format:"uuid" doc:"Its uuid, in place of the name."`
	ConfigName string `rpc:"config_name" doc:"The eauth module of the other group; internal is the default one."`
	ExtName    string `rpc:"ext_group_name" doc:"The name of the other group."`
	ExtUID     string `rpc:"ext_group_uid" doc:"Its id."`
	ExtDN      string `rpc:"ext_group_dn,keyword" doc:"Its name in the directory."`
	Enabled    *bool  `rpc:"enabled,keyword" doc:"It changes nothing."`
}

func deleteGroupLink(ctx context.Context, c *call, p deleteGroupLinkParams) (any, error) {
	l, err := c.link(ctx, groupLinkParams{p.Name, p.UUID, p.ConfigName, p.ExtName, p.ExtUID, p.ExtDN})
	if err != nil {
		return nil, err
	}
	return nil, accountError(c.api.Accounts.DeleteLink(ctx, c.Caller.Issuer(), l), "link")
}
