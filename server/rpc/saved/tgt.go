package saved

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

func (a *API) tgtMethods() []*method.Method {
	return []*method.Method{
		declare(a, method.About{
			Name: "tgt.get_target_group", Doc: "Find saved targets, as job.get_jobs does jobs. All Minions is built in, and the first.",
			Returns: "`{count, results, limit}`, a row for each target; `limit` is the one that was requested",
			Needs:   []role.Permission{role.TargetRead}, Served: a.Library != nil,
		}, getTargets),
		declare(a, method.About{
			Name: "tgt.save_target_group", Doc: "Save a target: a new one, or changes of the one with a uuid.", Returns: "the uuid",
			Needs: []role.Permission{role.TargetWrite}, Served: a.Library != nil,
		}, saveTarget),
		declare(a, method.About{
			Name: "tgt.delete_target_group", Doc: "Delete saved targets. One that jobs are for is deleted with force alone; these jobs then have no target.", Returns: "null",
			Needs: []role.Permission{role.TargetDelete}, Served: a.Library != nil,
		}, deleteTargets),
		declare(a, method.About{
			Name: "tgt.get_target_group_access", Doc: "Return who may do what with a saved target.", Returns: "`{auth: {owner, access}}`",
			Needs: []role.Permission{role.TargetRead}, Served: a.Library != nil,
		}, func(ctx context.Context, c *Call, p tgtUUID) (any, error) {
			return getAccess(ctx, c, records.SavedTarget, p.UUID)
		}),
		declare(a, method.About{
			Name: "tgt.save_target_group_access", Doc: "Replace the access list of a saved target. It is for its owner and superusers.", Returns: "the uuid",
			Needs: []role.Permission{role.TargetWrite}, Served: a.Library != nil,
		}, func(ctx context.Context, c *Call, p saveTgtAccessParams) (any, error) {
			return saveAccess(ctx, c, records.SavedTarget, p.UUID, p.Access)
		}),
	}
}

type tgtUUID struct {
	UUID string `rpc:"tgt_uuid,required" format:"uuid" doc:"The target."`
}

type saveTgtAccessParams struct {
	UUID   string        `rpc:"tgt_uuid,required" format:"uuid" doc:"The target."`
	Access method.Object `rpc:"access_payload,required" doc:"For each role the names read, write, discover and delete, or an object with these and true or false."`
}

type getTargetsParams struct {
	UUID       string `rpc:"tgt_uuid" format:"uuid" doc:"One target; then the other parameters do not count."`
	MasterID   string `rpc:"master_id" doc:"A part of the master's name."`
	PillarUUID string `rpc:"pillar_uuid" format:"uuid" doc:"There are no pillars: nothing has one."`
	RoleUUID   string `rpc:"role_uuid" format:"uuid" doc:"A role that an access list names. It is for superusers."`
	Name       string `rpc:"name" doc:"A part of the name."`
	Desc       string `rpc:"desc" doc:"A part of the description."`
	Pillars    bool   `rpc:"include_pillar_data" default:"false" doc:"There are no pillars: this changes nothing."`
	SortBy     string `rpc:"sort_by" enum:"name|desc" doc:"The column to sort by; the name without it."`
	Reverse    bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Limit      int    `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Page       int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
}

// shownTarget is a row of tgt.get_target_group.
type shownTarget struct {
	Name     string          `json:"name"`
	Tgt      json.RawMessage `json:"tgt"`
	UUID     string          `json:"uuid"`
	Pillars  []string        `json:"pillars"`
	Metadata Metadata        `json:"metadata"`
	Desc     string          `json:"desc"`
}

func (c *Call) showTarget(o Item) shownTarget {
	s := shownTarget{Name: o.Name, Tgt: o.Target, UUID: o.ID, Pillars: []string{}, Metadata: c.Metadata(o.Saved, o.Access), Desc: o.Desc}
	if o.ID == AllMinions {
		s.Metadata.Auth.Access = access{"User": {Read: true, Discover: true}}
	}
	return s
}

func getTargets(ctx context.Context, c *Call, p getTargetsParams) (any, error) {
	none := limitedPage[shownTarget]{Results: []shownTarget{}, Limit: p.Limit}
	if p.UUID != "" {
		o, err := c.Seen(ctx, records.SavedTarget, p.UUID, MayRead)
		switch {
		case err != nil && method.ErrorOf(err).Code == method.CodeNotFound:
			return none, nil
		case err != nil:
			return nil, err
		}
		return limitedPage[shownTarget]{1, []shownTarget{c.showTarget(o)}, p.Limit}, nil
	}
	more, err := c.namesRole(ctx, p.RoleUUID)
	switch {
	case err != nil:
		return nil, err
	case p.PillarUUID != "", !strings.Contains(c.api.MasterID, p.MasterID):
		return none, nil
	}
	first := BuiltIn()
	contains := func(text, part string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(part)) }
	shown := []shownTarget{}
	extra := 0
	if more == nil && contains(first.Name, p.Name) && contains(first.Desc, p.Desc) {
		extra = 1
	}
	from, to := method.Span(p.Page, p.Limit)
	all, count, err := c.find(ctx, records.SavedQuery{
		Kind: records.SavedTarget, Name: p.Name, Desc: p.Desc, SortBy: records.SavedSort(p.SortBy), Reverse: p.Reverse,
	}, max(0, from-extra), max(0, to-extra), more)
	if err != nil {
		return nil, err
	}
	if extra > 0 && from == 0 {
		shown = append(shown, c.showTarget(first))
	}
	for _, o := range all {
		shown = append(shown, c.showTarget(o))
	}
	return limitedPage[shownTarget]{count + extra, shown, p.Limit}, nil
}

type saveTargetParams struct {
	Tgt     method.Object `rpc:"tgt,required" doc:"An object with tgt and tgt_type for a master, or for *."`
	Name    string        `rpc:"name" doc:"The name."`
	UUID    string        `rpc:"tgt_uuid" format:"uuid" doc:"The target to change."`
	Desc    string        `rpc:"desc" doc:"The description."`
	Pillars []string      `rpc:"pillar_uuids" doc:"There are no pillars: none can be named."`
	Wait    bool          `rpc:"wait_for_match" default:"false" doc:"Targets are matched by the master when they are used: this changes nothing."`
}

func saveTarget(ctx context.Context, c *Call, p saveTargetParams) (any, error) {
	if len(p.Pillars) > 0 {
		return nil, method.InvalidParameter("pillar_uuids", "there are no pillars here")
	}
	if _, err := ParseTarget("tgt", p.Tgt); err != nil {
		return nil, err
	}
	id := c.Caller.Identity()
	o := Item{Saved: records.Saved{Kind: records.SavedTarget, ID: apitoken.NewID(), User: id.User, Eauth: id.Eauth}}
	if p.UUID != "" {
		var err error
		if o, err = c.Seen(ctx, records.SavedTarget, p.UUID, mayWrite); err != nil {
			return nil, err
		}
	}
	for to, value := range map[*string]string{&o.Name: p.Name, &o.Desc: p.Desc} {
		if value != "" {
			*to = value
		}
	}
	if o.Name == "" {
		return nil, method.InvalidParameter("name", "it is missing")
	}
	if !bytes.Equal(o.Target, method.Canonical(p.Tgt)) {
		may, err := c.checkOpen(ctx, o.Access.readers(), p.Tgt)
		if err != nil {
			return nil, err
		}
		if !may {
			o.close(o.Access.readers(), false)
		}
	}
	o.Target = method.Canonical(p.Tgt)
	o.edited(c)
	return o.ID, c.put(ctx, o, "target")
}

type deleteTargetsParams struct {
	UUID  method.TextOrList `rpc:"tgt_uuid,required" format:"uuid" doc:"The targets."`
	Force bool              `rpc:"force" default:"false" doc:"Delete targets that jobs are for, too, and the caller's schedules for them."`
}

// maxDependants is how many names an error lists.
const maxDependants = 20

func deleteTargets(ctx context.Context, c *Call, p deleteTargetsParams) (any, error) {
	all := make([]Item, len(p.UUID))
	for i, id := range p.UUID { // all are checked before the first is deleted
		o, err := c.Seen(ctx, records.SavedTarget, id, mayDelete)
		if err != nil {
			return nil, err
		}
		all[i] = o
		if p.Force {
			continue
		}
		jobs, err := c.api.Library.FindSaved(ctx, records.SavedQuery{Kind: records.SavedJob, Tgt: o.ID, Limit: maxDependants})
		if err != nil {
			return nil, method.StoreError(err, "target")
		}
		if jobs.Total > 0 {
			return nil, &method.Error{Code: method.CodeDependency, Message: fmt.Sprintf("%d jobs are for the target %.80q%s", jobs.Total, o.Name, c.namesOf(ctx, o))}
		}
	}
	for _, o := range all {
		if err := c.withoutSchedules(ctx, records.ScheduleQuery{Tgt: o.ID}, "target", p.Force); err != nil {
			return nil, err
		}
	}
	for _, o := range all {
		if err := c.remove(ctx, o, "target"); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// namesOf returns the names of some jobs that are for a target and that the caller
// sees, for an error.
func (c *Call) namesOf(ctx context.Context, o Item) string {
	rows, _, err := c.find(ctx, records.SavedQuery{Kind: records.SavedJob, Tgt: o.ID}, 0, maxDependants, nil)
	if err != nil || len(rows) == 0 {
		return ""
	}
	names := make([]string, len(rows))
	for i, job := range rows {
		names[i] = fmt.Sprintf("%.80q", job.Name)
	}
	return ": " + strings.Join(names, ", ")
}
