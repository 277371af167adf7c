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
	run    func(j *Jobs, ctx context.Context, a arguments) (msgpack.Raw, error)
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
func (j *Jobs) Runner(ctx context.Context, fun string, arg, kwarg msgpack.Raw) (msgpack.Raw, error) {
	f, ok := functionOf(fun)
	if !ok {
		return nil, ask("the function is not one of those that are known")
	}
	a, err := bind(f.params, arg, kwarg)
	if err != nil {
		return nil, err
	}
	ret, err := f.run(j, ctx, a)
	switch {
	case err == nil, errors.Is(err, ErrAsk):
		return ret, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, fmt.Errorf("%w: %w", ErrAsk, err)
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
func result(returns []jobcache.Returned) msgpack.Raw {
	size := 16
	for _, r := range returns {
		size += len(r.Minion) + len(r.Data) + len(r.Out) + 16
	}
	b := msgpack.AppendMap(make([]byte, 0, size), len(returns))
	for _, r := range returns {
		b = msgpack.AppendString(b, r.Minion)
		if !r.HasOut {
			b = append(b, r.Data...)
			continue
		}
		var p pairs
		set := false
		_ = r.Data.Each(func(k, v msgpack.Raw) error {
			if name, _ := k.Str(); k.Kind() == msgpack.Str && name == "out" {
				v, set = r.Out, true
			}
			p.n++
			p.b = append(append(p.b, k...), v...)
			return nil
		})
		if !set {
			p.add("out", r.Out)
		}
		b = p.appendTo(b)
	}
	return b
}

// listJob is jobs.list_job.
func (j *Jobs) listJob(ctx context.Context, a arguments) (msgpack.Raw, error) {
	jid, job, err := j.job(ctx, a)
	if err != nil {
		return nil, err
	}
	p, err := jobInstance(jid, job)
	if err != nil {
		return nil, err
	}
	var all pairs
	all.addText("jid", jid)
	all.n += p.n
	all.b = append(all.b, p.b...)
	all.add("Result", result(job.Returns))
	return all.raw(), nil
}

// printJob is jobs.print_job.
func (j *Jobs) printJob(ctx context.Context, a arguments) (msgpack.Raw, error) {
	jid, job, err := j.job(ctx, a)
	if err != nil {
		return nil, err
	}
	return printed(jid, job)
}

func (j *Jobs) print(ctx context.Context, jid string) (msgpack.Raw, error) {
	job, err := j.read(ctx, jid)
	if err != nil {
		return nil, err
	}
	return printed(jid, job)
}

func printed(jid string, job jobcache.Job) (msgpack.Raw, error) {
	p, err := jobInstance(jid, job)
	if err != nil {
		return nil, err
	}
	p.add("Result", result(job.Returns))
	var all pairs
	all.add(jid, p.raw())
	return all.raw(), nil
}

// targeted returns the minions that a job has in the answer of list_job.
func targeted(job jobcache.Job) ([]string, error) {
	if _, ok := job.Load.Lookup("Minions"); ok && len(job.Minions) == 0 {
		return nil, ask("the load itself lists minions")
	}
	return job.Minions, nil
}

// lookupJID is jobs.lookup_jid.
func (j *Jobs) lookupJID(ctx context.Context, a arguments) (msgpack.Raw, error) {
	returned, err := a.flag("returned")
	if err != nil {
		return nil, err
	}
	missing, err := a.flag("missing")
	if err != nil {
		return nil, err
	}
	jid, job, err := j.job(ctx, a)
	if err != nil {
		return nil, err
	}
	if _, err := jobInstance(jid, job); err != nil {
		return nil, err // where list_job fails, this does
	}
	var p pairs
	if returned {
		for _, r := range job.Returns {
			ret, _ := r.Data.Lookup("return")
			p.add(r.Minion, ret)
		}
	}
	if missing {
		minions, err := targeted(job)
		if err != nil {
			return nil, err
		}
		here := set(job.Returns)
		for _, id := range minions {
			if !here[id] {
				p.addText(id, "Minion did not return")
			}
		}
	}
	if out := outputter(job.Returns); out.Truthy() {
		b := msgpack.AppendString(msgpack.AppendMap(nil, 2), "outputter")
		b = msgpack.AppendString(append(b, out...), "data")
		return p.appendTo(b), nil
	}
	return p.raw(), nil
}

// outputter returns that of the first return, or None.
func outputter(returns []jobcache.Returned) msgpack.Raw {
	if len(returns) == 0 {
		return msgpack.AppendNil(nil)
	}
	if returns[0].HasOut {
		return returns[0].Out
	}
	if out, ok := returns[0].Data.Lookup("out"); ok {
		return out
	}
	return msgpack.AppendNil(nil)
}

func set(returns []jobcache.Returned) map[string]bool {
	ids := make(map[string]bool, len(returns))
	for _, r := range returns {
		ids[r.Minion] = true
	}
	return ids
}

// exitSuccess is jobs.exit_success.
func (j *Jobs) exitSuccess(ctx context.Context, a arguments) (msgpack.Raw, error) {
	jid, job, err := j.job(ctx, a)
	if err != nil {
		return nil, err
	}
	if _, err := jobInstance(jid, job); err != nil {
		return nil, err
	}
	minions, err := targeted(job)
	if err != nil {
		return nil, err
	}
	good := make(map[string]bool, len(job.Returns))
	for _, r := range job.Returns {
		ret, _ := r.Data.Lookup("return")
		good[r.Minion] = ret.Truthy()
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
	return p.raw(), nil
}
