package recorder

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

const (
	// maxFill is how many jobs of the job cache are read at most, the last ones.
	maxFill = 100_000

	// fillMargin is how far before the last record the job cache is read: the
	// master writes events and files at about the same time.
	fillMargin = time.Minute

	// fillAgain is how long after a gap the job cache is read once more: what the
	// master was about to write then is there by now.
	fillAgain = 15 * time.Second

	// maxNewest is how many pages of jobs are searched for the newest one of which
	// an event was recorded.
	maxNewest = 100
)

// fill records what the job cache has since a time and the store may not: without
// the jobs that were published after the gap, if that is not zero, of which all
// events were read.
func (r *Recorder) fill(ctx context.Context, since, gap time.Time) error {
	if since.IsZero() {
		newest, err := r.newest(ctx)
		if err != nil {
			return err
		}
		since = newest
	}
	if !since.IsZero() {
		since = since.Add(-fillMargin)
	}
	jids, err := r.opts.Cache.Changed(ctx, since, maxFill)
	if err != nil {
		r.opts.Log.LogAttrs(ctx, slog.LevelWarn, "the job cache cannot be read for the records", slog.Any("error", err))
		return ctx.Err()
	}
	for _, jid := range jids {
		if !gap.IsZero() && r.seenAt(jid).After(gap) {
			continue
		}
		if err := r.fillJob(ctx, jid); err != nil {
			return err
		}
	}
	return nil
}

// newest returns when the newest job in the store started of which an event was
// recorded; the zero time if there is none. Others, of which only a note or a return
// is, may be newer than events that were missed.
func (r *Recorder) newest(ctx context.Context) (time.Time, error) {
	q := records.Query{Filter: records.Filter{To: time.Now()}, Limit: 1} // callers may choose jids, and times to come with them
	for range maxNewest {
		page, err := r.store.Jobs(ctx, q)
		if err != nil {
			return time.Time{}, err
		}
		for _, j := range page.Jobs {
			if j.Known {
				return j.Start, nil
			}
		}
		if q.After, q.Limit = page.Next, records.MaxLimit; q.After == "" {
			break
		}
	}
	return time.Time{}, nil
}

// Remove trims the store. What started before t.Before does not come back from the job cache, which may be read
// at the same time, while this recorder runs. A job that is being recorded from there is removed with all of it:
// Remove waits for its end.
func (r *Recorder) Remove(ctx context.Context, t records.Trim) (records.Trimmed, error) {
	before := t.Before.UnixMicro()
	for was := r.removed.Load(); before > was && !r.removed.CompareAndSwap(was, before); was = r.removed.Load() {
	}
	select {
	case r.filling <- struct{}{}:
		<-r.filling
	case <-ctx.Done():
		return records.Trimmed{}, ctx.Err()
	}
	return r.store.Trim(ctx, t)
}

// isRemoved reports whether a job was removed by [Recorder.Remove], if there was one.
func (r *Recorder) isRemoved(jid string) bool {
	start, ok := records.StartOf(jid)
	return ok && start.UnixMicro() < r.removed.Load()
}

// fillJob records one job of the job cache, unless it was removed.
func (r *Recorder) fillJob(ctx context.Context, jid string) error {
	select {
	case r.filling <- struct{}{}:
		defer func() { <-r.filling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.isRemoved(jid) {
		return nil
	}
	return r.fillWhole(ctx, jid)
}

func (r *Recorder) fillWhole(ctx context.Context, jid string) error {
	found, err := r.loaded(jid)
	if err == nil && found.findJob {
		return nil
	}
	if err == nil && found.entry.Job != nil {
		r.saw(jid, time.Time{})
		err = r.putFilled(ctx, []Entry{found.entry})
		if err != nil {
			return err
		}
	}
	minions, listErr := r.opts.Cache.Returned(jid)
	if err = errors.Join(err, listErr); err != nil {
		r.unfilled(ctx, jid, err)
	}
	return r.eachReturn(ctx, jid, minions, func(all []Entry) error { return r.putFilled(ctx, all) })
}

// putFilled records entries of the job cache.
func (r *Recorder) putFilled(ctx context.Context, all []Entry) error {
	if err := r.put(ctx, all); err != nil {
		return err
	}
	r.counts.filled.Add(uint64(len(all)))
	return nil
}

func (r *Recorder) unfilled(ctx context.Context, jid string, err error) {
	r.counts.unfilled.Add(1)
	r.opts.Log.LogAttrs(ctx, slog.LevelWarn, "a job of the job cache cannot be recorded, or not all of it",
		slog.String("jid", jid), slog.Any("error", err))
}

// eachReturn calls f with the returns of a job in batches: no more of them are in
// memory. What cannot be read is left out.
func (r *Recorder) eachReturn(ctx context.Context, jid string, minions []string, f func([]Entry) error) error {
	var all []Entry
	var bytes int64
	for _, minion := range minions {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, ok, err := r.outcome(jid, minion)
		if err != nil {
			r.unfilled(ctx, jid, err)
		}
		if !ok {
			continue
		}
		all = append(all, e)
		if bytes += e.size(); len(all) == batchEntries || bytes >= batchBytes {
			if err := f(all); err != nil {
				return err
			}
			all, bytes = nil, 0
		}
	}
	if len(all) == 0 {
		return nil
	}
	return f(all)
}

// loaded is what the job cache has of a job.
type loaded struct {
	entry   Entry // without a job if there is none (yet)
	findJob bool  // whether it is one that is not recorded
}

// loaded reads a job without its returns.
func (r *Recorder) loaded(jid string) (l loaded, err error) {
	j, ok, err := r.opts.Cache.Load(jid)
	if err != nil || !ok {
		return l, err
	}
	fun := names(j.Load, "fun", maxTgt)
	if fun == findJob {
		return loaded{findJob: true}, nil
	}
	job := load(jid, clientOf(fun), j.Load, "arg")
	if job.Minions = j.Minions; job.Client != "local" {
		job.Minions = []string{r.decoder.master()}
	}
	return loaded{entry: Entry{Job: &job, At: time.Now()}}, nil
}

// outcome reads what a minion returned; ok is false if there is nothing (yet). Of what is
// too large to be recorded no more than a piece is in memory.
func (r *Recorder) outcome(jid, minion string) (e Entry, ok bool, err error) {
	data, ok, err := r.opts.Cache.Outcome(jid, minion)
	if err != nil || !ok {
		return e, false, err
	}
	if e, ok, err = r.decoder.kept(jid, minion, data); err != nil {
		return Entry{}, false, err
	}
	if !ok {
		e.Return.Time = r.opts.Cache.ReturnTime(jid, minion)
	}
	e.At = time.Now()
	return e, true, nil
}

// kept decodes what the job cache has of a minion. called is whether that is a runner or
// wheel function, which the master keeps as if it had returned that itself.
func (d Decoder) kept(jid, minion string, data msgpack.Section) (e Entry, called bool, err error) {
	section, _, err := data.Lookup("return")
	if err != nil {
		return e, false, err
	}
	if d.isMaster(minion) && section.Kind() == msgpack.Map {
		event, err := d.cut(section)
		if err != nil {
			return e, false, err
		}
		if e, called = d.calledInCache(jid, minion, event); called {
			return e, true, nil
		}
	}
	raw, err := d.cut(data)
	if err != nil {
		return e, false, err
	}
	value, _ := raw.Lookup("return")
	ret := d.result(jid, minion, raw, value)
	e.Return = &ret
	return e, false, nil
}

// clientOf returns the client of a job by its function: the master puts runner.
// and wheel. before those of its own.
func clientOf(fun string) string {
	for _, client := range []string{"runner", "wheel"} {
		if strings.HasPrefix(fun, client+".") {
			return client
		}
	}
	return "local"
}

// calledInCache decodes what the master keeps of a runner or wheel function: its
// whole event, as the value of the return.
func (d Decoder) calledInCache(jid, minion string, event msgpack.Raw) (Entry, bool) {
	if !d.isMaster(minion) || event.LookupStr("jid") != jid {
		return Entry{}, false
	}
	switch clientOf(event.LookupStr("fun")) {
	case "runner":
		return d.called(Entry{}, "run", jid, "ret", event)
	case "wheel":
		return d.called(Entry{}, "wheel", jid, "ret", event)
	}
	return Entry{}, false
}
