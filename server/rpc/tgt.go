package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
)

func tgtMethods() []*Method {
	return []*Method{
		method(about{
			name: "tgt.get_target_group", doc: "Find saved targets, as job.get_jobs does jobs. All Minions is built in, and the first.",
			returns: "`{count, results, limit}`, a row for each target; `limit` is the one that was requested",
			needs:   []role.Permission{role.TargetRead}, served: hasLibrary,
		}, getTargets),
		method(about{
			name: "tgt.get_target_group_minions", doc: "Return the minions that a target matches, by what the master has on disk of them. None of them is asked. " +
				"Globs and lists are looked for here, other targets by the master's own `cache.grains`.",
			returns: "an object with a list of minions for the master", needs: []role.Permission{role.TargetRead}, served: runs,
		}, getTargetMinions),
		method(about{
			name: "tgt.save_target_group", doc: "Save a target: a new one, or changes of the one with a uuid.", returns: "the uuid",
			needs: []role.Permission{role.TargetWrite}, served: hasLibrary,
		}, saveTarget),
		method(about{
			name: "tgt.delete_target_group", doc: "Delete saved targets. One that jobs are for is deleted with force alone; these jobs then have no target.", returns: "null",
			needs: []role.Permission{role.TargetDelete}, served: hasLibrary,
		}, deleteTargets),
		method(about{
			name: "tgt.get_target_group_access", doc: "Return who may do what with a saved target.", returns: "`{auth: {owner, access}}`",
			needs: []role.Permission{role.TargetRead}, served: hasLibrary,
		}, func(ctx context.Context, c *call, p tgtUUID) (any, error) {
			return getAccess(ctx, c, records.SavedTarget, p.UUID)
		}),
		method(about{
			name: "tgt.save_target_group_access", doc: "Replace the access list of a saved target. It is for its owner and superusers.", returns: "the uuid",
			needs: []role.Permission{role.TargetWrite}, served: hasLibrary,
		}, func(ctx context.Context, c *call, p saveTgtAccessParams) (any, error) {
			return saveAccess(ctx, c, records.SavedTarget, p.UUID, p.Access)
		}),
	}
}

type tgtUUID struct {
	UUID string `rpc:"tgt_uuid,required" format:"uuid" doc:"The target."`
}

type saveTgtAccessParams struct {
	UUID   string `rpc:"tgt_uuid,required" format:"uuid" doc:"The target."`
	Access Object `rpc:"access_payload,required" doc:"For each role the names read, write, discover and delete, or an object with these and true or false."`
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
	Metadata metadata        `json:"metadata"`
	Desc     string          `json:"desc"`
}

func (a *API) showTarget(o object) shownTarget {
	s := shownTarget{Name: o.Name, Tgt: o.Target, UUID: o.ID, Pillars: []string{}, Metadata: a.metadata(o.Saved, o.Access), Desc: o.Desc}
	if o.ID == AllMinions {
		s.Metadata.Auth.Access = access{"User": {Read: true, Discover: true}}
	}
	return s
}

func getTargets(ctx context.Context, c *call, p getTargetsParams) (any, error) {
	none := limitedPage[shownTarget]{Results: []shownTarget{}, Limit: p.Limit}
	if p.UUID != "" {
		o, err := c.seen(ctx, records.SavedTarget, p.UUID, mayRead)
		switch {
		case err != nil && errorOf(err).Code == CodeNotFound:
			return none, nil
		case err != nil:
			return nil, err
		}
		return limitedPage[shownTarget]{1, []shownTarget{c.api.showTarget(o)}, p.Limit}, nil
	}
	more, err := c.namesRole(ctx, p.RoleUUID)
	switch {
	case err != nil:
		return nil, err
	case p.PillarUUID != "", !strings.Contains(c.api.MasterID, p.MasterID):
		return none, nil
	}
	first := allMinions()
	contains := func(text, part string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(part)) }
	shown := []shownTarget{}
	extra := 0
	if more == nil && contains(first.Name, p.Name) && contains(first.Desc, p.Desc) {
		extra = 1
	}
	from, to := span(p.Page, p.Limit)
	all, count, err := c.find(ctx, records.SavedQuery{
		Kind: records.SavedTarget, Name: p.Name, Desc: p.Desc, SortBy: records.SavedSort(p.SortBy), Reverse: p.Reverse,
	}, max(0, from-extra), max(0, to-extra), more)
	if err != nil {
		return nil, err
	}
	if extra > 0 && from == 0 {
		shown = append(shown, c.api.showTarget(first))
	}
	for _, o := range all {
		shown = append(shown, c.api.showTarget(o))
	}
	return limitedPage[shownTarget]{count + extra, shown, p.Limit}, nil
}

type getTargetMinionsParams struct {
	UUID string `rpc:"tgt_uuid" format:"uuid" doc:"A saved target."`
	Tgt  Object `rpc:"tgt" doc:"Any target, in place of tgt_uuid: an object with tgt and tgt_type for a master, or for *."`
}

func getTargetMinions(ctx context.Context, c *call, p getTargetMinionsParams) (any, error) {
	switch {
	case p.UUID == "" && len(p.Tgt) == 0:
		return nil, invalidParameter("tgt_uuid", "it is missing")
	case p.UUID != "" && len(p.Tgt) > 0:
		return nil, invalidParameter("tgt", "it excludes tgt_uuid")
	}
	var t target
	if p.UUID == "" {
		var wrong *Error
		if t, wrong = parseTarget("tgt", p.Tgt); wrong != nil {
			return nil, wrong
		}
	}
	f, err := c.fleet(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	if p.UUID != "" {
		ids, err = f.inSaved(ctx, p.UUID)
	} else {
		ids, err = f.in(ctx, t)
	}
	if err != nil {
		return nil, err
	}
	return map[string][]string{c.api.MasterID: append([]string{}, ids...)}, nil
}

type saveTargetParams struct {
	Tgt     Object   `rpc:"tgt,required" doc:"An object with tgt and tgt_type for a master, or for *."`
	Name    string   `rpc:"name" doc:"The name."`
	UUID    string   `rpc:"tgt_uuid" format:"uuid" doc:"The target to change."`
	Desc    string   `rpc:"desc" doc:"The description."`
	Pillars []string `rpc:"pillar_uuids" doc:"There are no pillars: none can be named."`
	Wait    bool     `rpc:"wait_for_match" default:"false" doc:"Targets are matched by the master when they are used: this changes nothing."`
}

func saveTarget(ctx context.Context, c *call, p saveTargetParams) (any, error) {
	if len(p.Pillars) > 0 {
		return nil, invalidParameter("pillar_uuids", "there are no pillars here")
	}
	if _, err := parseTarget("tgt", p.Tgt); err != nil {
		return nil, err
	}
	id := c.caller().Identity()
	o := object{Saved: records.Saved{Kind: records.SavedTarget, ID: apitoken.NewID(), User: id.User, Eauth: id.Eauth}}
	if p.UUID != "" {
		var err error
		if o, err = c.seen(ctx, records.SavedTarget, p.UUID, mayWrite); err != nil {
			return nil, err
		}
	}
	for to, value := range map[*string]string{&o.Name: p.Name, &o.Desc: p.Desc} {
		if value != "" {
			*to = value
		}
	}
	if o.Name == "" {
		return nil, invalidParameter("name", "it is missing")
	}
	if !bytes.Equal(o.Target, canonical(p.Tgt)) {
		may, err := c.checkOpen(ctx, o.Access.readers(), p.Tgt)
		if err != nil {
			return nil, err
		}
		if !may {
			o.close(o.Access.readers(), false)
		}
	}
	o.Target = canonical(p.Tgt)
	o.edited(c)
	return o.ID, c.put(ctx, o, "target")
}

type deleteTargetsParams struct {
	UUID  TextOrList `rpc:"tgt_uuid,required" format:"uuid" doc:"The targets."`
	Force bool       `rpc:"force" default:"false" doc:"Delete targets that jobs are for, too, and the caller's schedules for them."`
}

// maxDependants is how many names an error lists.
const maxDependants = 20

func deleteTargets(ctx context.Context, c *call, p deleteTargetsParams) (any, error) {
	all := make([]object, len(p.UUID))
	for i, id := range p.UUID { // all are checked before the first is deleted
		o, err := c.seen(ctx, records.SavedTarget, id, mayDelete)
		if err != nil {
			return nil, err
		}
		all[i] = o
		if p.Force {
			continue
		}
		jobs, err := c.api.Library.FindSaved(ctx, records.SavedQuery{Kind: records.SavedJob, Tgt: o.ID, Limit: maxDependants})
		if err != nil {
			return nil, libraryError(err, "target")
		}
		if jobs.Total > 0 {
			return nil, &Error{Code: CodeDependency, Message: fmt.Sprintf("%d jobs are for the target %.80q%s", jobs.Total, o.Name, c.namesOf(ctx, o))}
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
func (c *call) namesOf(ctx context.Context, o object) string {
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
