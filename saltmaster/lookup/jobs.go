package lookup

import (
	"context"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Jobs answers the runners about jobs. It is safe for concurrent use.
type Jobs struct {
	cache  jobcache.Cache
	index  *jobcache.Index[listed]
	settle func(ctx context.Context, jid string) error
}

// NewJobs returns look-ups in a cache. settle, which may be nil, is called
// before a job is read, and returns once the master has written what it has
// announced about it.
func NewJobs(cache jobcache.Cache, settle func(ctx context.Context, jid string) error) *Jobs {
	if settle == nil {
		settle = func(context.Context, string) error { return nil }
	}
	return &Jobs{cache: cache, index: jobcache.NewIndex(cache, makeListed), settle: settle}
}

// function is a runner function: its parameters, and what it returns.
type function struct {
	params []parameter
	run    func(j *Jobs, ctx context.Context, a arguments) (msgpack.Section, error)
}

// functionOf returns a runner function by its name. The parameters are those of
// Salt 3006 and 3008.
func functionOf(name string) (f function, ok bool) {
	jid, source, progress := required("jid"), none("ext_source"), no("display_progress")
	switch name {
	case "jobs.lookup_jid":
		return function{[]parameter{jid, source, yes("returned"), no("missing"), progress}, (*Jobs).lookupJID}, true
	case "jobs.list_job":
		return function{[]parameter{jid, source, progress}, (*Jobs).listJob}, true
	case "jobs.list_jobs":
		return function{[]parameter{source, none("outputter"), none("search_metadata"), none("search_function"),
			none("search_target"), none("start_time"), none("end_time"), progress}, (*Jobs).listJobs}, true
	case "jobs.list_jobs_filter":
		return function{[]parameter{required("count"), yes("filter_find_job"), source, none("outputter"), progress},
			(*Jobs).listJobsFilter}, true
	case "jobs.print_job":
		return function{[]parameter{jid, source}, (*Jobs).printJob}, true
	case "jobs.exit_success":
		return function{[]parameter{jid, source}, (*Jobs).exitSuccess}, true
	case "jobs.last_run":
		return function{[]parameter{source, none("outputter"), none("metadata"), none("function"), none("target"), progress},
			(*Jobs).lastRun}, true
	}
	return f, false
}

// Has reports whether a runner function may be answered at all.
func (j *Jobs) Has(fun string) bool {
	_, ok := functionOf(fun)
	return ok
}

// Runner returns the return of a runner function: arg is an array, kwarg a map.
// The error wraps [ErrAsk] where the master has to run it, or is that of ctx.
func (j *Jobs) Runner(ctx context.Context, fun string, arg, kwarg msgpack.Raw) (none msgpack.Section, err error) {
	f, ok := functionOf(fun)
	if !ok {
		return none, ask("the function is not one of those that are known")
	}
	a, err := bind(f.params, arg, kwarg)
	if err != nil {
		return none, err
	}
	ret, err := f.run(j, ctx, a)
	switch {
	case err == nil, errors.Is(err, ErrAsk):
		return ret, err
	case ctx.Err() != nil:
		return none, ctx.Err()
	default:
		return none, fmt.Errorf("%w: %w", ErrAsk, err)
	}
}

// job reads the job of a call, whose returner is the cache itself.
func (j *Jobs) job(ctx context.Context, a arguments) (jid string, job jobcache.Job, err error) {
	if jid, err = a.text("jid"); err != nil {
		return "", job, err
	}
	if err := a.unset("ext_source", "display_progress"); err != nil {
		return "", job, err
	}
	job, err = j.read(ctx, jid)
	return jid, job, err
}

func (j *Jobs) read(ctx context.Context, jid string) (jobcache.Job, error) {
	if err := j.settle(ctx, jid); err != nil {
		return jobcache.Job{}, err
	}
	return j.cache.Job(ctx, jid)
}

// result is the returns of a job, by minion.
func result(returns []jobcache.Returned) (msgpack.Section, error) {
	var all msgpack.Entries
	for _, r := range returns {
		if !r.HasOut {
			all.Add(r.Minion, r.Data)
			continue
		}
		var one msgpack.Entries
		set, out := false, msgpack.InMemory(r.Out)
		err := r.Data.Each(func(k msgpack.Raw, v msgpack.Section) error {
			if name, _ := k.Str(); k.Kind() == msgpack.Str && name == "out" {
				v, set = out, true
			}
			one.AddRaw(k, v)
			return nil
		})
		if err != nil {
			return msgpack.Section{}, err
		}
		if !set {
			one.Add("out", out)
		}
		all.Add(r.Minion, one.Section())
	}
	return all.Section(), nil
}

// withResult is the instance of a job with its returns.
func withResult(jid string, job jobcache.Job, all *msgpack.Entries) error {
	p, err := jobInstance(jid, job)
	if err != nil {
		return err
	}
	returns, err := result(job.Returns)
	if err != nil {
		return err
	}
	err = p.raw().Each(func(k, v msgpack.Raw) error {
		all.AddRaw(k, msgpack.InMemory(v))
		return nil
	})
	all.Add("Result", returns)
	return err
}

// listJob is jobs.list_job.
func (j *Jobs) listJob(ctx context.Context, a arguments) (none msgpack.Section, err error) {
	jid, job, err := j.job(ctx, a)
	if err != nil {
		return none, err
	}
	var all msgpack.Entries
	all.Add("jid", msgpack.InMemory(msgpack.AppendString(nil, jid)))
	if err := withResult(jid, job, &all); err != nil {
		return none, err
	}
	return all.Section(), nil
}

// printJob is jobs.print_job.
func (j *Jobs) printJob(ctx context.Context, a arguments) (none msgpack.Section, err error) {
	jid, job, err := j.job(ctx, a)
	if err != nil {
		return none, err
	}
	return printed(jid, job)
}

func (j *Jobs) print(ctx context.Context, jid string) (none msgpack.Section, err error) {
	job, err := j.read(ctx, jid)
	if err != nil {
		return none, err
	}
	return printed(jid, job)
}

func printed(jid string, job jobcache.Job) (msgpack.Section, error) {
	var one, all msgpack.Entries
	if err := withResult(jid, job, &one); err != nil {
		return msgpack.Section{}, err
	}
	all.Add(jid, one.Section())
	return all.Section(), nil
}

// targeted returns the minions that a job has in the answer of list_job.
func targeted(job jobcache.Job) ([]string, error) {
	if _, ok := job.Load.Lookup("Minions"); ok && len(job.Minions) == 0 {
		return nil, ask("the load itself lists minions")
	}
	return job.Minions, nil
}

// lookupJID is jobs.lookup_jid.
func (j *Jobs) lookupJID(ctx context.Context, a arguments) (none msgpack.Section, err error) {
	returned, err := a.flag("returned")
	if err != nil {
		return none, err
	}
	missing, err := a.flag("missing")
	if err != nil {
		return none, err
	}
	jid, job, err := j.job(ctx, a)
	if err != nil {
		return none, err
	}
	if _, err := jobInstance(jid, job); err != nil {
		return none, err // where list_job fails, this does
	}
	var all msgpack.Entries
	if returned {
		for _, r := range job.Returns {
			ret, _, err := r.Data.Lookup("return")
			if err != nil {
				return none, err
			}
			all.Add(r.Minion, ret)
		}
	}
	if missing {
		minions, err := targeted(job)
		if err != nil {
			return none, err
		}
		here := set(job.Returns)
		for _, id := range minions {
			if !here[id] {
				all.Add(id, msgpack.InMemory(msgpack.AppendString(nil, "Minion did not return")))
			}
		}
	}
	out, err := outputter(job.Returns)
	if err != nil || !out.Truthy() {
		return all.Section(), err
	}
	var shown msgpack.Entries
	shown.Add("outputter", msgpack.InMemory(out))
	shown.Add("data", all.Section())
	return shown.Section(), nil
}

// outputter returns that of the first return, or None.
func outputter(returns []jobcache.Returned) (msgpack.Raw, error) {
	if len(returns) == 0 {
		return msgpack.AppendNil(nil), nil
	}
	if returns[0].HasOut {
		return returns[0].Out, nil
	}
	out, ok, err := returns[0].Data.Lookup("out")
	if !ok || err != nil {
		return msgpack.AppendNil(nil), err
	}
	return out.Raw()
}

func set(returns []jobcache.Returned) map[string]bool {
	ids := make(map[string]bool, len(returns))
	for _, r := range returns {
		ids[r.Minion] = true
	}
	return ids
}

// exitSuccess is jobs.exit_success.
func (j *Jobs) exitSuccess(ctx context.Context, a arguments) (none msgpack.Section, err error) {
	jid, job, err := j.job(ctx, a)
	if err != nil {
		return none, err
	}
	if _, err := jobInstance(jid, job); err != nil {
		return none, err
	}
	minions, err := targeted(job)
	if err != nil {
		return none, err
	}
	good := make(map[string]bool, len(job.Returns))
	for _, r := range job.Returns {
		ret, _, err := r.Data.Lookup("return")
		if err != nil {
			return none, err
		}
		if good[r.Minion], err = truthy(ret); err != nil {
			return none, err
		}
	}
	var p pairs
	for _, id := range minions {
		p.add(id, msgpack.AppendBool(nil, good[id]))
	}
	known := make(map[string]bool, len(minions))
	for _, id := range minions {
		known[id] = true
	}
	for _, r := range job.Returns {
		if good[r.Minion] && !known[r.Minion] {
			p.add(r.Minion, msgpack.AppendBool(nil, true))
		}
	}
	return msgpack.InMemory(p.raw()), nil
}

// truthy returns the value's truth in Python: all that is long is true.
func truthy(v msgpack.Section) (bool, error) {
	const longest = 16 // of what is false
	if v.Size() > longest {
		return true, nil
	}
	short, err := v.Raw()
	return short.Truthy(), err
}
