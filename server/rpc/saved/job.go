package saved

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

func (a *API) jobMethods() []*method.Method {
	return []*method.Method{
		declare(a, method.About{
			Name: "job.get_jobs", Doc: "Find saved jobs: the caller's own, those that an access list shows to one of the caller's roles, and for a superuser all.",
			Returns: "`{count, results, limit}`, a row for each job; `limit` is the one that was requested",
			Needs:   []role.Permission{role.JobRead}, Served: a.Library != nil,
		}, getJobs),
		declare(a, method.About{
			Name: "job.save_job", Doc: "Save a job: a new one, or changes of one that is known by its uuid, or by its name if the caller owns it and no uuid is given. " +
				"What is not given stays as it is.",
			Returns: "the uuid", Needs: []role.Permission{role.JobWrite}, Served: a.Library != nil,
		}, saveJob),
		declare(a, method.About{
			Name: "job.delete_job", Doc: "Delete a saved job.", Returns: "null", Needs: []role.Permission{role.JobDelete}, Served: a.Library != nil,
		}, deleteJob),
		declare(a, method.About{
			Name: "job.get_job_access", Doc: "Return who may do what with a saved job.", Returns: "`{auth: {owner, access}}`",
			Needs: []role.Permission{role.JobRead}, Served: a.Library != nil,
		}, func(ctx context.Context, c *Call, p jobUUID) (any, error) {
			return getAccess(ctx, c, records.SavedJob, p.UUID)
		}),
		declare(a, method.About{
			Name: "job.save_job_access", Doc: "Replace the access list of a saved job. It is for its owner and superusers.", Returns: "the uuid",
			Needs: []role.Permission{role.JobWrite}, Served: a.Library != nil,
		}, func(ctx context.Context, c *Call, p saveJobAccessParams) (any, error) {
			return saveAccess(ctx, c, records.SavedJob, p.UUID, p.Access)
		}),
	}
}

type jobUUID struct {
	UUID string `rpc:"job_uuid,required" format:"uuid" doc:"The job."`
}

type saveJobAccessParams struct {
	UUID   string        `rpc:"job_uuid,required" format:"uuid" doc:"The job."`
	Access method.Object `rpc:"access_payload,required" doc:"For each role the names read, write, discover and delete, or an object with these and true or false."`
}

type getJobsParams struct {
	JobUUID  string   `rpc:"job_uuid" format:"uuid" doc:"One job."`
	Name     string   `rpc:"name" doc:"A part of the name."`
	Desc     string   `rpc:"desc" doc:"A part of the description."`
	Cmd      string   `rpc:"cmd" doc:"The kind of the command."`
	TgtUUID  string   `rpc:"tgt_uuid" format:"uuid" doc:"The target."`
	RoleUUID string   `rpc:"role_uuid" format:"uuid" doc:"A role that an access list names. It is for superusers."`
	NoTgt    bool     `rpc:"include_no_tgt_jobs" default:"false" doc:"With tgt_uuid: jobs without a target, too."`
	Fun      string   `rpc:"fun" doc:"A part of the function."`
	Masters  []string `rpc:"masters" doc:"Names that one of the job's masters has. Jobs without any match."`
	SortBy   string   `rpc:"sort_by" enum:"name|desc|cmd|fun" doc:"The column to sort by; the name without it."`
	Reverse  bool     `rpc:"reverse" default:"false" doc:"The largest first."`
	Limit    int      `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Page     int      `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
}

// shownJob is a row of job.get_jobs.
type shownJob struct {
	UUID     string          `json:"uuid"`
	Name     string          `json:"name"`
	Desc     string          `json:"desc"`
	Cmd      string          `json:"cmd"`
	TgtUUID  *string         `json:"tgt_uuid"`
	Fun      string          `json:"fun"`
	Arg      json.RawMessage `json:"arg"`
	Masters  []string        `json:"masters"`
	Metadata Metadata        `json:"metadata"`
	TgtName  *string         `json:"tgt_name"`
}

// limitedPage is a page of rows that says which limit was requested.
type limitedPage[T any] struct {
	Count   int `json:"count"`
	Results []T `json:"results"`
	Limit   int `json:"limit"`
}

func getJobs(ctx context.Context, c *Call, p getJobsParams) (any, error) {
	more, err := c.namesRole(ctx, p.RoleUUID)
	if err != nil {
		return nil, err
	}
	if len(p.Masters) > 0 {
		named := more
		more = func(o Item) bool {
			return (named == nil || named(o)) && (len(o.Masters) == 0 || slices.ContainsFunc(o.Masters, func(m string) bool { return slices.Contains(p.Masters, m) }))
		}
	}
	from, to := method.Span(p.Page, p.Limit)
	rows, count, err := c.find(ctx, records.SavedQuery{
		Kind: records.SavedJob, ID: strings.ToLower(p.JobUUID), Name: p.Name, Desc: p.Desc, Cmd: p.Cmd, Fun: p.Fun, Tgt: strings.ToLower(p.TgtUUID),
		OrNoTgt: p.NoTgt, SortBy: records.SavedSort(p.SortBy), Reverse: p.Reverse,
	}, from, to, more)
	if err != nil {
		return nil, err
	}
	names := map[string]*string{}
	shown := make([]shownJob, len(rows))
	for i, o := range rows {
		shown[i] = shownJob{
			UUID: o.ID, Name: o.Name, Desc: o.Desc, Cmd: o.Cmd, Fun: o.Fun, Arg: o.Arg, Masters: append([]string{}, o.Masters...),
			Metadata: c.Metadata(o.Saved, o.Access),
		}
		if o.Tgt == "" {
			continue
		}
		shown[i].TgtUUID = &o.Tgt
		name, ok := names[o.Tgt]
		if !ok {
			if t, err := c.Seen(ctx, records.SavedTarget, o.Tgt, MayRead); err == nil {
				name = &t.Name
			}
			names[o.Tgt] = name
		}
		shown[i].TgtName = name
	}
	return limitedPage[shownJob]{count, shown, p.Limit}, nil
}

// namesRole returns a condition that access lists name a role, or nil. It is for
// superusers.
func (c *Call) namesRole(ctx context.Context, uuid string) (func(Item) bool, error) {
	if uuid == "" {
		return nil, nil
	}
	if err := c.May(ctx, role.Superuser); err != nil {
		return nil, err
	}
	return func(o Item) bool {
		for name := range o.Access {
			if strings.EqualFold(method.UUIDOf("role", name), uuid) {
				return true
			}
		}
		return false
	}, nil
}

type saveJobParams struct {
	Name    string        `rpc:"name" doc:"The name."`
	Desc    string        `rpc:"desc" doc:"The description."`
	Cmd     string        `rpc:"cmd" enum:"cloud|local|runner|wheel" doc:"The kind of the command."`
	Fun     string        `rpc:"fun" doc:"The function."`
	Arg     method.Object `rpc:"arg" doc:"An object with arg, a list, and kwarg, an object. Values in kwarg may be inputs."`
	Masters []string      `rpc:"masters" doc:"The masters of a runner or wheel function. There is one, which any name means."`
	JobUUID string        `rpc:"job_uuid" format:"uuid" doc:"The job to change; a new one gets this uuid."`
	TgtUUID string        `rpc:"tgt_uuid" format:"uuid" doc:"The saved target."`
}

func saveJob(ctx context.Context, c *Call, p saveJobParams) (any, error) {
	if p.TgtUUID != "" {
		if _, err := c.Seen(ctx, records.SavedTarget, p.TgtUUID, MayRead); err != nil {
			return nil, err
		}
	}
	o, err := c.jobToSave(ctx, p)
	if err != nil {
		return nil, err
	}
	for to, value := range map[*string]string{
		&o.Name: p.Name, &o.Desc: p.Desc, &o.Cmd: p.Cmd, &o.Fun: p.Fun, &o.Tgt: strings.ToLower(p.TgtUUID),
	} {
		if value != "" {
			*to = value
		}
	}
	if p.Masters != nil {
		o.Masters = p.Masters
	}
	if len(p.Arg) > 0 {
		arg, err := jobArguments(p.Arg)
		if err != nil {
			return nil, err
		}
		o.Arg = arg
	}
	if len(o.Arg) == 0 {
		o.Arg = json.RawMessage(`{"arg":[],"kwarg":{}}`)
	}
	for name, value := range map[string]string{"name": o.Name, "cmd": o.Cmd, "fun": o.Fun} {
		if value == "" {
			return nil, method.InvalidParameter(name, "it is missing")
		}
	}
	o.edited(c)
	return o.ID, c.put(ctx, o, "job")
}

// jobToSave returns the job that save_job changes, or a new one.
func (c *Call) jobToSave(ctx context.Context, p saveJobParams) (Item, error) {
	id := c.Caller.Identity()
	fresh := Item{Saved: records.Saved{Kind: records.SavedJob, ID: strings.ToLower(p.JobUUID), User: id.User, Eauth: id.Eauth}}
	if p.JobUUID != "" {
		o, err := c.Seen(ctx, records.SavedJob, p.JobUUID, mayWrite)
		if e, ok := errors.AsType[*method.Error](err); ok && e.Code == method.CodeNotFound {
			return fresh, nil // the store refuses a uuid that another user's job has
		}
		return o, err
	}
	if p.Name != "" {
		found, err := c.api.Library.FindSaved(ctx, records.SavedQuery{
			Kind: records.SavedJob, User: id.User, Eauth: id.Eauth, NameIs: p.Name, Limit: 1,
		})
		if err != nil {
			return fresh, method.StoreError(err, "job")
		}
		for _, s := range found.Saved {
			b, err := bodyOf(s)
			return Item{s, b}, err
		}
	}
	fresh.ID = apitoken.NewID()
	return fresh, nil
}

type deleteJobParams struct {
	UUID  string `rpc:"job_uuid,required" format:"uuid" doc:"The job."`
	Force bool   `rpc:"force" default:"false" doc:"Delete the caller's schedules that run it, too."`
}

func deleteJob(ctx context.Context, c *Call, p deleteJobParams) (any, error) {
	o, err := c.Seen(ctx, records.SavedJob, p.UUID, mayDelete)
	if err != nil {
		return nil, err
	}
	if err := c.withoutSchedules(ctx, records.ScheduleQuery{Job: o.ID}, "job", p.Force); err != nil {
		return nil, err
	}
	return nil, c.remove(ctx, o, "job")
}
