package fleet

import (
	"context"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
)

func (a *API) masterMethods() []*method.Method {
	needs := []role.Permission{role.MasterRead}
	return []*method.Method{
		declare(a, method.About{
			Name: "master.get_master_details", Doc: "Return the master. There is one, which has no plugin and no cluster.",
			Returns: "`{count, results}`, a row for the master", Needs: needs, Served: a.runs(),
		}, getMasterDetails),
		declare(a, method.About{
			Name: "master.get_master_presence", Doc: "Return whether the master answers: its wheel function `key.finger_master` is run.",
			Returns: "`{count, results}`, a row for the master: present, or lost", Needs: needs, Served: a.runs(),
		}, getMasterPresence),
		declare(a, method.About{
			Name: "master.get_master_grains", Doc: "Return the grains of the master's host, by the master's own runner `salt.cmd` `grains.items`: the caller needs the right to run it.",
			Returns: "an object with an object for the master, in which grains is", Needs: needs, Served: a.runs(),
		}, getMasterGrains),
		declare(a, method.About{
			Name: "master.get_master_keys", Doc: "Return the key of the master, by its own `key.finger_master`.", Returns: "a list with an object for the master",
			Needs: needs, Served: a.runs(),
		}, getMasterKeys),
	}
}

// isMaster reports whether the filters of a method select the master.
func (c *Call) isMaster(part, cluster string) bool {
	return strings.Contains(c.api.MasterID, part) && cluster == ""
}

// answers reports whether the master answers the caller.
func (c *Call) answers(ctx context.Context) (bool, error) {
	var ret any
	err := c.Wheel(ctx, &ret, "key.finger_master", nil)
	if err == nil {
		return true, nil
	}
	switch method.ErrorOf(err).Code {
	case method.CodeUnavailable, method.CodeTimeout:
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

func getMasterDetails(ctx context.Context, c *Call, p masterDetailsParams) (any, error) {
	rows := []masterDetails{}
	if c.isMaster(p.MasterID, p.ClusterID) && (p.State == "" || p.State == "accepted") && len(p.PluginStatus) == 0 && p.PluginVersion == "" {
		row := masterDetails{MasterID: c.api.MasterID, State: "accepted", Presence: "present"}
		var versions struct{ Master string }
		err := c.Runner(ctx, &versions, "manage.versions", map[string]any{"timeout": 1})
		switch {
		case err == nil:
			row.SaltVersion = method.Pointer(versions.Master)
		case method.ErrorOf(err).Code == method.CodeUnavailable, method.ErrorOf(err).Code == method.CodeTimeout:
			row.Presence = "lost"
		default:
			return nil, err
		}
		if (p.Status == "" || p.Status == row.Presence) && strings.Contains(method.TextOr(row.SaltVersion), p.SaltVersion) {
			rows = append(rows, row)
		}
	}
	return method.PageOf(rows, p.Page, p.Limit), nil
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

func (c *Call) masterUUID() string { return method.UUIDOf("master", c.api.MasterID) }

func getMasterPresence(ctx context.Context, c *Call, p masterPresenceParams) (any, error) {
	rows := []masterPresence{}
	if c.isMaster(p.MasterID, p.ClusterID) && p.Status != "unknown" {
		ok, err := c.answers(ctx)
		if err != nil {
			return nil, err
		}
		row := masterPresence{UUID: c.masterUUID(), MasterID: c.api.MasterID, Status: presenceOf(ok)}
		if ok {
			row.LastSeen = method.Pointer(method.TimeText(c.X.Start))
		}
		if p.Status == "" || p.Status == row.Status {
			rows = append(rows, row)
		}
	}
	return method.PageOf(rows, p.Page, p.Limit), nil
}

type masterGrainsParams struct {
	MasterID string `rpc:"master_id" doc:"The master's name."`
	UUID     string `rpc:"master_uuid" format:"uuid" doc:"The uuid, in place of the name."`
	Split    bool   `rpc:"split_cluster" default:"false" doc:"There are no clusters: this changes nothing."`
}

// grainsOf are the grains of a master.
type grainsOf struct {
	Grains run.RawObject `json:"grains"`
}

func getMasterGrains(ctx context.Context, c *Call, p masterGrainsParams) (any, error) {
	if p.MasterID != "" && p.UUID != "" {
		return nil, method.InvalidParameter("master_uuid", "it excludes master_id")
	}
	if p.UUID != "" && !strings.EqualFold(p.UUID, c.masterUUID()) || p.MasterID != "" && p.MasterID != c.api.MasterID && p.MasterID != "*" {
		return map[string]grainsOf{}, nil
	}
	var grains run.RawObject
	if err := c.RunnerArgs(ctx, &grains, "salt.cmd", []string{"grains.items"}, nil); err != nil {
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

func getMasterKeys(ctx context.Context, c *Call, p masterKeysParams) (any, error) {
	rows := []masterKey{}
	if !c.isMaster(p.MasterID, "") || p.State != "" && p.State != "accepted" {
		return rows, nil
	}
	var finger struct{ Local map[string]string }
	if err := c.Wheel(ctx, &finger, "key.finger_master", nil); err != nil {
		return nil, err
	}
	return append(rows, masterKey{c.api.MasterID, "accepted", finger.Local["master.pub"]}), nil
}
