package rpc

import (
	"context"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

func masterMethods() []*Method {
	needs := []role.Permission{role.MasterRead}
	return []*Method{
		method(about{
			name: "master.get_master_details", doc: "Return the master. There is one, which has no plugin and no cluster.",
			returns: "`{count, results}`, a row for the master", needs: needs, served: runs,
		}, getMasterDetails),
		method(about{
			name: "master.get_master_presence", doc: "Return whether the master answers: its wheel function `key.finger_master` is run.",
			returns: "`{count, results}`, a row for the master: present, or lost", needs: needs, served: runs,
		}, getMasterPresence),
		method(about{
			name: "master.get_master_grains", doc: "Return the grains of the master's host, by the master's own runner `salt.cmd` `grains.items`: the caller needs the right to run it.",
			returns: "an object with an object for the master, in which grains is", needs: needs, served: runs,
		}, getMasterGrains),
		method(about{
			name: "master.get_master_keys", doc: "Return the key of the master, by its own `key.finger_master`.", returns: "a list with an object for the master",
			needs: needs, served: runs,
		}, getMasterKeys),
	}
}

// isMaster reports whether the filters of a method select the master.
func (c *call) isMaster(part, cluster string) bool {
	return strings.Contains(c.api.MasterID, part) && cluster == ""
}

// answers reports whether the master answers the caller.
func (c *call) answers(ctx context.Context) (bool, error) {
	var ret any
	err := c.wheel(ctx, &ret, "key.finger_master", nil)
	if err == nil {
		return true, nil
	}
	switch errorOf(err).Code {
	case CodeUnavailable, CodeTimeout:
		return false, nil
	}
	return false, err
}

func presenceOf(answers bool) string {
	if answers {
		return "present"
	}
	return "lost"
}

type masterDetailsParams struct {
	MasterID      string   `rpc:"master_id" doc:"A part of the master's name."`
	ClusterID     string   `rpc:"cluster_id" doc:"There are no clusters: with it there is no row."`
	State         string   `rpc:"state" enum:"accepted|pending|rejected" doc:"The state of the master's key: it is accepted."`
	Status        string   `rpc:"status" enum:"unknown|present|lost" doc:"Whether the master answers."`
	PluginStatus  []string `rpc:"plugin_status" doc:"There is no plugin: with it there is no row."`
	PluginVersion string   `rpc:"plugin_version" doc:"There is no plugin: with it there is no row."`
	SaltVersion   string   `rpc:"salt_version" doc:"A part of the version of Salt."`
	SortBy        string   `rpc:"sort_by" enum:"master_id|cluster_id|state|status|last_seen|plugin_version|salt_version" doc:"The column to sort by. There is one row."`
	Reverse       bool     `rpc:"reverse" default:"false" doc:"The largest first."`
	Page          int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit         int      `rpc:"limit" default:"100" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
}

// masterDetails is a row of master.get_master_details.
type masterDetails struct {
	MasterID      string  `json:"master_id"`
	State         string  `json:"state"`
	ClusterID     *string `json:"cluster_id"`
	SaltVersion   *string `json:"salt_version"`
	PluginVersion *string `json:"plugin_version"`
	PluginStatus  *string `json:"plugin_status"`
	LastUpdateJID *string `json:"last_update_jid"`
	Presence      string  `json:"presence_status"`
}

func getMasterDetails(ctx context.Context, c *call, p masterDetailsParams) (any, error) {
	rows := []masterDetails{}
	if c.isMaster(p.MasterID, p.ClusterID) && (p.State == "" || p.State == "accepted") && len(p.PluginStatus) == 0 && p.PluginVersion == "" {
		row := masterDetails{MasterID: c.api.MasterID, State: "accepted", Presence: "present"}
		var versions struct{ Master string }
		err := c.runner(ctx, &versions, "manage.versions", map[string]any{"timeout": 1})
		switch {
		case err == nil:
			row.SaltVersion = pointer(versions.Master)
		case errorOf(err).Code == CodeUnavailable, errorOf(err).Code == CodeTimeout:
			row.Presence = "lost"
		default:
			return nil, err
		}
		if (p.Status == "" || p.Status == row.Presence) && strings.Contains(textOr(row.SaltVersion), p.SaltVersion) {
			rows = append(rows, row)
		}
	}
	return pageOf(rows, p.Page, p.Limit), nil
}

type masterPresenceParams struct {
	MasterID  string `rpc:"master_id" doc:"A part of the master's name."`
	ClusterID string `rpc:"cluster_id" doc:"There are no clusters: with it there is no row."`
	Status    string `rpc:"status" enum:"unknown|present|lost" doc:"The status to return."`
	SortBy    string `rpc:"sort_by" enum:"master_id|cluster_id|status|last_seen" doc:"The column to sort by. There is one row."`
	Reverse   bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Page      int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
	Limit     int    `rpc:"limit" default:"100" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
}

// masterPresence is a row of master.get_master_presence.
type masterPresence struct {
	UUID      string  `json:"uuid"`
	MasterID  string  `json:"master_id"`
	ClusterID *string `json:"cluster_id"`
	LastSeen  *string `json:"last_seen"`
	Status    string  `json:"status"`
}

func (c *call) masterUUID() string { return uuidOf("master", c.api.MasterID) }

func getMasterPresence(ctx context.Context, c *call, p masterPresenceParams) (any, error) {
	rows := []masterPresence{}
	if c.isMaster(p.MasterID, p.ClusterID) && p.Status != "unknown" {
		ok, err := c.answers(ctx)
		if err != nil {
			return nil, err
		}
		row := masterPresence{UUID: c.masterUUID(), MasterID: c.api.MasterID, Status: presenceOf(ok)}
		if ok {
			row.LastSeen = pointer(timeText(c.x.Start))
		}
		if p.Status == "" || p.Status == row.Status {
			rows = append(rows, row)
		}
	}
	return pageOf(rows, p.Page, p.Limit), nil
}

type masterGrainsParams struct {
	MasterID string `rpc:"master_id" doc:"The master's name."`
	UUID     string `rpc:"master_uuid" format:"uuid" doc:"The uuid, in place of the name."`
	Split    bool   `rpc:"split_cluster" default:"false" doc:"There are no clusters: this changes nothing."`
}

// grainsOf are the grains of a master.
type grainsOf struct {
	Grains rawObject `json:"grains"`
}

// MarshalJSON implements [json.Marshaler].
func (r rawObject) MarshalJSON() ([]byte, error) { return r, nil }

func getMasterGrains(ctx context.Context, c *call, p masterGrainsParams) (any, error) {
	if p.MasterID != "" && p.UUID != "" {
		return nil, invalidParameter("master_uuid", "it excludes master_id")
	}
	if p.UUID != "" && !strings.EqualFold(p.UUID, c.masterUUID()) || p.MasterID != "" && p.MasterID != c.api.MasterID && p.MasterID != "*" {
		return map[string]grainsOf{}, nil
	}
	var grains rawObject
	if err := c.runnerArgs(ctx, &grains, "salt.cmd", []string{"grains.items"}, nil); err != nil {
		return nil, err
	}
	return map[string]grainsOf{c.api.MasterID: {grains}}, nil
}

type masterKeysParams struct {
	State    string `rpc:"state" enum:"accepted|pending|rejected" doc:"The state of the key: it is accepted."`
	MasterID string `rpc:"master_id" doc:"A part of the master's name."`
	SortBy   string `rpc:"sort_by" enum:"master_id|state|created" doc:"The column to sort by. There is one row."`
	Reverse  bool   `rpc:"reverse" default:"false" doc:"The largest first."`
}

// masterKey is the key of a master.
type masterKey struct {
	MasterID string `json:"master_id"`
	State    string `json:"state"`
	Finger   string `json:"fingerprint"`
}

func getMasterKeys(ctx context.Context, c *call, p masterKeysParams) (any, error) {
	rows := []masterKey{}
	if !c.isMaster(p.MasterID, "") || p.State != "" && p.State != "accepted" {
		return rows, nil
	}
	var finger struct{ Local map[string]string }
	if err := c.wheel(ctx, &finger, "key.finger_master", nil); err != nil {
		return nil, err
	}
	return append(rows, masterKey{c.api.MasterID, "accepted", finger.Local["master.pub"]}), nil
}

// licenseMethods answer programs that look for a license before they begin.
func licenseMethods() []*Method {
	type license struct {
		Edition string  `json:"edition"`
		State   string  `json:"state"`
		Expires *string `json:"expires"`
		Minions *int    `json:"minions"`
	}
	return []*Method{
		method(about{
			name: "license.get_current_license", doc: "Return that no license is needed. Programs ask for it before they begin.",
			returns: "`{edition, state, expires, minions}`; null is for no end and no limit",
		}, func(context.Context, *call, none) (any, error) {
			return license{Edition: "open source", State: "valid"}, nil
		}),
	}
}
