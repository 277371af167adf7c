package lookup

import (
	"context"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/pyglob"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// listed is what is kept of each job in the cache.
type listed struct {
	jid   string
	start string // StartTime
	pairs pairs  // the rest of its instance
}

// makeListed makes it of a load.
func makeListed(load msgpack.Raw) (l listed, size int, ok bool, err error) {
	if load == nil || !load.Truthy() {
		return l, 0, false, nil // the master logs it and passes over it
	}
	id, has := load.Lookup("jid")
	if load.Kind() != msgpack.Map || !has || id.Kind() != msgpack.Str {
		return l, 0, false, ask("a load without a jid")
	}
	l.jid, _ = id.Str()
	l.jid = strings.Clone(l.jid) // not the whole load
	if l.start, err = startTime(l.jid); err != nil {
		return l, 0, false, err
	}
	if l.pairs, err = instance(load); err != nil {
		return l, 0, false, err
	}
	l.pairs.b = slices.Clip(l.pairs.b)
	return l, len(l.jid) + len(l.start) + cap(l.pairs.b), true, nil
}

// filter is what list_jobs and last_run look for.
type filter struct {
	metadata         []pair
	targets, funs    []pyglob.Glob
	anyTarget, anyFn bool
}

// pair is an entry of search_metadata.
type pair struct {
	key   string
	value msgpack.Raw
}

func newFilter(metadata, target, fun msgpack.Raw) (f filter, err error) {
	f.anyTarget, f.anyFn = !target.Truthy(), !fun.Truthy()
	if f.targets, err = globs(target); err != nil {
		return f, err
	}
	if f.funs, err = globs(fun); err != nil {
		return f, err
	}
	if !metadata.Truthy() {
		return f, nil
	}
	if metadata.Kind() != msgpack.Map {
		return f, ask("metadata that is no map")
	}
	err = metadata.Each(func(k, v msgpack.Raw) error {
		key, _ := k.Str()
		if k.Kind() != msgpack.Str || v.Kind() != msgpack.Str {
			return ask("metadata that is no text")
		}
		f.metadata = append(f.metadata, pair{key, v})
		return nil
	})
	return f, err
}

// globs compiles patterns, if there are any.
func globs(v msgpack.Raw) (all []pyglob.Glob, err error) {
	if !v.Truthy() {
		return nil, nil
	}
	words, err := splitInput(v)
	for _, w := range words {
		all = append(all, pyglob.Compile(w))
	}
	return all, err
}

// matches reports whether a job is looked for.
func (f filter) matches(l *listed) (bool, error) {
	if f.anyTarget && f.anyFn && f.metadata == nil {
		return true, nil
	}
	job := l.pairs.raw()
	for _, part := range []func(msgpack.Raw) (bool, error){f.matchesMetadata, f.matchesTarget, f.matchesFunction} {
		if ok, err := part(job); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (f filter) matchesMetadata(job msgpack.Raw) (bool, error) {
	if f.metadata == nil {
		return true, nil
	}
	meta, ok := job.Lookup("Metadata")
	if !ok {
		return false, nil
	}
	if meta.Kind() != msgpack.Map {
		return false, ask("the metadata of a job are no map")
	}
	for _, p := range f.metadata {
		v, ok := meta.Lookup(p.key)
		if !ok {
			continue
		}
		want, _ := p.value.Str()
		if got, _ := v.Str(); v.Kind() == msgpack.Str && got == want {
			return true, nil
		}
	}
	return false, nil
}

func (f filter) matchesTarget(job msgpack.Raw) (bool, error) {
	if f.anyTarget {
		return true, nil
	}
	target, _ := job.Lookup("Target")
	if target.Kind() == msgpack.Str {
		s, _ := target.Str()
		return matchesAny(f.targets, s), nil
	}
	if target.Kind() != msgpack.Array {
		return false, ask("the target of a job is neither a text nor a list")
	}
	found := false
	err := target.Elems(func(v msgpack.Raw) error {
		s, ok := v.Str()
		if !ok || v.Kind() != msgpack.Str {
			return ask("an element of a target is no text")
		}
		found = found || matchesAny(f.targets, s)
		return nil
	})
	return found, err
}

func (f filter) matchesFunction(job msgpack.Raw) (bool, error) {
	if f.anyFn {
		return true, nil
	}
	fun, _ := job.Lookup("Function")
	s, ok := fun.Str()
	if !ok || fun.Kind() != msgpack.Str {
		return false, ask("the function of a job is no text")
	}
	return matchesAny(f.funs, s), nil
}

func matchesAny(globs []pyglob.Glob, s string) bool {
	return slices.ContainsFunc(globs, func(g pyglob.Glob) bool { return g.Match(s) })
}

// matching returns the jobs that are looked for, each jid once: of equal ones
// the last one counts, in the place of the first.
func (j *Jobs) matching(ctx context.Context, f filter) ([]*listed, error) {
	all, err := j.index.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(all))
	unique := make([]*listed, 0, len(all))
	for i := range all {
		l := &all[i]
		if before, twice := at[l.jid]; twice {
			unique[before] = l
			continue
		}
		at[l.jid] = len(unique)
		unique = append(unique, l)
	}
	found := unique[:0]
	for _, l := range unique {
		ok, err := f.matches(l)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, l)
		}
	}
	return found, nil
}

// listJobs is jobs.list_jobs.
func (j *Jobs) listJobs(ctx context.Context, a arguments) (none msgpack.Section, err error) {
	if err := a.unset("ext_source", "start_time", "end_time", "display_progress"); err != nil {
		return none, err
	}
	f, err := newFilter(a["search_metadata"], a["search_target"], a["search_function"])
	if err != nil {
		return none, err
	}
	found, err := j.matching(ctx, f)
	if err != nil {
		return none, err
	}
	size := 0
	for _, l := range found {
		size += 64 + len(l.jid) + len(l.start) + len(l.pairs.b)
	}
	b := beginOutput(make([]byte, 0, size), a["outputter"])
	b = msgpack.AppendMap(b, len(found))
	for _, l := range found {
		b = msgpack.AppendString(b, l.jid)
		b = msgpack.AppendMap(b, l.pairs.n+1)
		b = append(b, l.pairs.b...)
		b = msgpack.AppendString(b, "StartTime")
		b = msgpack.AppendString(b, l.start)
	}
	return msgpack.InMemory(b), nil
}

// beginOutput begins a result that comes with an outputter, if there is one.
func beginOutput(b []byte, outputter msgpack.Raw) []byte {
	if !outputter.Truthy() {
		return b
	}
	b = msgpack.AppendString(msgpack.AppendMap(b, 2), "outputter")
	return msgpack.AppendString(append(b, outputter...), "data")
}

const findJob = "saltutil.find_job"

// listJobsFilter is jobs.list_jobs_filter.
func (j *Jobs) listJobsFilter(ctx context.Context, a arguments) (none msgpack.Section, err error) {
	if err := a.unset("ext_source", "display_progress"); err != nil {
		return none, err
	}
	count, ok := a["count"].Int()
	if !ok {
		return none, ask("count is no integer")
	}
	withoutFindJob, err := a.flag("filter_find_job")
	if err != nil {
		return none, err
	}
	all, err := j.index.Jobs(ctx)
	if err != nil {
		return none, err
	}
	newest := newest(all, count, withoutFindJob)
	b := beginOutput(nil, a["outputter"])
	b = msgpack.AppendArray(b, len(newest))
	for _, l := range newest {
		b = msgpack.AppendMap(b, l.pairs.n+2)
		b = append(b, l.pairs.b...)
		b = msgpack.AppendString(msgpack.AppendString(b, "JID"), l.jid)
		b = msgpack.AppendString(msgpack.AppendString(b, "StartTime"), l.start)
	}
	return msgpack.InMemory(b), nil
}

// newest returns the count jobs with the highest jids, the oldest first, as
// local_cache's get_jids_filter chooses them.
func newest(all []listed, count int64, withoutFindJob bool) []*listed {
	if count <= 0 {
		return nil // each one is put in and taken out again
	}
	chosen := make([]*listed, 0, len(all))
	for i := range all {
		if withoutFindJob && all[i].isFindJob() {
			continue
		}
		chosen = append(chosen, &all[i])
	}
	// Equal jids stay in the order in which they were found.
	slices.SortStableFunc(chosen, func(a, b *listed) int { return strings.Compare(a.jid, b.jid) })
	if drop := int64(len(chosen)) - count; drop > 0 {
		chosen = chosen[drop:]
	}
	return chosen
}

func (l *listed) isFindJob() bool {
	fun, _ := l.pairs.raw().Lookup("Function")
	s, _ := fun.Str()
	return fun.Kind() == msgpack.Str && s == findJob
}

// lastRun is jobs.last_run.
func (j *Jobs) lastRun(ctx context.Context, a arguments) (none msgpack.Section, err error) {
	if err := a.unset("ext_source", "outputter", "display_progress"); err != nil {
		return none, err
	}
	f, err := newFilter(a["metadata"], a["target"], a["function"])
	if err != nil {
		return none, err
	}
	found, err := j.matching(ctx, f)
	if err != nil {
		return none, err
	}
	if len(found) == 0 {
		return msgpack.InMemory(msgpack.AppendBool(nil, false)), nil
	}
	last := slices.MaxFunc(found, func(a, b *listed) int { return strings.Compare(a.jid, b.jid) })
	return j.print(ctx, last.jid)
}
